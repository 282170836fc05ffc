import brownie
import pytest
from casework import LIMIT, MAX_WH, METER_DATA, Casework, amount, view, word
from eth_utils import keccak
from world import TOKEN, refused

P1, P2 = keccak(text="p1"), keccak(text="p2")
EVIDENCE = keccak(text="the signed record")
FINDING = (100, 900, EVIDENCE, True)
POSTED, CLAIMED = amount(400, 300), amount(100, 900)


def test_keeps_what_the_claimed_energy_gives(disputed, case):
    tx = case.contest("anna", 0, 3, FINDING)
    found = view(disputed, 1)
    assert (found["account"], found["state"]) == (disputed["anna"], "at_meter_data")
    assert (found["deadline"], found["sequence"]) == (tx.timestamp + METER_DATA, 0)
    assert (found["point"], found["slot"]) == ("0x" + P1.hex(), case.slot(3))
    assert (found["importWh"], found["exportWh"], found["signedBytes"]) == (100, 900, True)
    assert (found["upholds"], found["rejects"]) == (0, 0)
    assert found["sum"] == found["reserved"] == CLAIMED - POSTED == 138_000
    assert disputed.escrow.reservedBond() == 138_000
    assert disputed.escrow.depositsHeld() == 0
    assert disputed.disputes.openCases(disputed["anna"]) == 1
    assert tx.events["ContestMade"]["evidenceHash"] == "0x" + EVIDENCE.hex()


def test_the_trade_and_prices_are_the_posted_ones(disputed):
    case = Casework(disputed)
    line = case.statements[0].lines[3]
    line[7], line[8] = word(500), word(0)
    line[9] = word(amount(400, 300, 500))
    case.post().contest("anna", 0, 3, (300, 300, EVIDENCE, False))
    assert view(disputed, 1)["sum"] == amount(300, 300, 500) - amount(400, 300, 500) == 8_000


def test_an_amount_is_floored_before_it_is_compared(disputed):
    case = Casework(disputed, p1=(401, 0))
    case.headers[3][4] = word(-1)
    case.statements[0].lines[3][9] = word(0)
    case.post()
    with refused("NothingOwed", 0, 0):
        case.contest("anna", 0, 3, (999, 0, EVIDENCE, False))
    case.contest("anna", 0, 3, (1_000, 0, EVIDENCE, False))
    assert view(disputed, 1)["sum"] == 1


def test_the_account_itself_needs_no_signature(disputed, case):
    anna = brownie.accounts.add(disputed.person("anna").key)
    case.contest("anna", 0, 3, FINDING, claim=case.claim("anna"), sender=anna)
    assert view(disputed, 1)["state"] == "at_meter_data"


def test_refuses_a_stranger(disputed, case):
    with refused("NoStanding", disputed.mallory, disputed["anna"]):
        case.contest("anna", 0, 3, FINDING, claim=case.claim("anna"), sender=disputed.mallory)


@pytest.mark.parametrize(
    "other", [(101, 900, EVIDENCE, True), (100, 901, EVIDENCE, True), (100, 900, P1, True), (100, 900, EVIDENCE, False)]
)
def test_a_signature_is_for_one_finding(disputed, case, other):
    message = {"runKey": case.run_key, "sequence": 0, "point": P1, "slot": case.slot(3)}
    message |= dict(zip(("importWh", "exportWh", "evidenceHash", "signedBytes"), other, strict=True))
    with pytest.raises(Exception, match="SignatureInvalid"):
        case.contest("anna", 0, 3, FINDING, claim=case.claim("anna", "Contest", message))


def test_a_signature_is_for_one_slot_contract_and_signer(disputed, case):
    message = {"runKey": case.run_key, "sequence": 0, "point": P1, "slot": case.slot(4)}
    message |= dict(zip(("importWh", "exportWh", "evidenceHash", "signedBytes"), FINDING, strict=True))
    with pytest.raises(Exception, match="SignatureInvalid"):
        case.contest("anna", 0, 3, FINDING, claim=case.claim("anna", "Contest", message))
    with pytest.raises(Exception, match="SignatureInvalid"):
        case.contest("anna", 0, 3, FINDING, domain={"verifyingContract": disputed.recomputation.address})
    with pytest.raises(Exception, match="SignatureInvalid"):
        case.contest("anna", 0, 3, FINDING, signer="emil")


def test_refuses_a_replay(disputed, case):
    case.contest("anna", 0, 3, FINDING, nonce=7_009)
    with refused("NonceAlreadyUsed", disputed["anna"], 7_009):
        case.contest("anna", 0, 4, FINDING, nonce=7_009)


