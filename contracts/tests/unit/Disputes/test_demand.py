from dataclasses import replace

import brownie
import pytest
from casework import (
    CAP,
    DEPOSIT,
    EXTRA,
    NONE,
    RESPONSE,
    Casework,
    is_in,
    pack,
    view,
)
from eth_utils import keccak
from signers import Registry
from world import DAY, SYSTEM, TOKEN, refused

P1, P2, P3, P4 = (keccak(text=name) for name in ("p1", "p2", "p3", "p4"))
ANY = bytes(32)


def test_takes_deposit_keeps_bond_and_lengthens_the_window(disputed, case):
    free, slots = disputed.free("anna"), pack(case.slot(0), case.slot(5))
    tx = case.demand("anna", ANY, slots)
    deadline = tx.timestamp + RESPONSE
    found = view(disputed, 1)
    assert (found["account"], found["state"], found["deadline"]) == (disputed["anna"], "demanded", deadline)
    assert (found["sum"], found["reserved"], found["sequence"]) == (CAP, CAP, 0)
    assert found["runDigest"] == "0x" + case.digest().hex()
    assert (found["slots"], found["missing"], found["bindingIndex"]) == (slots, 0b11, NONE)
    assert tx.events["DemandMade"]["id"] == 1
    assert tx.events["DemandMade"]["account"] == disputed["anna"]
    assert disputed.free("anna") == free - DEPOSIT
    assert disputed.escrow.depositsHeld() == DEPOSIT
    assert disputed.escrow.reservedBond() == CAP
    assert disputed.disputes.openCases(disputed["anna"]) == 1
    assert disputed.settlement.disputableUntil(case.run_key, disputed["anna"]) == deadline + EXTRA
    disputed.assert_backed("anna", "emil", "otto")


def test_a_creditors_default_is_the_fixed_sum(disputed, case):
    case.demand("emil", ANY, pack(case.slot(0)))
    assert view(disputed, 1)["sum"] == TOKEN


def test_a_debit_below_the_cap_counts_as_it_is(disputed):
    case = Casework(disputed)
    case.nets["anna"] = -40 * TOKEN
    case.post().demand("anna", ANY, pack(case.slot(0)))
    assert view(disputed, 1)["sum"] == 40 * TOKEN


def test_a_point_is_named_with_its_leaf(disputed, case):
    case.demand("emil", P3, pack(case.slot(0)), case.evidence(leaf=case.leaf(2)))
    found = view(disputed, 1)
    assert (found["point"], found["bindingIndex"]) == ("0x" + P3.hex(), NONE)


def test_an_omitted_point_is_named_with_its_binding(disputed, case):
    index, words = case.omitted
    case.demand("otto", P4, pack(case.slot(0)), case.evidence(binding=case._entry(index, words)))
    found = view(disputed, 1)
    assert (found["sum"], found["bindingIndex"]) == (TOKEN, index)


def test_the_account_itself_needs_no_signature(disputed, case):
    anna = brownie.accounts.add(disputed.person("anna").key)
    case.demand("anna", ANY, pack(case.slot(0)), claim=case.claim("anna"), sender=anna)
    assert is_in(disputed, 1, "demanded")


def test_a_delegate_needs_no_signature(disputed, case):
    until = disputed.time() + DAY
    nonce, deadline = disputed.fresh()
    message = {
        "account": disputed["anna"],
        "delegate": str(disputed.mallory),
        "until": until,
        "nonce": nonce,
        "deadline": deadline,
    }
    domain = {**disputed.domain, "verifyingContract": disputed.accounts.address}
    signature = disputed.sign("anna", "Delegation", message, domain)
    disputed.accounts.setDelegation(*message.values(), signature, {"from": disputed.relayer})
    case.demand("anna", ANY, pack(case.slot(0)), claim=case.claim("anna"), sender=disputed.mallory)
    assert is_in(disputed, 1, "demanded")


