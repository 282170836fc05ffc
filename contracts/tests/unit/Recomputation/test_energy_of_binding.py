"""Registers of a valid slot under the BINDING that counts, and points that were another account's."""

import pytest
from openings import BINDING_AT, ENERGY, INTERVAL_AT, LAST_AT, NONE, OTHER_ID, POINT_ID, Scenario
from world import ZONE, refused


def claim(built, sender, name=None, binding=BINDING_AT, registers=True):
    return built.world.recomputation.energyOfBinding(
        built.caller(name),
        built.statement,
        built.entry(INTERVAL_AT),
        built.entry(binding),
        [built.opened_registers] if registers else [],
        {"from": sender},
    )


def wrong(world, **changes):
    """900 Wh posted and logged; the registers rose by 1,000, over the end of their range."""
    given = {"line": {"exportWh": 900}, "interval": {"exportWh": 900}, **changes}
    return Scenario(world, **given).post()


def test_pays_what_the_registers_rose(world, member):
    built = wrong(world)
    event = claim(built, member).events["Recomputed"]
    assert (event["ground"], event["amount"], event["due"]) == (ENERGY, 160_000, 8_000)
    assert world.escrow.remedyOf(built.run_key, world["alice"]) == 8_000
    with refused("NothingToPay", 160_000, 152_000, 8_000):
        claim(built, member)


@pytest.mark.parametrize(
    ("registers", "binding", "energy"),
    [
        ({}, {}, (0, 1_000)),
        ({"importStart": 10, "importEnd": 17}, {}, (7, 1_000)),
        ({}, {"reversed": True}, (1_000, 0)),
        ({"importStart": 0, "importEnd": 50_000}, {"reversed": True}, (1_000, 50_000)),
        ({}, {"multiplierNum": 30}, (0, 30_000)),
        # Both ends are rounded down by themselves: this slot takes what the one before left.
        ({}, {"multiplierNum": 20, "multiplierDen": 3}, (0, 6_667)),
        ({"exportStart": 0, "exportEnd": 4_000}, {}, (0, 4_000)),
        ({"exportStart": 9, "exportEnd": 9, "importEnd": 5_001}, {}, (1, 0)),
    ],
)
def test_multiplies_and_swaps_as_the_binding_says(world, member, registers, binding, energy):
    line = {"exportWh": 0, "amount": -(10**12), "runningTotal": 0}
    built = wrong(world, line=line, registers=registers, binding=binding)
    numbers = claim(built, member).events["Recomputed"]["numbers"]
    assert (numbers >> 216, numbers >> 176 & 2**40 - 1) == energy


@pytest.mark.parametrize("quality", [9, 10])
def test_only_a_valid_slots_registers_count(world, member, quality):
    built = wrong(world, interval={"exportWh": 900, "quality": quality})
    with refused("QualityNotValid", quality):
        claim(built, member)


def test_other_registers_are_refused(world, member):
    built = wrong(world)
    built.registers["exportEnd"] = 600
    with pytest.raises(Exception, match="RegistersWrong"):
        claim(built, member)


@pytest.mark.parametrize(
    ("registers", "binding", "values"),
    [
        ({"exportStart": 5, "exportEnd": 2, "modulus": 2}, {}, (5, 4, 1)),
        ({}, {"multiplierDen": 0}, (5_000, 5_000, 0)),
    ],
)
def test_impossible_registers_are_refused(world, member, registers, binding, values):
    built = wrong(world, registers=registers, binding=binding)
    with refused("RegistersImpossible", *values):
        claim(built, member)


def test_registers_of_another_meter_say_nothing(world, member):
    serial, other = b"\1" * 32, b"\2" * 32
    meters = {"meterStart": other, "meterEnd": other}
    built = wrong(world, registers=meters, binding={"meterSerialHash": serial})
    with refused("MeterOfAnother", serial):
        claim(built, member)


@pytest.mark.parametrize("name", ["meterStart", "meterEnd"])
def test_a_meter_that_was_changed_on_the_border_counts(world, member, name):
    serial = b"\1" * 32
    built = wrong(world, registers={name: serial}, binding={"meterSerialHash": serial})
    assert claim(built, member).events["Recomputed"]["due"] == 8_000


def later(world, **changes):
    """A BINDING behind the cited one, of Bob and with a multiplier of two."""
    fields = {
        "point": POINT_ID, "zone": ZONE, "account": world["bob"], "multiplierNum": 2, "multiplierDen": 1,
        "fromDay": world.today - 2, "toDay": NONE, "prevBinding": BINDING_AT, **changes,
    }  # fmt: skip
    return {LAST_AT: ("BINDING", fields)}


def test_a_later_binding_counts(world, member):
    built = wrong(world, entries=later(world, account=world["alice"]))
    assert claim(built, member, binding=LAST_AT).events["Recomputed"]["amount"] == 240_000


