"""The compact form: what is read back, what is refused and why, and that one batch has one encoding."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain import envelopes, native, ocmf
from grid.domain.entries import Suite
from grid.domain.ocmf import RecordError

KEY = 4242
BASE = 1_790_000_100 // 900 * 900
VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "vectors" / "native.json").read_text())["cases"]


def signed(payload: bytes, suite: Suite = Suite.SECP256K1) -> bytes:
    return native.render(payload, ocmf.sign(payload, suite=suite, private_key=KEY))


def batch(count: int = 3, **changes: Any) -> dict[str, Any]:
    registers = [(BASE + 900 * i, 1_000 + 137 * i, 50 + 11 * i) for i in range(count)]
    return {"serial": "CW-1", "counter": 9, "suite": Suite.SECP256K1, "registers": registers} | changes


@st.composite
def batches(draw: st.DrawFn) -> dict[str, Any]:
    count, step = draw(st.integers(1, 512)), draw(st.integers(1, 96))
    has_export = draw(st.booleans())
    rises = st.lists(st.integers(0, 10**6), min_size=count, max_size=count)
    start = draw(st.integers(0, 2**32 - 1 - 96 * 512)) * 900
    registers, totals = [], [draw(st.integers(0, 10**14)), draw(st.integers(0, 10**14))]
    imports, exports = draw(rises), draw(rises)
    for index in range(count):
        totals = [totals[0] + imports[index], totals[1] + exports[index]]
        registers.append((start + index * step * 900, totals[0], totals[1] if has_export else None))
    return {
        "serial": draw(st.text("ABC-0123 é"[:-1], min_size=1, max_size=64).filter(lambda text: text == text.strip())),
        "counter": draw(st.integers(0, 10**18 - 1)),
        "suite": draw(st.sampled_from(Suite)),
        "registers": registers,
        "previous": draw(st.none() | st.binary(min_size=32, max_size=32)),
        "synchronised": draw(st.lists(st.booleans(), min_size=count, max_size=count)),
    }


@given(batches())
def test_what_a_device_writes_is_read_back(wanted: dict[str, Any]) -> None:
    payload = native.build(**wanted)

    record = native.parse(payload + b"\x01" * 64)

    assert record.payload == payload
    assert (record.meter_serial, record.counter, record.suite) == (wanted["serial"], wanted["counter"], wanted["suite"])
    assert record.previous == wanted["previous"]
    assert [reading[:3] for reading in record.registers] == [
        (at, imported, exported or 0) for at, imported, exported in wanted["registers"]
    ]
    assert [reading.synchronised for reading in record.registers] == wanted["synchronised"]


@pytest.mark.parametrize("suite", Suite)
def test_its_signature_is_checked_like_any_other(suite: Suite) -> None:
    record = envelopes.parse(signed(native.build(**batch(suite=suite)), suite))

    ocmf.verify(record, ocmf.public_key_bytes(suite, KEY))
    with pytest.raises(ocmf.BadSignature):
        ocmf.verify(record, ocmf.public_key_bytes(suite, KEY + 1))


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_vectors(case: dict[str, Any]) -> None:
    raw = bytes.fromhex(case["record"])
    if "refused" in case:
        with pytest.raises(RecordError) as caught:
            native.parse(raw)
        assert caught.value.code == case["refused"]
        assert caught.value.field == case["field"]
        return
    record = native.parse(raw)
    assert record.meter_serial == case["serial"]
    assert record.counter == case["counter"]
    assert [list(reading) for reading in record.registers] == case["registers"]
    ocmf.verify(record, bytes.fromhex(case["public_key"]))


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_refusal(data: bytes) -> None:
    for raw in (data, native.MAGIC + data, native.MAGIC + b"\x01\x02\x00\x04CW-1" + data):
        with suppress(RecordError):
            native.parse(raw)


@given(batches(), st.data())
def test_a_changed_byte_is_refused_or_another_batch(wanted: dict[str, Any], data: st.DataObject) -> None:
    payload = native.build(**wanted)
    place = data.draw(st.integers(0, len(payload) - 1))
    other = bytearray(payload)
    other[place] ^= data.draw(st.integers(1, 255))
    before = native.parse(payload + b"\x01" * 64)
    try:
        after = native.parse(bytes(other) + b"\x01" * 64)
    except RecordError:
        return
    # One batch has one encoding: other bytes that are read say something else.
    assert _said(after) != _said(before)


def _said(record: ocmf.Record) -> tuple[Any, ...]:
    head = (record.meter_serial, record.counter, record.suite, record.previous, record.interval_seconds)
    return (*head, record.registers, record.raw[5] & 1)


@pytest.mark.parametrize(
    ("registers", "message"),
    [
        ([(BASE, 10, 0), (BASE + 900, 9, 0)], "falls"),
        ([(BASE, 10, 0), (BASE + 900, 11, 0), (BASE + 2700, 12, 0)], "equal steps"),
        ([(BASE + 1, 10, 0)], "whole slots"),
    ],
)
def test_what_the_form_cannot_hold_is_not_built(registers: list[tuple[int, int, int]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        native.build(**batch(registers=registers))
