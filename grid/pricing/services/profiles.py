"""Jurisdiction profiles come into force by a PROFILE entry, never by an edit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from grid.accounts.models import Community, Zone
from grid.domain.entries import EntryKind
from grid.domain.profile import canonical, parse
from grid.domain.slots import month_of_day
from grid.pricing.models import Profile
from grid.records import services as records


def adopt_profile(*, zone: Zone, document: Mapping[str, Any], from_day: int, now: datetime) -> Profile:
    """Put a profile in force for the zone's community from a UTC day on; the same again changes nothing.

    The log keeps the document under the zone's key. Raises ProfileError for a wrong document, and
    ValueError if the community has another profile from that day.
    """
    rules = parse(document)
    with transaction.atomic():
        community = Community.objects.select_for_update().get(pk=zone.community_id)
        known = Profile.objects.filter(community=community, from_day=from_day).first()
        if known is not None:
            if bytes(known.sha256) != rules.hash:
                raise ValueError(f"{community.slug} has another profile from day {from_day}: choose a later day")
            return known
        entry = records.NewEntry(
            kind=EntryKind.PROFILE,
            fields={"profileHash": rules.hash, "fromDay": from_day},
            scope=zone.pk,
            period=month_of_day(from_day),
            document=canonical(document),
        )
        (index,) = records.append(entries=[entry], now=now)
        return Profile.objects.create(
            community=community, from_day=from_day, document=dict(document), sha256=rules.hash, log_index=index
        )
