import pytest
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data

from grid.domain import typed_data
from grid.domain.typed_data import TypedDomain
from tests.vectors.typed_data_cases import DOMAIN, KEY, TERMS, messages

CASES = [pytest.param(*item[1:], id=item[0]) for item in messages()]
MANDATE = next(message for _, _, name, message in messages() if name == "Mandate")


@pytest.mark.parametrize(("domain", "name", "message"), CASES)
def test_digests_are_those_of_another_implementation(domain, name, message):
    shown = typed_data.typed_data_json(domain, name, message)
    assert typed_data.digest(domain, name, message) == _hash_eip191_message(encode_typed_data(full_message=shown))


def test_a_wallets_signature_of_the_document_recovers_its_address():
    shown = typed_data.typed_data_json(DOMAIN, "Mandate", MANDATE)
    signature = Account.sign_typed_data(KEY, full_message=shown).signature
    digest = typed_data.digest(DOMAIN, "Mandate", MANDATE)
    assert Account._recover_hash(digest, signature=signature) == Account.from_key(KEY).address


def test_nested_terms_are_hashed_as_a_struct():
    assert typed_data.encode_type("Mandate").endswith(
        "uint256 deadline)MandateTerms(uint64 buyCeiling,uint64 sellFloor,bool followSignal,"
        "uint64 maxBuyWhPerDay,uint64 maxSellWhPerDay)"
    )


def test_another_chain_or_contract_gives_another_digest():
    domains = [
        DOMAIN,
        TypedDomain(DOMAIN.chain_id + 1, DOMAIN.verifying_contract),
        TypedDomain(DOMAIN.chain_id, bytes(20)),
    ]
    assert len({typed_data.digest(domain, "Mandate", MANDATE) for domain in domains}) == 3


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("Mandate", {"validFromDay": 2**32}, r"Mandate\.validFromDay"),
        ("Mandate", {"capPerDay": -1}, r"Mandate\.capPerDay"),
        ("Mandate", {"nonce": True}, r"Mandate\.nonce"),
        ("Mandate", {"account": bytes(19)}, r"Mandate\.account"),
        ("Mandate", {"terms": 5}, r"Mandate\.terms"),
        ("Mandate", {"terms": {**TERMS, "sellFloor": 2**64}}, r"MandateTerms\.sellFloor"),
        ("Mandate", {"terms": {**TERMS, "followSignal": 1}}, r"MandateTerms\.followSignal"),
        ("Mandate", {"deadline": {}}, r"Mandate\.deadline"),
        ("Mandate", {"colour": 1}, "no member colour"),
        ("SignerChange", {"newSigner": "0x00"}, r"SignerChange\.newSigner"),
        ("SignerChange", {"newSigner": 0}, r"SignerChange\.newSigner"),
        ("Delegation", {"until": 2**64}, r"Delegation\.until"),
        ("Claim", {"ground": 256}, r"Claim\.ground"),
        ("Demand", {"slots": 2**128}, r"Demand\.slots"),
        ("NonceCancel", {"nonce": 2**256}, r"NonceCancel\.nonce"),
    ],
)
def test_a_member_that_does_not_fit_is_named(name, changes, message):
    good = next(message for _, _, primary, message in messages() if primary == name)
    for attempt in (typed_data.struct_hash, lambda *args: typed_data.typed_data_json(DOMAIN, *args)):
        with pytest.raises(ValueError, match=message):
            attempt(name, {**good, **changes})


def test_every_struct_but_a_part_of_another_names_its_contract():
    parts = {kind for members in typed_data.TYPES.values() for kind, _ in members} | {"EIP712Domain"}
    assert set(typed_data.SIGNED_FOR) == set(typed_data.TYPES) - parts


def test_every_struct_has_a_vector():
    assert {name for _, _, name, _ in messages()} == set(typed_data.TYPES) - {"EIP712Domain"}


def test_bytes_stand_by_their_hash_so_that_none_are_confused():
    recovery = next(message for _, _, name, message in messages() if name == "RecoverySetting")
    texts = [b"", b"\x00", bytes(32), b"\x01"]
    assert len({typed_data.struct_hash("RecoverySetting", {**recovery, "recovery": text}) for text in texts}) == 4


def test_a_missing_member_is_named():
    with pytest.raises(ValueError, match=r"Mandate\.nonce is missing"):
        typed_data.struct_hash("Mandate", {key: value for key, value in MANDATE.items() if key != "nonce"})
