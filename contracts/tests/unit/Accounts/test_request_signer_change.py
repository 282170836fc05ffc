from brownie import ZERO_ADDRESS
from signers import NOTHING, SIGNER_DELAY, rejected
from world import refused


def test_it_waits_and_is_announced(registry, alice, phone):
    message = registry.message("SignerChange", alice.account, phone.signer)
    tx = registry.send("SignerChange", message, alice, phone)
    ready = tx.timestamp + SIGNER_DELAY
    assert tx.events["SignerChangeRequested"] == {
        "account": alice.account,
        "newSigner": "0x" + phone.signer.hex(),
        "readyAt": ready,
    }
    assert registry.waiting_change(alice.account) == (phone.signer, ready)
    assert registry.contract.nonceUsed(alice.account, message["nonce"])
    assert registry.signs(alice, alice.account)
    assert not registry.signs(phone, alice.account)


def test_second_one__reverts(registry, alice, phone, laptop):
    ready = registry.change(alice.account, alice, phone).events["SignerChangeRequested"]["readyAt"]
    for other in (laptop, phone):
        with refused("AlreadyWaiting", alice.account, ready):
            registry.change(alice.account, alice, other)
    assert registry.waiting_change(alice.account) == (phone.signer, ready)


def test_strangers_signature__reverts(registry, alice, phone):
    message = registry.message("SignerChange", alice.account, phone.signer)
    with rejected("SignatureInvalid"):
        registry.send("SignerChange", message, registry.wallet("mallory"), phone)
    assert registry.waiting_change(alice.account) == NOTHING


def test_new_signer_must_agree(registry, alice, phone, laptop):
    message = registry.message("SignerChange", alice.account, phone.signer)
    for nobody in (laptop, alice):
        with rejected("NewSignerInvalid"):
            registry.send("SignerChange", message, alice, nobody)
    assert registry.waiting_change(alice.account) == NOTHING
    assert not registry.contract.nonceUsed(alice.account, message["nonce"])


def test_signer_that_could_never_sign__reverts(registry, alice, phone):
    account = alice.account
    for signer, error, value in (
        (b"", "SignerTooShort", [0]),
        (alice.signer[:19], "SignerTooShort", [19]),
        (bytes(20), "SignerZero", []),
        (bytes(20) + phone.key, "SignerZero", []),
        (alice.signer + phone.key, "VerifierHasNoCode", [account]),
    ):
        with refused(error, *value):
            registry.send("SignerChange", registry.message("SignerChange", account, signer), alice, phone)


def test_present_signer__reverts(registry, alice, phone):
    with refused("SignerUnchanged", alice.account):
        registry.change(alice.account, alice, alice)
    registry.contract.enrol(phone.signer, {"from": registry.world.relayer})
    with refused("SignerUnchanged", phone.account):
        registry.change(phone.account, phone, phone)


def test_zero_account__reverts(registry, alice, phone):
    message = registry.message("SignerChange", ZERO_ADDRESS, phone.signer)
    with rejected("SignatureInvalid"):
        registry.send("SignerChange", message, alice, phone)


def test_account_of_a_key_must_be_enrolled_first(registry, alice, phone):
    with rejected("SignatureInvalid"):
        registry.change(phone.account, phone, alice)
    registry.contract.enrol(phone.signer, {"from": registry.world.relayer})
    registry.change(phone.account, phone, alice)
    assert registry.waiting_change(phone.account)[0] == alice.signer
