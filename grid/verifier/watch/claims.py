"""Claims of tier 0 that a case file proves: found by the contract's reference, and put into call data.

Every claim that the file's evidence allows is tried against `grid.domain.recompute`, which judges as the contract
does; what it would pay is kept, the best one for each slot. Not tried, because a case file lacks the evidence:
limits of mandates, late anchoring, false entries, malformed leaves.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from grid.domain import rows
from grid.domain.casefile import Case, PointPart
from grid.domain.claim_errors import ClaimRefused
from grid.domain.entries import EntryKind, LeafKind, run_key
from grid.domain.openings import Opened
from grid.domain.recompute import Chain, Ground, Recomputation, Terms
from grid.domain.remedies import RemedyLedger
from grid.domain.slots import SLOTS_PER_DAY
from grid.verifier.report import NotInFile
from grid.verifier.watch.abi import call_data
from grid.verifier.watch.openings import CaseOpenings

CLAIM = "(address,uint256,uint256,bytes)"
RUN = "((bytes32,uint32,uint16,bytes32,uint16,bytes32,uint64,bytes32,uint8),bytes32,(uint64,uint64,uint64,bytes32))"
POINT = "(bytes32,address,int96,uint64,bytes32,bytes32,uint64,bytes32[])"
LINE, HEADER = "(bytes32[12],bytes32[])", "(bytes32[21],bytes32[])"
STATEMENT = f"({RUN},{POINT},{LINE},{HEADER})"
INTERVAL, BINDING = "(bytes32[10],uint64,bytes32[])", "(bytes32[12],uint64,bytes32[])"
DECIDED = "(bytes32[8],uint64,bytes32[])"
ANY_ENTRY = "(bytes32[],uint64,bytes32[])"
ROWS = f"(uint64,{ANY_ENTRY}[])"
SIGNATURES = {
    "arithmetic": f"({CLAIM},{STATEMENT})",
    "energy": f"({CLAIM},{STATEMENT},{INTERVAL},{ANY_ENTRY}[])",
    "energyOfBinding": f"({CLAIM},{STATEMENT},{INTERVAL},{BINDING},(bytes32[11])[])",
    "trade": f"({CLAIM},{STATEMENT},{DECIDED},(bytes32[6],uint64,bytes32[]),{LINE}[],{ANY_ENTRY}[])",
    "untraded": f"({CLAIM},{STATEMENT})",
    "localPrice": f"({CLAIM},{STATEMENT},{DECIDED})",
    "tariffPrices": f"({CLAIM},{STATEMENT},(bytes32[4],uint64,bytes32[]),(bytes32[4],bytes32[]),{ANY_ENTRY}[])",
    "runningTotal": f"({CLAIM},{RUN},{POINT},{LINE}[])",
    "dayNet": f"({CLAIM},{RUN},{POINT},{LINE})",
    "row": f"({CLAIM},{RUN},{POINT}[],{ROWS})",
}
GROUNDS = {
    "arithmetic": Ground.ARITHMETIC, "energy": Ground.ENERGY, "energyOfBinding": Ground.ENERGY,
    "trade": Ground.TRADE, "untraded": Ground.TRADE, "localPrice": Ground.PRICE, "tariffPrices": Ground.PRICE,
    "runningTotal": Ground.TOTAL, "dayNet": Ground.TOTAL, "row": Ground.TOTAL,
}  # fmt: skip
_REFERENCE = {
    "energyOfBinding": "energy_of_binding", "localPrice": "local_price", "tariffPrices": "tariff_prices",
    "runningTotal": "running_total", "dayNet": "day_net",
}  # fmt: skip
_FAR = 2**62
_ENOUGH = 2**90


@dataclass(frozen=True, slots=True)
class PreparedClaim:
    """A claim that pays, ready for a delegate to send or for the account to sign.

    `pays` is what it would pay if nothing was paid for the slot before, in token units.
    """

    function: str
    account: bytes
    run_key: bytes
    sequence: int
    point: bytes
    slot: int
    pays: int
    arguments: Sequence[Any]

    def data(self, *, nonce: int = 0, deadline: int = 0, signature: bytes = b"") -> bytes:
        """Return the call data: without a signature for the account's own wallet or its delegate."""
        claim = (self.account, nonce, deadline, signature)
        return call_data(self.function, SIGNATURES[self.function], [claim, *self.arguments])


def provable(case: Case, account: bytes) -> list[PreparedClaim]:
    """Return the claims that a case file proves for an account, the best one for each slot and sum."""
    try:
        opened = CaseOpenings(case)
        run = opened.run
    except (NotInFile, ValueError):
        return []
    judge = _Judge(opened, account)
    own: list[PointPart] = []
    for part in opened.part.points:
        with suppress(ValueError):
            if opened.point(part).account == account:
                own.append(part)
    found: list[PreparedClaim] = []
    for part in own:
        found += [best for place in range(SLOTS_PER_DAY) if (best := judge.best(_of_slot(opened, part, place)))]
        found += [each for each in map(judge.judge, _of_point(opened, part)) if each is not None]
    if own:
        whole: _Attempt = (
            "row", bytes(32), 0, lambda: [run, [opened.point(part) for part in own], opened.rows(account)]
        )  # fmt: skip
        found += [each for each in (judge.judge(whole),) if each is not None]
    return found


