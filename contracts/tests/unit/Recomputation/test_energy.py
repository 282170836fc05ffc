"""A line whose energy is not that of the INTERVAL which counts."""

import pytest
from eth_utils import keccak
from openings import ENERGY, INTERVAL_AT, LAST_AT, NEXT_AT, NONE, OTHER_ID, POINT_ID, PRICE_AT, Scenario
from world import refused


def interval(world, **changes):
    """Another INTERVAL of the slot: version 1, 1,000 Wh given, the line's one superseded."""
    slot = 96 * (world.today - 1) + 40
    fields = {"point": POINT_ID, "slot": slot, "exportWh": 1_000, "version": 1, "supersedes": INTERVAL_AT}
    return "INTERVAL", {**fields, "bindingIndex": 3, **changes}


def facts(built):
    numbers, prices = built.world.recomputation.factsOf(
        built.run_key, 0, POINT_ID, built.slot, built.world[built.owner]
    )
    return numbers, prices


def test_pays_the_cited_intervals_energy(world, member):
    """900 Wh posted, 1,000 logged: 100 Wh at the export price of 0.08."""
    wrong = Scenario(world, line={"exportWh": 900}).post()
    tx = world.recomputation.energy(wrong.caller(), wrong.statement, wrong.entry(INTERVAL_AT), [], {"from": member})
    event = tx.events["Recomputed"]
    assert (event["ground"], event["amount"], event["due"]) == (ENERGY, 160_000, 8_000)
    assert facts(wrong) == (1_000 << 176 | 8_000 << 16 | 1, 0)
    assert event["numbers"] == facts(wrong)[0]
    assert world.escrow.remedyOf(wrong.run_key, world["alice"]) == 8_000
    with refused("NothingToPay", 160_000, 152_000, 8_000):
        world.recomputation.energy(wrong.caller(), wrong.statement, wrong.entry(INTERVAL_AT), [], {"from": member})


def test_what_was_shown_counts_in_later_claims(world, member):
    """Energy shown first, arithmetic after it: together they pay what both lack, and no more."""
    wrong = Scenario(world, line={"exportWh": 900, "amount": 150_000}).post()
    world.recomputation.energy(wrong.caller(), wrong.statement, wrong.entry(INTERVAL_AT), [], {"from": member})
    assert world.escrow.remedyOf(wrong.run_key, world["alice"]) == 10_000
    with refused("NothingToPay", 160_000, 150_000, 10_000):
        world.recomputation.arithmetic(wrong.caller(), wrong.statement, {"from": member})


def test_arithmetic_first_then_energy(world, member):
    wrong = Scenario(world, line={"exportWh": 900, "amount": 150_000}).post()
    first = world.recomputation.arithmetic(wrong.caller(), wrong.statement, {"from": member})
    assert first.events["Recomputed"]["due"] == 2_000
    second = world.recomputation.energy(wrong.caller(), wrong.statement, wrong.entry(INTERVAL_AT), [], {"from": member})
    assert second.events["Recomputed"]["due"] == 8_000


def test_a_direct_successor_needs_no_cited_entry(world, member):
    wrong = Scenario(
        world, line={"exportWh": 900}, interval={"exportWh": 900}, entries={NEXT_AT: interval(world)}
    ).post()
    tx = world.recomputation.energy(wrong.caller(), wrong.statement, wrong.entry(NEXT_AT), [], {"from": member})
    assert tx.events["Recomputed"]["due"] == 8_000


def test_an_interval_that_supersedes_nothing_is_not_better(world, member):
    entries = {NEXT_AT: interval(world, version=9, supersedes=NONE)}
    wrong = Scenario(world, line={"exportWh": 900}, interval={"exportWh": 900}, entries=entries).post()
    with refused("IntervalNotBetter", NEXT_AT, INTERVAL_AT):
        world.recomputation.energy(wrong.caller(), wrong.statement, wrong.entry(NEXT_AT), [], {"from": member})


@pytest.mark.parametrize(
    ("version", "cited", "at", "better"),
    [(2, 1, LAST_AT, True), (1, 1, 8, True), (1, 1, LAST_AT, False), (0, 1, 8, False), (0, 0, 8, True)],
)
def test_of_two_intervals_the_higher_version_counts_then_the_lower_index(world, member, version, cited, at, better):
    entries = {at: interval(world, version=version, supersedes=NONE)}
    wrong = Scenario(
        world, line={"exportWh": 900}, interval={"exportWh": 900, "version": cited}, entries=entries
    ).post()
    arguments = wrong.caller(), wrong.statement, wrong.entry(at), [wrong.any_entry(INTERVAL_AT)], {"from": member}
    if better:
        assert world.recomputation.energy(*arguments).events["Recomputed"]["due"] == 8_000
    else:
        with refused("IntervalNotBetter", at, INTERVAL_AT):
            world.recomputation.energy(*arguments)


