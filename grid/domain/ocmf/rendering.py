"""Rendering: what a device writes. Compact by inheritance, about 100 bytes a slot."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from json import dumps

from grid.domain.entries import Suite
from grid.domain.ocmf.records import INTERVAL_KEY, PREVIOUS_KEY
from grid.domain.ocmf.signatures import SUITE_NAMES
from grid.domain.slots import SLOT_SECONDS


@lru_cache(maxsize=16_384)
def format_time(unix: int, state: str = "S") -> str:
    """Return an instant as OCMF writes it, UTC, with the state of the meter's clock."""
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%S,000+0000 ") + state


def build_payload(
    *,
    serial: str,
    counter: int,
    registers: Sequence[tuple[int, int, int | None]],
    previous: bytes | None = None,
    vendor: str = "Commonwatt",
    model: str = "Virtual 1",
    clock: str = "S",
) -> bytes:
    """Return the payload of a fiscal record.

    `registers` holds (unix seconds, import Wh, export Wh) per slot border, in order; export None for a
    meter without that register. `previous` is the SHA-256 of the meter's previous record, whole text.
    """
    head: dict[str, str | bool | int] = {
        "FV": "1.3",
        "GI": "Commonwatt",
        "GS": serial,
        "PG": f"F{counter}",
        "MV": vendor,
        "MM": model,
    }
    head |= {"MS": serial, "IS": False, INTERVAL_KEY: SLOT_SECONDS}
    if previous is not None:
        head[PREVIOUS_KEY] = previous.hex()
    readings: list[str] = []
    for at, import_wh, export_wh in registers:
        first = ',"RU":"Wh","RT":"AC","ST":"G"' if not readings else ""
        # Without an export register the code never changes, so it is inherited too.
        code = ',"RI":"1-0:1.8.0"' if export_wh is not None or not readings else ""
        readings.append(f'{{"TM":"{format_time(at, clock)}","RV":{import_wh}{code}{first}}}')
        if export_wh is not None:
            readings.append(f'{{"RV":{export_wh},"RI":"1-0:2.8.0"}}')
    text = dumps(head, separators=(",", ":"))
    return f'{text[:-1]},"RD":[{",".join(readings)}]}}'.encode()


def render(payload: bytes, *, suite: Suite, signature: bytes, base64: bool = False) -> str:
    """Return the whole record: payload as signed, and the DER signature in hex or base64."""
    fields = {"SA": SUITE_NAMES[suite]}
    if base64:
        fields |= {"SE": "base64", "SD": b64encode(signature).decode()}
    else:
        fields["SD"] = signature.hex()
    return f"OCMF|{payload.decode()}|{dumps(fields, separators=(',', ':'))}"
