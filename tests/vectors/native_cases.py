"""Vectors of the compact form: records that are taken, with what they say, and bad ones with their refusal."""

from typing import Any

from grid.domain import native, ocmf
from grid.domain.entries import Suite

KEY = 0xC0FFEE
START = 1_790_000_100 // 900 * 900


def _good(name: str, **batch: Any) -> dict[str, Any]:
    suite = batch["suite"]
    payload = native.build(**batch)
    raw = native.render(payload, ocmf.sign(payload, suite=suite, private_key=KEY))
    return {
        "name": name,
        "record": raw.hex(),
        "public_key": ocmf.public_key_bytes(suite, KEY).hex(),
        "serial": batch["serial"],
        "counter": batch["counter"],
        "registers": [list(reading) for reading in native.parse(raw).registers],
    }


def _bad(name: str, raw: bytes, refused: str, field: str) -> dict[str, Any]:
    return {"name": name, "record": raw.hex(), "refused": refused, "field": field}


def _registers(count: int, *, step: int = 1, has_export: bool = True) -> list[tuple[int, int, int | None]]:
    return [
        (START + 900 * step * index, 1_000_000 + 137 * index, 50_000 + 11 * index if has_export else None)
        for index in range(count)
    ]


def document() -> dict[str, Any]:
    """Return the content of native.json."""
    base: dict[str, Any] = {"serial": "CW-0001", "counter": 7, "suite": Suite.SECP256K1}
    payload = native.build(**base, registers=_registers(2))
    raw = native.render(payload, ocmf.sign(payload, suite=Suite.SECP256K1, private_key=KEY))

    def changed(place: int, value: int) -> bytes:
        return raw[:place] + bytes([value]) + raw[place + 1 :]

    zeros = bytes(64)
    start = payload[: 7 + 7 + 8]
    form = START // 900
    too_much = bytes.fromhex("80809aa6eaafe301")  # 10^15
    one = start + form.to_bytes(4, "big")
    return {
        "cases": [
            _good("two slots of both registers", **base, registers=_registers(2)),
            _good("a day of both registers", **base, registers=_registers(96)),
            _good("import only", **base, registers=_registers(4, has_export=False)),
            _good("P-256", **(base | {"suite": Suite.P256}), registers=_registers(2)),
            _good("hourly, chained", **base, registers=_registers(3, step=4), previous=bytes(range(32))),
            _good("a clock not set", **base, registers=_registers(9), synchronised=[True] * 3 + [False] * 6),
            _bad("empty", b"", "malformed", "magic"),
            _bad("only the magic", b"CWR", "malformed", "magic"),
            _bad("another version", changed(3, 2), "malformed", "version"),
            _bad("unknown suite", changed(4, 3), "unsupported-suite", "suite"),
            _bad("unknown flag", changed(5, 0x81), "malformed", "flags"),
            _bad("no serial", changed(6, 0), "malformed", "serial"),
            _bad("a control character in the serial", changed(7, 7), "malformed", "serial"),
            _bad("counter of 10^18", raw[:14] + (10**18).to_bytes(8, "big") + raw[22:], "malformed", "counter"),
            _bad("no instants", one + b"\x01\x00\x00" + zeros, "oversized", "count"),
            _bad("513 instants", one + b"\x01\x02\x01" + bytes(1026) + zeros, "oversized", "count"),
            _bad("step of 0", one + b"\x00\x00\x01\x01\x01" + zeros, "malformed", "step"),
            _bad("a value missing", raw[:-66] + raw[-64:], "malformed", "registers"),
            _bad("a value too many", raw[:-64] + b"\x00" + raw[-64:], "malformed", "registers"),
            _bad("not the shortest form", one + b"\x01\x00\x01\x81\x00\x01" + zeros, "malformed", "registers"),
            _bad("a value cut off", one + b"\x01\x00\x01\x01\x81" + zeros, "malformed", "registers"),
            _bad("10^15 Wh", one + b"\x01\x00\x01" + too_much + b"\x00" + zeros, "malformed", "registers"),
            _bad("no signature", raw[:30], "unsigned", "signature"),
            _bad("cut off in its head", raw[:20], "malformed", "record"),
        ]
    }
