"""Meters of a zone one by one: what waits for a person, what happened, and slots with all their versions."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from grid.accounts.models import Zone
from grid.domain.lifecycle import ApplicationState, ProposalState
from grid.domain.refusals import Refused
from grid.metering.models import (
    Application,
    Binding,
    BindingProposal,
    ClaimCode,
    ExceptionState,
    Interval,
    IntervalEdit,
    Meter,
    MeteringPoint,
    SlotException,
)
from grid.metering.services import key_changes
from grid.operators.queries.health import MeterView

PAGE = 50


@dataclass(frozen=True)
class Waiting:
    """How much waits in a zone's queues."""

    applications: int
    exceptions: int


@dataclass(frozen=True)
class SlotVersion:
    """One version of a slot, and the edit that wrote it, if a person did."""

    row: Interval
    newest: bool
    edit: IntervalEdit | None


def waiting(zone: Zone) -> Waiting:
    """Applications to decide and exceptions to look at."""
    return Waiting(
        Application.objects.filter(zone=zone, state=ApplicationState.PENDING).count(),
        SlotException.objects.filter(point__zone=zone, state=ExceptionState.OPEN).count(),
    )


def matching(views: list[MeterView], *, text: str, state: str) -> list[MeterView]:
    """The meters whose serial or point has the text and that are in the state; empty means any."""
    wanted = text.strip().lower()
    return [
        view
        for view in views
        if (not state or view.state == state)
        and (wanted in view.binding.meter.serial.lower() or wanted in view.binding.point.name.lower())
    ]


def meter_in(zones: QuerySet[Zone], meter_id: int) -> tuple[Meter, Zone] | None:
    """A meter and its zone, if it belongs to one of these zones."""
    meter = Meter.objects.filter(pk=meter_id).first()
    if meter is None:
        return None
    try:
        zone = key_changes.zone_of(meter)
    except Refused:
        return None
    found = zones.filter(pk=zone.pk).first()
    return None if found is None else (meter, found)


def pending(zone: Zone) -> QuerySet[Application]:
    """Applications to decide, oldest first."""
    return Application.objects.filter(zone=zone, state=ApplicationState.PENDING).order_by("asked_at")


def decided(zone: Zone, limit: int = 20) -> QuerySet[Application]:
    """The last decisions about claims."""
    rows = Application.objects.filter(zone=zone, claim__isnull=False).exclude(state=ApplicationState.PENDING)
    return rows.select_related("decided_by", "meter").order_by("-decided_at")[:limit]


def unbound(zone: Zone) -> QuerySet[Meter]:
    """Registered meters that no point has had yet."""
    rows = Meter.objects.filter(applications__zone=zone, applications__state=ApplicationState.APPROVED)
    return rows.filter(bindings__isnull=True).distinct().order_by("serial")


def open_codes(zone: Zone, *, now: datetime) -> int:
    """Claim codes that can still be used."""
    return ClaimCode.objects.filter(zone=zone, used_at__isnull=True, expires_at__gt=now).count()


def proposals(zone: Zone) -> QuerySet[BindingProposal]:
    """Bindings that wait for their member."""
    rows = BindingProposal.objects.filter(point__zone=zone, state=ProposalState.OPEN)
    return rows.select_related("point", "meter", "account").order_by("-proposed_at")


def bindings(meter: Meter, *, known_at: datetime | None) -> QuerySet[Binding]:
    """The meter's bindings, the last recorded first, as they were known at a moment."""
    rows = Binding.objects.filter(meter=meter).select_related("point", "account")
    return rows.filter(Q(recorded_at__lte=known_at) if known_at else Q()).order_by("-pk")


def exceptions(zone: Zone, *, state: str) -> QuerySet[SlotException]:
    """Exceptions of the zone in a state, newest slots first."""
    rows = SlotException.objects.filter(point__zone=zone, state=state).select_related("point", "decided_by")
    return rows.order_by("-first_slot", "point__name", "rule")


def versions(point: MeteringPoint, slots: range, *, known_at: datetime | None) -> list[SlotVersion]:
    """Every version of the slots that was known at a moment, by slot, newest version first."""
    rows = Interval.objects.filter(point=point, slot__gte=slots.start, slot__lt=slots.stop)
    if known_at is not None:
        rows = rows.filter(known_at__lte=known_at)
    edits = list(
        IntervalEdit.objects.filter(point=point, first_slot__lt=slots.stop, last_slot__gte=slots.start)
        .select_related("by")
        .order_by("-pk")
    )
    found: list[SlotVersion] = []
    for row in rows.order_by("slot", "-version"):
        newest = not found or found[-1].row.slot != row.slot
        # The DECISION stands before its INTERVALs in the log, appended in the same moment.
        edit = next((e for e in edits if e.at == row.known_at and e.first_slot <= row.slot <= e.last_slot), None)
        found.append(SlotVersion(row, newest, edit))
    return found
