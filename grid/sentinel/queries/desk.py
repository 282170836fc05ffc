"""Flags and holds as the operator and the owners see them."""

from datetime import datetime

from django.db.models import Q

from grid.accounts.models import Account, Zone
from grid.domain.slots import SLOTS_PER_DAY
from grid.metering.models import Binding
from grid.sentinel.models import Flag, Hold, Rule

_MEANING = {
    Rule.REGISTER_FELL: "The register was {before} and then {after}: it fell by more than a rollover explains.",
    Rule.OVER_CAPACITY: "{importWh} Wh in and {exportWh} Wh out; at most {importLimit} and {exportLimit} Wh can flow.",
    Rule.COUNTER_GAP: "Record {counter} of meter {meter} follows record {before}: records in between are missing.",
    Rule.COUNTER_FORK: "Meter {meter} signed two different records with counter {counter}.",
    Rule.ZONE_BALANCE: "Members add up to {membersWh} Wh, the feeder to {feederWh} Wh; {toleranceWh} Wh may differ.",
}


def flags(zone: Zone, *, limit: int = 50) -> list[Flag]:
    """Return a zone's flags, newest first, with the holds they placed."""
    rows = zone.flags.select_related("point").prefetch_related("holds")
    return list(rows.order_by("-raised_at", "-id")[:limit])


def in_words(flag: Flag) -> str:
    """Return what was seen, from the flag's details."""
    return _MEANING[Rule(flag.rule)].format(**flag.details)


def active_holds(zone: Zone, *, now: datetime) -> list[Hold]:
    """Return the holds of a zone that still keep a slot out of local settlement."""
    rows = Hold.objects.filter(point__zone=zone, released_at=None, ends_at__gt=now)
    return list(rows.select_related("point", "flag").order_by("slot", "point_id"))


def holds_of_account(account: Account) -> list[Hold]:
    """Return the holds on an account's own points, for the days the points were the account's; newest first."""
    mine = Q()
    for binding in Binding.objects.filter(account=account):
        span = Q(point_id=binding.point_id, slot__gte=binding.from_day * SLOTS_PER_DAY)
        if binding.to_day is not None:
            span &= Q(slot__lt=binding.to_day * SLOTS_PER_DAY)
        mine |= span
    if not mine:
        return []
    return list(Hold.objects.filter(mine).select_related("point", "flag").order_by("-slot", "point_id"))
