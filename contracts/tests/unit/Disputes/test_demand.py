import pytest
from casework import CAP, DEPOSIT, EXTRA, RESPONSE, is_in, pack
from eth_utils import keccak
from world import TOKEN, refused

P1, P2, P4 = keccak(text="p1"), keccak(text="p2"), keccak(text="p4")
ANY = bytes(32)


def test_takes_deposit_keeps_bond_and_lengthens_the_window(world, case):
    free, slots = world.free("anna"), pack(case.slot(0), case.slot(5))
    tx = case.demand("anna", ANY, slots)
    deadline = tx.timestamp + RESPONSE
    assert is_in(world, 1, "demanded")
    shared, own, _ = world.disputes.caseOf(1)
    assert shared[:4] == (world["anna"], deadline, 0, 1)
    assert shared[6:] == (CAP, CAP)
    assert own == ("0x" + case.digest().hex(), slots, 2**64 - 1, 0b11)
    assert tx.events["DemandMade"]["id"] == 1
    assert tx.events["DemandMade"]["account"] == world["anna"]
    assert world.free("anna") == free - DEPOSIT
    assert world.escrow.depositsHeld() == DEPOSIT
    assert world.escrow.reservedBond() == CAP
    assert world.disputes.openCases(world["anna"]) == 1
    assert world.settlement.disputableUntil(case.run_key, world["anna"]) == deadline + EXTRA
