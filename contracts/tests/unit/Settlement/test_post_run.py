import pytest
from conftest import build_world
from eth_abi import encode
from eth_utils import keccak
from world import CHALLENGE_WINDOW, DAY, POSTING_LAG, TOKEN, ZONE, refused, row, rows_root

NETS = {"alice": -30 * TOKEN, "bob": 12 * TOKEN, "fee": 2 * TOKEN, "dust": 7}
RUN_TYPES = [
    "bytes32",
    "uint32",
    "uint16",
    "bytes32",
    "uint16",
    "bytes32",
    "uint64",
    "bytes32",
    "uint8",
    "bytes32",
]


def post_rows(world, rows, **changes):
    return world.settlement.postRun(world.run(rows, **changes), rows, {"from": world.poster})


def test_posted_run_is_announced_and_kept_by_digest(world):
    tx = world.post(NETS)
    rows = world.rows(NETS)
    root, claimed = rows_root(rows), world.run(rows)
    posted = tx.events["RunPosted"]
    assert [posted[key] for key in ("day", "sequence", "pointCount", "checkpoint", "mode")] == [
        world.today - 1, 0, 2, 0, 0,
    ]  # fmt: skip
    roots = {"zone": ZONE, "pointsRoot": claimed[3], "headersRoot": claimed[5], "profileHash": claimed[7]}
    assert {key: bytes.fromhex(str(posted[key])[2:]) for key in (*roots, "rowsRoot")} == {
        **roots,
        "rowsRoot": root,
    }
    assert posted["finalAt"] == tx.timestamp + CHALLENGE_WINDOW

    digest, final_at, posted_at, latest = world.settlement.runOf(ZONE, world.today - 1, 0)
    assert bytes(digest) == keccak(encode(RUN_TYPES, [*claimed, root]))
    assert (int(final_at), int(posted_at), int(latest)) == (posted["finalAt"], tx.timestamp, 0)
    assert world.settlement.isPosted(claimed, root)
    assert not world.settlement.isPosted(claimed, keccak(text="other rows"))
    applied = tx.events["RunApplied"]
    assert (applied["day"], applied["sequence"]) == (world.today - 1, 0)
    assert applied["runKey"] == world.settlement.runKeyOf(ZONE, world.today - 1)


def test_run_is_final_when_its_window_has_passed(world):
    final_at = world.post(NETS).events["RunPosted"]["finalAt"]
    key = world.settlement.runKeyOf(ZONE, world.today - 1)
    assert world.settlement.finalAt(key, 0) == final_at
    world.travel(final_at - 1)
    assert not world.settlement.isFinal(key, 0)
    world.travel(final_at)
    assert world.settlement.isFinal(key, 0)
    assert not world.settlement.isFinal(key, 1)


def test_same_day_twice__reverts(world):
    world.post(NETS)
    with refused("RunExists", world.settlement.runKeyOf(ZONE, world.today - 1), 0):
        world.post({"alice": -TOKEN})
    world.post(NETS, zone=keccak(text="another zone"))


def test_days_are_posted_in_any_order(world, accounts, project):
    # A lag of one day would leave no second in which both days may be posted.
    patient = build_world(accounts, project, posting_lag=3 * DAY, withdrawal_delay=4 * DAY)
    patient.travel((patient.today + 1) * DAY)
    patient.post(NETS, day=patient.today)
    patient.post(NETS, day=patient.today - 1)
    assert patient.escrow.lastRunDay() == patient.today


def test_day_that_is_not_over__reverts(world):
    end = (world.today + 1) * DAY
    world.next_at(end - 1)
    with refused("DayNotOver", world.today, end, end - 1):
        world.post(NETS, day=world.today)
    world.next_at(end)
    world.post(NETS, day=world.today)


def test_posting_after_the_lag__reverts(world):
    until = world.today * DAY + POSTING_LAG
    world.next_at(until + 1)
    with refused("PostingTooLate", until, until + 1):
        world.post(NETS)


def test_posting_in_the_last_second_of_the_lag(world):
    world.next_at(world.today * DAY + POSTING_LAG)
    assert world.post(NETS).events["RunPosted"]["day"] == world.today - 1


def test_checkpoint_that_is_not_anchored__reverts(world):
    with refused("CheckpointNotAnchored", 1):
        world.post(NETS, checkpoint=1)


def test_sum_other_than_zero__reverts(world):
    for error in (1, -1):
        with refused("SumNotZero", error):
            world.post({**NETS, "supplier": 16 * TOKEN - 7 + error})


