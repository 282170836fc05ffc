import pytest
from casework import DEPOSIT, Casework, pack, view
from eth_utils import keccak
from world import TOKEN, refused

POINT = keccak(text="p5")


@pytest.fixture
def moved(disputed) -> Casework:
    """Otto was bound to a point that a newer BINDING gives to Emil, and demands for it all the same: case 1."""
    case = Casework(disputed)
    case.old = case._binding(POINT, "otto")
    case.same = case._binding(POINT, "otto")
    case.ended = case._binding(POINT, "emil", days=(1, case.day))
    case.elsewhere = case._binding(POINT, "otto", keccak(text="elsewhere"))
    case.new = case._binding(POINT, "emil")
    case.other = case._binding(keccak(text="p6"), "emil")
    case.post()
    case.demand("otto", POINT, pack(case.slot(0)), case.evidence(binding=case._entry(*case.old)))
    return case


def rebut(case, entry):
    return case.world.disputes.rebut(1, case.run, case._entry(*entry), {"from": case.world.mallory})


def test_ends_the_demand_without_pay(disputed, moved):
    free = disputed.free("otto")
    tx = rebut(moved, moved.new)
    assert tx.events["DemandRebutted"] == {"id": 1, "bindingIndex": moved.new[0], "account": disputed["emil"]}
    assert tx.events["CaseClosed"] == {"id": 1, "state": 9, "paid": 0}
    assert view(disputed, 1)["state"] == "rejected"
    assert disputed.free("otto") == free + DEPOSIT
    assert disputed.escrow.reservedBond() == disputed.escrow.depositsHeld() == 0


def test_a_move_to_another_zone_rebuts(disputed, moved):
    tx = rebut(moved, moved.elsewhere)
    assert tx.events["DemandRebutted"]["account"] == "0x" + "00" * 20
    assert view(disputed, 1)["state"] == "rejected"


def test_refuses_what_does_not_speak_against(disputed, moved):
    with refused("NoRebuttal", moved.old[0], moved.old[0]):
        rebut(moved, moved.old)
    with refused("NoRebuttal", moved.same[0], moved.old[0]):
        rebut(moved, moved.same)
    with refused("BindingNotOfDay", 1, moved.day, moved.day):
        rebut(moved, moved.ended)
    with refused("BindingOfAnother", keccak(text="p6"), POINT):
        rebut(moved, moved.other)


def test_an_older_binding_rebuts_nothing(disputed, moved):
    moved.demand("emil", POINT, pack(moved.slot(0)), moved.evidence(binding=moved._entry(*moved.new)))
    with refused("NoRebuttal", moved.old[0], moved.new[0]):
        disputed.disputes.rebut(2, moved.run, moved._entry(*moved.old), {"from": disputed.mallory})


def test_refuses_a_binding_after_the_runs_checkpoint(disputed, moved):
    late = moved._binding(POINT, "emil")
    with refused("IndexOutOfRange", late[0], moved.checkpoint[1]):
        disputed.disputes.rebut(1, moved.run, (late[1], late[0], []), {"from": disputed.mallory})


def test_refuses_a_forged_binding(disputed, moved):
    words, index, proof = moved._entry(*moved.new)
    words = [*words[:3], keccak(text="another meter"), *words[4:]]
    with pytest.raises(Exception, match="InclusionFailed"):
        disputed.disputes.rebut(1, moved.run, (words, index, proof), {"from": disputed.mallory})


def test_refuses_another_run(disputed, moved):
    digest = moved.digest()
    moved.input[6] += 1
    with refused("RunWrong", moved.digest(), digest):
        rebut(moved, moved.new)


def test_a_demand_by_leaf_or_row_has_no_rebuttal(disputed, moved):
    moved.demand("emil", bytes(32), pack(moved.slot(0)))
    with refused("NoRebuttal", moved.old[0], 2**64 - 1):
        disputed.disputes.rebut(2, moved.run, moved._entry(*moved.old), {"from": disputed.mallory})


def test_at_the_deadline_it_is_late(disputed, moved):
    deadline = view(disputed, 1)["deadline"]
    disputed.next_at(deadline)
    with refused("DeadlinePassed", 1, deadline, deadline):
        rebut(moved, moved.new)
    disputed.disputes.close(1, {"from": disputed.mallory})
    assert disputed.escrow.remedyOf(moved.run_key, disputed["otto"]) == TOKEN


def test_in_the_second_before_it_counts(disputed, moved):
    disputed.next_at(view(disputed, 1)["deadline"] - 1)
    rebut(moved, moved.new)
    assert view(disputed, 1)["state"] == "rejected"
