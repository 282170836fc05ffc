"""Entries that should precede delivery and do not (late), or are not what they are cited as (falseEntry)."""

import pytest
from openings import AUCTION_AT, NONE, OTHER_ID, PRICE_AT, VOID, Scenario
from world import DAY, GATE_LEAD, refused

# Sold 800 Wh and made none: better without the trade.
OVERSOLD = {"exportWh": 0}


def tomorrow(world, **changes):
    """A scenario of the world's own day, whose log is anchored before its slots begin: it is noon."""
    return Scenario(world, day=world.today, line=OVERSOLD, **changes)


def late(built, sender, before=None, first=None):
    return built.world.recomputation.late(
        built.caller(), built.statement, before or built.world.checkpoints[0], first or built.checkpoint,
        {"from": sender},
    )  # fmt: skip


def test_an_auction_anchored_after_its_slot_began_gives_no_trade(world, member):
    built = Scenario(world, line=OVERSOLD).post()
    event = late(built, member).events["Recomputed"]
    assert (event["ground"], event["amount"], event["due"]) == (VOID, 0, 96_000)
    assert event["numbers"] == 96_000 << 16 | 2
    with refused("NothingToPay", 0, -96_000, 96_000):
        late(built, member)


@pytest.mark.parametrize(("mode", "lead"), [(0, 0), (1, GATE_LEAD)])
@pytest.mark.parametrize("seconds", [0, 1])
def test_the_second_decides(world, member, mode, lead, seconds):
    """In time is at the slot's start (ex_ante), or when its gate closes (ex_post)."""
    built = tomorrow(world, place=80, mode=mode)
    limit = built.slot * 900 - lead
    world.next_at(limit + seconds)
    built.anchor()
    world.travel((world.today + 1) * DAY)
    built.post()
    assert built.checkpoint[2] == limit + seconds
    if seconds:
        assert late(built, member).events["Recomputed"]["due"] == 96_000
    else:
        index = PRICE_AT if mode else AUCTION_AT
        with refused("NotLate", index, limit, limit):
            late(built, member)


def two_checkpoints(world, **changes):
    """The log is anchored with 8 entries, then with all, both after the slot began."""
    built = Scenario(world, line=OVERSOLD, **changes)
    early = Scenario(world, line=OVERSOLD, **changes)
    early.size = early.log.size = 8
    early.log.leaves = {i: leaf for i, leaf in early.log.leaves.items() if i < 8}
    world.grow(8, early.log.root(), early.log.consistency(1))
    return built.post()


def test_only_the_first_covering_checkpoint_tells(world, member):
    """Checkpoint 2 covers the auction as well, and tells nothing about when it was anchored first."""
    built = two_checkpoints(world)
    at = world.checkpoints[2][2]
    with pytest.raises(Exception, match="NotLate"):
        late(built, member, world.checkpoints[1], world.checkpoints[2])
    assert at == built.checkpoint[2]
    assert late(built, member, world.checkpoints[0], world.checkpoints[1]).events["Recomputed"]["due"] == 96_000


def test_the_two_checkpoints_follow_each_other(world, member):
    built = two_checkpoints(world)
    with refused("CheckpointsWrong", 0, 2):
        late(built, member, world.checkpoints[0], world.checkpoints[2])
    with refused("CheckpointsWrong", 1, 1):
        late(built, member, world.checkpoints[1], world.checkpoints[1])


@pytest.mark.parametrize("which", ["before", "first"])
@pytest.mark.parametrize("part", [1, 2, 3])
def test_both_checkpoints_are_anchored(world, member, which, part):
    built = Scenario(world, line=OVERSOLD).post()
    pair = {"before": list(world.checkpoints[0]), "first": list(built.checkpoint)}
    pair[which][part] = pair[which][part] + 1 if part < 3 else bytes(32)
    with refused("CheckpointsWrong", 0, 1):
        late(built, member, tuple(pair["before"]), tuple(pair["first"]))


def test_the_first_checkpoint_of_all_has_none_before(world, member):
    """Entry 0 was anchored with the deployment, after yesterday's slot."""
    built = Scenario(world, line=OVERSOLD, header={"auctionIndex": 0}).post()
    nothing = (0, 0, 0, bytes(32))
    assert late(built, member, nothing, world.checkpoints[0]).events["Recomputed"]["due"] == 96_000


@pytest.mark.parametrize("index", [50, NONE])
def test_an_entry_outside_both_is_not_shown_to_be_late(world, member, index):
    built = Scenario(world, line=OVERSOLD, header={"auctionIndex": index}).post()
    with pytest.raises(Exception, match="NotLate"):
        late(built, member)


# Entries that are none


def false_entry(built, sender, at):
    return built.world.recomputation.falseEntry(built.caller(), built.statement, built.any_entry(at), {"from": sender})


@pytest.mark.parametrize(
    ("mode", "at", "entry"),
    [
        (0, AUCTION_AT, ("AUCTION", {"zone": OTHER_ID})),
        (0, AUCTION_AT, ("AUCTION", {"slot": 3})),
        (0, AUCTION_AT, ("TARIFF", {"day": 3})),
        (1, AUCTION_AT, ("DECISION", {"decisionKind": 2})),
        (1, PRICE_AT, ("DECISION", {"decisionKind": 1})),
        (1, PRICE_AT, ("DECISION", {"decisionKind": 2, "zone": OTHER_ID})),
        (1, PRICE_AT, ("DECISION", {"decisionKind": 2, "slot": 3})),
        (1, PRICE_AT, ("FILL", {"price": 3})),
    ],
)
def test_an_entry_that_is_not_what_it_is_cited_as_gives_no_trade(world, member, mode, at, entry):
    zone, slot = world.run([])[0], 96 * (world.today - 1) + 40
    kind, fields = entry
    if kind in ("AUCTION", "DECISION"):
        fields = {"zone": zone, "slot": slot, **fields}
    built = Scenario(world, mode=mode, line=OVERSOLD, entries={at: (kind, fields)}).post()
    event = false_entry(built, member, at).events["Recomputed"]
    assert (event["ground"], event["due"]) == (VOID, 96_000)


@pytest.mark.parametrize(("mode", "at"), [(0, AUCTION_AT), (1, AUCTION_AT), (1, PRICE_AT)])
def test_an_entry_that_is_right_is_refused(world, member, mode, at):
    built = Scenario(world, mode=mode, line=OVERSOLD).post()
    with refused("EntryRight", at):
        false_entry(built, member, at)


def test_in_ex_ante_the_price_is_not_looked_at(world, member):
    entries = {PRICE_AT: ("DECISION", {"decisionKind": 1})}
    built = Scenario(world, line=OVERSOLD, entries=entries).post()
    with refused("CitationWrong", PRICE_AT, AUCTION_AT):
        false_entry(built, member, PRICE_AT)


def test_a_stranger_may_not(world):
    built = Scenario(world, line=OVERSOLD).post()
    for claim in (lambda: late(built, world.mallory), lambda: false_entry(built, world.mallory, AUCTION_AT)):
        with refused("NoStanding", str(world.mallory), world["alice"]):
            claim()
