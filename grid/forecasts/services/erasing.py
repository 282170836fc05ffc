"""A point's forecasts of an erased month go with it: they say nearly what the point used."""

from datetime import date, timedelta
from uuid import UUID

from grid.domain.slots import SLOTS_PER_DAY, day_of_date
from grid.forecasts.models import ForecastPoint
from grid.records.services.erasure import register_projection


def register() -> None:
    """Take part in erasures."""
    register_projection("forecast values", _remove)


def _remove(scope: UUID, period: date) -> int:
    after = (period + timedelta(days=31)).replace(day=1)
    first, end = day_of_date(period) * SLOTS_PER_DAY, day_of_date(after) * SLOTS_PER_DAY
    rows = ForecastPoint.objects.filter(run__point_id=scope, slot__gte=first, slot__lt=end)
    return rows.delete()[0]
