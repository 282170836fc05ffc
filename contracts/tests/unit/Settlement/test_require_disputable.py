"""requireDisputable and latestSequence: what may be argued about, and until when."""

import pytest
from brownie.exceptions import VirtualMachineError
from eth_utils import keccak
from world import TOKEN, ZERO32, refused, rows_root

FIRST = {"alice": -30 * TOKEN, "bob": 12 * TOKEN}
SECOND = {"alice": -20 * TOKEN, "bob": 12 * TOKEN}


@pytest.fixture
def posted(world):
    world.fund("supplier", 100 * TOKEN)
    world.until = world.post(FIRST).events["RunPosted"]["finalAt"]
    return world


def ask(world, nets: dict, name: str = "alice", at_least: int = 0, **changes):
    """The view's answer, asked as of the newest block."""
    rows = world.rows(nets)
    return world.settlement.requireDisputable(world.run(rows, **changes), rows_root(rows), world[name], at_least)


def latest(world, key: bytes) -> tuple[int, bool]:
    sequence, posted = world.settlement.latestSequence(key)
    return int(sequence), bool(posted)


def test_posted_run_is_named_by_its_key(posted):
    assert bytes(ask(posted, FIRST)) == posted.key()


def test_other_claims_or_rows__revert(posted):
    for changes in ({"headersRoot": keccak(text="x")}, {"mode": 1}, {"pointCount": 3}, {"checkpoint": 1}):
        with pytest.raises(VirtualMachineError, match="RunUnknown"):
            ask(posted, FIRST, **changes)
    with pytest.raises(VirtualMachineError, match="RunUnknown"):
        ask(posted, SECOND)


def test_unposted_day__reverts(posted):
    with pytest.raises(VirtualMachineError, match="RunUnknown"):
        ask(posted, FIRST, day=posted.today)
    assert latest(posted, ZERO32) == (0, False)


def test_only_the_latest_sequence(posted):
    assert latest(posted, posted.key()) == (0, True)
    posted.correct(SECOND, FIRST)
    assert latest(posted, posted.key()) == (1, True)
    with refused("RunNotLatest", posted.key(), 0, 1):
        ask(posted, FIRST)
    assert bytes(ask(posted, SECOND, sequence=1)) == posted.key()
    assert posted.settlement.runOf(posted.run([])[0], posted.today - 1, 0)[3] == 1


def test_window_closes(posted):
    posted.travel(posted.until - 1)
    ask(posted, FIRST)
    posted.travel(posted.until)
    with refused("WindowClosed", posted.until, posted.until):
        ask(posted, FIRST)


def test_longer_term_of_the_claim_counts(posted):
    posted.travel(posted.until)
    ask(posted, FIRST, at_least=posted.until + 1)
    with refused("WindowClosed", posted.until, posted.until):
        ask(posted, FIRST, at_least=posted.until - 1)


def test_extension_is_the_accounts_own(posted):
    cases = posted.acting(posted.disputes)
    posted.settlement.extendWindow(posted.key(), posted["alice"], posted.until + 60, {"from": cases})
    posted.travel(posted.until + 59)
    ask(posted, FIRST)
    with pytest.raises(VirtualMachineError, match="WindowClosed"):
        ask(posted, FIRST, name="bob")


def test_changed_row_of_a_correction_is_open_and_others_are_not(posted):
    posted.travel(posted.until)
    posted.correct(SECOND, FIRST)
    ask(posted, SECOND, sequence=1)
    with pytest.raises(VirtualMachineError, match="WindowClosed"):
        ask(posted, SECOND, name="bob", sequence=1)
