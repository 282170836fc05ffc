"""The ledger of remedies: nothing is paid twice, nothing is lost, and who waits longest is paid first."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.domain.remedies import BondClaimsOpen, Remedy, RemedyLedger

KEY, OTHER = b"k" * 32, b"o" * 32
ANN, BEN = b"a" * 20, b"b" * 20
AMOUNT = st.integers(0, 1_000)
DAYS, ACCOUNTS = st.sampled_from([KEY, OTHER]), st.sampled_from([ANN, BEN])


def test_a_remedy_is_taken_back_by_the_correction_and_only_the_rest_reaches_the_account():
    ledger = RemedyLedger(bond=100)
    assert ledger.pay_remedy(KEY, 0, ANN, 10) == 10
    assert ledger.net_correction(KEY, ANN, 12) == 2
    assert (ledger.bond, ledger.received[ANN], ledger.paid(KEY, ANN)) == (100, 12, 0)


def test_what_a_correction_left_out_counts_against_the_next_proof():
    ledger = RemedyLedger(bond=100)
    ledger.pay_remedy(KEY, 0, ANN, 10)
    assert ledger.net_correction(KEY, ANN, 4) == 0
    assert ledger.pay_remedy(KEY, 1, ANN, 6) == 0
    assert ledger.pay_remedy(KEY, 1, ANN, 3) == 3
    assert ledger.received[ANN] == 10 + 3
    assert ledger.remedies[KEY, ANN] == Remedy(paid=9, carried=0, sequence=1)


def test_a_correction_to_the_worse_is_applied_in_full():
    ledger = RemedyLedger(bond=100)
    ledger.pay_remedy(KEY, 0, ANN, 10)
    assert ledger.net_correction(KEY, ANN, -30) == -30
    assert ledger.pay_remedy(KEY, 1, ANN, 40) == 30
    assert ledger.received[ANN] == 10


def test_proofs_of_one_sequence_add_up():
    ledger = RemedyLedger(bond=100)
    assert [ledger.pay_remedy(KEY, 0, ANN, due) for due in (10, 7)] == [10, 7]


def test_a_default_tops_up_and_later_proofs_count_against_it():
    ledger = RemedyLedger(bond=100)
    ledger.pay_remedy(KEY, 0, ANN, 3)
    assert ledger.pay_default(KEY, 0, ANN, 10) == 7
    assert ledger.pay_default(KEY, 0, ANN, 10) == 0
    assert ledger.pay_remedy(KEY, 0, ANN, 9) == 2
    assert ledger.paid(KEY, ANN) == 12


def test_a_default_after_a_correction_carries_what_was_paid_before():
    ledger = RemedyLedger(bond=100)
    ledger.pay_remedy(KEY, 0, ANN, 4)
    assert ledger.pay_default(KEY, 1, ANN, 10) == 6
    assert ledger.pay_remedy(KEY, 1, ANN, 10) == 0


def test_accounts_and_days_are_apart():
    ledger = RemedyLedger(bond=100)
    ledger.pay_remedy(KEY, 0, ANN, 10)
    assert ledger.pay_remedy(OTHER, 0, ANN, 10) == ledger.pay_remedy(KEY, 0, BEN, 10) == 10
    assert ledger.net_correction(OTHER, BEN, 5) == 5


def test_an_empty_bond_owes_in_order_and_posting_is_closed():
    ledger = RemedyLedger(bond=5)
    ledger.pay_remedy(KEY, 0, ANN, 8)
    ledger.pay_remedy(KEY, 0, BEN, 4)
    assert (ledger.received[ANN], ledger.received[BEN], ledger.outstanding) == (5, 0, 7)
    with pytest.raises(BondClaimsOpen):
        ledger.net_correction(KEY, ANN, 3)
    ledger.top_up(4)
    assert (ledger.received[ANN], ledger.received[BEN], ledger.outstanding) == (8, 1, 3)
    ledger.top_up(10)
    assert (ledger.received[BEN], ledger.outstanding, ledger.bond) == (4, 0, 7)
    assert ledger.net_correction(KEY, ANN, 3) == 0


def test_who_waits_is_served_before_a_new_claim():
    ledger = RemedyLedger(bond=0)
    for place in range(12):
        ledger.pay_remedy(KEY, 0, bytes([place]) * 20, 1)
    ledger.top_up(20)
    assert ledger.outstanding == 4
    ledger.pay_remedy(KEY, 0, ANN, 5)
    assert (ledger.received[ANN], ledger.outstanding) == (0, 9)
    ledger.pay_bond_claims(100)
    assert (ledger.received[ANN], ledger.outstanding, ledger.bond) == (5, 0, 20 - 12 - 5)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 5_000), st.lists(st.tuples(st.integers(0, 1_000), st.lists(st.integers(0, 1_000))), min_size=1))
def test_a_member_never_gets_more_than_the_truth_and_all_of_it_in_the_end(truth, sequences):
    """Each sequence posts what is short of the truth; some of that is proven, then the next one corrects it somehow."""
    ledger = RemedyLedger(bond=10**9)
    posted = None
    for sequence, (short, parts) in enumerate(sequences):
        if posted is None:
            ledger.received[ANN] = truth - short
        else:
            ledger.net_correction(KEY, ANN, truth - short - posted)
        posted = truth - short
        left = short
        for part in parts:
            due = min(part, left)
            left -= due
            ledger.pay_remedy(KEY, sequence, ANN, due)
            assert ledger.received[ANN] <= truth
        ledger.pay_remedy(KEY, sequence, ANN, left if sequence % 2 else 0)
        if sequence % 2:
            assert ledger.received[ANN] == truth
        assert ledger.received[ANN] - posted == ledger.paid(KEY, ANN) == 10**9 - ledger.bond


steps = st.lists(
    st.one_of(
        st.tuples(st.just("remedy"), st.sampled_from([KEY, OTHER]), st.sampled_from([ANN, BEN]), AMOUNT),
        st.tuples(st.just("default"), st.sampled_from([KEY, OTHER]), st.sampled_from([ANN, BEN]), AMOUNT),
        st.tuples(
            st.just("correct"), st.sampled_from([KEY, OTHER]), st.sampled_from([ANN, BEN]), st.integers(-900, 900)
        ),
        st.tuples(st.just("top up"), st.just(KEY), st.just(ANN), AMOUNT),
        st.tuples(st.just("serve"), st.just(KEY), st.just(ANN), st.integers(0, 3)),
    ),
    max_size=40,
)


@settings(max_examples=200, deadline=None)
@given(AMOUNT, steps)
def test_money_is_conserved_and_the_ledger_never_falls_below_zero(bond, listed):
    ledger, sequence = RemedyLedger(bond=bond), 0
    added = paid = netted = effects = 0
    for step, key, account, amount in listed:
        if step == "remedy":
            paid += ledger.pay_remedy(key, sequence, account, amount)
        elif step == "default":
            before = ledger.paid(key, account)
            paid += ledger.pay_default(key, sequence, account, amount)
            assert ledger.paid(key, account) == max(before, amount)
        elif step == "top up":
            added += amount
            ledger.top_up(amount)
        elif step == "serve":
            ledger.pay_bond_claims(amount)
        elif ledger.outstanding:
            with pytest.raises(BondClaimsOpen):
                ledger.net_correction(key, account, amount)
        else:
            sequence += 1
            rest = ledger.net_correction(key, account, amount)
            netted, effects = netted + amount - rest, effects + amount
        assert ledger.bond >= 0
        assert all(item.paid >= item.carried >= 0 for item in ledger.remedies.values())
        assert sum(item.paid for item in ledger.remedies.values()) == paid - netted
        assert ledger.bond - ledger.outstanding == bond + added - paid + netted
        assert sum(ledger.received.values()) == paid - ledger.outstanding + effects - netted
