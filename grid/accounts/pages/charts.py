"""A chart as data: series over slots, the same in the drawing, the table beside it and its summary.

Values are integers in base units; `Unit` says by what the drawing divides them and how the table says
them. The drawing is for the eye only, so that every chart also has a summary in words and a table.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from grid.accounts.pages import formats
from grid.domain.slots import SLOT_SECONDS


@dataclass(frozen=True)
class Unit:
    """How base units are drawn: axis label, divisor, digits."""

    label: Any
    divisor: int
    digits: int


KILOWATT = Unit("kW", 250, 2)
"""Wh in a 15-minute slot as average power."""


def price_unit(currency: str) -> Unit:
    """Micro-currency per kWh in cents per kWh."""
    return Unit(formats.price_unit(currency), 10_000, 2)


@dataclass(frozen=True)
class Series:
    """A line over the chart's slots; `low` and `high` shade a band around it.

    `tone` names a colour of the style sheet: import, export, price, actual, muted.
    """

    label: Any
    values: Sequence[int | None]
    tone: str
    low: Sequence[int | None] | None = None
    high: Sequence[int | None] | None = None
    dashed: bool = False


@dataclass(frozen=True)
class Chart:
    """Series over one range of slots. `now` draws the border between past and future."""

    id: str
    title: Any
    unit: Unit
    slots: Sequence[int]
    series: Sequence[Series]
    summary: str
    csv_url: str = ""
    now: int | None = None
    empty: Any = field(default=_("There is nothing to draw yet."))

    @property
    def has_data(self) -> bool:
        return any(value is not None for series in self.series for value in series.values)

    @property
    def data_id(self) -> str:
        """The id of the page's element that holds `payload`."""
        return f"{self.id}-data"

    @property
    def payload(self) -> dict[str, Any]:
        """What the script draws: x in unix seconds, labels in local time, values in base units."""
        return {
            "title": str(self.title),
            "unit": str(self.unit.label),
            "divisor": self.unit.divisor,
            "digits": self.unit.digits,
            "x": [slot * SLOT_SECONDS for slot in self.slots],
            "labels": [formats.clock(slot) for slot in self.slots],
            "now": None if self.now is None else self.now * SLOT_SECONDS,
            "series": [
                {
                    "label": str(series.label),
                    "tone": series.tone,
                    "values": list(series.values),
                    "low": None if series.low is None else list(series.low),
                    "high": None if series.high is None else list(series.high),
                    "dashed": series.dashed,
                }
                for series in self.series
            ],
        }

    @property
    def head(self) -> list[str]:
        """Column heads of the table, the time column left out."""
        heads: list[str] = []
        for series in self.series:
            heads.append(str(series.label))
            if series.low is not None and series.high is not None:
                heads += [f"{series.label} P10", f"{series.label} P90"]
        return heads

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """Rows of the table: local time, then the values of `head`."""
        columns: list[Sequence[int | None]] = []
        for series in self.series:
            columns.append(series.values)
            if series.low is not None and series.high is not None:
                columns += [series.low, series.high]
        return [
            (formats.slot_moment(slot), [self._text(column[at]) for column in columns])
            for at, slot in enumerate(self.slots)
        ]

    def _text(self, value: int | None) -> str:
        if value is None:
            return "–"
        return formats.decimal(value, self.unit.divisor, self.unit.digits)
