"""Vectors of OCMF records: good ones with what they say, bad ones with their refusal."""

import json
from typing import Any

from grid.domain import ocmf
from grid.domain.entries import Suite

KEY = 0xC0FFEE
START = 1_790_000_100 // 900 * 900
READING = {"TM": ocmf.format_time(START), "RV": 1000, "RI": "1-0:1.8.0", "RU": "Wh", "ST": "G"}


def _signed(payload: bytes, suite: Suite, *, base64: bool = False) -> str:
    signature = ocmf.sign(payload, suite=suite, private_key=KEY)
    return ocmf.render(payload, suite=suite, signature=signature, base64=base64)


def _good(name: str, payload: bytes, suite: Suite, *, base64: bool = False) -> dict[str, Any]:
    text = _signed(payload, suite, base64=base64)
    record = ocmf.parse(text)
    return {
        "name": name,
        "record": text,
        "public_key": ocmf.public_key_bytes(suite, KEY).hex(),
        "serial": record.meter_serial,
        "pagination": record.pagination,
        "counter": record.counter,
        "registers": [list(reading) for reading in record.registers],
        "dropped": len(record.dropped),
    }


def _payload(*readings: dict[str, Any], **fields: Any) -> bytes:
    content = {"FV": "1.3", "MS": "CW-0001", "PG": "F7"} | fields | {"RD": list(readings)}
    return json.dumps({key: value for key, value in content.items() if value is not None}).encode()


def _built(count: int, *, has_export: bool = True) -> bytes:
    registers = [(START + 900 * i, 1_000_000 + 137 * i, 50_000 + 11 * i if has_export else None) for i in range(count)]
    return ocmf.build_payload(serial="CW-0001", counter=7, registers=registers)


def _later(slots: int, **changes: Any) -> dict[str, Any]:
    return READING | {"TM": ocmf.format_time(START + 900 * slots), "RV": 1000 + slots} | changes


def _good_cases() -> list[dict[str, Any]]:
    kwh = READING | {"RV": 35.742, "RU": "kWh"}
    local = READING | {"TM": "2026-09-21T16:15:00,000+0200 S"}
    return [
        _good("P-256, hex", _built(2), Suite.P256),
        _good("P-256, base64", _built(2), Suite.P256, base64=True),
        _good("secp256k1, hex", _built(2), Suite.SECP256K1),
        _good("secp256k1, base64", _built(2), Suite.SECP256K1, base64=True),
        _good("a day of both registers", _built(96), Suite.SECP256K1),
        _good("import only", _built(4, has_export=False), Suite.P256),
        _good("kWh with decimals", _payload(kwh), Suite.P256),
        _good("local time with its offset", _payload(local), Suite.P256),
        _good("two-digit register code", _payload(READING | {"RI": "01-00:01.08.00*FF"}), Suite.P256),
        _good("informative time", _payload(READING | {"TM": ocmf.format_time(START, "I")}), Suite.P256),
        _good("an instant with an error flag is left out", _payload(READING, _later(1, EF="E")), Suite.P256),
        _good("other registers are ignored", _payload(READING, READING | {"RI": "1-0:3.8.0"}), Suite.P256),
        _good("within a transaction", _payload(READING, PG="T1"), Suite.P256),
        _good("escapes and spaces", _payload(READING, GI='with "quotes" and ü'), Suite.P256),
    ]


def _bad_cases() -> dict[str, tuple[str, str]]:
    """Return (record, code) by name."""
    good = _signed(_payload(READING), Suite.P256)
    section = good.split("|")[2]

    def of(*readings: dict[str, Any], **fields: Any) -> str:
        return _signed(_payload(*readings, **fields), Suite.P256)

    def signature(**fields: Any) -> str:
        return f"OCMF|{good.split('|')[1]}|{json.dumps(json.loads(section) | fields)}"

    twice = _payload(READING).replace(b'"MS"', b'"MS": "CW-0002", "MS"')
    return {
        "empty": ("", "malformed"),
        "another format": ("OCPP|{}|{}", "malformed"),
        "a fourth section": (good + "|{}", "malformed"),
        "something before": (" " + good, "malformed"),
        "payload no JSON": (f"OCMF|{{|{section}", "malformed"),
        "payload no object": (f"OCMF|[]|{section}", "malformed"),
        "a key twice": (_signed(twice, Suite.P256), "malformed"),
        "format 2": (of(READING, FV="2.0"), "malformed"),
        "no serial": (of(READING, MS=None), "malformed"),
        "no counter": (of(READING, PG=None), "malformed"),
        "counter with a leading zero": (of(READING, PG="F07"), "malformed"),
        "no readings": (of(), "malformed"),
        "no register value": (of({key: value for key, value in READING.items() if key != "RV"}), "malformed"),
        "value as text": (of(READING | {"RV": "1000"}), "malformed"),
        "negative": (of(READING | {"RV": -1}), "malformed"),
        "fraction of a Wh": (of(READING | {"RV": 0.5}), "wrong-unit"),
        "kvarh": (of(READING | {"RU": "kvarh"}), "wrong-unit"),
        "time goes back": (of(_later(1), READING), "malformed"),
        "a register twice": (of(READING, READING), "malformed"),
        "export at one instant only": (of(READING, READING | {"RI": "1-0:2.8.0"}, _later(1)), "malformed"),
        "no such day": (of(READING | {"TM": "2026-02-30T00:00:00,000+0000 S"}), "malformed"),
        "inside a slot": (of(READING | {"TM": "2026-09-21T14:16:00,000+0000 S"}), "off-slot"),
        "every time unknown": (of(READING | {"TM": ocmf.format_time(START, "U")}), "clock-unsynchronised"),
        "every reading bad": (of(READING | {"ST": "M"}), "nothing-usable"),
        "513 readings": (of(*[READING] * 513), "oversized"),
        "64 KiB and more": (good + " " * 65_536, "oversized"),
        "no signature section": ("|".join(good.split("|")[:2]), "unsigned"),
        "empty signature": (signature(SD=""), "unsigned"),
        "another algorithm": (signature(SA="ECDSA-brainpool256r1-SHA256"), "unsupported-suite"),
        "another encoding": (signature(SE="base32"), "unsupported-suite"),
        "signature no hex": (signature(SD="zz"), "malformed"),
    }


def document() -> dict[str, Any]:
    """Return the content of ocmf.json."""
    forged = _signed(_built(2), Suite.SECP256K1).replace("1000137", "1000138")
    bad = [{"name": name, "record": record, "refused": code} for name, (record, code) in _bad_cases().items()]
    return {
        "good": _good_cases(),
        "bad": bad,
        "forged": [{"record": forged, "public_key": ocmf.public_key_bytes(Suite.SECP256K1, KEY).hex()}],
    }
