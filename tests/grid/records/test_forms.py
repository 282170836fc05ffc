"""What an entry takes in its block, and that it comes back exactly, whatever its numbers are."""

from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.domain.entries import DecisionKind, EntryKind
from grid.records import blocks, queries
from grid.records.models import EntryBlock, Word
from grid.records.queries.blocks import following
from grid.records.services import NewEntry, append
from tests.grid.records.support import NOW, PERIOD, POINT, ZONE, profile, slot_energy

pytestmark = pytest.mark.django_db

UINT = st.integers(0, 2**64 - 2)
INDEX = st.none() | UINT
WORDS = st.sampled_from([b"\x01" * 32, b"\x02" * 32, bytes(32)])


def back(entries: list[NewEntry]) -> list[dict[str, Any]]:
    """Append entries, check that each reads back with its document, and return the layouts of their blocks."""
    first = queries.log_size()
    with transaction.atomic():
        indices = append(entries=entries, now=NOW)
    for entry, index in zip(entries, indices, strict=True):
        found = queries.entry(index)
        fields = found.fields
        del fields["salt"]
        assert (found.kind, fields, found.document) == (entry.kind, entry.fields, entry.document)
    return [vars_of(block) for block in following(first, 10)]


def vars_of(block: blocks.Block) -> dict[str, Any]:
    layout = blocks.layout_of(block)
    return {"form": layout.form, "width": layout.sizes[0], "kinds": len(layout.kinds)}


def test_slot_energy_stands_in_columns() -> None:
    (layout,) = back([slot_energy(1_900_000 + number) for number in range(100)])

    assert layout == {"form": 1, "width": 15, "kinds": 1}
    assert Word.objects.count() == 1


def test_a_length_does_not_tell_what_a_home_did() -> None:
    """Blocks of one home, at rest or feeding in: the same number of bytes."""
    quiet = slot_energy(1, importWh=0, exportWh=0, importStart=0, importEnd=0, exportStart=0, exportEnd=0)
    busy = slot_energy(
        1,
        importWh=4_000,
        exportWh=9_000,
        importStart=9**9,
        importEnd=9**9 + 4_000,
        exportStart=8**9,
        exportEnd=8**9 + 9_000,
    )
    assert [back([entry])[0]["width"] for entry in (quiet, busy)] == [14, 14]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_slot_energy_comes_back(data: st.DataObject) -> None:
    entries = []
    for slot in range(data.draw(st.integers(1, 4))):
        changed = {
            name: data.draw(kind, label=name)
            for name, kind in {
                "importWh": UINT,
                "exportWh": UINT,
                "quality": st.sampled_from([0, 9, 10, 2**40]),
                "version": UINT,
                "supersedes": INDEX,
                "bindingIndex": INDEX,
                "importStart": UINT,
                "importEnd": UINT,
                "exportStart": UINT,
                "exportEnd": UINT,
                "modulus": UINT,
                "meterStart": WORDS,
                "meterEnd": WORDS,
                "readingStart": INDEX,
                "readingEnd": INDEX,
                "interpolated": st.booleans(),
            }.items()
        }
        entries.append(slot_energy(slot, point=data.draw(st.sampled_from([POINT, UUID(int=2**127)])), **changed))
    with transaction.atomic():
        assert {layout["form"] for layout in back(entries)} == {1}
        transaction.set_rollback(True)


@pytest.mark.parametrize("changed", [{"registersCommitment": bytes(32)}, {"point": b"\x01" * 32}])
def test_what_columns_would_not_give_back_stands_in_words(changed: dict[str, Any]) -> None:
    odd = slot_energy(2)
    (layout,) = back([slot_energy(1), replace(odd, fields=odd.fields | changed)])
    assert layout["form"] == 0


def test_kinds_may_be_mixed() -> None:
    (layout,) = back([slot_energy(1), profile(2, document=b"rules"), slot_energy(3)])
    assert (layout["form"], layout["kinds"]) == (0, 3)


@pytest.mark.parametrize("bound", [True, False])
def test_a_document_stands_once_with_its_hash_or_under_a_tag(bound: bool) -> None:
    content = b"why this price" * 30
    fields: dict[str, Any] = {
        "decisionKind": int(DecisionKind.PRICE),
        "zone": ZONE.int.to_bytes(32, "big"),
        "slot": 5,
        "version": 0,
        "value": -110_000,
        "inputLogSize": 7,
        "contentHash": sha256(content).digest() if bound else bytes(32),
    }
    back([NewEntry(EntryKind.DECISION, fields, ZONE, PERIOD, content)])

    stored = len(EntryBlock.objects.get().data)
    assert stored < 90
