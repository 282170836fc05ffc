"""Until when an account may dispute a day: disputableUntil, extendWindow, and what a correction does to both."""

import pytest
from world import CHALLENGE_WINDOW, TOKEN, ZERO32, refused

FIRST = {"alice": -30 * TOKEN, "bob": 12 * TOKEN}


@pytest.fixture
def posted(world):
    """A day, and how long it may be disputed."""
    world.fund("supplier", 100 * TOKEN)
    world.until = world.post(FIRST).events["RunPosted"]["finalAt"]
    return world


def until(world, name: str) -> int:
    return int(world.settlement.disputableUntil(world.key(), world[name]))


def test_window_of_an_initial_run_is_everybodys(posted):
    assert until(posted, "alice") == until(posted, "mallory") == posted.until
    assert posted.settlement.disputableUntil(ZERO32, posted["alice"]) == 0


def test_correction_opens_a_window_for_changed_rows_only(posted):
    posted.travel(posted.time() + 3_600)
    second = {"alice": -20 * TOKEN, "bob": 12 * TOKEN, "carol": 3 * TOKEN, "dora": 0}
    tx = posted.correct(second, FIRST)
    later = tx.timestamp + CHALLENGE_WINDOW
    assert (until(posted, "alice"), until(posted, "carol")) == (later, later)
    assert (until(posted, "bob"), until(posted, "dora")) == (posted.until, posted.until)
    extended = {e["account"]: int(e["until"]) for e in tx.events["WindowExtended"]}
    assert extended == {posted["alice"]: later, posted["carol"]: later}
    assert posted.settlement.finalAt(posted.key(), 1) == later


def test_row_that_changes_after_its_window_may_be_disputed_again(posted):
    posted.travel(posted.until + 5)
    tx = posted.correct({"alice": -20 * TOKEN, "bob": 12 * TOKEN}, FIRST)
    assert until(posted, "alice") == tx.timestamp + CHALLENGE_WINDOW
    assert until(posted, "bob") < tx.timestamp


def test_disputes_lengthens_a_window_and_never_shortens_it(posted):
    cases = posted.acting(posted.disputes)
    tx = posted.settlement.extendWindow(posted.key(), posted["alice"], posted.until + 7, {"from": cases})
    event = tx.events["WindowExtended"]
    assert (event["account"], event["until"]) == (posted["alice"], posted.until + 7)
    assert (until(posted, "alice"), until(posted, "bob")) == (posted.until + 7, posted.until)
    for earlier in (posted.until + 7, posted.until + 6, 0):
        tx = posted.settlement.extendWindow(posted.key(), posted["alice"], earlier, {"from": cases})
        assert "WindowExtended" not in tx.events
    assert until(posted, "alice") == posted.until + 7


def test_correction_does_not_shorten_what_disputes_gave(posted):
    far = posted.until + 10 * CHALLENGE_WINDOW
    posted.settlement.extendWindow(posted.key(), posted["alice"], far, {"from": posted.acting(posted.disputes)})
    posted.correct({"alice": -20 * TOKEN, "bob": 12 * TOKEN}, FIRST)
    assert until(posted, "alice") == far


def test_stranger__reverts(posted):
    for caller in (posted.mallory, posted.admin, posted.poster, posted.acting(posted.recomputation)):
        with refused("NotDisputes", caller):
            posted.settlement.extendWindow(posted.key(), posted["alice"], 2**40, {"from": caller})