def test_an_earlier_binding_does_not(world, member):
    built = wrong(world, entries={2: later(world)[LAST_AT]})
    with refused("BindingNotBetter", 2, BINDING_AT):
        claim(built, member, binding=2)


@pytest.mark.parametrize("cited", [NONE, 50])
def test_any_binding_counts_where_the_citation_leads_nowhere(world, member, cited):
    built = wrong(world, interval={"exportWh": 900, "bindingIndex": cited})
    assert claim(built, member).events["Recomputed"]["due"] == 8_000


@pytest.mark.parametrize(("start", "end"), [(0, None), (-9, -1), (-9, 0)])
def test_a_binding_covers_the_day(world, member, start, end):
    """First day included, last one not; the run's day is yesterday."""
    from_day, to_day = world.today + start, NONE if end is None else world.today + end
    built = wrong(world, binding={"fromDay": from_day, "toDay": to_day})
    if from_day <= built.day < to_day:
        claim(built, member)
    else:
        with refused("BindingNotOfDay", from_day, to_day, built.day):
            claim(built, member)


def test_a_binding_of_another_point_is_refused(world, member):
    built = wrong(world, binding={"point": OTHER_ID})
    with refused("BindingOfAnother", OTHER_ID, POINT_ID):
        claim(built, member)


# Whose the slot is


def test_who_only_the_binding_names_was_posted_nothing(world, other_member):
    built = wrong(world, entries=later(world, multiplierNum=1))
    event = claim(built, other_member, "bob", LAST_AT).events["Recomputed"]
    assert (event["account"], event["amount"], event["due"]) == (world["bob"], 160_000, 160_000)
    assert event["numbers"] & 0xFFFF == 1 | 32
    assert world.escrow.remedyOf(built.run_key, world["bob"]) == 160_000
    assert world.escrow.remedyOf(built.run_key, world["alice"]) == 0
    # From now on the slot is Bob's without a BINDING.
    with refused("NothingToPay", 160_000, 0, 160_000):
        world.recomputation.arithmetic(built.caller("bob"), built.statement, {"from": other_member})


def test_registers_are_not_needed_to_show_the_account(world, other_member):
    built = wrong(world, entries=later(world))
    event = claim(built, other_member, "bob", LAST_AT, registers=False).events["Recomputed"]
    assert (event["amount"], event["due"]) == (152_000, 152_000)


def test_the_leafs_account_gets_back_what_the_slot_took(world, member):
    """Alice paid 0.252 for energy that was used on Bob's account."""
    line = {"importWh": 900, "exportWh": 0, "boughtWh": 200, "soldWh": 0}
    built = wrong(world, line=line, interval={"importWh": 900, "exportWh": 0}, entries=later(world))
    event = claim(built, member, binding=LAST_AT, registers=False).events["Recomputed"]
    assert (event["amount"], event["due"]) == (0, 252_000)
    assert event["numbers"] & 0xFFFF == 1 | 16
    # Nothing that is shown later gives a slot to whom it does not belong.
    with refused("NothingToPay", 0, -252_000, 252_000):
        world.recomputation.energy(built.caller(), built.statement, built.entry(INTERVAL_AT), [], {"from": member})


def test_in_another_zone_the_slot_is_nobodys(world, member, other_member):
    line = {"importWh": 900, "exportWh": 0, "boughtWh": 200, "soldWh": 0}
    entries = later(world, zone=OTHER_ID)
    built = wrong(world, line=line, interval={"importWh": 900, "exportWh": 0}, entries=entries)
    assert claim(built, member, binding=LAST_AT, registers=False).events["Recomputed"]["due"] == 252_000
    with refused("NotTheAccounts", world["bob"], world["alice"]):
        claim(built, other_member, "bob", LAST_AT, registers=False)


def test_an_account_that_neither_names_has_no_slot(world):
    built = wrong(world, entries=later(world))
    with refused("NotTheAccounts", str(world.mallory), world["alice"]):
        world.recomputation.energyOfBinding(
            (str(world.mallory), 0, 0, b""), built.statement, built.entry(INTERVAL_AT), built.entry(LAST_AT), [],
            {"from": world.mallory},
        )  # fmt: skip


def test_a_stranger_may_not_and_anyone_relays(world):
    built = wrong(world)
    with refused("NoStanding", str(world.mallory), world["alice"]):
        claim(built, world.mallory)
    tx = world.recomputation.energyOfBinding(
        built.signed(ENERGY), built.statement, built.entry(INTERVAL_AT), built.entry(BINDING_AT),
        [built.opened_registers], {"from": world.mallory},
    )  # fmt: skip
    assert tx.events["Recomputed"]["due"] == 8_000