@pytest.mark.parametrize(
    "cited",
    [
        ("DECISION", {"decisionKind": 2}),
        ("INTERVAL", {"point": OTHER_ID, "version": 9}),
        ("INTERVAL", {"point": POINT_ID, "slot": 1, "version": 9}),
    ],
)
def test_a_cited_entry_that_is_no_interval_of_the_slot_loses(world, member, cited):
    entries = {INTERVAL_AT: cited, NEXT_AT: interval(world, version=0, supersedes=NONE)}
    wrong = Scenario(world, line={"exportWh": 900}, entries=entries).post()
    tx = world.recomputation.energy(
        wrong.caller(), wrong.statement, wrong.entry(NEXT_AT), [wrong.any_entry(INTERVAL_AT)], {"from": member}
    )
    assert tx.events["Recomputed"]["due"] == 8_000


def test_the_opened_entry_is_the_cited_one(world, member):
    wrong = Scenario(world, line={"exportWh": 900}, entries={NEXT_AT: interval(world)}).post()
    with refused("CitationWrong", PRICE_AT, INTERVAL_AT):
        world.recomputation.energy(
            wrong.caller(), wrong.statement, wrong.entry(NEXT_AT), [wrong.any_entry(PRICE_AT)], {"from": member}
        )


def test_a_citation_beyond_the_checkpoint_leaves_any_interval(world, member):
    wrong = Scenario(world, line={"exportWh": 900, "intervalIndex": 50}).post()
    tx = world.recomputation.energy(wrong.caller(), wrong.statement, wrong.entry(INTERVAL_AT), [], {"from": member})
    assert tx.events["Recomputed"]["due"] == 8_000


@pytest.mark.parametrize("change", [{"point": OTHER_ID}, {"slot": 12}])
def test_an_interval_of_another_point_or_slot_is_refused(world, member, change):
    wrong = Scenario(world, line={"exportWh": 900}, interval=change).post()
    given = change.get("point") or (12).to_bytes(32, "big")
    expected = POINT_ID if "point" in change else wrong.slot.to_bytes(32, "big")
    with refused("OfAnother", given, expected):
        world.recomputation.energy(wrong.caller(), wrong.statement, wrong.entry(INTERVAL_AT), [], {"from": member})


def test_an_interval_outside_the_log_is_refused(world, member):
    wrong = Scenario(world, line={"exportWh": 900}).post()
    words, index, proof = wrong.entry(INTERVAL_AT)
    forged = [*words[:3], (2_000).to_bytes(32, "big"), *words[4:]]
    with pytest.raises(Exception, match="InclusionFailed"):
        world.recomputation.energy(wrong.caller(), wrong.statement, (forged, index, proof), [], {"from": member})


def test_an_entry_does_not_pose_as_another_kind(world, member):
    """The tag is put in front by the contract: the same words as a DECISION are no INTERVAL."""
    wrong = Scenario(world, line={"exportWh": 900}, entries={INTERVAL_AT: ("DECISION", {"value": 7})}).post()
    words, index, proof = wrong.entry(INTERVAL_AT)
    slot = wrong.slot.to_bytes(32, "big")
    padded = [POINT_ID, slot, *words][:10]
    with pytest.raises(Exception, match="InclusionFailed"):
        world.recomputation.energy(wrong.caller(), wrong.statement, (padded, index, proof), [], {"from": member})


@pytest.mark.parametrize("change", ["seq", "size", "time", "root", "other"])
def test_the_checkpoint_is_the_runs(world, member, change):
    wrong = Scenario(world, line={"exportWh": 900}).post()
    run, *leaves = wrong.statement
    seq, size, time, root = run[2]
    given = {
        "seq": (seq + 1, size, time, root),
        "size": (seq, size + 1, time, root),
        "time": (seq, size, time - 1, root),
        "root": (seq, size, time, keccak(text="root")),
        "other": world.checkpoints[0],
    }[change]
    with refused("CheckpointWrong", given[0], seq):
        world.recomputation.energy(
            wrong.caller(), ((*run[:2], given), *leaves), wrong.entry(INTERVAL_AT), [], {"from": member}
        )


def test_energy_beyond_any_slots_is_refused(world, member):
    wrong = Scenario(world, line={"exportWh": 0}, interval={"exportWh": 2**40}).post()
    with refused("FactTooLarge", 2**40):
        world.recomputation.energy(wrong.caller(), wrong.statement, wrong.entry(INTERVAL_AT), [], {"from": member})


def test_who_claims(world, delegate, other_member):
    wrong = Scenario(world, line={"exportWh": 900}).post()
    evidence = wrong.statement, wrong.entry(INTERVAL_AT), []
    with refused("NoStanding", str(world.mallory), world["alice"]):
        world.recomputation.energy(wrong.caller(), *evidence, {"from": world.mallory})
    with refused("NotTheAccounts", world["bob"], world["alice"]):
        world.recomputation.energy(wrong.caller("bob"), *evidence, {"from": other_member})
    world.recomputation.energy(wrong.caller(), *evidence, {"from": delegate})
    with pytest.raises(Exception, match="NothingToPay"):
        world.recomputation.energy(wrong.signed(ENERGY), *evidence, {"from": world.mallory})
