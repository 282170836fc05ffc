"""Sums other than their parts: running totals, a point's net, an account's row."""

import pytest
from openings import POINT_ID, TOTAL, Scenario
from world import refused


def running(built, sender, *places, claim=None):
    lines = [built.line_at(place) for place in places]
    return built.world.recomputation.runningTotal(
        claim or built.caller(), built.run, built.point(), lines, {"from": sender}
    )


def test_a_running_total_is_the_one_before_and_its_amount(world, member):
    built = Scenario(world, lines={41: {"amount": 7, "runningTotal": 160_000}}).post()
    free = world.free("alice")
    tx = running(built, member, 40, 41)
    assert dict(tx.events["TotalRecomputed"]) == {
        "runKey": "0x" + built.run_key.hex(),
        "account": world["alice"],
        "point": "0x" + POINT_ID.hex(),
        "sequence": 0,
        "slot": built.slot + 1,
        "stated": 160_000,
        "summed": 160_007,
        "due": 7,
        "paid": 7,
    }
    assert world.free("alice") == free + 7
    with pytest.raises(Exception, match="TotalClaimed"):
        running(built, member, 40, 41)


def test_the_days_first_total_is_its_own_amount(world, member):
    built = Scenario(world, lines={0: {"amount": 7, "runningTotal": 5}}).post()
    assert running(built, member, 0).events["TotalRecomputed"]["due"] == 2


def test_the_first_line_stands_alone_and_others_do_not(world, member):
    built = Scenario(world, lines={0: {"amount": 7, "runningTotal": 5}, 1: {"amount": 9, "runningTotal": 5}}).post()
    for places in ((1,), (0, 0)):
        with refused("LinesWrong", len(places)):
            running(built, member, *places)
    for lines in ([], [built.line_at(0)] * 3):
        with refused("LinesWrong", len(lines)):
            world.recomputation.runningTotal(built.caller(), built.run, built.point(), lines, {"from": member})


def test_lines_follow_each_other(world, member):
    built = Scenario(world, lines={41: {"amount": 7, "runningTotal": 160_000}}).post()
    with refused("OfAnother", (built.slot - 2).to_bytes(32, "big"), built.slot.to_bytes(32, "big")):
        running(built, member, 38, 41)


@pytest.mark.parametrize("total", [160_000, 160_001])
def test_a_total_that_lacks_nothing_is_refused(world, member, total):
    built = Scenario(world, lines={41: {"amount": 0, "runningTotal": total}}).post()
    with refused("NothingToPay", 160_000, total, 0):
        running(built, member, 40, 41)


def test_relayed_with_the_lines_own_slot(world):
    built = Scenario(world, lines={41: {"amount": 7, "runningTotal": 160_000}}).post()
    wrong = built.signed(TOTAL)
    with pytest.raises(Exception, match="SignatureInvalid"):
        running(built, world.relayer, 40, 41, claim=wrong)
    right = built.signed(TOTAL, slot=built.slot + 1)
    assert running(built, world.relayer, 40, 41, claim=right).events["TotalRecomputed"]["due"] == 7


def net(built, sender, place=95, claim=None):
    return built.world.recomputation.dayNet(
        claim or built.caller(), built.run, built.point(), built.line_at(place), {"from": sender}
    )


def test_a_points_net_is_its_last_running_total(world, member):
    built = Scenario(world, day_net=159_000).post()
    event = net(built, member).events["TotalRecomputed"]
    assert (event["slot"], event["stated"], event["summed"], event["due"]) == (0, 159_000, 160_000, 1_000)
    with pytest.raises(Exception, match="TotalClaimed"):
        net(built, member)


def test_only_the_last_line_says_the_net(world, member):
    built = Scenario(world, day_net=159_000).post()
    last = 96 * built.day + 95
    with refused("OfAnother", (last - 1).to_bytes(32, "big"), last.to_bytes(32, "big")):
        net(built, member, 94)


def test_a_net_is_relayed_with_slot_zero(world):
    built = Scenario(world, day_net=159_000).post()
    assert net(built, world.relayer, claim=built.signed(TOTAL, slot=0)).events["TotalRecomputed"]["paid"] == 1_000


def test_totals_are_the_leafs_accounts(world, other_member):
    built = Scenario(world, day_net=159_000).post()
    with refused("NotTheAccounts", world["bob"], world["alice"]):
        net(built, other_member, claim=built.caller("bob"))
    with refused("NoStanding", str(world.mallory), world["alice"]):
        net(built, world.mallory)


# Rows


def row(built, sender, points=(1,), chunks=(0,), claim=None):
    opened = [built.point(at) for at in points]
    return built.world.recomputation.row(
        claim or built.caller(), built.run, opened, built.row_proof(*chunks), {"from": sender}
    )


def test_a_row_is_the_sum_of_its_points(world, member):
    built = Scenario(world, account_points=3, nets={"alice": 150_000}).post()
    event = row(built, member, (1, 2, 3)).events["TotalRecomputed"]
    assert (event["point"], event["slot"]) == ("0x" + "00" * 32, 0)
    assert (event["stated"], event["summed"], event["due"]) == (150_000, 162_000, 12_000)
    with pytest.raises(Exception, match="TotalClaimed"):
        row(built, member, (1, 2, 3))


