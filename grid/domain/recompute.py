"""Tier 0 of disputes: a claim that arithmetic alone can judge, and pays at once (PROTOCOL §5).

The claimant brings what a run says of a slot and what the log says of it; the amount is computed again and the
difference paid. This is the reference of contracts/src/Recomputation.sol: the same openings, the same payments, and
errors under the same names; tests/vectors/recompute.json holds both to it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

from grid.domain.claim_errors import (
    CheckpointWrong,
    NothingToPay,
    RunNotLatest,
    RunUnknown,
    TotalClaimed,
    WindowClosed,
)
from grid.domain.entries import LeafKind, run_key
from grid.domain.grounds import energy, prices, totals, trade
from grid.domain.grounds.facts import Facts, Posted, Statement, amount, require_owner, require_statement
from grid.domain.grounds.prices import MandateOrder
from grid.domain.grounds.totals import Sum
from grid.domain.grounds.trade import Hold, day_end
from grid.domain.openings import (
    AnyEntry,
    Checkpoint,
    Entry,
    Fill,
    Header,
    Line,
    Opened,
    Point,
    Rows,
    Run,
    RunInput,
    TariffSlot,
    Words,
)
from grid.domain.remedies import RemedyLedger
from grid.domain.words import ZERO


class Ground(IntEnum):
    """What a claim shows to be wrong, as the claimant signs it."""

    ARITHMETIC = 0
    ENERGY = 1
    TRADE = 2
    PRICE = 3
    LIMIT = 4
    VOID = 5
    TOTAL = 6
    MALFORMED = 7


@dataclass(frozen=True, slots=True)
class Terms:
    """What a deployment fixes. Times in seconds, `fixed_sum` in token units.

    `system` are the addresses of supplier, fee, dust and balancing account.
    """

    hold_time: int
    max_holds: int
    gate_lead: int
    challenge_window: int
    fixed_sum: int
    system: Sequence[bytes]


@dataclass(slots=True)
class Chain:
    """What the other contracts know, and the block time.

    `posted` gives rows' root and digest by run key and sequence; `until` the end of an account's window; `cap` the
    most a day may cost an account.
    """

    now: int
    posted: dict[tuple[bytes, int], tuple[RunInput, bytes]]
    anchored: set[Checkpoint]
    until: Callable[[bytes, bytes], int]
    cap: Callable[[bytes, int], int]

    def require_run(self, run: Run, account: bytes, at_least_until: int = 0) -> bytes:
        """Return a run's key: the last run posted for its zone and day, within the account's window."""
        key, sequence = run_key(run.input.zone, run.input.day), run.input.sequence
        if self.posted.get((key, sequence)) != (run.input, run.rows_root):
            raise RunUnknown(key, sequence)
        latest = max(known for posted, known in self.posted if posted == key)
        if sequence != latest:
            raise RunNotLatest(key, sequence, latest)
        until = max(self.until(key, account), at_least_until)
        if self.now >= until:
            raise WindowClosed(until, self.now)
        return key

    def require_checkpoint(self, run: Run) -> None:
        """Require the run's checkpoint as it was anchored: for all that depends on the log or its size."""
        if run.checkpoint.seq != run.input.checkpoint or run.checkpoint not in self.anchored:
            raise CheckpointWrong(run.checkpoint.seq, run.input.checkpoint)


Show = Callable[[Posted, Facts], Facts]
SlotKey = tuple[bytes, int, bytes, int, bytes]
"""Run key, sequence, point, slot, account: one slot can be one account's by its leaf and another's by a BINDING."""


