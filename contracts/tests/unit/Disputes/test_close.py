import pytest
from casework import CAP, DEPOSIT, PANEL, RESPONSE, Casework, pack, view
from eth_utils import keccak
from world import TOKEN, refused

ANY = bytes(32)
SUM = 138_000
EVIDENCE = keccak(text="the signed record")


def close(world, case=1):
    return world.disputes.close(case, {"from": world.mallory})


def close_late(world, case=1):
    world.travel(view(world, case)["deadline"])
    return close(world, case)


def test_a_demand_not_answered_pays_the_debit(disputed, case):
    free, bond = disputed.free("anna"), disputed.escrow.bond()
    case.demand("anna", ANY, pack(case.slot(0)))
    tx = close_late(disputed)
    assert tx.events["CaseClosed"] == {"id": 1, "state": 8, "paid": CAP}
    found = view(disputed, 1)
    assert (found["state"], found["deadline"], found["reserved"]) == ("defaulted", 0, 0)
    assert disputed.free("anna") == free + CAP
    assert disputed.escrow.bond() == bond - CAP
    assert disputed.escrow.depositsHeld() == disputed.escrow.reservedBond() == 0
    assert disputed.disputes.openCases(disputed["anna"]) == 0
    disputed.assert_backed("anna", "emil", "otto")


def test_a_demand_not_answered_pays_a_creditor_the_fixed_sum(disputed, case):
    free = disputed.free("emil")
    case.demand("emil", ANY, pack(case.slot(0)))
    close_late(disputed)
    assert disputed.free("emil") == free + TOKEN


def test_two_defaults_of_a_day_pay_once(disputed, case):
    free = disputed.free("anna")
    for place in range(2):
        case.demand("anna", ANY, pack(case.slot(place)))
    close_late(disputed, 1)
    tx = close_late(disputed, 2)
    assert tx.events["CaseClosed"] == {"id": 2, "state": 8, "paid": 0}
    assert disputed.free("anna") == free + CAP
    assert disputed.escrow.reservedBond() == disputed.escrow.depositsHeld() == 0


def test_a_default_and_an_upheld_case_of_a_day_pay_the_larger(disputed, case):
    free = disputed.free("anna")
    case.demand("anna", ANY, pack(case.slot(0)))
    case.contest("anna", 0, 3, (100, 900, EVIDENCE, True))
    close_late(disputed, 1)
    tx = close_late(disputed, 2)
    assert tx.events["CaseClosed"] == {"id": 2, "state": 6, "paid": 0}
    assert disputed.free("anna") == free + CAP


def test_an_upheld_case_counts_against_a_default_that_follows(disputed, case):
    free = disputed.free("anna")
    case.contest("anna", 0, 3, (100, 900, EVIDENCE, True))
    case.demand("anna", ANY, pack(case.slot(0)))
    close_late(disputed, 1)
    tx = close_late(disputed, 2)
    assert tx.events["CaseClosed"] == {"id": 2, "state": 8, "paid": CAP - SUM}
    assert disputed.free("anna") == free + CAP


def test_a_default_is_paid_although_the_day_was_corrected(disputed, case):
    free = disputed.free("anna")
    case.demand("anna", ANY, pack(case.slot(0)))
    Casework(disputed, sequence=1, before=case).post(case)
    with pytest.raises(Exception, match="DeadlineNotReached"):
        close(disputed)
    close_late(disputed)
    assert disputed.free("anna") == free + CAP


def test_what_the_bond_lacks_is_queued(disputed, case):
    """The case closes all the same; the account is paid first from the next top-up, and nothing is posted before."""
    case.demand("anna", ANY, pack(case.slot(2)))
    case.open(1, 0, 0, 2)
    disputed.travel(disputed.settlement.finalAt(case.run_key, 0))
    disputed.escrow.withdrawBond(disputed.admin, disputed.escrow.bond() - 38_000, {"from": disputed.admin})
    case.contest("anna", 0, 3, (100, 900, EVIDENCE, True))
    assert disputed.escrow.reservedBond() == SUM
    free = disputed.free("anna")
    tx = close_late(disputed, 2)
    assert tx.events["CaseClosed"] == {"id": 2, "state": 6, "paid": SUM}
    assert disputed.free("anna") == free + 38_000
    assert list(disputed.escrow.bondClaims()) == [SUM - 38_000, 1]
    with refused("BondClaimsOpen", SUM - 38_000):
        Casework(disputed, sequence=1, before=case).post(case)
    disputed.escrow.topUpBond(10 * TOKEN, {"from": disputed.admin})
    assert disputed.free("anna") == free + SUM
    assert list(disputed.escrow.bondClaims()) == [0, 0]