@pytest.mark.parametrize("points", [(1,), (1, 2)])
def test_all_points_are_opened(world, member, points):
    built = Scenario(world, account_points=3, nets={"alice": 150_000}).post()
    with refused("PointsWrong", len(points), 3):
        row(built, member, points)


@pytest.mark.parametrize("counted", [{1: 2, 2: 2, 3: 2}, {1: 1}, {2: 9}])
def test_a_wrong_count_does_not_block_the_claim(world, member, counted):
    """The least count is enough, and more points may be opened than that."""
    built = Scenario(world, account_points=3, counted=counted, nets={"alice": 150_000}).post()
    assert row(built, member, (1, 2, 3)).events["TotalRecomputed"]["due"] == 12_000


def test_points_that_are_counted_too_many_everywhere_are_for_a_demand(world, member):
    counted = {1: 4, 2: 5, 3: 4}
    built = Scenario(world, account_points=3, counted=counted, nets={"alice": 150_000}).post()
    with refused("PointsWrong", 3, 4):
        row(built, member, (1, 2, 3))


def test_a_row_without_points_is_refused(world, member):
    built = Scenario(world).post()
    with refused("PointsWrong", 0, 1):
        row(built, member, ())


@pytest.mark.parametrize("points", [(1, 1, 2), (2, 1, 3), (3, 3, 1, 2)])
def test_points_are_distinct_and_in_order(world, member, points):
    built = Scenario(world, account_points=3, nets={"alice": 150_000}).post()
    second = points[1]
    with refused("PointsUnordered", second, points[0]):
        row(built, member, points)


def test_the_points_are_the_claimants(world, other_member):
    built = Scenario(world, nets={"alice": 150_000, "bob": 1}).post()
    with refused("NotTheAccounts", world["bob"], world["alice"]):
        row(built, other_member, claim=built.caller("bob"))


def others(count: int) -> dict[str, int]:
    return {f"member {number}": 1 for number in range(count)}


def ranked(world, built) -> int:
    """How many rows stand before the owner's place."""
    accounts = [bytes(word[:20]) for word in built.rows[:-4]]
    return sum(account < bytes.fromhex(world["alice"][2:]) for account in accounts)


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 40])
def test_a_row_that_is_missing_is_zero(world, member, count):
    """Shown by one chunk where the place lies inside it, else by the two beside it."""
    built = Scenario(world, points=60)
    built.nets = others(count)
    built.post()
    place = ranked(world, built)
    # The rows around the place: place - 1 (if any) and place.
    chunks = sorted({max(place - 1, 0) // 16, place // 16})
    event = row(built, member, chunks=chunks).events["TotalRecomputed"]
    assert (event["stated"], event["due"]) == (0, 160_000)


def test_a_chunk_elsewhere_shows_nothing(world, member):
    built = Scenario(world, points=60)
    built.nets = others(40)
    built.post()
    place = ranked(world, built)
    wrong = (place // 16 + 1) % 3 if abs(place % 16 - 8) < 7 else (place // 16 + 2) % 3
    with refused("RowNotShown", world["alice"]):
        row(built, member, chunks=(wrong,))


def test_system_rows_are_in_no_order(world, member):
    """The last chunk alone holds only system rows, between which nobody is missing."""
    built = Scenario(world, points=60)
    built.nets = others(16)
    built.post()
    with refused("RowNotShown", world["alice"]):
        row(built, member, chunks=(1,))


@pytest.mark.parametrize("chunks", [(), (0, 1, 2), (0, 2), (1, 0), (0, 0)])
def test_chunks_are_one_or_two_neighbours(world, member, chunks):
    built = Scenario(world, points=60)
    built.nets = others(40)
    built.post()
    with refused("ChunksWrong", len(chunks)):
        row(built, member, chunks=chunks)


def test_a_chunk_is_proven(world, member):
    built = Scenario(world, nets={"alice": 150_000}).post()
    count, ((rows, position, proof),) = built.row_proof(0)
    forged = count, [([rows[0][:20] + bytes(12), *rows[1:]], position, proof)]
    with pytest.raises(Exception, match="InclusionFailed"):
        world.recomputation.row(built.caller(), built.run, [built.point()], forged, {"from": member})


def test_a_system_account_has_no_points(world):
    built = Scenario(world, owner="supplier")
    built.nets = {"bob": 5}
    built.post()
    with refused("SystemAccount", world["supplier"]):
        world.recomputation.row(
            built.signed(TOTAL, point=bytes(32), slot=0), built.run, [built.point()], built.row_proof(0),
            {"from": world.relayer},
        )  # fmt: skip


def test_a_stranger_may_not_claim_a_row(world):
    built = Scenario(world, nets={"alice": 150_000}).post()
    with refused("NoStanding", str(world.mallory), world["alice"]):
        row(built, world.mallory)