@dataclass(slots=True)
class Recomputation:
    """The contract of tier 0: what has been shown so far, and payments through the ledger of remedies.

    Each method stands for a function of the contract: it takes the account that claims and what it opens, pays, and
    returns what was paid. Whether the caller may act for the account is not decided here. All raise ClaimRefused.
    """

    chain: Chain
    terms: Terms
    ledger: RemedyLedger
    facts: dict[SlotKey, Facts] = field(default_factory=dict)
    claimed: set[tuple[str, SlotKey]] = field(default_factory=set)

    # Ground 0.

    def arithmetic(self, account: bytes, statement: Statement) -> int:
        """The amount is other than the formula gives with the line's own energy and the header's prices."""
        return self._own(account, statement, lambda posted, facts: facts, logged=False)

    # Ground 1.

    def energy(self, account: bytes, statement: Statement, interval: Entry, cited: Sequence[AnyEntry]) -> int:
        """The line's energy is other than that of the INTERVAL which counts."""
        return self._own(account, statement, lambda posted, facts: energy.of_interval(posted, facts, interval, cited))

    def energy_of_binding(
        self, account: bytes, statement: Statement, interval: Entry, binding: Entry, registers: Sequence[Words]
    ) -> int:
        """The BINDING which counts names another account, or gives other energy with the registers of a valid slot."""
        return self._claim(
            account,
            statement,
            lambda posted, facts: energy.of_binding(posted, facts, interval, binding, registers, account),
        )

    # Ground 2.

    def trade(
        self, account: bytes, statement: Statement, auction: Entry, fill: Fill, others: Sequence[Line],
        decision: Sequence[AnyEntry],
    ) -> int:  # fmt: skip
        """The fill says another trade, or the cited fill is not the line's; a hold of the slot does not count."""
        ends_at = day_end(statement.run.input.day) + self.terms.hold_time
        hold = Hold(ends_at, self.chain.now >= ends_at, self.terms.max_holds, others, decision)
        held = Opened(LeafKind.LINE, statement.line.words).index("holdIndex") is not None
        return self._own(
            account,
            statement,
            lambda posted, facts: trade.of_fill(posted, facts, auction, fill, hold),
            at_least_until=ends_at + self.terms.challenge_window if held and hold.ended else 0,
        )

    def untraded(self, account: bytes, statement: Statement) -> int:
        """The line has a trade, and is held or cites none."""
        return self._own(account, statement, trade.of_none)

    # Grounds 3 to 5.

    def local_price(self, account: bytes, statement: Statement, source: Entry) -> int:
        """The local price is not that of the AUCTION (ex_ante) or price DECISION (ex_post)."""
        return self._own(account, statement, lambda posted, facts: prices.of_local(posted, facts, source))

    def tariff_prices(
        self, account: bytes, statement: Statement, tariff: Entry, slot: TariffSlot, cited: Sequence[AnyEntry]
    ) -> int:
        """Fee, import or export price is not that of the TARIFF; `cited`, where opened, is none of zone and day."""
        return self._own(account, statement, lambda posted, facts: prices.of_tariff(posted, facts, tariff, slot, cited))

    def limit(self, account: bytes, statement: Statement, order: MandateOrder, signal: Sequence[Entry]) -> int:
        """The local price is beyond the limit of the order, its mandate, or the signal that it follows."""
        return self._own(account, statement, lambda posted, facts: prices.of_limit(posted, facts, order, signal))

    def late(self, account: bytes, statement: Statement, before: Checkpoint, first: Checkpoint) -> int:
        """The AUCTION or price DECISION was anchored too late."""
        anchored, lead = self.chain.anchored, self.terms.gate_lead
        return self._own(
            account,
            statement,
            lambda posted, facts: prices.of_late_entry(posted, facts, before, first, anchored, lead),
        )

    def false_entry(self, account: bytes, statement: Statement, cited: AnyEntry) -> int:
        """The entry cited as AUCTION or price is none of the slot."""
        return self._own(account, statement, lambda posted, facts: prices.of_false_entry(posted, facts, cited))

    # Grounds 6 and 7.

    def running_total(self, account: bytes, run: Run, point: Point, lines: Sequence[Line]) -> int:
        """A running total is less than the one before and its line's amount."""
        key = self.chain.require_run(run, account)
        totals.require_own_point(run, key, point, account)
        slot, found = totals.running_total(run, point, lines)
        return self._pay_sum("running", (key, run.input.sequence, point.point, slot, account), found)

    def day_net(self, account: bytes, run: Run, point: Point, last: Line) -> int:
        """A point's net is less than its last running total."""
        key = self.chain.require_run(run, account)
        totals.require_own_point(run, key, point, account)
        found = totals.day_net(run, point, last)
        return self._pay_sum("day", (key, run.input.sequence, point.point, 0, account), found)

    def row(self, account: bytes, run: Run, points: Sequence[Point], rows: Rows) -> int:
        """An account's row, or its lack of one, gives it less than its points do."""
        key = self.chain.require_run(run, account)
        found = totals.row(run, key, points, rows, account, self.terms.system)
        return self._pay_sum("row", (key, run.input.sequence, ZERO, 0, account), found)

    def malformed(self, account: bytes, run: Run, point: Point, slot: int, leaf: Line | Header, rows: Rows) -> int:
        """A line or header is one that no writer makes: pays as a default does."""
        key = self.chain.require_run(run, account)
        self.chain.require_checkpoint(run)
        totals.require_malformed(run, point, slot, leaf)
        totals.require_own_point(run, key, point, account)
        net = totals.row_net(run, rows, account, self.terms.system) if rows.chunks else 0
        debit = min(self.chain.cap(account, run.input.day), max(0, -net))
        owed = max(debit, self.terms.fixed_sum)
        paid = self.ledger.pay_default(key, run.input.sequence, account, owed)
        if paid == 0:
            raise NothingToPay(owed, 0, owed)
        return paid

    def establish(self, slot: SlotKey, shown: tuple[int, int], due: int) -> int:
        """Take the energy of an upheld case, and pay what of `due` was not paid yet. Disputes only."""
        known = self.facts.get(slot, Facts())
        lacking = max(0, due - known.paid)
        self.facts[slot] = replace(known, energy=shown, paid=known.paid + lacking)
        key, sequence, _, _, account = slot
        return self.ledger.pay_remedy(key, sequence, account, lacking) if lacking else 0

    def _own(
        self, account: bytes, statement: Statement, show: Show, at_least_until: int = 0, *, logged: bool = True
    ) -> int:
        """As _claim, for the owner of the slot."""

        def owned(posted: Posted, facts: Facts) -> Facts:
            require_owner(account, posted.point, facts)
            return show(posted, facts)

        return self._claim(account, statement, owned, at_least_until, logged=logged)

    def _claim(
        self, account: bytes, statement: Statement, show: Show, at_least_until: int = 0, *, logged: bool = True
    ) -> int:
        """Open a slot, lay what is shown over it, and pay what it lacks. `logged`: what is shown rests on the log."""
        run = statement.run
        key = self.chain.require_run(run, account, at_least_until)
        if logged:
            self.chain.require_checkpoint(run)
        posted = require_statement(statement, key)
        slot = (key, run.input.sequence, posted.point.point, posted.slot, account)
        facts = show(posted, self.facts.get(slot, Facts()))
        stated = posted.line.number("amount") if account == posted.point.account else 0
        found = amount(posted, facts)
        due = found - stated - facts.paid
        if due <= 0:
            raise NothingToPay(found, stated, facts.paid)
        self.facts[slot] = replace(facts, paid=facts.paid + due)
        return self.ledger.pay_remedy(key, run.input.sequence, account, due)

    def _pay_sum(self, over: str, about: SlotKey, found: Sum) -> int:
        """Pay what a sum lacks, once."""
        key, sequence, point, slot, account = about
        if found.summed <= found.stated:
            raise NothingToPay(found.summed, found.stated, 0)
        if (over, about) in self.claimed:
            raise TotalClaimed(key, sequence, point, slot, account)
        self.claimed.add((over, about))
        return self.ledger.pay_remedy(key, sequence, account, found.summed - found.stated)
