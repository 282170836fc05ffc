import pytest
import trees
from brownie.exceptions import VirtualMachineError
from eth_utils import keccak
from world import CORRECTION_LAG, DAY, POSTING_LAG, TOKEN, ZONE, moves, refused, rows_root

FIRST = {"alice": -30 * TOKEN, "bob": 12 * TOKEN}
SECOND = {"alice": -20 * TOKEN, "bob": 12 * TOKEN, "carol": 3 * TOKEN}


@pytest.fixture
def posted(world):
    world.fund("supplier", 100 * TOKEN)
    world.post(FIRST)
    return world


def test_differences_are_applied(posted):
    tx = posted.correct(SECOND, FIRST)
    assert (posted.free("alice"), posted.free("bob"), posted.free("carol")) == (
        480 * TOKEN, 512 * TOKEN, 3 * TOKEN,
    )  # fmt: skip
    event = tx.events["RunPosted"]
    assert event["sequence"] == 1
    assert bytes.fromhex(str(event["rowsRoot"])[2:]) == rows_root(posted.rows(SECOND))
    assert moves(tx) == {
        posted["alice"]: 10 * TOKEN,
        posted["carol"]: 3 * TOKEN,
        posted["supplier"]: -13 * TOKEN,
    }
    assert posted.settlement.openExposure() == (42 + 13) * TOKEN
    posted.assert_backed("alice", "bob", "carol")


def test_same_result_as_if_it_had_been_right_at_once(posted, chain):
    posted.correct(SECOND, FIRST)
    corrected = [posted.free(name) for name in ("alice", "bob", "carol", "supplier")]
    chain.revert()
    posted.fund("supplier", 100 * TOKEN)
    posted.post(SECOND)
    assert [posted.free(name) for name in ("alice", "bob", "carol", "supplier")] == corrected


def test_each_correction_follows_the_last(posted):
    posted.correct(SECOND, FIRST)
    posted.correct(FIRST | {"carol": 0}, SECOND, sequence=2)
    assert (posted.free("alice"), posted.free("carol")) == (470 * TOKEN, 0)
    key = posted.settlement.runKeyOf(ZONE, posted.today - 1)
    with refused("RunExists", key, 1):
        posted.correct(SECOND, FIRST)
    with refused("SequenceWrong", 0):
        rows = posted.rows(FIRST)
        posted.settlement.postCorrection(posted.run(rows), rows, posted.run(rows), rows, {"from": posted.poster})


def send(world, rows, previous_rows, previous=None, **changes):
    """A first correction with its parts chosen one by one."""
    changes.setdefault("sequence", 1)
    return world.settlement.postCorrection(
        world.run(rows, **changes),
        rows,
        previous or world.run(previous_rows),
        previous_rows,
        {"from": world.poster},
    )


def test_other_previous_rows__revert(posted):
    forged = posted.rows({"alice": -90 * TOKEN, "bob": 12 * TOKEN})
    with pytest.raises(VirtualMachineError, match="PreviousRunWrong"):
        send(posted, posted.rows(SECOND), forged)


def test_other_previous_claims__revert(posted):
    rows, old = posted.rows(SECOND), posted.rows(FIRST)
    for changes in (
        {"headersRoot": keccak(text="x")},
        {"zone": keccak(text="x")},
        {"mode": 1},
        {"pointCount": 3},
    ):
        with pytest.raises(VirtualMachineError, match="PreviousRunWrong"):
            send(posted, rows, old, posted.run(old, **changes))


def test_correction_of_an_unposted_day__reverts(posted):
    with pytest.raises(VirtualMachineError, match="PreviousRunWrong"):
        posted.correct(SECOND, FIRST, day=posted.today - 2)


def test_skipped_sequence__reverts(posted):
    rows, old = posted.rows(SECOND), posted.rows(FIRST)
    with refused("SequenceWrong", 2):
        send(posted, rows, old, sequence=2)


def test_dropped_account__reverts(posted):
    with refused("RowMissing", posted["bob"]):
        posted.correct({"alice": -20 * TOKEN}, FIRST)


def test_older_checkpoint__reverts(posted):
    leaf = keccak(text="entry")
    posted.grow(2, trees.node(posted.checkpoints[0][3], leaf), [leaf])
    posted.post(FIRST, zone=keccak(text="late zone"), checkpoint=1)
    rows, old = posted.rows(SECOND), posted.rows(FIRST)
    zone = keccak(text="late zone")
    with refused("CheckpointOlder", 0, 1):
        send(posted, rows, old, posted.run(old, zone=zone, checkpoint=1), zone=zone, checkpoint=0)


def test_correction_lag(posted):
    until = posted.today * DAY + POSTING_LAG + CORRECTION_LAG
    posted.next_at(until)
    posted.correct(SECOND, FIRST)
    posted.next_at(until + 1)
    with refused("PostingTooLate", until, until + 1):
        posted.correct(FIRST | {"carol": 0}, SECOND, sequence=2)


def test_bad_rows__revert_as_in_an_initial_run(posted):
    with refused("SumNotZero", 5):
        posted.correct({**SECOND, "supplier": 5 * TOKEN + 5}, FIRST)
    with refused("DustOutOfRange", -1, 96 * 3):
        posted.correct({**SECOND, "dust": -1}, FIRST)


def test_paused__reverts(posted):
    posted.escrow.pause({"from": posted.guardian})
    with refused("EscrowPaused"):
        posted.correct(SECOND, FIRST)


def test_stranger__reverts(posted):
    rows, old = posted.rows(SECOND), posted.rows(FIRST)
    with refused("AccessManagedUnauthorized", posted.mallory):
        posted.settlement.postCorrection(
            posted.run(rows, sequence=1), rows, posted.run(old), old, {"from": posted.mallory}
        )
