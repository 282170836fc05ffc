import pytest
from brownie.exceptions import VirtualMachineError
from world import DAY, GATE_LEAD, TOKEN, refused


def test_ended_mandate_covers_earlier_days_only(world):
    end = world.today + 3
    tx = world.end_mandate("alice", 0, end)
    assert tx.events["MandateEnded"] == {"account": world["alice"], "mandateIndex": 0, "endDay": end}
    assert world.escrow.capOn(world["alice"], end - 1) == 100 * TOKEN
    assert world.escrow.capOn(world["alice"], end) == 0
    world.register("alice", 7 * TOKEN, end, end + 2)
    assert world.escrow.capOn(world["alice"], end) == 7 * TOKEN
    assert world.escrow.capOn(world["alice"], end - 1) == 100 * TOKEN


def refused_end(world, name, index, end_day, *error):
    nonce, deadline = world.fresh()
    message = {
        "account": world[name],
        "mandateIndex": index,
        "endDay": end_day,
        "nonce": nonce,
        "deadline": deadline,
    }
    signature = world.sign(name, "MandateEnd", message)
    with refused(*error):
        world.escrow.endMandate(*message.values(), signature, {"from": world.relayer})


def test_energy_behind_the_gate_stays_payable(world):
    """At noon the market trades today: tomorrow is the first day that can be left out."""
    last = world.today + 364
    refused_end(world, "alice", 0, world.today, "EndDayOutOfRange", world.today, world.today + 1, last)
    world.end_mandate("alice", 0, world.today + 1)
    assert world.escrow.capOn(world["alice"], world.today) == 100 * TOKEN


def test_late_in_the_evening_tomorrow_is_traded_already(world):
    world.travel((world.today + 1) * DAY - GATE_LEAD)
    tomorrow, last = world.today + 1, world.today + 364
    refused_end(world, "alice", 0, tomorrow, "EndDayOutOfRange", tomorrow, tomorrow + 1, last)
    world.end_mandate("alice", 0, tomorrow + 1)


def test_mandate_that_has_not_begun_can_be_voided(world):
    start = world.today + 10
    world.register("carol", TOKEN, start, start + 5)
    refused_end(world, "carol", 0, start - 1, "EndDayOutOfRange", start - 1, start, start + 4)
    world.end_mandate("carol", 0, start)
    assert world.escrow.capOn(world["carol"], start) == 0
    world.register("carol", 2 * TOKEN, start, start + 5)
    assert world.escrow.capOn(world["carol"], start) == 2 * TOKEN


def test_earlier_of_two_mandates_can_be_ended(world):
    world.register("carol", TOKEN, world.today, world.today + 9)
    world.register("carol", 2 * TOKEN, world.today + 9, world.today + 20)
    world.end_mandate("carol", 0, world.today + 4)
    caps = [int(world.escrow.capOn(world["carol"], world.today + day)) // TOKEN for day in (3, 4, 8, 9)]
    assert caps == [1, 0, 0, 2]


def test_longer_instead_of_shorter__reverts(world):
    end = world.today + 365
    refused_end(world, "alice", 0, end, "EndDayOutOfRange", end, world.today + 1, end - 1)


def test_unknown_mandate__reverts(world):
    refused_end(world, "alice", 1, world.today + 2, "UnknownMandate", world["alice"], 1, 1)
    with refused("UnknownMandate", world["alice"], 1, 1):
        world.escrow.mandateAt(world["alice"], 1)


def test_stranger__reverts(world):
    nonce, deadline = world.fresh()
    message = {
        "account": world["alice"],
        "mandateIndex": 0,
        "endDay": world.today + 2,
        "nonce": nonce,
        "deadline": deadline,
    }
    signature = world.sign("mallory", "MandateEnd", message)
    with pytest.raises(VirtualMachineError, match="SignatureInvalid"):
        world.escrow.endMandate(*message.values(), signature, {"from": world.mallory})
    assert world.escrow.capOn(world["alice"], world.today + 2) == 100 * TOKEN
