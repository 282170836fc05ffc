"""OCMF vectors, good and bad, for the strict parser and for the quick one alike."""

import json
from pathlib import Path
from typing import Any

import pytest

from grid.domain import envelopes, ocmf

VECTORS: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parents[1] / "vectors" / "ocmf.json").read_text())


@pytest.mark.parametrize("case", VECTORS["good"], ids=lambda case: case["name"])
def test_good(case: dict[str, Any]) -> None:
    record = envelopes.parse(case["record"])
    assert (record.meter_serial, record.pagination, record.counter) == (
        case["serial"],
        case["pagination"],
        case["counter"],
    )
    assert [list(reading) for reading in record.registers] == case["registers"]
    assert len(record.dropped) == case["dropped"]
    ocmf.verify(record, bytes.fromhex(case["public_key"]))


@pytest.mark.parametrize("case", VECTORS["bad"], ids=lambda case: case["name"])
def test_bad(case: dict[str, Any]) -> None:
    with pytest.raises(ocmf.RecordError) as caught:
        envelopes.parse(case["record"])
    assert caught.value.code == case["refused"]
    assert caught.value.field
    assert caught.value.remedy


def test_a_forged_digit_breaks_the_signature() -> None:
    (case,) = VECTORS["forged"]
    with pytest.raises(ocmf.BadSignature):
        ocmf.verify(envelopes.parse(case["record"]), bytes.fromhex(case["public_key"]))
