import pytest
from casework import Casework, view
from eth_utils import keccak
from world import PANEL as PANEL_ROLE
from world import refused

RULING = keccak(text="the reasons")
SUM = 138_000
FINDING = (100, 900, keccak(text="the signed record"), False)


@pytest.fixture
def before_panel(disputed, case) -> Casework:
    """Case 1: Anna's contest, which nobody answered in time."""
    case.contest("anna", 0, 3, FINDING)
    disputed.travel(view(disputed, 1)["deadline"])
    disputed.disputes.close(1, {"from": disputed.mallory})
    return case


def vote(world, member, uphold, case=1):
    sender = world.panel[member] if isinstance(member, int) else member
    return world.disputes.vote(case, uphold, RULING, {"from": sender})


def test_the_second_of_two_equal_votes_upholds(disputed, before_panel):
    free = disputed.free("anna")
    tx = vote(disputed, 0, True)
    assert tx.events["VoteCast"] == {
        "id": 1, "member": disputed.panel[0], "uphold": True, "rulingHash": "0x" + RULING.hex(),
    }  # fmt: skip
    assert (view(disputed, 1)["state"], view(disputed, 1)["upholds"]) == ("at_panel", 1)
    tx = vote(disputed, 2, True)
    assert tx.events["CaseClosed"] == {"id": 1, "state": 6, "paid": SUM}
    assert view(disputed, 1)["state"] == "upheld"
    assert disputed.free("anna") == free + SUM
    assert disputed.escrow.reservedBond() == disputed.disputes.openCases(disputed["anna"]) == 0
    disputed.assert_backed("anna", "emil", "otto")


def test_the_second_of_two_equal_votes_rejects(disputed, before_panel):
    free = disputed.free("anna")
    vote(disputed, 1, False)
    tx = vote(disputed, 2, False)
    assert tx.events["CaseClosed"] == {"id": 1, "state": 9, "paid": 0}
    assert (view(disputed, 1)["state"], disputed.free("anna")) == ("rejected", free)
    assert disputed.escrow.reservedBond() == disputed.disputes.openCases(disputed["anna"]) == 0


def test_of_two_different_votes_the_third_decides(disputed, before_panel):
    vote(disputed, 0, True)
    vote(disputed, 1, False)
    assert view(disputed, 1)["state"] == "at_panel"
    vote(disputed, 2, False)
    assert view(disputed, 1)["state"] == "rejected"


def test_nobody_votes_twice_nor_for_both(disputed, before_panel):
    vote(disputed, 0, False)
    for uphold in (False, True):
        with refused("VotedBefore", 1, disputed.panel[0]):
            vote(disputed, 0, uphold)


def test_nobody_votes_a_second_time_through_the_manager(disputed, before_panel):
    vote(disputed, 0, False)
    call = disputed.disputes.vote.encode_input(1, False, RULING)
    with refused("VoteNotDirect", disputed.manager):
        disputed.manager.execute(disputed.disputes, call, {"from": disputed.panel[0]})
    assert view(disputed, 1)["state"] == "at_panel"


def test_only_the_panel(disputed, before_panel):
    for sender in (disputed.mallory, disputed.admin, disputed.meter_data):
        with refused("AccessManagedUnauthorized", sender):
            vote(disputed, sender, True)


def test_a_member_who_left_votes_no_more(disputed, before_panel):
    disputed.manager.revokeRole(PANEL_ROLE, disputed.panel[0], {"from": disputed.admin})
    with refused("AccessManagedUnauthorized", disputed.panel[0]):
        vote(disputed, 0, True)


def test_only_what_is_before_the_panel(disputed, case):
    case.contest("anna", 0, 3, FINDING)
    with refused("StateWrong", 1, 3):
        vote(disputed, 0, True)
    with refused("StateWrong", 7, 0):
        vote(disputed, 0, True, case=7)


def test_in_the_last_second_it_counts(disputed, before_panel):
    vote(disputed, 0, False)
    disputed.next_at(view(disputed, 1)["deadline"] - 1)
    vote(disputed, 1, False)
    assert view(disputed, 1)["state"] == "rejected"


def test_at_the_deadline_it_is_late(disputed, before_panel):
    deadline = view(disputed, 1)["deadline"]
    disputed.next_at(deadline)
    with refused("DeadlinePassed", 1, deadline, deadline):
        vote(disputed, 0, False)


def test_a_correction_closes_the_case_instead(disputed, before_panel):
    Casework(disputed, sequence=1, before=before_panel).post(before_panel)
    tx = vote(disputed, 0, True)
    assert tx.events["CaseClosed"] == {"id": 1, "state": 7, "paid": 0}
    assert "VoteCast" not in tx.events