def test_a_replaced_wallet_has_no_standing(disputed, project):
    """The account's id is still the wallet's address: without the account's new signer it may not demand any more."""
    registry = Registry(disputed, project.TestVerifier.deploy({"from": disputed.admin}).address)
    anna = brownie.accounts.add(disputed.person("anna").key)
    registry.succeed(disputed["anna"], registry.wallet("anna"), registry.key("phone"))
    later = replace(disputed, today=disputed.time() // DAY)
    case = Casework(later).post()
    with refused("NoStanding", anna, disputed["anna"]):
        case.demand("anna", ANY, pack(case.slot(0)), claim=case.claim("anna"), sender=anna)


def test_refuses_a_stranger(disputed, case):
    with refused("NoStanding", disputed.mallory, disputed["anna"]):
        case.demand("anna", ANY, pack(case.slot(0)), claim=case.claim("anna"), sender=disputed.mallory)


def test_refuses_a_signature_for_anything_else(disputed, case):
    slots = pack(case.slot(0))
    for changes in (
        {"signer": "mallory"},
        {"domain": {"verifyingContract": disputed.escrow.address}},
        {"domain": {"chainId": 1}},
        {"domain": {"version": "2"}},
    ):
        with pytest.raises(Exception, match="SignatureInvalid"):
            case.demand("anna", ANY, slots, **changes)
    message = {"runKey": case.run_key, "sequence": 0, "point": ANY, "slots": pack(case.slot(1))}
    claim = case.claim("anna", "Demand", message)
    with pytest.raises(Exception, match="SignatureInvalid"):
        case.demand("anna", ANY, slots, claim=claim)
    assert disputed.disputes.caseCount() == 0


def test_refuses_a_late_message_and_a_replay(disputed, case):
    late = disputed.time() - 1
    disputed.next_at(late + 10)
    with refused("SignatureExpired", late, late + 10):
        case.demand("anna", ANY, pack(case.slot(0)), deadline=late)
    case.demand("anna", ANY, pack(case.slot(0)), nonce=7_077)
    with refused("NonceAlreadyUsed", disputed["anna"], 7_077):
        case.demand("anna", ANY, pack(case.slot(1)), nonce=7_077)


def test_a_window_is_open_until_its_last_second(disputed, case):
    until = disputed.settlement.disputableUntil(case.run_key, disputed["anna"])
    claims = [
        case.claim("anna", "Demand",
                   {"runKey": case.run_key, "sequence": 0, "point": ANY, "slots": pack(case.slot(k))}, deadline=2**40)
        for k in range(2)
    ]  # fmt: skip
    disputed.next_at(until)
    with refused("WindowClosed", until, until):
        case.demand("anna", ANY, pack(case.slot(0)), claim=claims[0])


def test_a_demand_in_the_last_second_counts(disputed, case):
    until = disputed.settlement.disputableUntil(case.run_key, disputed["anna"])
    message = {"runKey": case.run_key, "sequence": 0, "point": ANY, "slots": pack(case.slot(0))}
    claim = case.claim("anna", "Demand", message, deadline=2**40)
    disputed.next_at(until - 1)
    case.demand("anna", ANY, pack(case.slot(0)), claim=claim)
    assert is_in(disputed, 1, "demanded")


def test_a_demand_does_not_beget_another_window(disputed, case):
    until = disputed.settlement.disputableUntil(case.run_key, disputed["anna"])
    case.demand("anna", ANY, pack(case.slot(0)))
    disputed.travel(until - 10)
    case.demand("anna", ANY, pack(case.slot(1)))
    message = {"runKey": case.run_key, "sequence": 0, "point": ANY, "slots": pack(case.slot(2))}
    claim = case.claim("anna", "Demand", message, deadline=2**40)
    disputed.next_at(until)
    with refused("DemandsClosed", until, until):
        case.demand("anna", ANY, pack(case.slot(2)), claim=claim)
    assert disputed.settlement.disputableUntil(case.run_key, disputed["anna"]) > until


def test_refuses_another_run(disputed, case):
    case.input[5] = bytes(32)
    with pytest.raises(Exception, match="RunUnknown"):
        case.demand("anna", ANY, pack(case.slot(0)))


def test_refuses_a_run_that_was_corrected(disputed, case):
    Casework(disputed, sequence=1, before=case).post(case)
    with refused("RunNotLatest", case.run_key, 0, 1):
        case.demand("anna", ANY, pack(case.slot(0)))


def test_refuses_another_checkpoint(disputed, case):
    seq, size, at, root = case.checkpoint
    for wrong in ((seq, size, at + 1, root), (seq, size + 1, at, root), (0, 1, at, keccak(text="log"))):
        case.checkpoint = wrong
        with refused("CheckpointWrong", wrong[0], seq):
            case.demand("anna", ANY, pack(case.slot(0)))


@pytest.mark.parametrize("name", SYSTEM)
def test_refuses_system_accounts(disputed, case, name):
    disputed.fund(name, DEPOSIT)
    with refused("SystemAccount", disputed[name]):
        case.demand(name, ANY, pack(case.slot(0)))


def test_who_has_no_row_needs_a_point(disputed, case):
    with refused("NothingShown", disputed["otto"], ANY):
        case.demand("otto", ANY, pack(case.slot(0)))


@pytest.mark.parametrize("point", [ANY, P1])
def test_the_row_is_always_shown(disputed, case, point):
    """Otherwise whoever relays the demand could have it pay the fixed sum only."""
    slots, leaf = pack(case.slot(0)), case.leaf(0)
    with refused("ChunksWrong", 0):
        case.demand("anna", point, slots, case.evidence(rows=(1, []), leaf=leaf))
    rest = [row for row in case.rows if disputed["anna"][2:].lower() not in row.hex()]
    with pytest.raises(Exception, match="InclusionFailed"):
        case.demand("anna", point, slots, case.evidence(rows=(1, [(rest, 0, [])]), leaf=leaf))


def test_a_named_point_pays_the_days_debit_as_well(disputed, case):
    case.demand("anna", P1, pack(case.slot(0)), case.evidence(leaf=case.leaf(0)))
    assert view(disputed, 1)["sum"] == CAP


def test_refuses_rows_that_are_not_the_runs(disputed, case):
    forged = [disputed.rows({"anna": -1 * TOKEN, "emil": 30 * TOKEN})[0], *case.rows[1:]]
    with pytest.raises(Exception, match="InclusionFailed"):
        case.demand("anna", ANY, pack(case.slot(0)), case.evidence(rows=(1, [(forged, 0, [])])))


def test_refuses_a_point_of_somebody_else(disputed, case):
    slots = pack(case.slot(0))
    with refused("LeafOfAnother", P2, disputed["emil"]):
        case.demand("anna", P2, slots, case.evidence(leaf=case.leaf(1)))
    with refused("LeafOfAnother", P1, disputed["anna"]):
        case.demand("anna", P2, slots, case.evidence(leaf=case.leaf(0)))
    with refused("BoundToAnother", disputed["emil"], disputed["anna"]):
        case.demand("anna", P2, slots, case.evidence(binding=case.binding(1)))
    with refused("BindingOfAnother", P1, P2):
        case.demand("anna", P2, slots, case.evidence(binding=case.binding(0)))


def test_refuses_a_leaf_that_is_not_the_runs(disputed, case):
    leaf = list(case.leaf(0))
    leaf[2] += 1
    with pytest.raises(Exception, match="InclusionFailed"):
        case.demand("anna", P1, pack(case.slot(0)), case.evidence(leaf=tuple(leaf)))


def test_a_row_alone_names_no_point(disputed, case):
    with refused("NothingShown", disputed["anna"], P1):
        case.demand("anna", P1, pack(case.slot(0)))


def test_refuses_a_binding_of_another_zone_or_day(disputed):
    case = Casework(disputed)
    point = keccak(text="p5")
    elsewhere = case._binding(point, "otto", keccak(text="elsewhere"))
    ended = case._binding(point, "otto", days=(1, case.day))
    case.post()
    with refused("BoundToAnother", "0x" + "00" * 20, disputed["otto"]):
        case.demand("otto", point, pack(case.slot(0)), case.evidence(binding=case._entry(*elsewhere)))
    with refused("BindingNotOfDay", 1, case.day, case.day):
        case.demand("otto", point, pack(case.slot(0)), case.evidence(binding=case._entry(*ended)))


def test_refuses_a_binding_after_the_checkpoint(disputed, case):
    index, words = case._binding(P4, "anna")
    with refused("IndexOutOfRange", index, case.checkpoint[1]):
        case.demand("anna", P4, pack(case.slot(0)), case.evidence(binding=(words, index, [])))


def test_refuses_slots_that_are_none(disputed, case):
    with refused("NoSlotNamed"):
        case.demand("anna", ANY, 0)
    for place in (-1, 96):
        with refused("SlotOutsideDay", case.slot(place), case.day):
            case.demand("anna", ANY, pack(case.slot(0), case.slot(place)))
    with refused("SlotDemandedBefore", case.slot(3)):
        case.demand("anna", ANY, pack(case.slot(3), 0, case.slot(3)))
    case.demand("anna", ANY, pack(case.slot(3)))
    with refused("SlotDemandedBefore", case.slot(3)):
        case.demand("anna", ANY, pack(case.slot(3)))
    case.demand("anna", P1, pack(case.slot(3)), case.evidence(leaf=case.leaf(0)))


def test_refuses_more_open_cases_than_four(disputed, case):
    for place in range(4):
        case.demand("anna", ANY, pack(case.slot(place)))
    with refused("TooManyOpenCases", disputed["anna"], 4):
        case.demand("anna", ANY, pack(case.slot(4)))
    case.demand("emil", ANY, pack(case.slot(4)))


def test_refuses_an_account_without_the_deposit(disputed, case):
    disputed.request("otto", 500 * TOKEN - DEPOSIT + 1)
    with refused("InsufficientBalance", disputed["otto"], DEPOSIT, DEPOSIT - 1):
        case.demand("otto", P4, pack(case.slot(0)), case.evidence(binding=case._entry(*case.omitted)))
    assert disputed.disputes.caseCount() == 0


def test_the_deposit_may_be_all_there_is(disputed, case):
    disputed.request("otto", 500 * TOKEN - DEPOSIT)
    case.demand("otto", P4, pack(case.slot(0)), case.evidence(binding=case._entry(*case.omitted)))
    assert (disputed.free("otto"), disputed.escrow.depositsHeld()) == (0, DEPOSIT)


def test_a_pause_stops_no_demand(disputed, case):
    disputed.escrow.pause({"from": disputed.guardian})
    case.demand("anna", ANY, pack(case.slot(0)))
    assert is_in(disputed, 1, "demanded")


def test_what_was_paid_for_the_day_is_not_kept_again(disputed, case):
    case.demand("anna", ANY, pack(case.slot(0)))
    disputed.travel(disputed.time() + RESPONSE - 3600)
    case.demand("anna", ANY, pack(case.slot(1)))
    disputed.travel(view(disputed, 1)["deadline"])
    disputed.disputes.close(1, {"from": disputed.mallory})
    assert disputed.escrow.reservedBond() == CAP
    assert disputed.escrow.remedyOf(case.run_key, disputed["anna"]) == CAP
    assert is_in(disputed, 2, "demanded")
