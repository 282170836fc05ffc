"""Is everything moving: meters, flags, log, outbox, settlement."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from grid.accounts.models import Zone
from grid.chain.models import Block, ChainHalt, ChainTx, ChainTxState
from grid.chain.queries import halted, troubled
from grid.domain.slots import SLOT_SECONDS, day_of, slot_of
from grid.metering.models import Binding, MeterState
from grid.records.models import Checkpoint
from grid.records.queries import latest_anchored, latest_signed, log_size
from grid.sentinel.models import Flag
from grid.settlement.models import RunState, SettlementRun

SILENT_AFTER = timedelta(seconds=4 * SLOT_SECONDS)
"""A meter that said nothing for four slots counts as silent."""

WAITING = (ChainTxState.QUEUED, ChainTxState.SIGNED, ChainTxState.SENT, ChainTxState.MINED)

TROUBLES_SHOWN = 5
"""Transactions with an error that a page names; the number of all stands beside."""


@dataclass(frozen=True)
class LogHealth:
    """How far the log is signed and anchored, and since when the oldest entry outside waits."""

    size: int
    signed: Checkpoint | None
    anchored: Checkpoint | None

    @property
    def unanchored(self) -> int:
        """Entries that no anchored checkpoint covers."""
        return self.size - (0 if self.anchored is None else self.anchored.size)


@dataclass(frozen=True)
class Outbox:
    """Transactions on their way, those that need a person or a look, and whether the market is halted."""

    waiting: int
    oldest_at: datetime | None
    stuck: int
    head: Block | None
    troubles: list[ChainTx]
    halt: ChainHalt | None


@dataclass(frozen=True)
class MeterView:
    """A point's present meter and how it behaves."""

    binding: Binding
    silent: bool
    flags: int

    @property
    def state(self) -> str:
        """`revoked`, `silent`, `flagged` or `ok`, the worst first."""
        if self.binding.meter.state == MeterState.REVOKED:
            return "revoked"
        return "silent" if self.silent else "flagged" if self.flags else "ok"


def log_health() -> LogHealth:
    """The log's size, its newest checkpoint and its newest anchored one."""
    return LogHealth(log_size(), latest_signed(), latest_anchored())


def checkpoints(limit: int = 20) -> list[Checkpoint]:
    """The newest checkpoints."""
    return list(Checkpoint.objects.select_related("chain_tx").order_by("-size")[:limit])


def outbox(*, now: datetime) -> Outbox:
    """The chain queue of the whole platform."""
    waiting = Q(state__in=WAITING)
    stuck = Q(state__in=(ChainTxState.REVERTED, ChainTxState.DEAD))
    sums = ChainTx.objects.aggregate(
        waiting=Count("id", filter=waiting), oldest=Min("created_at", filter=waiting), stuck=Count("id", filter=stuck)
    )
    return Outbox(
        waiting=sums["waiting"],
        oldest_at=sums["oldest"],
        stuck=sums["stuck"],
        head=Block.objects.order_by("-number").first(),
        troubles=list(troubled(now=now)[:TROUBLES_SHOWN]),
        halt=halted(),
    )


def meters(zone: Zone, *, now: datetime) -> list[MeterView]:
    """Every point's meter of today: silent and flagged ones first."""
    today = day_of(slot_of(int(now.timestamp())))
    since = now - timedelta(days=7)
    bindings = (
        Binding.objects.filter(point__zone=zone, from_day__lte=today)
        .filter(Q(to_day__isnull=True) | Q(to_day__gt=today))
        .select_related("point", "meter")
        .order_by("point__name", "point_id", "-id")
    )
    recent = Flag.objects.filter(zone=zone, raised_at__gte=since).order_by()
    counts = dict(recent.values_list("point_id").annotate(Count("id")))
    newest: dict[UUID, Binding] = {}
    for binding in bindings:
        newest.setdefault(binding.point_id, binding)
    views = [
        MeterView(
            binding,
            binding.meter.last_seen_at is None or now - binding.meter.last_seen_at > SILENT_AFTER,
            counts.get(binding.point_id, 0),
        )
        for binding in newest.values()
    ]
    return sorted(views, key=lambda view: ("revoked", "silent", "flagged", "ok").index(view.state))


def runs(zone: Zone, limit: int = 60) -> QuerySet[SettlementRun]:
    """Settlement runs, newest day first."""
    rows = SettlementRun.objects.filter(zone=zone).select_related("checkpoint", "chain_tx")
    return rows.order_by("-day", "-sequence")[:limit]


def unposted_runs(zone: Zone) -> int:
    """Runs that the contract has not accepted yet."""
    states = (RunState.COMPUTED, RunState.POSTING, RunState.REJECTED)
    return SettlementRun.objects.filter(zone=zone, state__in=states).count()
