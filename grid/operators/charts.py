"""The charts of the operator's desk."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from grid.accounts.pages import formats
from grid.accounts.pages.charts import KILOWATT, Chart, Series, price_unit
from grid.forecasts.models import ForecastRun, Target
from grid.metering.queries import SlotTotal
from grid.operators.queries.load import Quantiles, energy_of
from grid.operators.queries.market import PriceCurve


def forecast_chart(
    target: Target,
    slots: range,
    now_slot: int,
    expected: Mapping[int, Quantiles],
    actual: Mapping[int, SlotTotal],
    run: ForecastRun | None,
    csv_url: str,
) -> Chart:
    """A zone's forecast band against what was metered."""
    tone = "import" if target == Target.IMPORT else "export"
    titles = {
        Target.IMPORT: _("Demand of the zone: forecast and reality"),
        Target.EXPORT: _("Feed-in of the zone: forecast and reality"),
    }
    real = [energy_of(actual[slot], target) if slot in actual else None for slot in slots]
    return Chart(
        id=f"forecast-{target}",
        title=titles[target],
        unit=KILOWATT,
        slots=slots,
        now=now_slot,
        csv_url=csv_url,
        summary=_forecast_words(target, now_slot, expected, actual, run),
        series=[
            Series(
                _("Forecast (P50)"),
                _column(expected, slots, 1),
                tone,
                low=_column(expected, slots, 0),
                high=_column(expected, slots, 2),
                dashed=True,
            ),
            Series(_("Metered"), real, "actual"),
        ],
    )


def price_chart(curve: PriceCurve, slots: range, now_slot: int, currency: str, csv_url: str) -> Chart:
    """Signal, auction prices and the supplier's tariff."""
    coming = {slot: price for slot, price in curve.signal.items() if slot >= now_slot}
    if coming:
        low, high = min(coming, key=lambda slot: coming[slot]), max(coming, key=lambda slot: coming[slot])
        summary = _("Signal to come: from %(low)s at %(low_time)s to %(high)s at %(high_time)s.") % {
            "low": formats.price(coming[low], currency),
            "low_time": formats.clock(low),
            "high": formats.price(coming[high], currency),
            "high_time": formats.clock(high),
        }
    else:
        summary = _("No price has been published for the time to come.")
    return Chart(
        id="curve",
        title=_("Price curve"),
        unit=price_unit(currency),
        slots=slots,
        now=now_slot,
        csv_url=csv_url,
        summary=summary,
        series=[
            Series(_("Supplier import"), _values(curve.import_price, slots), "import", dashed=True),
            Series(_("Signal"), _values(curve.signal, slots), "price", dashed=True),
            Series(_("Auction"), _values(curve.cleared, slots), "actual"),
            Series(_("Supplier export"), _values(curve.export_price, slots), "export", dashed=True),
        ],
    )


def _column(expected: Mapping[int, Quantiles], slots: Sequence[int], at: int) -> list[int | None]:
    return [expected[slot][at] if slot in expected else None for slot in slots]


def _values(prices: Mapping[int, int], slots: Sequence[int]) -> list[int | None]:
    return [prices.get(slot) for slot in slots]


def _forecast_words(
    target: Target,
    now_slot: int,
    expected: Mapping[int, Quantiles],
    actual: Mapping[int, SlotTotal],
    run: ForecastRun | None,
) -> str:
    """Model and time of the forecast, its peak to come, and how the past of the chart went."""
    if run is None:
        return _("No forecast has been made yet.")
    model = run.model or _("unknown model")
    words = [_("Issued %(time)s by %(model)s.") % {"time": formats.moment(run.cutoff), "model": model}]
    if run.fallback_reason:
        words.append(_("Fallback: %(reason)s.") % {"reason": run.fallback_reason})
    coming = {slot: value for slot, value in expected.items() if slot >= now_slot}
    if coming:
        slot = max(coming, key=lambda each: coming[each].p50)
        words.append(
            _("Peak to come: %(power)s at %(time)s, between %(low)s and %(high)s in 8 of 10 cases.")
            % {
                "power": formats.power(coming[slot].p50),
                "time": formats.clock(slot),
                "low": formats.power(coming[slot].p10),
                "high": formats.power(coming[slot].p90),
            }
        )
    both = [(expected[slot], energy_of(actual[slot], target)) for slot in actual if slot in expected]
    if both:
        inside = sum(value.p10 <= real <= value.p90 for value, real in both)
        words.append(
            _("%(inside)d of %(all)d metered quarter hours lie inside the band.") % {"inside": inside, "all": len(both)}
        )
    return " ".join(words)
