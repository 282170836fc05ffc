"""Releasing a hold: a person looked, and says so in the log."""

from datetime import datetime
from hashlib import sha256

from django.db import transaction

from grid.accounts.models import Role, RoleGrant, User
from grid.domain.entries import DecisionKind, EntryKind
from grid.domain.profile import canonical
from grid.domain.refusals import Refused
from grid.domain.slots import day_of, month_of_day
from grid.records.queries import log_size
from grid.records.services import NewEntry, append
from grid.sentinel.models import Hold

_MAY_RELEASE = (Role.OPERATOR, Role.METER_DATA_RESPONSIBLE)


def release(*, hold: Hold, by: User, reason: str, now: datetime) -> Hold:
    """End a hold before its time, with the reason in a DECISION entry. A repeat changes nothing.

    Settled days are not changed by it: that takes a correction run. Raises Refused: not_allowed, no_reason.
    """
    community = hold.point.zone.community_id
    if not RoleGrant.objects.filter(user=by, community=community, role__in=_MAY_RELEASE).exists():
        raise Refused("not_allowed", "Only an operator or the meter-data responsible may release a hold.")
    if not reason.strip():
        raise Refused("no_reason", "Say why the hold is released.")
    with transaction.atomic():
        hold = Hold.objects.select_for_update(of=("self",)).select_related("point__zone").get(pk=hold.pk)
        if hold.released_at is not None:
            return hold
        document = {
            "decision": "override",
            "hold": hold.log_index,
            "by": by.pk,
            "reason": reason.strip(),
        }
        content = canonical(document)
        entry = NewEntry(
            kind=EntryKind.DECISION,
            fields={
                "decisionKind": int(DecisionKind.OVERRIDE),
                "zone": hold.point.zone.word,
                "slot": hold.slot,
                "version": 0,
                "value": 0,
                "inputLogSize": log_size(),
                "contentHash": sha256(content).digest(),
            },
            scope=hold.point_id,
            period=month_of_day(day_of(hold.slot)),
            document=content,
        )
        append(entries=[entry], now=now)
        hold.released_at = now
        hold.save(update_fields=["released_at"])
        return hold
