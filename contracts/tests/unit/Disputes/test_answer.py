import pytest
from casework import APPEAL, RESPONSE, Casework, view
from eth_utils import keccak
from world import refused

P1 = keccak(text="p1")
RULING = keccak(text="the reasons")
FINDING = (100, 900, keccak(text="the signed record"), False)
SUM = 138_000


@pytest.fixture
def contested(disputed, case) -> Casework:
    """Case 1: Anna says 100 and 900 Wh where 400 and 300 are posted, which is worth 0.138."""
    case.contest("anna", 0, 3, FINDING)
    return case


def answer(world, uphold, case=1, sender=None):
    return world.disputes.answer(case, uphold, RULING, {"from": sender or world.meter_data})


def test_upholding_pays_at_once(disputed, contested):
    free, bond = disputed.free("anna"), disputed.escrow.bond()
    tx = answer(disputed, True)
    assert tx.events["CaseAnswered"] == {"id": 1, "uphold": True, "rulingHash": "0x" + RULING.hex()}
    assert tx.events["CaseClosed"] == {"id": 1, "state": 6, "paid": SUM}
    found = view(disputed, 1)
    assert (found["state"], found["deadline"], found["reserved"]) == ("upheld", 0, 0)
    assert disputed.free("anna") == free + SUM
    assert disputed.escrow.bond() == bond - SUM
    assert disputed.escrow.reservedBond() == disputed.disputes.openCases(disputed["anna"]) == 0
    assert disputed.escrow.remedyOf(contested.run_key, disputed["anna"]) == SUM
    numbers, _ = disputed.recomputation.factsOf(contested.run_key, 0, P1, contested.slot(3), disputed["anna"])
    assert (numbers >> 216, numbers >> 176 & 2**40 - 1) == (100, 900)
    disputed.assert_backed("anna", "emil", "otto")


def test_rejecting_waits_for_an_appeal(disputed, contested):
    tx = answer(disputed, False)
    found = view(disputed, 1)
    assert (found["state"], found["deadline"]) == ("answered", tx.timestamp + APPEAL)
    assert found["reserved"] == disputed.escrow.reservedBond() == SUM


def test_only_the_meter_data_responsible(disputed, contested):
    for sender in (disputed.mallory, disputed.admin, disputed.poster, disputed.panel[0]):
        with refused("AccessManagedUnauthorized", sender):
            answer(disputed, False, sender=sender)


def test_answers_once(disputed, contested):
    answer(disputed, False)
    with refused("StateWrong", 1, 4):
        answer(disputed, True)
    with refused("StateWrong", 2, 0):
        answer(disputed, True, case=2)


def test_answers_no_demand(disputed, case):
    case.demand("anna", bytes(32), case.slot(0))
    with refused("StateWrong", 1, 1):
        answer(disputed, True)


def test_in_the_last_second_it_counts(disputed, contested):
    disputed.next_at(view(disputed, 1)["deadline"] - 1)
    answer(disputed, False)
    assert view(disputed, 1)["state"] == "answered"


def test_at_the_deadline_it_is_late(disputed, contested):
    deadline = view(disputed, 1)["deadline"]
    disputed.next_at(deadline)
    with refused("DeadlinePassed", 1, deadline, deadline):
        answer(disputed, False)


@pytest.mark.parametrize("uphold", [True, False])
def test_a_correction_closes_the_case_instead(disputed, contested, uphold):
    Casework(disputed, sequence=1, before=contested).post(contested)
    free = disputed.free("anna")
    disputed.travel(view(disputed, 1)["deadline"] - 60)
    tx = answer(disputed, uphold)
    assert tx.events["CaseClosed"] == {"id": 1, "state": 7, "paid": 0}
    assert view(disputed, 1)["state"] == "corrected"
    assert disputed.free("anna") == free
    assert disputed.escrow.reservedBond() == 0
    assert disputed.settlement.disputableUntil(contested.run_key, disputed["anna"]) == tx.timestamp + RESPONSE


def test_what_recompute_paid_for_the_slot_counts(disputed):
    """The line's amount is 0.05 short by itself; the case claims that and more, and pays the rest."""
    case = Casework(disputed)
    line = case.statements[0].lines[3]
    line[9] = (int.from_bytes(line[9], "big", signed=True) - 50_000).to_bytes(32, "big", signed=True)
    case.post().contest("anna", 0, 3, FINDING)
    message = {"runKey": case.run_key, "sequence": 0, "point": P1, "slot": case.slot(3), "ground": 0}
    nonce, deadline = disputed.fresh()
    whole = {"account": disputed["anna"], **message, "nonce": nonce, "deadline": deadline}
    domain = {**disputed.domain, "verifyingContract": disputed.recomputation.address}
    claim = (disputed["anna"], nonce, deadline, disputed.sign("anna", "Claim", whole, domain))
    disputed.recomputation.arithmetic(claim, case.statement(0, 3), {"from": disputed.relayer})
    tx = answer(disputed, True)
    assert tx.events["CaseClosed"]["paid"] == SUM
    assert disputed.escrow.remedyOf(case.run_key, disputed["anna"]) == SUM + 50_000