_Attempt = tuple[str, bytes, int, Callable[[], list[Any]]]
"""Function, point, slot, and how its openings are made."""


class _Judge:
    """The reference of the contract, asked anew for each claim."""

    def __init__(self, opened: CaseOpenings, account: bytes) -> None:
        self._run, self._account = opened.run, account
        self._system = [rows.unpack_row(word).address for word in opened.part.rows[-rows.SYSTEM_ROWS :]]

    def best(self, attempts: Iterator[_Attempt]) -> PreparedClaim | None:
        """Return the attempt that pays most, or None when none pays."""
        paying = [claim for attempt in attempts if (claim := self.judge(attempt)) is not None]
        return max(paying, key=lambda claim: claim.pays, default=None)

    def judge(self, attempt: _Attempt) -> PreparedClaim | None:
        """Return the claim, or None when it would be refused."""
        function, point, slot, make = attempt
        run = self._run
        key = run_key(run.input.zone, run.input.day)
        chain = Chain(
            now=0,
            posted={(key, run.input.sequence): (run.input, run.rows_root)},
            anchored={run.checkpoint},
            until=lambda key, account: _FAR,
            cap=lambda account, day: 0,
        )
        terms = Terms(
            hold_time=_FAR, max_holds=SLOTS_PER_DAY, gate_lead=0, challenge_window=0, fixed_sum=0, system=self._system
        )
        contract = Recomputation(chain, terms, RemedyLedger(bond=_ENOUGH))
        try:
            arguments = make()
            pays = getattr(contract, _REFERENCE.get(function, function))(self._account, *arguments)
        except (ClaimRefused, NotInFile, ValueError, IndexError):
            return None
        if function == "energyOfBinding":
            arguments = [*arguments[:-1], [(words,) for words in arguments[-1]]]
        return PreparedClaim(function, self._account, key, run.input.sequence, point, slot, pays, arguments)


def _of_slot(opened: CaseOpenings, part: PointPart, place: int) -> Iterator[_Attempt]:
    """Yield what can be claimed about one slot of a point."""
    try:
        statement = opened.statement(part, place)
        line = Opened(LeafKind.LINE, statement.line.words)
        header = Opened(LeafKind.HEADER, statement.header.words)
        slot, point = line.number("slot"), statement.point.point
        fill, auction = line.index("fillIndex"), header.index("auctionIndex")
        price, tariff = header.index("priceIndex"), header.index("tariffIndex")
    except (ValueError, IndexError, ClaimRefused, NotInFile):
        return

    def attempt(function: str, make: Callable[[], list[Any]]) -> _Attempt:
        return function, point, slot, lambda: [statement, *make()]

    yield attempt("arithmetic", list)
    yield attempt("untraded", list)
    for interval in opened.intervals(point, slot)[:2]:
        yield attempt("energy", lambda interval=interval: [interval, []])  # type: ignore[misc]
        yield attempt("energyOfBinding", lambda interval=interval: _registered(opened, interval))  # type: ignore[misc]
    yield attempt("trade", lambda: [opened.entry(auction, EntryKind.AUCTION), opened.fill(auction, fill), [], []])
    yield attempt("localPrice", lambda: [opened.entry(auction, EntryKind.AUCTION)])
    yield attempt("localPrice", lambda: [opened.entry(price, EntryKind.DECISION)])
    yield attempt(
        "tariffPrices",
        lambda: [opened.entry(tariff, EntryKind.TARIFF), opened.tariff_slot(tariff, place), []],
    )


def _registered(opened: CaseOpenings, interval: Any) -> list[Any]:
    """The INTERVAL with the BINDING it cites and its registers."""
    cited = int.from_bytes(interval.words[7], "big")
    return [interval, opened.entry(cited, EntryKind.BINDING), [opened.registers(interval.index)]]


def _of_point(opened: CaseOpenings, part: PointPart) -> Iterator[_Attempt]:
    """Yield what can be claimed about a point's sums."""
    try:
        point = opened.point(part)
        slots = [Opened(LeafKind.LINE, opened.line(part, at).words).number("slot") for at in range(SLOTS_PER_DAY)]
    except (ValueError, IndexError, ClaimRefused):
        return
    for place in range(1, SLOTS_PER_DAY):
        yield (
            "runningTotal",
            point.point,
            slots[place],
            lambda place=place: [  # type: ignore[misc]
                opened.run, point, [opened.line(part, place - 1), opened.line(part, place)]
            ],
        )  # fmt: skip
    yield "dayNet", point.point, 0, lambda: [opened.run, point, opened.line(part, SLOTS_PER_DAY - 1)]
