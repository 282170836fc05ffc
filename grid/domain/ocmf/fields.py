"""Fields of OCMF records: JSON without surprises, times, register codes and exact energy."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from grid.domain.ocmf.errors import Malformed, OffSlot, WrongUnit
from grid.domain.slots import SLOT_SECONDS

MAX_WH = 10**15
"""Registers stay below this many Wh, so that every sum of them fits 64 bits."""

IMPORT, EXPORT = 0, 1
REGISTERS: Mapping[str, int] = {
    code: direction
    for direction, short, padded in ((IMPORT, "1-0:1.8.0", "01-00:01.08.00"), (EXPORT, "1-0:2.8.0", "01-00:02.08.00"))
    for form in (short, padded)
    for code in (form, f"{form}*255", f"{form}*FF")
}
"""OBIS codes of the cumulative registers, short and in OCMF's two-digit form, with and without group F."""


class Number(str):
    """A JSON number with a fraction or exponent, kept as written: its decimals carry meaning."""

    __slots__ = ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Malformed(twice[:40], "the key occurs twice", "Send every key once")
    return fields


def _no_constant(text: str) -> None:
    raise Malformed("RV", f"{text} is not a number of JSON", "Send register values as decimal numbers")


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_float=Number, parse_constant=_no_constant)


def read_object(text: str, section: str) -> dict[str, Any]:
    """Return a section's JSON object. Raises Malformed, also for a key that occurs twice."""
    try:
        value = _decoder.decode(text)
    except (ValueError, RecursionError) as error:
        if isinstance(error, Malformed):
            raise
        shown = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:80]
        raise Malformed(section, f"not valid JSON ({shown})", "Send one JSON object, UTF-8") from None
    if not isinstance(value, dict):
        raise Malformed(section, "not a JSON object", "Send one JSON object, UTF-8")
    return value


_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d),(\d{3})([+-])(\d\d):?(\d\d) ([UISR])", re.ASCII)
_TIME_REMEDY = "Send TM like 2026-07-24T13:15:00,000+0200 S"


@lru_cache(maxsize=16_384)
def read_time(text: str) -> tuple[int, str]:
    """Return (unix seconds, time state U, I, S or R) of a TM field: a slot border unless unknown.

    A street sends the same instants again and again, hence the cache.
    Raises Malformed, or OffSlot for an instant inside a slot.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise Malformed("TM", f"{text[:40]!r} is not an OCMF time", _TIME_REMEDY)
    offset = timedelta(hours=int(match[9]), minutes=int(match[10]))
    try:
        zone = timezone(-offset if match[8] == "-" else offset)
        moment = datetime(*(int(match[part]) for part in range(1, 7)), tzinfo=zone)  # type: ignore[misc, arg-type]
    except ValueError as error:
        raise Malformed("TM", f"{text[:40]!r} is not an instant ({error})", _TIME_REMEDY) from None
    unix = int(moment.timestamp())
    if match[11] != "U" and (unix % SLOT_SECONDS or match[7] != "000"):
        raise OffSlot("TM", f"{text[:40]!r} is inside a slot", "Read registers at :00, :15, :30 and :45 of an hour")
    return unix, match[11]


_DECIMAL = re.compile(r"(\d{1,16})(?:\.(\d{1,12}))?", re.ASCII)
_WHOLE_REMEDY = "Send whole Wh, or kWh with at most three decimals that are not zero"


def read_energy(value: object, unit: object) -> int:
    """Return a register value in whole Wh. Raises Malformed or WrongUnit; nothing is ever rounded."""
    if unit == "Wh":
        decimals = 0
    elif unit == "kWh":
        decimals = 3
    else:
        raise WrongUnit("RU", f"{str(unit)[:20]!r} is not a unit of energy here", "Send RU as Wh or kWh")
    if type(value) is int:
        wh = value * (1000 if decimals else 1)
    elif isinstance(value, Number):
        match = _DECIMAL.fullmatch(value)
        if match is None:
            raise Malformed("RV", f"{value[:40]} is not a plain decimal number", _WHOLE_REMEDY)
        fraction = (match[2] or "").ljust(decimals, "0")
        if fraction[decimals:].strip("0"):
            raise WrongUnit("RV", f"{value[:40]} {unit} is not a whole number of Wh", _WHOLE_REMEDY)
        wh = int(match[1] + fraction[:decimals])
    else:
        raise Malformed("RV", f"{str(value)[:40]!r} is not a number", _WHOLE_REMEDY)
    if not 0 <= wh < MAX_WH:
        raise Malformed("RV", f"{str(value)[:40]} is outside 0 to 10^15 Wh", _WHOLE_REMEDY)
    return wh
