"""A posted run held against what its transaction moved on chain."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from grid.chain.models import ChainEvent
from grid.domain.profile import parse
from grid.domain.signers import address_text
from grid.market.models import Mandate
from grid.market.queries.mandates import active
from grid.settlement.models import RunRow, SettlementRun
from grid.settlement.queries.runs import posted_events

MOVED = "RunApplied"
_CARRIED = ("bySupplier", "byFee", "byDust", "byBalancing")


@dataclass(frozen=True, slots=True)
class ReconciledRow:
    """A row and its movements in token units.

    `moved` is what the run put on the account less what it took, `deferred` what stands open on chain:
    a receivable (negative) or a credit that waits for one (positive). `off_chain` is owed beyond the cap:
    the supplier's ordinary bill.
    """

    row: RunRow
    moved: int
    deferred: int
    off_chain: int
    agrees: bool


def reconcile(run: SettlementRun) -> list[ReconciledRow]:
    """Return every row of a posted run with what the chain did about it; empty before it is posted.

    A member's credit is paid or deferred in full; a debit up to the cap of the day is paid or becomes a
    receivable. A system row moves by its net, less what it carried of other rows' shortfall.
    """
    event = posted_events([run]).get(run.pk)
    if event is None:
        return []
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    carried: dict[str, int] = {}
    for item in ChainEvent.objects.filter(tx_hash=event.tx_hash, contract="Escrow"):
        if item.name == "RunApplied":
            for account, amount in _moves(item.args["moves"]):
                sums[account][MOVED] += amount
        elif item.name == "ShortfallCarried":
            carried = item.args
        elif "account" in item.args and "amount" in item.args:
            sums[item.args["account"]][item.name] += item.args["amount"]
    system = [address_text(address) for address in parse(run.profile.document).system_accounts]
    bearers = {address: carried.get(name, 0) for address, name in zip(system, _CARRIED, strict=True)}
    caps = _caps(run)
    return [
        _reconciled(row, sums[row.address], caps.get(row.account_id, 0), bearers.get(row.address))
        for row in run.rows.order_by("position")
    ]


def _moves(words: list[str]) -> Iterator[tuple[str, int]]:
    """Yield the account and the amount of each move: 20 bytes of address, 12 of a signed number."""
    for word in words:
        yield word[:42], int.from_bytes(bytes.fromhex(word[42:]), signed=True)


def _caps(run: SettlementRun) -> dict[int | None, int]:
    """Return the cap of the run's day by account, from the mandates that cover it."""
    accounts = [row.account_id for row in run.rows.exclude(account=None)]
    mandates = active(accounts=[key for key in accounts if key], first_day=run.day, last_day=run.day)
    return {mandate.account_id: mandate.cap_per_day for mandate in mandates if _covers(mandate, run.day)}


def _covers(mandate: Mandate, day: int) -> bool:
    return mandate.end_day is None or day < mandate.end_day


def _reconciled(row: RunRow, sums: dict[str, int], cap: int, carried: int | None) -> ReconciledRow:
    moved = sums[MOVED]
    if carried is not None:
        agrees = row.day_net == moved - sums["ReceivableBooked"] + carried
        return ReconciledRow(row, moved, -sums["ReceivableBooked"], 0, agrees)
    deferred = sums["OwedBooked"] - sums["ReceivableBooked"]
    effect = max(row.day_net, -cap)
    return ReconciledRow(row, moved, deferred, row.day_net - effect, moved + deferred == effect)
