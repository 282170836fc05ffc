"""Cases in plain Python: what is paid, when, and that whatever is opened ends."""

import random
from contextlib import suppress

import pytest

from grid.domain import cases
from grid.domain.cases import CLOSED, CaseBook, Statement, Terms
from grid.domain.claim_errors import ClaimRefused
from grid.domain.disputes import ClaimState
from grid.domain.remedies import RemedyLedger

ANNA, EMIL, KEY = b"anna".ljust(20), b"emil".ljust(20), b"run".ljust(32)
ABOUT = Statement(KEY, 0, b"point".ljust(32))
NOON, DAY = 1_700_000_000, 86_400
TOKEN = 10**6


@pytest.fixture
def book():
    """A run whose window ends a day after noon, a bond of 100, deposits for all."""
    windows = {(KEY, account): NOON + DAY for account in (ANNA, EMIL)}
    free = dict.fromkeys((ANNA, EMIL), 100 * TOKEN)
    return CaseBook(Terms(fixed_sum=2 * TOKEN), RemedyLedger(100 * TOKEN), free=free, latest={KEY: 0}, windows=windows)


def demand(book, *slots, at=NOON, **changes):
    return book.demand(ANNA, ABOUT, list(slots or (7,)), **{"debit": 60 * TOKEN, "at": at, **changes})


def contest(book, *, slot=7, at=NOON, owed=10 * TOKEN, signed=False):
    return book.contest(ANNA, ABOUT, slot, owed=owed, signed_bytes=signed, at=at)


def test_a_demand_takes_deposit_and_bond_and_time(book):
    number = demand(book)
    assert (book.free[ANNA], book.deposits, book.reserved) == (95 * TOKEN, 5 * TOKEN, 60 * TOKEN)
    assert book.cases[number].deadline == NOON + DAY
    assert book.windows[KEY, ANNA] == NOON + DAY + DAY // 2


def test_an_opened_demand_gives_all_back_and_pays_nothing(book):
    number = demand(book, 7, 8)
    book.open(number, 7, position=0, account_points=1, at=NOON + 1)
    assert book.cases[number].state is ClaimState.DEMANDED
    book.open(number, 8, position=0, account_points=1, at=NOON + DAY - 1)
    assert book.cases[number].state is ClaimState.OPENED
    assert (book.free[ANNA], book.deposits, book.reserved, book.ledger.received) == (100 * TOKEN, 0, 0, {})


def test_without_a_point_every_leaf_is_opened_once_before_one_is_again(book):
    number = book.demand(ANNA, ABOUT._replace(point=bytes(32)), [7, 8, 9], debit=60 * TOKEN, at=NOON)
    book.open(number, 8, position=5, account_points=2, at=NOON + 1)
    with pytest.raises(cases.LeafRepeated):
        book.open(number, 7, position=5, account_points=2, at=NOON + 1)
    book.open(number, 7, position=3, account_points=2, at=NOON + 1)
    book.open(number, 9, position=5, account_points=2, at=NOON + 1)
    assert book.cases[number].state is ClaimState.OPENED


def test_a_count_that_is_too_high_is_a_default(book):
    """Anna has one point, her leaf says two: the second slot has no leaf."""
    number = book.demand(ANNA, ABOUT._replace(point=bytes(32)), [7, 8], debit=60 * TOKEN, at=NOON)
    book.open(number, 7, position=5, account_points=2, at=NOON + 1)
    with pytest.raises(cases.LeafRepeated):
        book.open(number, 8, position=5, account_points=2, at=NOON + 1)
    assert book.close(number, at=NOON + DAY) == 60 * TOKEN


def test_a_default_pays_the_debit_or_the_fixed_sum(book):
    assert book.close(demand(book), at=NOON + DAY) == 60 * TOKEN
    poor = book.demand(EMIL, ABOUT, [7], debit=0, at=NOON)
    assert book.close(poor, at=NOON + DAY) == 2 * TOKEN


def test_defaults_of_a_day_are_paid_once(book):
    first, second = demand(book, 7), demand(book, 8)
    assert book.close(first, at=NOON + DAY) + book.close(second, at=NOON + DAY) == 60 * TOKEN


@pytest.mark.parametrize("contest_first", [True, False])
def test_a_default_and_a_case_of_a_day_pay_the_larger(book, contest_first):
    numbers = [demand(book, 7), contest(book, signed=True)]
    for number in reversed(numbers) if contest_first else numbers:
        book.close(number, at=NOON + DAY)
    assert book.ledger.received == {ANNA: 60 * TOKEN}


def test_deadlines_are_exact(book):
    number = demand(book)
    with pytest.raises(cases.DeadlineNotReached):
        book.close(number, at=NOON + DAY - 1)
    with pytest.raises(cases.DeadlinePassed):
        book.open(number, 7, position=0, account_points=1, at=NOON + DAY)


def test_a_demand_does_not_beget_another_window(book):
    demand(book, 7)
    demand(book, 8, at=NOON + DAY - 1)
    with pytest.raises(cases.DemandsClosed):
        demand(book, 9, at=NOON + DAY)


def test_a_slot_is_demanded_and_contested_once(book):
    demand(book, 7)
    contest(book)
    with pytest.raises(cases.SlotDemandedBefore):
        demand(book, 8, 7)
    with pytest.raises(cases.SlotContestedBefore):
        contest(book)


