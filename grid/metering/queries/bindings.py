"""Which binding holds: of those that cover a day, the one recorded last."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from grid.metering.models import Binding


class BindingBook:
    """Bindings, looked up by day. A later record overrules an earlier one without editing it."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        self._of_point: dict[UUID, list[Binding]] = defaultdict(list)
        self._of_meter: dict[int, list[Binding]] = defaultdict(list)
        for binding in sorted(bindings, key=lambda binding: binding.pk, reverse=True):
            self._of_point[binding.point_id].append(binding)
            self._of_meter[binding.meter_id].append(binding)

    def of_point(self, point: UUID, day: int) -> Binding | None:
        """Return the binding of a point on a UTC day."""
        return next((binding for binding in self._of_point.get(point, ()) if _covers(binding, day)), None)

    def of_meter(self, meter: int, day: int) -> Binding | None:
        """Return the binding of a meter on a UTC day."""
        return next((binding for binding in self._of_meter.get(meter, ()) if _covers(binding, day)), None)

    def first_day(self) -> int | None:
        """Return the first day any of them covers."""
        return min((binding.from_day for mine in self._of_point.values() for binding in mine), default=None)

    def borders(self, point: UUID) -> set[int]:
        """Return the days on which a point's binding may change."""
        mine = self._of_point.get(point, ())
        return {b.from_day for b in mine} | {b.to_day for b in mine if b.to_day is not None}


def bindings_as_known(*, point: UUID, known_at: datetime | None = None) -> BindingBook:
    """Return the bindings of a point, only those that had been recorded by `known_at` if it is given."""
    found = Binding.objects.filter(point=point).select_related("meter", "account", "point")
    return BindingBook(found if known_at is None else found.filter(recorded_at__lte=known_at))


def binding_at(*, point: UUID, day: int, known_at: datetime | None = None) -> Binding | None:
    """Return the binding of a point on a UTC day, as it was known at some time, or now."""
    return bindings_as_known(point=point, known_at=known_at).of_point(point, day)


def bindings_of(*, meters: Collection[int]) -> BindingBook:
    """Return the bindings of some meters."""
    return BindingBook(Binding.objects.filter(meter__in=meters))


def _covers(binding: Binding, day: int) -> bool:
    return binding.from_day <= day and (binding.to_day is None or day < binding.to_day)
