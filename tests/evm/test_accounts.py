"""Who signs for an account, over time."""

import pytest
from pyrevm import AccountInfo

from tests.evm import signing
from tests.evm.chain import Receipt, Reverted
from tests.evm.failures.accounts import (
    cancelling,
    changing,
    delegating,
    id_of,
    key_signer,
    name_recovery,
    recovering,
    setting,
    verifier,
    wallet,
)
from tests.evm.failures.catalogue import Call, word
from tests.evm.world import DAY, NOBODY, Terms, World, build, keccak, members, person


@pytest.fixture(scope="module")
def community() -> World:
    made = build()
    members(made, "alice", "bob")
    return made


def send(made: Call) -> Receipt:
    return made.contract.send(made.function, *made.args, sender=made.sender)


def told(receipt: Receipt) -> list[tuple[str, dict[str, object]]]:
    return [(event.name, event.args) for event in receipt.events if event.name != "NonceUsed"]


def signs(world: World, name: str, account: str) -> bool:
    digest = b"\x05" * 32
    return bool(world.accounts.read("isValidSignature", world[account], digest, person(name).sign(digest)))


def execute(world: World, function: str = "executeSignerChange") -> Receipt:
    return world.accounts.send(function, world["alice"], sender=world["stranger"])


def test_a_wallet_signs_for_itself(world: World) -> None:
    assert signs(world, "alice", "alice")
    assert not signs(world, "bob", "alice")
    assert world.accounts.read("signerOf", world["alice"]) == world["alice"]
    assert not world.accounts.read("isValidSignature", NOBODY, b"\x05" * 32, b"\x00" * 65)
    assert not world.accounts.read("isValidSignature", NOBODY, b"\x05" * 32, b"")


def test_a_key_signs_for_its_id(world: World) -> None:
    signer = key_signer(world)
    done = world.accounts.send("enrol", signer, sender=world["stranger"])
    assert done.answer == id_of(signer)
    assert told(done) == [("SignerEnrolled", {"account": id_of(signer), "signer": word(signer)})]
    assert world.accounts.read("signerOf", id_of(signer)) == word(signer)
    digest = b"\x05" * 32
    good = keccak(b"key one" + digest)
    assert world.accounts.read("isValidSignature", id_of(signer), digest, good)
    assert not world.accounts.read("isValidSignature", id_of(signer), digest, b"\x01" * 32)
    assert not world.accounts.read("isValidSignature", id_of(signer), b"\x06" * 32, good)


def test_a_contract_wallet_answers_for_itself(world: World) -> None:
    made = world.chain.create("TestWallet", [b"open sesame"], world["admin"])
    digest = b"\x05" * 32
    assert world.accounts.read("isValidSignature", made.address, digest, b"open sesame")
    assert not world.accounts.read("isValidSignature", made.address, digest, b"open")


def test_a_change_waits_and_takes_effect(world: World) -> None:
    ready = world.chain.time + world.terms.signer_delay
    requested = {"account": world["alice"], "newSigner": world["carol"], "readyAt": ready}
    assert told(send(changing(world))) == [("SignerChangeRequested", requested)]
    assert world.accounts.read("waitingChange", world["alice"]) == {"signer": world["carol"], "readyAt": ready}
    assert (signs(world, "alice", "alice"), signs(world, "carol", "alice")) == (True, False)
    world.chain.travel(ready)
    changed = {"account": world["alice"], "signer": world["carol"], "changes": 1}
    assert told(execute(world)) == [("SignerChanged", changed)]
    assert (signs(world, "alice", "alice"), signs(world, "carol", "alice")) == (False, True)
    assert world.accounts.read("signerChanges", world["alice"]) == 1
    assert world.accounts.read("waitingChange", world["alice"]) == {"signer": "0x", "readyAt": 0}
    assert world.free("alice") == 500_000_000


def test_a_change_to_a_key(world: World) -> None:
    signer = key_signer(world)
    send(changing(world, signer=signer))
    world.chain.travel(world.chain.time + world.terms.signer_delay)
    execute(world)
    digest = b"\x05" * 32
    assert world.accounts.read("signerOf", world["alice"]) == word(signer)
    assert world.accounts.read("isValidSignature", world["alice"], digest, keccak(b"key one" + digest))
    assert not signs(world, "alice", "alice")


def test_a_recovery_takes_effect_and_ends_a_change(world: World) -> None:
    named = {"account": world["alice"], "recovery": world["bob"]}
    assert told(send(setting(world, wallet("bob")))) == [("RecoverySet", named)]
    assert world.accounts.read("recoveryOf", world["alice"]) == world["bob"]
    send(changing(world, "mallory"))
    ready = world.chain.time + world.terms.signer_delay
    requested = {"account": world["alice"], "recovery": world["bob"], "newSigner": world["carol"], "readyAt": ready}
    assert told(send(recovering(world))) == [("RecoveryRequested", requested)]
    assert world.accounts.read("waitingRecovery", world["alice"]) == {"signer": world["carol"], "readyAt": ready}
    world.chain.travel(ready)
    assert told(execute(world, "executeRecovery")) == [
        ("SignerChanged", {"account": world["alice"], "signer": world["carol"], "changes": 1}),
        ("SignerChangeCancelled", {"account": world["alice"], "newSigner": world["mallory"]}),
    ]
    assert world.accounts.read("waitingRecovery", world["alice"]) == {"signer": "0x", "readyAt": 0}