@pytest.mark.parametrize(("dust", "points"), [(-1, 1), (97, 1), (193, 2)])
def test_dust_out_of_range__reverts(world, dust, points):
    with refused("DustOutOfRange", dust, 96 * points):
        world.post({"alice": -TOKEN, "dust": dust}, pointCount=points)


def test_dust_at_its_bounds(world):
    world.post({"alice": -TOKEN, "dust": 96}, pointCount=1)
    world.post({"alice": -TOKEN, "dust": 0}, pointCount=1, zone=keccak(text="another zone"))


def test_fewer_points_than_accounts__reverts(world):
    with refused("PointsMissing", 1, 2):
        world.post(NETS, pointCount=1)


def test_unknown_mode__reverts(world):
    with refused("ModeUnknown", 2):
        world.post(NETS, mode=2)
    world.post(NETS, mode=1)


def test_correction_through_the_wrong_door__reverts(world):
    with refused("SequenceWrong", 1):
        world.post(NETS, sequence=1)


def test_exposure_is_bounded_by_the_bond(world):
    bond = int(world.escrow.bond())
    world.post({"alice": -bond + 5, "bob": 4, "fee": bond - 9})
    assert world.settlement.openExposure() == bond - 1
    other = keccak(text="another zone")
    with refused("BondTooSmall", bond + 1, bond):
        world.post({"alice": -1, "bob": 1}, zone=other)
    world.post({"alice": -1}, zone=other)
    world.travel(world.time() + CHALLENGE_WINDOW)
    assert world.settlement.openExposure() == 0
    world.travel((world.today + 2) * DAY)
    world.post({"alice": -bond}, day=world.today + 1)
    assert world.settlement.openExposure() == bond


def test_rows_out_of_order_or_twice__reverts(world):
    rows = world.rows(NETS)
    with refused("RowsNotAscending", 1, row_account(rows[0])):
        post_rows(world, [rows[1], rows[0], *rows[2:]])
    with refused("RowsNotAscending", 1, row_account(rows[0])):
        post_rows(world, [rows[0], rows[0], *rows[2:]])
    nobody = row("0x" + "00" * 20, 0)
    with refused("RowsNotAscending", 0, row_account(nobody)):
        post_rows(world, [nobody, *rows])


def row_account(word: bytes) -> str:
    return "0x" + word[:20].hex()


def test_system_rows_have_their_places(world):
    rows = world.rows(NETS)
    with refused("SystemRowWrong", 2, world["fee"], world["supplier"]):
        post_rows(world, [*rows[:2], rows[3], rows[2], *rows[4:]])
    with refused("RowCountWrong", 3):
        post_rows(world, rows[-3:])
    for name in ("supplier", "fee", "dust", "balancing"):
        with refused("SystemAccountAmongMembers", 0, world[name]):
            post_rows(world, [row(world[name], 0), *world.rows({})])


def test_day_without_members_is_a_run_too(world):
    tx = world.post({}, pointCount=0)
    assert tx.events["RunApplied"]["moves"] == ()
    assert world.settlement.runOf(ZONE, world.today - 1, 0)[1] == tx.events["RunPosted"]["finalAt"]


def test_one_account_too_many__reverts(world):
    members = [row(f"0x{number:040x}", 0) for number in range(1, 514)]
    with refused("RowCountWrong", 517):
        post_rows(world, [*members, *world.rows({})])


def test_hostile_accounts_cannot_stop_a_run(world):
    """No mandate, no money, requests to the brim, an owed and a receivable: everybody else is settled as ever."""
    world.register("dora", 10 * TOKEN, world.today - 1, world.today + 1)
    world.fund("erik", 9 * TOKEN)
    world.register("erik", 2**88 - 1, world.today - 1, world.today + 1)
    for _ in range(4):
        world.request("erik", 2 * TOKEN)
    hostile = {"carol": -(2**80), "dora": -20 * TOKEN, "erik": -(2**70)}
    world.escrow.topUpBond(2**81, {"from": rich(world, 2**81)})
    world.post({**hostile, "alice": -10 * TOKEN, "bob": 6 * TOKEN, "fee": TOKEN})
    assert (world.free("alice"), world.free("bob")) == (490 * TOKEN, 506 * TOKEN)
    assert world.escrow.withdrawalsOf(world["erik"]) == ()
    world.assert_backed("alice", "bob", "carol", "dora", "erik")


def rich(world, amount):
    world.token.mint(world.relayer, amount, {"from": world.admin})
    world.token.approve(world.escrow, amount, {"from": world.relayer})
    return world.relayer


def test_stranger__reverts(world):
    rows = world.rows(NETS)
    for caller in (world.mallory, world.admin, world.anchorer):
        with refused("AccessManagedUnauthorized", caller):
            world.settlement.postRun(world.run(rows), rows, {"from": caller})
