"""Which binding holds: of those that cover a day, the one recorded last."""

from collections.abc import Collection, Iterable
from uuid import UUID

from grid.metering.models import Binding


class BindingBook:
    """Bindings, looked up by day. A later record overrules an earlier one without editing it."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        self._newest_first = sorted(bindings, key=lambda binding: binding.pk, reverse=True)

    def of_point(self, point: UUID, day: int) -> Binding | None:
        """Return the binding of a point on a UTC day."""
        return next((b for b in self._newest_first if b.point_id == point and _covers(b, day)), None)

    def of_meter(self, meter: int, day: int) -> Binding | None:
        """Return the binding of a meter on a UTC day."""
        return next((b for b in self._newest_first if b.meter_id == meter and _covers(b, day)), None)

    def first_day(self) -> int | None:
        """Return the first day any of them covers."""
        return min((binding.from_day for binding in self._newest_first), default=None)

    def borders(self, point: UUID) -> set[int]:
        """Return the days on which a point's binding may change."""
        mine = [b for b in self._newest_first if b.point_id == point]
        return {b.from_day for b in mine} | {b.to_day for b in mine if b.to_day is not None}


def bindings_of(*, meters: Collection[int]) -> BindingBook:
    """Return the bindings of some meters."""
    return BindingBook(Binding.objects.filter(meter__in=meters))


def _covers(binding: Binding, day: int) -> bool:
    return binding.from_day <= day and (binding.to_day is None or day < binding.to_day)
