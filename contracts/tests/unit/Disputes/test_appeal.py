import brownie
import pytest
from casework import PANEL, RESPONSE, Casework, view
from eth_utils import keccak
from world import refused

FINDING = (100, 900, keccak(text="the signed record"), False)


@pytest.fixture
def rejected(disputed, case) -> Casework:
    """Case 1: Anna's contest, which the meter-data responsible rejected."""
    case.contest("anna", 0, 3, FINDING)
    disputed.disputes.answer(1, False, bytes(32), {"from": disputed.meter_data})
    return case


def appeal(case, number=1, name="anna", **changes):
    sender = changes.pop("sender", case.world.relayer)
    claim = changes.pop("claim", None) or case.claim(name, "Appeal", {"caseId": number}, **changes)
    return case.world.disputes.appeal(claim, number, {"from": sender})


def test_brings_the_case_before_the_panel(disputed, rejected):
    tx = appeal(rejected)
    found = view(disputed, 1)
    assert (found["state"], found["deadline"]) == ("at_panel", tx.timestamp + PANEL)
    assert tx.events["CaseAtPanel"] == {"id": 1, "appealed": True, "deadline": tx.timestamp + PANEL}
    assert disputed.escrow.reservedBond() == 138_000


def test_the_account_itself_needs_no_signature(disputed, rejected):
    anna = brownie.accounts.add(disputed.person("anna").key)
    appeal(rejected, claim=rejected.claim("anna"), sender=anna)
    assert view(disputed, 1)["state"] == "at_panel"


def test_refuses_strangers(disputed, rejected):
    with refused("NoStanding", disputed.mallory, disputed["anna"]):
        appeal(rejected, claim=rejected.claim("anna"), sender=disputed.mallory)
    with refused("CaseOfAnother", 1, disputed["anna"]):
        appeal(rejected, name="emil")
    with pytest.raises(Exception, match="SignatureInvalid"):
        appeal(rejected, signer="emil")


def test_a_signature_is_for_one_case(disputed, rejected):
    rejected.contest("anna", 0, 4, FINDING)
    disputed.disputes.answer(2, False, bytes(32), {"from": disputed.meter_data})
    with pytest.raises(Exception, match="SignatureInvalid"):
        appeal(rejected, number=2, claim=rejected.claim("anna", "Appeal", {"caseId": 1}))
    appeal(rejected, nonce=7_005)
    with refused("NonceAlreadyUsed", disputed["anna"], 7_005):
        appeal(rejected, number=2, nonce=7_005)


def test_in_the_last_second_it_counts(disputed, rejected):
    claim = rejected.claim("anna", "Appeal", {"caseId": 1}, deadline=2**40)
    disputed.next_at(view(disputed, 1)["deadline"] - 1)
    appeal(rejected, claim=claim)
    assert view(disputed, 1)["state"] == "at_panel"


def test_at_the_deadline_it_is_late(disputed, rejected):
    claim = rejected.claim("anna", "Appeal", {"caseId": 1}, deadline=2**40)
    deadline = view(disputed, 1)["deadline"]
    disputed.next_at(deadline)
    with refused("DeadlinePassed", 1, deadline, deadline):
        appeal(rejected, claim=claim)


def test_appeals_once_and_only_a_rejection(disputed, rejected):
    appeal(rejected)
    with refused("StateWrong", 1, 5):
        appeal(rejected)
    rejected.contest("anna", 0, 4, FINDING)
    with refused("StateWrong", 2, 3):
        appeal(rejected, number=2)


def test_a_correction_closes_the_case_instead(disputed, rejected):
    Casework(disputed, sequence=1, before=rejected).post(rejected)
    tx = appeal(rejected)
    assert view(disputed, 1)["state"] == "corrected"
    until = disputed.settlement.disputableUntil(rejected.run_key, disputed["anna"])
    assert until >= tx.timestamp + RESPONSE
