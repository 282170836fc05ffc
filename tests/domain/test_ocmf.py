"""OCMF records: what is accepted, what is refused and why."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain import ocmf
from grid.domain.entries import Suite

BASE = 1_790_000_100 // 900 * 900
KEY = 4242
READING = {"TM": "2026-07-24T13:15:00,000+0200 S", "RV": 1000, "RI": "1-0:1.8.0", "RU": "Wh", "ST": "G"}


def signed(payload: bytes, suite: Suite = Suite.P256, **fields: str) -> str:
    text = ocmf.render(payload, suite=suite, signature=ocmf.sign(payload, suite=suite, private_key=KEY))
    if fields:
        head, body, signature = text.split("|")
        text = f"{head}|{body}|{json.dumps(json.loads(signature) | fields)}"
    return text


def record(readings: list[dict[str, Any]], **fields: Any) -> str:
    payload = {"FV": "1.3", "PG": "F1", "MS": "M1"} | fields | {"RD": readings}
    return signed(json.dumps({key: value for key, value in payload.items() if value is not None}).encode())


def refusal(text: str | bytes) -> ocmf.RecordError:
    with pytest.raises(ocmf.RecordError) as caught:
        ocmf.parse(text)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("suite", Suite)
@pytest.mark.parametrize("has_export", [True, False])
@pytest.mark.parametrize("base64", [True, False])
def test_what_a_device_writes_is_read_back(suite: Suite, has_export: bool, base64: bool) -> None:
    registers = [(BASE + 900 * i, 1000 + 7 * i, 500 + i if has_export else None) for i in range(96)]
    payload = ocmf.build_payload(serial="CW-1", counter=9, registers=registers, previous=b"\x07" * 32)
    text = ocmf.render(payload, suite=suite, signature=ocmf.sign(payload, suite=suite, private_key=KEY), base64=base64)

    parsed = ocmf.parse(text)

    assert parsed.raw == text.encode()
    assert parsed.payload == payload
    assert (parsed.meter_serial, parsed.pagination, parsed.counter, parsed.suite) == ("CW-1", "F", 9, suite)
    assert parsed.registers == tuple((at, imported, exported or 0, True) for at, imported, exported in registers)
    assert (parsed.previous, parsed.interval_seconds) == (b"\x07" * 32, 900)
    ocmf.verify(parsed, ocmf.public_key_bytes(suite, KEY))


@pytest.mark.parametrize("suite", Suite)
def test_changed_digit_or_other_key_breaks_the_signature(suite: Suite) -> None:
    text = signed(ocmf.build_payload(serial="CW-1", counter=9, registers=[(BASE, 1234, 0)]), suite)
    public_key = ocmf.public_key_bytes(suite, KEY)

    for bad, key in ((text.replace("1234", "1235"), public_key), (text, ocmf.public_key_bytes(suite, KEY + 1))):
        with pytest.raises(ocmf.BadSignature):
            ocmf.verify(ocmf.parse(bad), key)


def test_white_space_in_the_payload_is_part_of_what_is_signed() -> None:
    payload = json.dumps({"PG": "F1", "MS": "M1", "RD": [READING]}, indent=1).encode()

    parsed = ocmf.parse(signed(payload))

    assert parsed.payload == payload
    ocmf.verify(parsed, ocmf.public_key_bytes(Suite.P256, KEY))


def test_suite_is_p256_and_encoding_hex_unless_said_otherwise() -> None:
    payload = json.dumps({"PG": "F1", "MS": "M1", "RD": [READING]}).encode()
    signature = ocmf.sign(payload, suite=Suite.P256, private_key=KEY)

    parsed = ocmf.parse(f'OCMF|{payload.decode()}|{{"SD":"{signature.hex()}"}}')

    ocmf.verify(parsed, ocmf.public_key_bytes(Suite.P256, KEY))


@pytest.mark.parametrize(
    ("value", "unit", "wh"),
    [
        ("1000", "Wh", 1000),
        ("1000.000", "Wh", 1000),
        ("2935.601", "kWh", 2_935_601),
        ("2935.6", "kWh", 2_935_600),
        ("2935.6010000", "kWh", 2_935_601),
        ("7", "kWh", 7000),
        ("0", "Wh", 0),
    ],
)
def test_energy_is_exact(value: str, unit: str, wh: int) -> None:
    text = record([READING | {"RV": 0, "RU": unit}]).replace('"RV": 0', f'"RV": {value}')

    assert ocmf.parse(text).registers[0].import_wh == wh


@pytest.mark.parametrize(
    ("value", "unit", "code"),
    [
        ("1000.5", "Wh", "wrong-unit"),
        ("1.0005", "kWh", "wrong-unit"),
        ("5", "MWh", "wrong-unit"),
        ("5", "kvarh", "wrong-unit"),
        ("1e3", "Wh", "malformed"),
        ("1E999999999", "kWh", "malformed"),
        ("-1", "Wh", "malformed"),
        ("-0.5", "Wh", "malformed"),
        ("NaN", "Wh", "malformed"),
        ("Infinity", "Wh", "malformed"),
        ('"1000"', "Wh", "malformed"),
        ("true", "Wh", "malformed"),
        ("null", "Wh", "malformed"),
        ("9" * 5000, "Wh", "malformed"),
        ("9" * 4290, "kWh", "malformed"),
        ("1000000000000000", "Wh", "malformed"),
    ],
)
def test_energy_that_is_not_exact_is_refused(value: str, unit: str, code: str) -> None:
    error = refusal(record([READING | {"RV": 0, "RU": unit}]).replace('"RV": 0', f'"RV": {value}'))

    assert error.code == code


@pytest.mark.parametrize("code", ["1-0:1.8.0", "1-0:1.8.0*255", "1-0:1.8.0*FF", "01-00:01.08.00", "01-00:01.08.00*FF"])
def test_register_code_has_several_spellings(code: str) -> None:
    assert ocmf.parse(record([READING | {"RI": code}])).registers[0].import_wh == 1000


def test_readings_inherit_what_they_leave_out_except_the_value() -> None:
    readings = [
        READING | {"RV": 1.5, "RU": "kWh"},
        {"RV": 0.25, "RI": "1-0:2.8.0"},
        {"TM": "2026-07-24T13:30:00,000+0200 I", "RV": 1.75, "RI": "1-0:1.8.0"},
        {"RV": 0.5, "RI": "1-0:2.8.0"},
    ]

    first, second = ocmf.parse(record(readings)).registers

    assert first[1:] == (1500, 250, True)
    assert second == (first.at + 900, 1750, 500, False)
    assert refusal(record([READING, {"TM": "2026-07-24T13:30:00,000+0200 S"}])).field == "RD[1].RV"


def test_time_is_read_with_its_offset() -> None:
    for text in ("2026-07-24T13:15:00,000+0200 S", "2026-07-24T11:15:00,000+0000 R", "2026-07-24T05:45:00,000-05:30 S"):
        assert ocmf.parse(record([READING | {"TM": text}])).registers[0].at == 1_784_891_700


@pytest.mark.parametrize(
    ("time", "code"),
    [
        ("2026-07-24T13:15:00,000+0200", "malformed"),
        ("2026-07-24T13:15:00.000+0200 S", "malformed"),
        ("2026-07-24T13:15:00,000 S", "malformed"),
        ("2026-13-24T13:15:00,000+0200 S", "malformed"),
        ("2026-07-24T13:15:00,000+9900 S", "malformed"),
        ("2026-07-24T13:15:00,000+0200 X", "malformed"),
        ("２026-07-24T13:15:00,000+0200 S", "malformed"),
        ("2026-07-24T13:15:01,000+0200 S", "off-slot"),
        ("2026-07-24T13:15:00,001+0200 S", "off-slot"),
        ("2026-07-24T13:20:00,000+0200 S", "off-slot"),
    ],
)
def test_time_that_is_no_slot_border_is_refused(time: str, code: str) -> None:
    error = refusal(record([READING | {"TM": time}]))

    assert error.code == code
    assert error.field == "RD[0].TM"


def test_unusable_readings_are_dropped_beside_good_ones() -> None:
    times = [f"2026-07-24T13:{minute}:00,000+0200 S" for minute in ("00", "15", "30", "45")]
    readings = [READING | {"TM": time, "RV": 1000 + index} for index, time in enumerate(times)]
    readings[1]["ST"] = "F"
    readings[2]["EF"] = "E"
    readings[3]["EF"] = ""  # flags are inherited like all else
    readings.append(READING | {"TM": "1970-01-01T00:00:07,000+0000 U"})

    parsed = ocmf.parse(record(readings))

    assert [reading.import_wh for reading in parsed.registers] == [1000, 1003]
    assert len(parsed.dropped) == 3


def test_half_an_unusable_instant_is_dropped_as_a_whole() -> None:
    later = {"TM": "2026-07-24T13:30:00,000+0200 S", "RV": 1100, "RI": "1-0:1.8.0", "ST": "G"}
    readings = [READING, {"RV": 5, "RI": "1-0:2.8.0", "ST": "T"}, later, {"RV": 9, "RI": "1-0:2.8.0"}]

    parsed = ocmf.parse(record(readings))

    assert [reading[1:3] for reading in parsed.registers] == [(1100, 9)]


def test_record_without_any_usable_reading_is_refused() -> None:
    assert refusal(record([READING | {"ST": "N"}])).code == "nothing-usable"
    assert refusal(record([READING | {"TM": "1970-01-01T00:00:07,000+0000 U"}])).code == "clock-unsynchronised"


def test_other_registers_are_ignored() -> None:
    voltage = {"RV": 230.1, "RI": "1-0:32.7.0", "RU": "V"}

    parsed = ocmf.parse(record([READING, voltage]))

    assert parsed.registers[0].import_wh == 1000


EXPORT = {"RV": 1, "RI": "1-0:2.8.0"}
LATER = {"TM": "2026-07-24T13:30:00,000+0200 S", "RV": 1, "RI": "1-0:1.8.0"}
EARLIER = {"TM": "2026-07-24T13:00:00,000+0200 S", "RV": 1}


@pytest.mark.parametrize(
    ("readings", "fields", "field"),
    [
        ([], {}, "RD"),
        (None, {}, "RD"),
        ({}, {}, "RD"),
        (["x"], {}, "RD[0]."),
        ([READING, READING], {}, "RD[1].RI"),
        ([READING, EARLIER], {}, "RD[1].TM"),
        ([READING, EXPORT, LATER], {}, "RD"),
        ([READING | {"RI": "1-0:2.8.0"}], {}, "RD"),
        ([{"RV": 1}], {}, "RD[0].TM, RI, ST"),
        ([READING | {"TM": []}], {}, "RD[0].TM, RI, ST"),
        ([READING | {"EF": 1}], {}, "RD[0].TM, RI, ST"),
        ([READING], {"FV": "2.0"}, "FV"),
        ([READING], {"MS": None}, "MS"),
        ([READING], {"MS": ""}, "MS"),
        ([READING], {"MS": "x" * 65}, "MS"),
        ([READING], {"MS": "line\nbreak"}, "MS"),
        ([READING], {"MS": 7}, "MS"),
        ([READING], {"PG": None}, "PG"),
        ([READING], {"PG": "7"}, "PG"),
        ([READING], {"PG": "F07"}, "PG"),
        ([READING], {"PG": "F" + "9" * 30}, "PG"),
        ([READING], {"UH": "zz"}, "UH"),
        ([READING], {"UI": 0}, "UI"),
        ([READING], {"UI": True}, "UI"),
    ],
)
def test_malformed_payload_names_the_field(readings: Any, fields: dict[str, Any], field: str) -> None:
    error = refusal(record(readings, **fields))

    assert error.code == "malformed"
    assert error.field == field


GOOD = record([READING])
HEAD, PAYLOAD, SIGNATURE = GOOD.split("|")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "malformed"),
        ("OCMF", "malformed"),
        ("ocmf|{}|{}", "malformed"),
        (f" {GOOD}", "malformed"),
        (f"{GOOD}|key", "malformed"),
        (f"{GOOD}\n{GOOD}", "malformed"),
        (GOOD.encode() + b"\xff", "malformed"),
        ("OCMF|" + "\ud800" + "|{}", "malformed"),
        (f"OCMF|{{|{SIGNATURE}", "malformed"),
        (f"OCMF|[]|{SIGNATURE}", "malformed"),
        (f"OCMF|{'[' * 30_000}|{SIGNATURE}", "malformed"),
        (f'OCMF|{PAYLOAD[:-1]},"MS":"M2"}}|{SIGNATURE}', "malformed"),
        (f"OCMF|{PAYLOAD}|[]", "malformed"),
        (f'OCMF|{PAYLOAD}|{{"SD":"00","SD":"01"}}', "malformed"),
        (f'OCMF|{PAYLOAD}|{{"SD":"xyz"}}', "malformed"),
        (f'OCMF|{PAYLOAD}|{{"SD":7}}', "malformed"),
        (f'OCMF|{PAYLOAD}|{{"SE":"base64","SD":"@@"}}', "malformed"),
        (f"OCMF|{PAYLOAD}", "unsigned"),
        (f"OCMF|{PAYLOAD}|", "unsigned"),
        (f"OCMF|{PAYLOAD}|{{}}", "unsigned"),
        (f'OCMF|{PAYLOAD}|{{"SD":""}}', "unsigned"),
        (f'OCMF|{PAYLOAD}|{{"SA":"ECDSA-secp192r1-SHA256","SD":"00"}}', "unsupported-suite"),
        (f'OCMF|{PAYLOAD}|{{"SA":["x"],"SD":"00"}}', "unsupported-suite"),
        (f'OCMF|{PAYLOAD}|{{"SE":["hex"],"SD":"00"}}', "unsupported-suite"),
        (f'OCMF|{PAYLOAD}|{{"SM":"text/plain","SD":"00"}}', "unsupported-suite"),
        (f'OCMF|{PAYLOAD}|{{"SD":"{"00" * 81}"}}', "oversized"),
        (GOOD + " " * ocmf.MAX_RECORD_BYTES, "oversized"),
        ("OCMF|" + "é" * 40_000, "oversized"),
        (record([READING] * 513), "oversized"),
    ],
)
def test_text_that_is_no_record_is_refused(text: str | bytes, code: str) -> None:
    assert refusal(text).code == code


@given(st.text(max_size=300) | st.binary(max_size=300))
def test_any_text_is_parsed_or_refused(text: str | bytes) -> None:
    with pytest.raises(ocmf.RecordError):
        ocmf.parse(text)


@given(st.integers(0, len(GOOD) - 1), st.characters())
def test_any_change_of_one_character_is_refused_or_breaks_the_signature(position: int, character: str) -> None:
    changed = GOOD[:position] + character + GOOD[position + 1 :]
    if changed == GOOD:
        return
    try:
        parsed = ocmf.parse(changed)
        ocmf.verify(parsed, ocmf.public_key_bytes(Suite.P256, KEY))
    except ocmf.RecordError:
        return
    # What is left are changes of the signature section that say the same: hex digits and white space.
    assert parsed.payload == PAYLOAD.encode()
    assert parsed.signature == ocmf.parse(GOOD).signature
