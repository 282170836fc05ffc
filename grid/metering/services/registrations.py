"""What the registry says of meters, kept in this process: keys, state and bindings, as ingest needs them.

Every change of a meter, its keys or its bindings raises the meter's `registry_version` (by trigger). A look-up here
may be old; whoever stores a record compares versions under the log's lock, where the registry cannot change, and
checks again what has changed.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

CACHE_LIMIT = 200_000
"""Meters; about 1 kB each."""


@dataclass(frozen=True, slots=True)
class Key:
    """A meter's public key and the counters it is good for (end exclusive)."""

    suite: str
    public_key: bytes
    from_counter: int
    to_counter: int | None


@dataclass(frozen=True, slots=True)
class Bound:
    """A point that has the meter, from a UTC day to another (end exclusive)."""

    point: UUID
    from_day: int
    to_day: int | None


@dataclass(frozen=True, slots=True)
class Registration:
    """A meter as the registry had it at a version."""

    meter: int
    serial: str
    state: str
    version: int
    keys: tuple[Key, ...]
    """By rank: the key that counts where two fit comes first."""
    bindings: tuple[Bound, ...]
    """The one that counts where two cover a day comes first."""

    def point(self, day: int) -> UUID | None:
        """Return the point that has the meter on a UTC day."""
        for bound in self.bindings:
            if bound.from_day <= day and (bound.to_day is None or day < bound.to_day):
                return bound.point
        return None


_known: dict[str, Registration] = {}

_METERS = "SELECT id, serial, state, registry_version FROM metering_meter WHERE serial = ANY(%s)"
_KEYS = """
    SELECT meter_id, suite, public_key, from_counter, to_counter FROM metering_meterkey
    WHERE meter_id = ANY(%s) ORDER BY from_counter DESC, id DESC
"""
_BINDINGS = """
    SELECT meter_id, point_id, from_day, to_day FROM metering_binding WHERE meter_id = ANY(%s) ORDER BY id DESC
"""


def lookup(serials: Collection[str]) -> dict[str, Registration]:
    """Return the registrations of meters, from memory where they are there; an unknown meter is absent."""
    found = {serial: _known[serial] for serial in serials if serial in _known}
    if len(found) < len(serials):
        found |= load(set(serials) - found.keys())
    return found


def load(serials: Collection[str]) -> dict[str, Registration]:
    """Return the registrations of meters as they are in the database."""
    with connection.cursor() as cursor:
        # The version first: a change between these statements is one that the version does not count yet.
        cursor.execute(_METERS, [list(serials)])
        meters = cursor.fetchall()
        ids = [meter for meter, *_ in meters]
        keys: dict[int, list[Key]] = {meter: [] for meter in ids}
        cursor.execute(_KEYS, [ids])
        for meter, suite, public_key, *counters in cursor.fetchall():
            keys[meter].append(Key(suite, bytes(public_key), *counters))
        bindings: dict[int, list[Bound]] = {meter: [] for meter in ids}
        cursor.execute(_BINDINGS, [ids])
        for meter, *bound in cursor.fetchall():
            bindings[meter].append(Bound(*bound))
    loaded = {
        serial: Registration(meter, serial, state, version, tuple(keys[meter]), tuple(bindings[meter]))
        for meter, serial, state, version in meters
    }
    for serial in serials:
        _known.pop(serial, None)
    if len(_known) + len(loaded) > CACHE_LIMIT:
        _known.clear()
    _known.update(loaded)
    return loaded
