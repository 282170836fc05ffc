"""Cases: demands, contests and days not posted, as the contract `Disputes` keeps them (PROTOCOL §5).

Pure: block time comes in as `at`, what proofs show comes in as arguments. States and who may move them are those of
`grid.domain.disputes`; money goes through `grid.domain.remedies`. Amounts in token units, times in unix seconds.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from grid.domain.claim_errors import ClaimRefused, RunNotLatest, WindowClosed
from grid.domain.disputes import FINAL, ClaimEvent, ClaimState, Party, advance
from grid.domain.remedies import RemedyLedger

_S, _E, _P = ClaimState, ClaimEvent, Party

CLOSED = FINAL | {ClaimState.OPENED}
"""States in which the contract has nothing left to do about a case."""

ANY_POINT = bytes(32)
"""Stands in a demand that names no point."""
PANEL_MAJORITY = 2
SECONDS_PER_DAY = 86_400


class StateWrong(ClaimRefused):
    """The case has no such step: its number, its state."""


class DeadlinePassed(ClaimRefused):
    """The party's time is over: number of the case, deadline, block time."""


class DeadlineNotReached(ClaimRefused):
    """The party's time is not over: number of the case, deadline, block time."""


class TooManyOpenCases(ClaimRefused):
    """The account has as many open cases as it may: account, their number."""


class DemandsClosed(ClaimRefused):
    """The window that the account had at its first demand of the sequence has passed: until, block time."""


class SlotDemandedBefore(ClaimRefused):
    """A slot is demanded once for each point and sequence: slot."""


class SlotContestedBefore(ClaimRefused):
    """A slot is contested once for each sequence: point, slot."""


class SlotNotMissing(ClaimRefused):
    """The demand does not name such a slot, or it is open: number of the case, which."""


class LeafRepeated(ClaimRefused):
    """The point was opened before, and its leaf says that the account has more: position, opened, said."""


class NoRebuttal(ClaimRefused):
    """The BINDING does not speak against the one that was shown: its index, the shown one's."""


class AboveContestLimit(ClaimRefused):
    """More than one case may pay: sum, limit."""


class NothingOwed(ClaimRefused):
    """The claimed energy gives no more than what is posted: difference."""


class InsufficientBalance(ClaimRefused):
    """The account cannot cover the deposit: account, deposit, free."""


class VotedBefore(ClaimRefused):
    """A member of the panel votes once: number of the case, member."""


class DayBeforeDeployment(ClaimRefused):
    """The day had begun when the contract was deployed: day, the first that counts."""


class DayCanStillBePosted(ClaimRefused):
    """The posting lag has not passed: until, block time."""


class DayIsPosted(ClaimRefused):
    """There is a run of that day: run key."""


class NothingToPay(ClaimRefused):
    """The account was paid for the day: run key, account."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a deployment fixes; the defaults are the demonstration's, the fixed sum excepted."""

    response_time: int = 86_400
    extra_time: int = 43_200
    meter_data_time: int = 86_400
    appeal_time: int = 43_200
    panel_time: int = 172_800
    deposit: int = 5_000_000
    contest_limit: int = 50_000_000
    max_open_cases: int = 4
    fixed_sum: int = 0
    posting_lag: int = 86_400


class Statement(NamedTuple):
    """What a case is about: a run, and a point of it (32 zero bytes: any point of the account)."""

    key: bytes
    sequence: int
    point: bytes


@dataclass(slots=True)
class Case:
    """A case as it stands."""

    account: bytes
    about: Statement
    state: ClaimState
    deadline: int
    total: int
    """What a default raises the day's remedies to, or what a contest claims."""
    reserved: int
    missing: set[int] = field(default_factory=set)
    """Slots of a demand that are not opened."""
    leaves: set[int] = field(default_factory=set)
    """Positions of the point leaves opened so far, where a demand names no point."""
    binding_index: int | None = None
    slot: int = 0
    signed_bytes: bool = False
    votes: dict[bytes, bool] = field(default_factory=dict)