def test_both_are_cancelled_at_once(world: World) -> None:
    send(changing(world))
    send(recovering(world))
    account = world["alice"]
    assert told(send(cancelling(world))) == [
        ("SignerChangeCancelled", {"account": account, "newSigner": world["carol"]}),
        ("RecoveryCancelled", {"account": account, "newSigner": world["carol"]}),
    ]
    nothing = {"signer": "0x", "readyAt": 0}
    assert world.accounts.read("waitingChange", account) == world.accounts.read("waitingRecovery", account) == nothing


def test_another_recovery_account_ends_what_the_old_one_began(world: World) -> None:
    send(recovering(world))
    account = world["alice"]
    assert told(send(setting(world, wallet("dora")))) == [
        ("RecoveryCancelled", {"account": account, "newSigner": world["carol"]}),
        ("RecoverySet", {"account": account, "recovery": world["dora"]}),
    ]
    name_recovery(world, b"")
    assert world.accounts.read("recoveryOf", account) == NOBODY


def test_a_key_that_recovers_is_enrolled_along(world: World) -> None:
    signer = key_signer(world)
    name_recovery(world, signer)
    assert world.accounts.read("recoveryOf", world["alice"]) == id_of(signer)
    assert world.accounts.read("signerOf", id_of(signer)) == word(signer)
    name_recovery(world, b"")
    assert told(send(setting(world, signer)))[0][0] == "RecoverySet"


def test_a_verifier_that_is_gone_takes_no_effect() -> None:
    world = build()
    send(changing(world, signer=key_signer(world)))
    world.chain.travel(world.chain.time + world.terms.signer_delay)
    gone = verifier(world).address
    world.chain.evm.insert_account_info(gone, AccountInfo(nonce=1, code=b""))
    with pytest.raises(Reverted) as refused:
        execute(world)
    assert (refused.value.name, refused.value.values) == ("VerifierHasNoCode", (gone,))
    assert signs(world, "alice", "alice")


def test_a_delegation_lasts_until_its_last_second(world: World) -> None:
    until = world.chain.time + 9
    done = send(delegating(world, until=until))
    given = {"account": world["alice"], "delegate": world["bob"], "until": until}
    assert told(done) == [("DelegationSet", given)]
    assert world.accounts.read("delegatedUntil", world["alice"], world["bob"]) == until
    for time, valid in ((until - 1, True), (until, False)):
        world.chain.travel(time)
        assert world.accounts.read("isDelegate", world["alice"], world["bob"]) == valid
    assert not world.accounts.read("isDelegate", world["bob"], world["alice"])


def test_a_delegation_is_revoked_and_ends_with_its_signer(world: World) -> None:
    send(delegating(world))
    send(delegating(world, until=0))
    assert not world.accounts.read("isDelegate", world["alice"], world["bob"])
    send(delegating(world, until=world.chain.time + 99 * DAY))
    send(changing(world))
    world.chain.travel(world.chain.time + world.terms.signer_delay)
    assert world.accounts.read("isDelegate", world["alice"], world["bob"])
    execute(world)
    assert not world.accounts.read("isDelegate", world["alice"], world["bob"])


def test_whose_wallet_signs_may_dispute(world: World) -> None:
    def may(name: str) -> bool:
        return bool(world.accounts.read("isDelegate", world["alice"], world[name]))

    assert (may("alice"), may("carol"), may("bob")) == (True, False, False)
    send(changing(world))
    world.chain.travel(world.chain.time + world.terms.signer_delay)
    execute(world)
    assert (may("alice"), may("carol"), may("bob")) == (False, True, False)


@pytest.mark.parametrize(("delay", "fits"), [(DAY - 1, False), (DAY, True), (60 * DAY, True), (60 * DAY + 1, False)])
def test_the_delay_has_bounds(delay: int, fits: bool) -> None:
    if fits:
        assert build(terms=Terms(signer_delay=delay)).accounts.read("signerDelay") == delay
    else:
        with pytest.raises(Reverted) as refused:
            build(terms=Terms(signer_delay=delay))
        assert refused.value.name == "SignerDelayOutOfRange"
        assert refused.value.values == (delay, DAY, 60 * DAY)


def test_malleated_signatures_are_none(world: World) -> None:
    digest = b"\x05" * 32
    good = person("alice").sign(digest)
    for bad in (signing.malleated(good), signing.compact(good), good[:-1], good + b"\x00"):
        assert not world.accounts.read("isValidSignature", world["alice"], digest, bad)