def test_an_account_has_four_open_cases(book):
    for slot in range(4):
        contest(book, slot=slot)
    with pytest.raises(cases.TooManyOpenCases):
        contest(book, slot=4)
    book.close(1, at=NOON + DAY)
    book.close(1, at=NOON + 3 * DAY)
    contest(book, slot=4)


def test_a_contest_is_within_its_limit(book):
    with pytest.raises(cases.AboveContestLimit):
        contest(book, owed=50 * TOKEN + 1)
    with pytest.raises(cases.NothingOwed):
        contest(book, owed=0)


def test_a_binding_is_rebutted_by_a_later_one(book):
    number = demand(book, binding_index=5)
    with pytest.raises(cases.NoRebuttal):
        book.rebut(number, 5, at=NOON)
    book.rebut(number, 6, at=NOON)
    assert book.cases[number].state is ClaimState.REJECTED
    with pytest.raises(cases.NoRebuttal):
        book.rebut(demand(book, 8), 9, at=NOON)


def test_a_case_goes_up_the_tiers(book):
    number = contest(book)
    book.answer(number, uphold=False, at=NOON)
    book.appeal(number, at=NOON + 1)
    book.vote(number, b"one", uphold=False, at=NOON + 2)
    with pytest.raises(cases.VotedBefore):
        book.vote(number, b"one", uphold=True, at=NOON + 2)
    book.vote(number, b"two", uphold=True, at=NOON + 2)
    book.vote(number, b"three", uphold=True, at=NOON + 2)
    assert book.cases[number].state is ClaimState.UPHELD
    assert book.ledger.received == {ANNA: 10 * TOKEN}


def test_what_a_proof_paid_for_the_slot_counts(book):
    book.slot_paid[ABOUT, 7, ANNA] = 4 * TOKEN
    assert book.close(contest(book, signed=True), at=NOON + DAY) == 6 * TOKEN


def test_a_correction_closes_a_contest_and_not_a_demand(book):
    numbers = [contest(book), demand(book, 8)]
    book.latest[KEY] = 1
    assert book.close(numbers[0], at=NOON + 60) == 0
    assert book.cases[numbers[0]].state is ClaimState.CORRECTED
    with pytest.raises(cases.DeadlineNotReached):
        book.close(numbers[1], at=NOON + 60)
    assert book.close(numbers[1], at=NOON + DAY) == 60 * TOKEN


def test_a_day_not_posted_pays_once(book):
    missing, day = b"missing".ljust(32), 20_000
    late = (day + 1) * DAY + book.terms.posting_lag + 1
    with pytest.raises(cases.DayCanStillBePosted):
        book.claim_unposted(ANNA, missing, day, at=late - 1)
    with pytest.raises(cases.DayIsPosted):
        book.claim_unposted(ANNA, KEY, day, at=late)
    assert book.claim_unposted(ANNA, missing, day, at=late) == 2 * TOKEN
    with pytest.raises(cases.NothingToPay):
        book.claim_unposted(ANNA, missing, day, at=late)
    book.first_day = day + 1
    with pytest.raises(cases.DayBeforeDeployment):
        book.claim_unposted(EMIL, missing, day, at=late)


def move(book, chance, at):
    """Make a random move about a random case; most are refused."""
    number = chance.randint(1, len(book.cases) + 1)
    slot, uphold = chance.randrange(96), chance.random() < 0.4
    kind = chance.randrange(7)
    if kind == 0:
        book.demand(chance.choice((ANNA, EMIL)), ABOUT, [slot], debit=9 * TOKEN, at=at)
    elif kind == 1:
        contest(book, slot=slot, at=at, signed=uphold)
    elif kind == 2 and number in book.cases and book.cases[number].missing:
        book.open(number, min(book.cases[number].missing), position=0, account_points=1, at=at)
    elif kind == 3:
        book.answer(number, uphold=uphold, at=at)
    elif kind == 4:
        book.appeal(number, at=at)
    elif kind == 5:
        book.vote(number, chance.choice((b"1", b"2", b"3")), uphold=uphold, at=at)
    else:
        book.close(number, at=at)


@pytest.mark.parametrize("seed", range(60))
def test_whatever_is_opened_ends_by_silence_alone(book, seed):
    """Random moves, then silence: every case ends, every deposit is back, nothing is kept, no day is paid twice."""
    chance, at = random.Random(seed), NOON
    for _ in range(40):
        at += chance.randrange(DAY // 6)
        with suppress(ClaimRefused):
            move(book, chance, at)
    assert book.cases
    for _ in range(3):
        at += 3 * DAY
        for number, case in book.cases.items():
            if case.state not in CLOSED:
                book.close(number, at=at)
    assert all(case.state in CLOSED for case in book.cases.values())
    assert (book.reserved, book.deposits) == (0, 0)
    assert book.free == {ANNA: 100 * TOKEN, EMIL: 100 * TOKEN}
    defaulted = any(case.state is ClaimState.DEFAULTED for case in book.cases.values())
    upheld = sum(case.state is ClaimState.UPHELD for case in book.cases.values())
    paid = book.ledger.paid(KEY, ANNA)
    assert paid <= 10 * TOKEN * upheld + 9 * TOKEN * defaulted
    assert sum(book.ledger.received.values()) + book.ledger.bond == 100 * TOKEN
