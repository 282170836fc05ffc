"""The quick parser gives the strict one's answer, whatever it is given."""

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain import envelopes, ocmf
from grid.domain.entries import Suite
from grid.metering.services import parsing
from tests.vectors import ocmf_cases

BASE = 1_790_000_100 // 900 * 900
CASES: list[dict[str, Any]] = ocmf_cases.document()["good"]


def answer(parse: Any, text: str | bytes) -> Any:
    try:
        return parse(text)
    except ocmf.RecordError as error:
        return type(error), error.field, error.detail


def same(text: str | bytes) -> Any:
    strict = answer(envelopes.parse, text)
    assert answer(parsing.parse, text) == strict
    return strict


times = st.integers(0, 8).map(lambda slot: ocmf.format_time(BASE + 900 * slot)) | st.sampled_from(
    ["2026-09-21T14:16:00,000+0000 S", "", ocmf.format_time(BASE, "U"), ocmf.format_time(BASE, "I")]
)
values = st.integers(-1, 10**16) | st.sampled_from([0.5, 35.742, 1e300, "1", None, True])
readings = st.fixed_dictionaries(
    {},
    optional={
        "TM": times,
        "RV": values,
        "RI": st.sampled_from(["1-0:1.8.0", "1-0:2.8.0", "1-0:3.8.0", "01-00:01.08.00*FF"]),
        "RU": st.sampled_from(["Wh", "kWh", "kvarh"]),
        "ST": st.sampled_from(["G", "M"]),
        "EF": st.sampled_from(["", "E", "t"]),
        "RT": st.sampled_from(["AC", 1]),
        "CL": st.just(0),
    },
)
first = {"TM": ocmf.format_time(BASE), "RV": 1, "RI": "1-0:1.8.0", "RU": "Wh", "ST": "G"}
heads = st.fixed_dictionaries(
    {},
    optional={
        "FV": st.sampled_from(["1.3", "2.0", 1]),
        "PG": st.sampled_from(["F1", "T1", "F01", "F", 1]),
        "MS": st.sampled_from(["CW-1", "", "ü", " x", 5]),
        "GI": st.text(max_size=5),
        "IS": st.booleans() | st.just("no"),
        "UI": st.sampled_from([900, 0, 90_000, "900", True]),
        "UH": st.sampled_from(["ab" * 32, "ab", "zz" * 32, "AB " * 21 + "A"]),
        "XX": st.just(1),
    },
)


@given(heads, st.lists(readings, max_size=4), st.sampled_from(['"MS":"CW-1",', '"RV":1,', '"XX":1,"XX":2,', ""]))
def test_on_records_that_are_nearly_right(head: dict[str, Any], tail: list[dict[str, Any]], doubled: str) -> None:
    content = json.dumps({"PG": "F1", "MS": "CW-1"} | head | {"RD": [first, *tail]}, ensure_ascii=False)
    payload = content.replace("{", "{" + doubled, 1)
    same(f'OCMF|{payload}|{{"SD":"3000"}}')


@given(st.data())
def test_on_records_with_a_changed_byte(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(CASES))["record"].encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    same(bytes(raw))


@pytest.mark.parametrize(
    "signature",
    [
        '{"SD":"3000","SD":"3001"}',
        '{"SA":"ECDSA-secp256k1-SHA256","SD":""}',
        '{"SD":"30 00"}',
        '{"SD":"3000","SE":"hex"}',
    ],
)
def test_on_signature_sections(signature: str) -> None:
    payload = ocmf.build_payload(serial="CW-1", counter=1, registers=[(BASE, 1, 2)])
    same(f"OCMF|{payload.decode()}|{signature}")


def test_on_instants_before_1970() -> None:
    registers = [(900 * slot, 100 + slot, 50 + slot) for slot in range(-3, 3)]
    payload = ocmf.build_payload(serial="CW-1", counter=1, registers=registers)
    record = same(f'OCMF|{payload.decode()}|{{"SD":"3000"}}')
    assert [reading[:3] for reading in record.registers] == registers


def test_a_usual_record_takes_the_quick_way() -> None:
    registers = [(BASE + 900 * index, 1_000 + index, index) for index in range(96)]
    payload = ocmf.build_payload(serial="CW-1", counter=1, registers=registers, previous=bytes(32))
    text = ocmf.render(payload, suite=Suite.P256, signature=ocmf.sign(payload, suite=Suite.P256, private_key=5))
    assert parsing._quick(text) == envelopes.parse(text)


@given(st.binary(max_size=200) | st.text(max_size=200) | st.binary(max_size=60).map(lambda b: b"CWR\x01\x01" + b))
def test_on_anything(data: bytes | str) -> None:
    same(data)
    same(b64encode(data if isinstance(data, bytes) else data.encode(errors="replace")))
