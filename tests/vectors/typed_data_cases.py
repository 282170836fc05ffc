"""Cases of typed_data.json: what members sign, hashed and signed by a key made for this file."""

from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data

from grid.domain import typed_data
from grid.domain.keccak import keccak256
from grid.domain.typed_data import OPEN_DAY, Message, TypedDomain

KEY = keccak256(b"commonwatt test vectors")
"""A private key that guards nothing."""

DOMAIN = TypedDomain(chain_id=31337, verifying_contract=bytes.fromhex("c0ffee" + "00" * 16 + "01"))
OTHER_DOMAIN = TypedDomain(chain_id=1, verifying_contract=DOMAIN.verifying_contract)

DEADLINE = 4_000_000_000
"""In 2096, so that the contracts' tests may send these messages, whose chain lives in a fixed year of its own."""

ALICE = bytes.fromhex("a11ce0" + "00" * 16 + "01")
TERMS: Message = {
    "buyCeiling": 250_000,
    "sellFloor": 90_000,
    "followSignal": True,
    "maxBuyWhPerDay": 12_000,
    "maxSellWhPerDay": 8_000,
}


def messages() -> list[tuple[str, TypedDomain, str, Message]]:
    signer = bytes.fromhex(Account.from_key(KEY).address[2:])
    mandate: Message = {
        "account": signer,
        "validFromDay": 20_000,
        "validToDay": 20_365,
        "capPerDay": 5_000_000,
        "terms": TERMS,
        "nonce": 1,
        "deadline": DEADLINE,
    }
    largest = {**TERMS, "buyCeiling": 2**64 - 1, "followSignal": False, "sellFloor": 0}
    withdrawal = {"account": signer, "to": ALICE, "amount": 1, "nonce": 3, "deadline": 2**256 - 1}
    binding: Message = {
        "account": signer,
        "point": bytes(16) + bytes(range(16)),
        "meterSerialHash": keccak256(b"a serial"),
        "reversed": False,
        "multiplierNum": 1,
        "multiplierDen": 1,
        "fromDay": 20_000,
        "toDay": OPEN_DAY,
    }
    passkey = ALICE + keccak256(b"x") + keccak256(b"y")
    replace: Message = {"account": signer, "newSigner": passkey, "nonce": 5, "deadline": DEADLINE}
    void: Message = {"account": signer, "nonce": 6, "deadline": DEADLINE}
    recovery: Message = {"account": signer, "recovery": ALICE, "nonce": 7, "deadline": DEADLINE}
    delegation: Message = {
        "account": signer,
        "delegate": ALICE,
        "until": 2**64 - 1,
        "nonce": 8,
        "deadline": DEADLINE,
    }
    dispute: Message = {
        "account": signer,
        "runKey": keccak256(b"a run"),
        "sequence": 1,
        "point": bytes(16) + bytes(range(16)),
        "nonce": 2**255,
        "deadline": DEADLINE,
    }
    slots = sum((1_920_000 + k) << 32 * k for k in range(4))
    contest: Message = {
        **dispute,
        "slot": 1_920_000,
        "importWh": 2**40 - 1,
        "exportWh": 0,
        "evidenceHash": keccak256(b"a record"),
        "signedBytes": True,
    }
    appeal: Message = {"account": signer, "caseId": 12, "nonce": 10, "deadline": DEADLINE}
    unposted: Message = {
        "account": signer,
        "zone": bytes(31) + b"\x07",
        "day": 20_000,
        "nonce": 9,
        "deadline": DEADLINE,
    }
    return [
        ("terms alone", DOMAIN, "MandateTerms", TERMS),
        ("a mandate for a year", DOMAIN, "Mandate", mandate),
        ("the same on another chain", OTHER_DOMAIN, "Mandate", mandate),
        ("largest values", DOMAIN, "Mandate", {**mandate, "terms": largest, "capPerDay": 2**256 - 1}),
        (
            "an end",
            DOMAIN,
            "MandateEnd",
            {"account": signer, "mandateIndex": 0, "endDay": 20_100, "nonce": 2, "deadline": DEADLINE},
        ),
        ("a withdrawal", DOMAIN, "Withdrawal", withdrawal),
        ("an open binding", DOMAIN, "Binding", binding),
        (
            "a withdrawal taken back",
            DOMAIN,
            "WithdrawalCancel",
            {"account": signer, "index": 2, "nonce": 4, "deadline": DEADLINE},
        ),
        ("a reversed one", DOMAIN, "Binding", {**binding, "reversed": True, "multiplierDen": 40}),
        ("a passkey takes over", DOMAIN, "SignerChange", replace),
        ("a change called off", DOMAIN, "SignerChangeCancel", void),
        ("a wallet that may recover", DOMAIN, "RecoverySetting", recovery),
        ("nobody may recover", DOMAIN, "RecoverySetting", {**recovery, "recovery": b""}),
        ("a recovery", DOMAIN, "Recovery", replace),
        ("a delegation", DOMAIN, "Delegation", delegation),
        ("a delegation revoked", DOMAIN, "Delegation", {**delegation, "until": 0}),
        ("a claim", DOMAIN, "Claim", {**dispute, "slot": 1_920_000, "ground": 7}),
        ("a demand for four slots", DOMAIN, "Demand", {**dispute, "slots": slots}),
        ("a demand for whatever there is", DOMAIN, "Demand", {**dispute, "point": bytes(32), "slots": 0}),
        ("a contest", DOMAIN, "Contest", contest),
        ("a contest without signed bytes", DOMAIN, "Contest", {**contest, "signedBytes": False}),
        ("an appeal", DOMAIN, "Appeal", appeal),
        ("a day that was not posted", DOMAIN, "UnpostedClaim", unposted),
        ("a nonce made void", DOMAIN, "NonceCancel", void),
    ]


def document() -> dict[str, Any]:
    return {
        "about": [
            "EIP-712 hashes of every signed struct, and a 65-byte r || s || v signature of each digest.",
            "For a Mandate, termsHash is the struct hash of its terms, which the contract is given.",
        ],
        "privateKey": "0x" + KEY.hex(),
        "signer": Account.from_key(KEY).address.lower(),
        "types": {
            name: {"type": typed_data.encode_type(name), "typeHash": "0x" + typed_data.type_hash(name).hex()}
            for name in typed_data.TYPES
        },
        "cases": [_case(*item) for item in messages()],
    }


def _case(case: str, domain: TypedDomain, name: str, message: Message) -> dict[str, Any]:
    shown = typed_data.typed_data_json(domain, name, message)
    signed = Account.sign_message(encode_typed_data(full_message=shown), KEY)
    terms = message.get("terms")
    extra = (
        {} if not isinstance(terms, dict) else {"termsHash": "0x" + typed_data.struct_hash("MandateTerms", terms).hex()}
    )
    return {
        "case": case,
        "primaryType": name,
        "domain": shown["domain"],
        "message": shown["message"],
        **extra,
        "structHash": "0x" + typed_data.struct_hash(name, message).hex(),
        "domainSeparator": "0x" + typed_data.domain_separator(domain).hex(),
        "digest": "0x" + typed_data.digest(domain, name, message).hex(),
        "signature": "0x" + bytes(signed.signature).hex(),
    }