def test_refuses_anothers_point(disputed, case):
    with refused("PointOfAnother", P2, disputed["emil"]):
        case.contest("anna", 1, 3, FINDING)


def test_refuses_a_closed_window(disputed, case):
    until = disputed.settlement.disputableUntil(case.run_key, disputed["anna"])
    disputed.next_at(until)
    with refused("WindowClosed", until, until):
        case.contest("anna", 0, 3, FINDING, claim=case.claim("anna"))


def test_the_last_second_counts(disputed, case):
    anna = brownie.accounts.add(disputed.person("anna").key)
    disputed.next_at(disputed.settlement.disputableUntil(case.run_key, disputed["anna"]) - 1)
    case.contest("anna", 0, 3, FINDING, claim=case.claim("anna"), sender=anna)
    assert view(disputed, 1)["state"] == "at_meter_data"


def test_refuses_another_checkpoint(disputed, case):
    seq, size, at, root = case.checkpoint
    case.checkpoint = (seq, size, at, keccak(root))
    with refused("CheckpointWrong", seq, seq):
        case.contest("anna", 0, 3, FINDING)


def test_refuses_leaves_that_are_not_the_runs(disputed, case):
    run, leaf, line, header = case.statement(0, 3)
    dearer = ([*header[0][:5], word(0), *header[0][6:]], header[1])
    cheaper = ([*line[0][:9], word(-TOKEN), *line[0][10:]], line[1])
    forged = (*leaf[:5], bytes(32), *leaf[6:])
    for statement in ((run, leaf, line, dearer), (run, leaf, cheaper, header), (run, forged, line, header)):
        with pytest.raises(Exception, match="InclusionFailed"):
            case.contest("anna", 0, 3, FINDING, statement=statement)


def test_refuses_energy_that_owes_nothing(disputed, case):
    with refused("NothingOwed", POSTED, POSTED):
        case.contest("anna", 0, 3, (400, 300, EVIDENCE, True))
    with refused("NothingOwed", amount(500, 300), POSTED):
        case.contest("anna", 0, 3, (500, 300, EVIDENCE, True))


def test_refuses_more_than_a_case_may_pay(disputed):
    """What a case pays is limited before it opens, so that no later claim about the slot inherits more."""
    case = Casework(disputed)
    case.headers[3][5] = word(800_000)
    case.post()
    at = (LIMIT + POSTED + 400 * 300) // 800
    with refused("AboveContestLimit", 800 * (at + 1) - 120_000 - POSTED, LIMIT):
        case.contest("anna", 0, 3, (400, at + 1, EVIDENCE, True))
    case.contest("anna", 0, 3, (400, at, EVIDENCE, True))
    assert view(disputed, 1)["sum"] == LIMIT


@pytest.mark.parametrize("energy", [(MAX_WH + 1, 0), (0, MAX_WH + 1), (2**40 - 1, 2**40 - 1)])
def test_refuses_absurd_energy(disputed, case, energy):
    with refused("EnergyTooLarge", *energy, MAX_WH):
        case.contest("anna", 0, 3, (*energy, EVIDENCE, True))


@pytest.mark.parametrize("energy", [(0, MAX_WH), (399, 300)])
def test_takes_the_most_and_the_least(disputed, case, energy):
    case.contest("anna", 0, 3, (*energy, EVIDENCE, True))
    assert view(disputed, 1)["sum"] == amount(*energy) - POSTED


def test_a_slot_is_contested_once_per_sequence(disputed, case):
    case.contest("anna", 0, 3, FINDING)
    with refused("SlotContestedBefore", P1, case.slot(3)):
        case.contest("anna", 0, 3, (50, 900, EVIDENCE, False))
    corrected = Casework(disputed, sequence=1, before=case).post(case)
    corrected.contest("anna", 0, 3, FINDING)
    assert view(disputed, 2)["sequence"] == 1


def test_refuses_a_fifth_open_case(disputed, case):
    for place in range(4):
        case.contest("anna", 0, place, FINDING)
    with refused("TooManyOpenCases", disputed["anna"], 4):
        case.contest("anna", 0, 4, FINDING)


def test_opens_with_an_empty_bond(disputed, case):
    bond = disputed.escrow.bond() - disputed.settlement.requiredBond()
    disputed.escrow.withdrawBond(disputed.admin, bond, {"from": disputed.admin})
    case.contest("anna", 0, 3, FINDING)
    assert view(disputed, 1)["reserved"] == 138_000


def test_a_pause_stops_no_contest(disputed, case):
    disputed.escrow.pause({"from": disputed.guardian})
    case.contest("anna", 0, 3, FINDING)
    assert view(disputed, 1)["state"] == "at_meter_data"
