import pytest
import signing
from brownie.exceptions import VirtualMachineError
from world import TOKEN, refused

CAP = 20 * TOKEN


def test_registered_mandate_caps_its_days(world):
    first, last = world.today + 1, world.today + 30
    tx = world.register("carol", CAP, first, last)
    terms = "0x" + signing.terms_hash(signing.DEMO_TERMS).hex()
    assert tx.events["MandateRegistered"] == {
        "account": world["carol"],
        "mandateIndex": 0,
        "validFromDay": first,
        "validToDay": last,
        "capPerDay": CAP,
        "termsHash": terms,
    }
    assert tx.events["NonceUsed"]["account"] == world["carol"]
    days = (first - 1, first, last - 1, last)
    assert [world.escrow.capOn(world["carol"], day) for day in days] == [0, CAP, CAP, 0]
    stored = world.escrow.mandateAt(world["carol"], 0)
    assert (*map(int, stored[:4]), str(stored[4])) == (CAP, first, last, tx.timestamp, terms)


def test_successor_keeps_earlier_days(world):
    ends = (5, 9, 20, 21)
    start = world.today
    for number, end in enumerate(ends):
        world.register("carol", CAP + number, start, world.today + end)
        start = world.today + end
    caps = [int(world.escrow.capOn(world["carol"], world.today + day)) - CAP for day in (0, 4, 5, 8, 9, 19, 20)]
    assert caps == [0, 0, 1, 1, 2, 2, 3]
    assert world.escrow.capOn(world["carol"], world.today - 1) == 0
    assert world.escrow.capOn(world["carol"], world.today + 21) == 0
    assert world.escrow.mandateCount(world["carol"]) == 4


def test_overlap__reverts(world):
    world.register("carol", CAP, world.today, world.today + 9)
    message = world.mandate("carol", CAP, world.today + 8, world.today + 20)
    with refused("MandateOverlaps", world.today + 8, world.today + 9):
        world.escrow.registerMandate(*message, {"from": world.relayer})


def test_no_days__reverts(world):
    message = world.mandate("carol", CAP, world.today, world.today)
    with refused("MandateDaysEmpty", world.today, world.today):
        world.escrow.registerMandate(*message, {"from": world.relayer})


def test_day_that_is_settled__reverts(world):
    world.post({"alice": -TOKEN})
    message = world.mandate("carol", CAP, world.today - 1, world.today + 5)
    with refused("MandateDaySettled", world.today - 1, world.today - 1):
        world.escrow.registerMandate(*message, {"from": world.relayer})
    world.register("carol", CAP, world.today, world.today + 5)


def test_cap_too_large__reverts(world):
    message = world.mandate("carol", 2**88, world.today, world.today + 5)
    with refused("CapTooLarge", 2**88, 2**88 - 1):
        world.escrow.registerMandate(*message, {"from": world.relayer})
    world.register("carol", 2**88 - 1, world.today, world.today + 5)


def test_expired_message__reverts(world):
    deadline = world.time() + 10
    message = world.mandate("carol", CAP, world.today, world.today + 5, deadline=deadline)
    world.next_at(deadline + 1)
    with refused("SignatureExpired", deadline, deadline + 1):
        world.escrow.registerMandate(*message, {"from": world.relayer})


def test_replay__reverts(world):
    message = world.mandate("carol", CAP, world.today, world.today + 5)
    world.escrow.registerMandate(*message, {"from": world.relayer})
    with refused("NonceAlreadyUsed", world["carol"], message[0][5]):
        world.escrow.registerMandate(*message, {"from": world.mallory})


def test_nonces_are_unordered(world):
    for nonce, day in ((2**256 - 1, 0), (255, 1), (256, 2), (0, 3)):
        assert not world.escrow.nonceUsed(world["carol"], nonce)
        message = world.mandate("carol", CAP, world.today + day, world.today + day + 1, nonce=nonce)
        world.escrow.registerMandate(*message, {"from": world.relayer})
        assert world.escrow.nonceUsed(world["carol"], nonce)


def assert_not_signed(world, message) -> None:
    with pytest.raises(VirtualMachineError, match="SignatureInvalid"):
        world.escrow.registerMandate(*message, {"from": world.mallory})


def test_message_that_was_not_signed__reverts(world):
    """Another chain, contract, version; another signer; a field changed; a malleated signature."""
    days = world.today, world.today + 5
    for change in ({"chainId": 1}, {"verifyingContract": world.settlement.address}, {"version": "2"}):
        assert_not_signed(world, world.mandate("carol", CAP, *days, domain={**world.domain, **change}))
    assert_not_signed(world, world.mandate("carol", CAP, *days, account=world["bob"]))
    assert_not_signed(world, world.mandate("carol", CAP, *days, capPerDay=CAP + 1))
    assert_not_signed(world, world.mandate("carol", CAP, *days, terms=b"\x01" * 32))
    message, signature = world.mandate("carol", CAP, *days)
    assert_not_signed(world, (message, signing.malleated(signature)))
    assert_not_signed(world, (message, signing.compact(signature)))
    assert_not_signed(world, (message, b""))
    assert world.escrow.mandateCount(world["carol"]) == 0
