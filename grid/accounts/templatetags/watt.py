"""Filters that say energy, money, prices and times in the reader's locale (see `pages.formats`)."""

from datetime import datetime

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from grid.accounts.pages import formats

register = template.Library()

register.filter("energy", formats.energy)
register.filter("power", formats.power)
register.filter("clock", formats.clock)
register.filter("clock_range", formats.clock_range)
register.filter("moment", formats.moment)
register.filter("slot_moment", formats.slot_moment)
register.filter("day", formats.day)
register.filter("calendar_day", formats.calendar_day)
register.filter("short_day", formats.short_day)
register.filter("span", formats.span)


@register.filter
def money(units: int | None, currency: str) -> str:
    """Token units as an amount of currency."""
    return formats.money(units, currency)


@register.filter
def credit(units: int | None, currency: str) -> str:
    """Token units with a sign: plus for money that comes in."""
    return formats.money(units, currency, signed=True)


@register.filter
def fine_credit(units: int | None, currency: str) -> str:
    """A signed amount with four digits, for single slots whose cents would all be zero."""
    return formats.money(units, currency, digits=4, signed=True)


@register.filter
def price(micro: int | None, currency: str) -> str:
    """Micro-currency per kWh with its unit."""
    return formats.price(micro, currency)


@register.filter
def bare_price(micro: int | None, currency: str) -> str:
    """A price without its unit, which stands in the table's head."""
    return formats.price(micro, currency, unit=False)


@register.filter
def price_unit(currency: str) -> str:
    """The unit of prices in this currency."""
    return formats.price_unit(currency)


@register.filter
def permille(value: int) -> str:
    """Thousandths as a plain ratio with two digits."""
    return formats.decimal(value, 1000, 2)


@register.filter
def percent(value: int) -> str:
    """Thousandths as a percentage."""
    return f"{formats.decimal(value, 10, 0)}{formats.NARROW}%"


@register.filter
def kilowatt(watt: int) -> str:
    """Watts as kW with one digit."""
    return f"{formats.decimal(watt, 1000, 1)}{formats.NARROW}kW"


@register.filter
def wh(value: int | None) -> str:
    """Whole watt-hours with grouped digits."""
    return "–" if value is None else formats.decimal(value, 1, 0)


@register.filter
def hexadecimal(value: bytes | memoryview | None) -> str:
    """Bytes as 0x hex."""
    return "–" if value is None else "0x" + bytes(value).hex()


@register.filter
def iso(value: datetime) -> str:
    """An instant for a `<time>` element, in UTC."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


@register.filter
def slot_iso(slot: int) -> str:
    """A slot's start for a `<time>` element, in UTC."""
    return iso(formats.slot_start(slot))


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decorative icon of the sprite."""

    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("icons.svg"),
        name,
    )
