"""The charts of the prosumer pages."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from grid.accounts.pages import formats
from grid.accounts.pages.charts import KILOWATT, Chart, Series, price_unit
from grid.metering.models import Interval
from grid.portal.queries.forecasts import Quantiles
from grid.portal.queries.prices import SlotPrice
from grid.portal.queries.statements import StatementView
from grid.portal.story import price_outlook


def price_chart(prices: Mapping[int, SlotPrice], now_slot: int, currency: str, csv_url: str) -> Chart:
    """The local price against what the supplier charges and pays."""
    slots = sorted(prices)
    return Chart(
        id="prices",
        title=_("Price of the next 24 hours"),
        unit=price_unit(currency),
        slots=slots,
        now=now_slot,
        csv_url=csv_url,
        summary=price_outlook([prices[slot] for slot in slots if slot >= now_slot], currency),
        series=[
            Series(_("Supplier charges"), [prices[slot].import_price for slot in slots], "import", dashed=True),
            Series(_("Neighbours"), [prices[slot].local for slot in slots], "price"),
            Series(_("Supplier pays"), [prices[slot].export_price for slot in slots], "export", dashed=True),
        ],
    )


def outlook_chart(
    slots: range,
    now_slot: int,
    metered: Mapping[int, Interval],
    draw: Mapping[int, Quantiles],
    feed: Mapping[int, Quantiles],
    csv_url: str,
) -> Chart:
    """A home's forecast with its band, and what was metered so far."""
    series = [
        _band(_("Draw, forecast"), slots, draw, "import"),
        Series(_("Draw, metered"), _metered(metered, slots, "import_wh"), "import"),
    ]
    if feed or any(row.export_wh for row in metered.values()):
        series += [
            _band(_("Feed-in, forecast"), slots, feed, "export"),
            Series(_("Feed-in, metered"), _metered(metered, slots, "export_wh"), "export"),
        ]
    return Chart(
        id="outlook",
        title=_("Your home: forecast and reality"),
        unit=KILOWATT,
        slots=slots,
        now=now_slot,
        csv_url=csv_url,
        summary=_outlook_words(draw, feed, now_slot),
        series=series,
    )


def day_chart(slots: range, metered: Mapping[int, Interval], csv_url: str) -> Chart:
    """A local day of readings."""
    imported = sum(row.import_wh for row in metered.values())
    exported = sum(row.export_wh for row in metered.values())
    return Chart(
        id="day",
        title=_("The day in quarter hours"),
        unit=KILOWATT,
        slots=slots,
        csv_url=csv_url,
        summary=_("%(imported)s drawn from the grid, %(exported)s fed in.")
        % {"imported": formats.energy(imported), "exported": formats.energy(exported)},
        series=[
            Series(_("Draw"), _metered(metered, slots, "import_wh"), "import"),
            Series(_("Feed-in"), _metered(metered, slots, "export_wh"), "export"),
        ],
        empty=_("There are no readings of this day."),
    )


def statement_chart(view: StatementView, csv_url: str) -> Chart:
    """What was metered and how much of it was traded with neighbours."""
    lines = [pair.line for pair in view.lines]
    sums = view.sums
    return Chart(
        id="statement",
        title=_("Energy of the day"),
        unit=KILOWATT,
        slots=[line.slot for line in lines],
        csv_url=csv_url,
        summary=_(
            "%(imported)s drawn, of which %(bought)s ordered from neighbours; "
            "%(exported)s fed in, of which %(sold)s promised to neighbours."
        )
        % {
            "imported": formats.energy(sums.import_wh),
            "bought": formats.energy(sums.bought_wh),
            "exported": formats.energy(sums.export_wh),
            "sold": formats.energy(sums.sold_wh),
        },
        series=[
            Series(_("Drawn"), [line.import_wh for line in lines], "import"),
            Series(_("Bought from neighbours"), [line.bought_wh for line in lines], "import", dashed=True),
            Series(_("Fed in"), [line.export_wh for line in lines], "export"),
            Series(_("Sold to neighbours"), [line.sold_wh for line in lines], "export", dashed=True),
        ],
    )


def _band(label: str, slots: Sequence[int], forecast: Mapping[int, Quantiles], tone: str) -> Series:
    return Series(
        label,
        [forecast[slot].p50 if slot in forecast else None for slot in slots],
        tone,
        low=[forecast[slot].p10 if slot in forecast else None for slot in slots],
        high=[forecast[slot].p90 if slot in forecast else None for slot in slots],
        dashed=True,
    )


def _metered(metered: Mapping[int, Interval], slots: Sequence[int], name: str) -> list[int | None]:
    return [getattr(metered[slot], name) if slot in metered else None for slot in slots]


def _outlook_words(draw: Mapping[int, Quantiles], feed: Mapping[int, Quantiles], now_slot: int) -> str:
    coming_draw = {slot: value for slot, value in draw.items() if slot >= now_slot}
    coming_feed = {slot: value for slot, value in feed.items() if slot >= now_slot}
    if not coming_draw and not coming_feed:
        return _("The next forecast is on its way.")
    words = _("Expected until %(time)s: %(draw)s drawn from the grid, %(feed)s fed in.") % {
        "time": formats.slot_moment(max([*coming_draw, *coming_feed]) + 1),
        "draw": formats.energy(sum(value.p50 for value in coming_draw.values())),
        "feed": formats.energy(sum(value.p50 for value in coming_feed.values())),
    }
    best = max(coming_feed.items(), key=lambda item: item[1].p50, default=None)
    if best is not None and best[1].p50 > 0:
        words += " " + _("Most sun at %(time)s: a good time for washing and charging.") % {
            "time": formats.clock(best[0])
        }
    return words