@pytest.mark.parametrize("signed", [True, False])
def test_silence_of_the_meter_data_responsible(disputed, case, signed):
    free = disputed.free("anna")
    case.contest("anna", 0, 3, (100, 900, EVIDENCE, signed))
    tx = close_late(disputed)
    if signed:
        assert tx.events["CaseClosed"] == {"id": 1, "state": 6, "paid": SUM}
        assert disputed.free("anna") == free + SUM
        assert disputed.escrow.reservedBond() == 0
    else:
        deadline = tx.timestamp + PANEL
        assert tx.events["CaseAtPanel"] == {"id": 1, "appealed": False, "deadline": deadline}
        assert (view(disputed, 1)["state"], view(disputed, 1)["deadline"]) == ("at_panel", deadline)
        assert disputed.free("anna") == free


def test_without_an_appeal_the_rejection_stands(disputed, case):
    free = disputed.free("anna")
    case.contest("anna", 0, 3, (100, 900, EVIDENCE, True))
    disputed.disputes.answer(1, False, EVIDENCE, {"from": disputed.meter_data})
    tx = close_late(disputed)
    assert tx.events["CaseClosed"] == {"id": 1, "state": 9, "paid": 0}
    assert (view(disputed, 1)["state"], disputed.free("anna")) == ("rejected", free)
    assert disputed.escrow.reservedBond() == disputed.disputes.openCases(disputed["anna"]) == 0


@pytest.mark.parametrize("votes", [[], [False], [True, False]])
def test_silence_of_the_panel_upholds(disputed, case, votes):
    free = disputed.free("anna")
    case.contest("anna", 0, 3, (100, 900, EVIDENCE, False))
    close_late(disputed)
    for member, uphold in zip(disputed.panel, votes, strict=False):
        disputed.disputes.vote(1, uphold, EVIDENCE, {"from": member})
    tx = close_late(disputed)
    assert tx.events["CaseClosed"] == {"id": 1, "state": 6, "paid": SUM}
    assert disputed.free("anna") == free + SUM


def bring_to(disputed, case, state):
    """Case 1 in the state that is asked for."""
    if state == "demanded":
        return case.demand("anna", ANY, pack(case.slot(0)))
    case.contest("anna", 0, 3, (100, 900, EVIDENCE, False))
    if state == "answered":
        disputed.disputes.answer(1, False, EVIDENCE, {"from": disputed.meter_data})
    if state == "at_panel":
        close_late(disputed)
    assert view(disputed, 1)["state"] == state


STATES = ("demanded", "at_meter_data", "answered", "at_panel")


@pytest.mark.parametrize("state", STATES)
def test_a_second_before_the_deadline_it_is_early(disputed, case, state):
    bring_to(disputed, case, state)
    deadline = view(disputed, 1)["deadline"]
    disputed.next_at(deadline - 1)
    with refused("DeadlineNotReached", 1, deadline, deadline - 1):
        close(disputed)


@pytest.mark.parametrize("state", STATES)
def test_at_the_deadline_anyone_moves_it_on(disputed, case, state):
    bring_to(disputed, case, state)
    disputed.next_at(view(disputed, 1)["deadline"])
    close(disputed)
    assert view(disputed, 1)["state"] != state


@pytest.mark.parametrize("state", STATES)
def test_a_pause_keeps_no_case_open(disputed, case, state):
    bring_to(disputed, case, state)
    disputed.escrow.pause({"from": disputed.guardian})
    while view(disputed, 1)["deadline"]:
        close_late(disputed)
    assert view(disputed, 1)["state"] in ("defaulted", "upheld", "rejected")


@pytest.mark.parametrize("state", STATES[1:])
def test_a_correction_closes_a_contest_at_once(disputed, case, state):
    bring_to(disputed, case, state)
    free = disputed.free("anna")
    corrected = Casework(disputed, sequence=1, before=case).post(case)
    tx = close(disputed)
    assert tx.events["CaseClosed"] == {"id": 1, "state": 7, "paid": 0}
    found = view(disputed, 1)
    assert (found["state"], found["reserved"], disputed.free("anna")) == ("corrected", 0, free)
    until = disputed.settlement.disputableUntil(case.run_key, disputed["anna"])
    assert until >= tx.timestamp + RESPONSE
    corrected.contest("anna", 0, 3, (100, 900, EVIDENCE, False))
    assert view(disputed, 2)["state"] == "at_meter_data"


def test_what_is_final_stays(disputed, case):
    case.demand("anna", ANY, pack(case.slot(0)))
    close_late(disputed)
    with refused("StateWrong", 1, 8):
        close(disputed)
    with refused("StateWrong", 2, 0):
        close(disputed, 2)
    assert disputed.disputes.terms()[5] == DEPOSIT
