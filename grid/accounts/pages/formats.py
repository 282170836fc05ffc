"""Numbers and times in a reader's words and locale. Integers in, text out; the only place of local time."""

from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, gettext

from grid.domain.slots import date_of_day, slot_start

MINUS = "\u2212"
NARROW = "\u202f"
_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}
_CENTS = {"EUR": "ct", "USD": "¢", "GBP": "p"}


def _number(value: Decimal, digits: int) -> str:
    """A number with its digits after the point; zero never has a sign."""
    text = number_format(abs(value), decimal_pos=digits, use_l10n=True, force_grouping=True)
    negative = round(value, digits) < 0
    return f"{MINUS}{text}" if negative else text


def decimal(value: int, divisor: int, digits: int) -> str:
    """An integer in base units as a number of `divisor` of them."""
    return _number(Decimal(value) / divisor, digits)


def energy(wh: int | None) -> str:
    """`1234` Wh as "1.23 kWh"; Wh below 100, MWh from 10,000 kWh on; a dash for nothing known."""
    if wh is None:
        return "–"
    if 0 < abs(wh) < 100:
        return f"{_number(Decimal(wh), 0)}{NARROW}Wh"
    if abs(wh) >= 10_000_000:
        return f"{_number(Decimal(wh) / 1_000_000, 2)}{NARROW}MWh"
    return f"{_number(Decimal(wh) / 1000, 2)}{NARROW}kWh"


def power(wh: int | None) -> str:
    """The average power of a 15-minute slot's energy: `250` Wh as "1.00 kW"."""
    return "–" if wh is None else f"{_number(Decimal(wh) / 250, 2)}{NARROW}kW"


def money(units: int | None, currency: str, *, digits: int = 2, signed: bool = False) -> str:
    """Token units (6 decimals) as "€1.20" or "1,20 €"; `signed` puts a plus before a credit."""
    if units is None:
        return "–"
    value = round(Decimal(units) / 1_000_000, digits)
    text = number_format(abs(value), decimal_pos=digits, use_l10n=True, force_grouping=True)
    symbol = _SYMBOLS.get(currency, currency)
    sign = MINUS if value < 0 else "+" if signed and value > 0 else ""
    if get_language() == "de" or currency not in _SYMBOLS:
        return f"{sign}{text}\u00a0{symbol}"
    return f"{sign}{symbol}{text}"


def price(micro: int | None, currency: str, *, unit: bool = True) -> str:
    """Micro-currency per kWh as "14.3 ct/kWh"; `unit` can be left to a table's head."""
    if micro is None:
        return "–"
    cents = _number(Decimal(micro) / 10_000, 2)
    return f"{cents}{NARROW}{price_unit(currency)}" if unit else cents


def price_unit(currency: str) -> str:
    """The unit that `price` speaks in."""
    return f"{_CENTS.get(currency, 'c' + currency)}/kWh"


def clock(slot: int) -> str:
    """A slot's start on the reader's clock, "14:15"."""
    return date_format(timezone.localtime(slot_start(slot)), "H:i")


def clock_range(slot: int) -> str:
    """A slot on the reader's clock, "14:15–14:30"."""
    return f"{clock(slot)}–{clock(slot + 1)}"


def moment(value: datetime | None) -> str:
    """An instant on the reader's clock with its day, "22 Nov, 14:15"."""
    if value is None:
        return "–"
    return date_format(timezone.localtime(value), "j. M, H:i" if get_language() == "de" else "j M, H:i")


def slot_moment(slot: int) -> str:
    """A slot's start with its day."""
    return moment(slot_start(slot))


def day(number: int) -> str:
    """A UTC settlement day by its date, "Sunday, 22 November 2026"."""
    return calendar_day(date_of_day(number))


def calendar_day(value: date) -> str:
    """A date with its weekday."""
    return date_format(value, "l, j. F Y" if get_language() == "de" else "l, j F Y")


def short_day(number: int) -> str:
    """A UTC settlement day, "Sun 22 Nov"."""
    return date_format(date_of_day(number), "D j. M" if get_language() == "de" else "D j M")


def span(seconds: float) -> str:
    """A duration in the two words a person needs: "3 min", "2 h 05 min", "4 days"."""
    minutes = int(seconds) // 60
    if minutes < 1:
        return gettext("less than a minute")
    if minutes < 60:
        return gettext("%(minutes)d min") % {"minutes": minutes}
    if minutes < 48 * 60:
        return gettext("%(hours)d h %(minutes)02d min") % {"hours": minutes // 60, "minutes": minutes % 60}
    return gettext("%(days)d days") % {"days": minutes // 1440}