@dataclass(slots=True)
class CaseBook:
    """All cases, what they keep of the bond and of deposits, and the windows they lengthened.

    `free` is what each account can pay deposits from. `latest` holds the last sequence posted by run key, `windows`
    until when an account may dispute a run key: the caller keeps both up to date when a run is posted.
    """

    terms: Terms
    ledger: RemedyLedger
    first_day: int = 0
    free: dict[bytes, int] = field(default_factory=dict)
    latest: dict[bytes, int] = field(default_factory=dict)
    windows: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    cases: dict[int, Case] = field(default_factory=dict)
    slot_paid: dict[tuple[Statement, int, bytes], int] = field(default_factory=dict)
    """What was paid for a slot, by proofs or cases; shared with the model of tier 0."""
    _demandable: dict[tuple[bytes, bytes], tuple[int, int]] = field(default_factory=dict)
    _demanded: set[tuple[Statement, bytes, int]] = field(default_factory=set)
    _contested: set[tuple[Statement, int]] = field(default_factory=set)

    @property
    def reserved(self) -> int:
        """Part of the bond that open cases keep."""
        return sum(case.reserved for case in self.cases.values())

    @property
    def deposits(self) -> int:
        """Deposits of open demands."""
        return self.terms.deposit * sum(case.state is _S.DEMANDED for case in self.cases.values())

    def open_cases(self, account: bytes) -> int:
        """Return how many cases of an account are open."""
        return sum(case.account == account and case.state not in CLOSED for case in self.cases.values())

    # Demands

    def demand(
        self,
        account: bytes,
        about: Statement,
        slots: list[int],
        *,
        debit: int,
        at: int,
        binding_index: int | None = None,
    ) -> int:
        """Open a demand; return its number. `debit` is the day's, as the row shows it; 0 without a row."""
        self._require_disputable(account, about, at)
        for at_place, slot in enumerate(slots):
            if (about, account, slot) in self._demanded or slot in slots[:at_place]:
                raise SlotDemandedBefore(slot)
        until = self._demandable_until(account, about, at)
        total = max(debit, self.terms.fixed_sum)
        owed = max(0, total - self.ledger.paid(about.key, account))
        self._require_room(account)
        free = self.free.get(account, 0)
        if free < self.terms.deposit:
            raise InsufficientBalance(account, self.terms.deposit, free)
        self.free[account] = free - self.terms.deposit
        self._demandable[about.key, account] = (about.sequence, until)
        self._demanded |= {(about, account, slot) for slot in slots}
        deadline = at + self.terms.response_time
        self._extend(about.key, account, deadline + self.terms.extra_time)
        made = Case(account, about, _S.DEMANDED, deadline, total, owed, set(slots), binding_index=binding_index)
        return self._add(made)

    def open(self, number: int, slot: int, *, position: int, account_points: int, at: int) -> None:
        """Open one slot of a demand with the leaves of the point at `position`; the last slot ends it.

        A demand that names no point takes every leaf of the account once before it takes one again: who owns n points,
        fewer than four, shows by n + 1 slots that the leaves count more.
        """
        case = self._in_time(number, _S.DEMANDED, at)
        if slot not in case.missing:
            raise SlotNotMissing(number, slot)
        if case.about.point == ANY_POINT:
            if position in case.leaves and len(case.leaves) < account_points:
                raise LeafRepeated(position, len(case.leaves), account_points)
            case.leaves.add(position)
        case.missing.discard(slot)
        if not case.missing:
            self._finish(case, _E.OPEN, _P.ANYONE)

    def rebut(self, number: int, index: int, *, at: int) -> None:
        """End a demand by a BINDING with a higher index than the one it rests on."""
        case = self._in_time(number, _S.DEMANDED, at)
        if case.binding_index is None or index <= case.binding_index:
            raise NoRebuttal(index, case.binding_index)
        self._finish(case, _E.REBUT, _P.ANYONE)

    # Contests

    def contest(self, account: bytes, about: Statement, slot: int, *, owed: int, signed_bytes: bool, at: int) -> int:
        """Open a contest; return its number. `owed` is the recomputed amount less the posted one."""
        self._require_disputable(account, about, at)
        if (about, slot) in self._contested:
            raise SlotContestedBefore(about.point, slot)
        if owed <= 0:
            raise NothingOwed(owed)
        if owed > self.terms.contest_limit:
            raise AboveContestLimit(owed, self.terms.contest_limit)
        self._require_room(account)
        self._contested.add((about, slot))
        deadline = at + self.terms.meter_data_time
        made = Case(account, about, _S.AT_METER_DATA, deadline, owed, owed, slot=slot, signed_bytes=signed_bytes)
        return self._add(made)

    def answer(self, number: int, *, uphold: bool, at: int) -> None:
        """Take the answer of the meter-data responsible."""
        case = self._in_time(number, _S.AT_METER_DATA, at)
        if self._close_corrected(case, at):
            return
        if uphold:
            self._uphold(case, _E.UPHOLD, _P.METER_DATA_RESPONSIBLE)
        else:
            self._move(case, _E.REJECT, _P.METER_DATA_RESPONSIBLE, at + self.terms.appeal_time)

    def appeal(self, number: int, *, at: int) -> None:
        """Bring a rejected contest before the panel."""
        case = self._in_time(number, _S.ANSWERED, at)
        if not self._close_corrected(case, at):
            self._move(case, _E.APPEAL, _P.CLAIMANT, at + self.terms.panel_time)

    def vote(self, number: int, member: bytes, *, uphold: bool, at: int) -> None:
        """Take a vote of the panel; the second of two equal ones decides."""
        case = self._in_time(number, _S.AT_PANEL, at)
        if member in case.votes:
            raise VotedBefore(number, member)
        if self._close_corrected(case, at):
            return
        case.votes[member] = uphold
        if sum(vote is uphold for vote in case.votes.values()) < PANEL_MAJORITY:
            return
        if uphold:
            self._uphold(case, _E.UPHOLD, _P.PANEL)
        else:
            self._finish(case, _E.REJECT, _P.PANEL)

    # Silence

    def close(self, number: int, *, at: int) -> int:
        """Move a case on whose party was silent; return what was paid."""
        case = self.cases.get(number)
        if case is None or case.state in CLOSED:
            raise StateWrong(number, case.state if case else None)
        contest = case.state is not _S.DEMANDED
        if contest and self._close_corrected(case, at):
            return 0
        if at < case.deadline:
            raise DeadlineNotReached(number, case.deadline, at)
        if not contest:
            self._finish(case, _E.DEADLINE, _P.ANYONE)
            return self.ledger.pay_default(case.about.key, case.about.sequence, case.account, case.total)
        if case.state is _S.ANSWERED:
            self._finish(case, _E.DEADLINE, _P.ANYONE)
            return 0
        if case.state is _S.AT_METER_DATA and not case.signed_bytes:
            self._move(case, _E.DEADLINE, _P.ANYONE, at + self.terms.panel_time)
            return 0
        event = _E.DEADLINE if case.state is _S.AT_PANEL else _E.SILENCE_ON_SIGNED_BYTES
        return self._uphold(case, event, _P.ANYONE)

    def claim_unposted(self, account: bytes, key: bytes, day: int, *, at: int) -> int:
        """Pay the fixed sum for a day without a run; return what was paid."""
        if day < self.first_day:
            raise DayBeforeDeployment(day, self.first_day)
        until = (day + 1) * SECONDS_PER_DAY + self.terms.posting_lag
        if at <= until:
            raise DayCanStillBePosted(until, at)
        if key in self.latest:
            raise DayIsPosted(key)
        if self.ledger.paid(key, account) >= self.terms.fixed_sum:
            raise NothingToPay(key, account)
        return self.ledger.pay_default(key, 0, account, self.terms.fixed_sum)

    # What all steps share

    def _add(self, case: Case) -> int:
        number = len(self.cases) + 1
        self.cases[number] = case
        return number

    def _require_disputable(self, account: bytes, about: Statement, at: int) -> None:
        """Require the run to be the last one posted, and the account's window to be open."""
        latest = self.latest.get(about.key)
        if latest != about.sequence:
            raise RunNotLatest(about.key, about.sequence, latest)
        until = self.windows.get((about.key, account), 0)
        if at >= until:
            raise WindowClosed(until, at)

    def _require_room(self, account: bytes) -> None:
        count = self.open_cases(account)
        if count >= self.terms.max_open_cases:
            raise TooManyOpenCases(account, count)

    def _demandable_until(self, account: bytes, about: Statement, at: int) -> int:
        """Return until when the account may demand: its window at its first demand of the sequence."""
        sequence, until = self._demandable.get((about.key, account), (-1, 0))
        if sequence != about.sequence:
            return self.windows.get((about.key, account), 0)
        if at >= until:
            raise DemandsClosed(until, at)
        return until

    def _extend(self, key: bytes, account: bytes, until: int) -> None:
        self.windows[key, account] = max(until, self.windows.get((key, account), 0))

    def _in_time(self, number: int, state: ClaimState, at: int) -> Case:
        case = self.cases.get(number)
        if case is None or case.state is not state:
            raise StateWrong(number, case.state if case else None)
        if at >= case.deadline:
            raise DeadlinePassed(number, case.deadline, at)
        return case

    def _move(self, case: Case, event: ClaimEvent, by: Party, deadline: int) -> None:
        case.state = advance(case.state, event, by=by)
        case.deadline = deadline

    def _finish(self, case: Case, event: ClaimEvent, by: Party) -> None:
        """Put a case into the state it ends in: bond freed, a demand's deposit returned."""
        if case.state is _S.DEMANDED:
            self.free[case.account] = self.free.get(case.account, 0) + self.terms.deposit
        self._move(case, event, by, 0)
        case.reserved = 0

    def _uphold(self, case: Case, event: ClaimEvent, by: Party) -> int:
        """End a contest in the account's favour; pay what the slot is still owed."""
        self._finish(case, event, by)
        slot = (case.about, case.slot, case.account)
        before = self.slot_paid.get(slot, 0)
        due = max(0, case.total - before)
        self.slot_paid[slot] = before + due
        return self.ledger.pay_remedy(case.about.key, case.about.sequence, case.account, due) if due else 0

    def _close_corrected(self, case: Case, at: int) -> bool:
        """End a contest whose run a later sequence replaced; the account gets time to contest that one."""
        if self.latest.get(case.about.key, case.about.sequence) == case.about.sequence:
            return False
        self._finish(case, _E.CORRECT, _P.OPERATOR)
        self._extend(case.about.key, case.account, at + self.terms.response_time)
        return True
