"""Appending entries and reading them back."""

import json
from datetime import date
from hashlib import sha256
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries, Settings

from grid.domain import entries as domain
from grid.domain import merkle
from grid.domain.entries import EntryKind
from grid.records import queries
from grid.records.errors import Erased, LogDamaged, NotInLog
from grid.records.models import EntryBlock, LogKey, Tile
from grid.records.queries import keys as opened_keys
from grid.records.services import NewEntry, append, append_with, keys
from tests.grid.records.support import NOW, PERIOD, POINT, ZONE, grow, interval, profile, registers
from tests.rights import owner, tamper

pytestmark = pytest.mark.django_db


def stored_hashes() -> list[bytes]:
    packed = b"".join(bytes(block.hashes) for block in EntryBlock.objects.order_by("first"))
    return merkle.split_hashes(packed)


def test_entries_get_the_next_indices_and_read_back() -> None:
    assert grow(2) == [0, 1]
    assert grow(1, start=2) == [2]

    fields = queries.decoded(2)
    assert fields["fromDay"] == 2
    assert fields["profileHash"] == sha256(b"2").digest()
    assert queries.entry(2).kind is EntryKind.PROFILE


def test_every_field_survives_packing() -> None:
    with transaction.atomic():
        append(entries=[interval(1_900_000)], now=NOW)

    fields = queries.decoded(0)
    salt = fields.pop("salt")
    assert fields == interval(1_900_000).fields
    key = keys.key_for(scope=POINT, period=PERIOD, now=NOW)
    assert salt == domain.salt(key.key, "INTERVAL", position=0)


@pytest.mark.parametrize(
    "document", [b"", b"x", json.dumps({"prices": [110_000] * 96}).encode(), registers(), b"\xff" * 64]
)
def test_documents_come_back_as_they_were(document: bytes) -> None:
    with transaction.atomic():
        append(entries=[interval(7, document=document)], now=NOW)

    assert queries.document(0) == document


def test_nothing_readable_is_stored() -> None:
    with transaction.atomic():
        append(entries=[interval(7, document=b"the content of a decision")], now=NOW)

    row = EntryBlock.objects.get(first=0)
    assert b"decision" not in bytes(row.data)
    assert POINT.bytes not in bytes(row.head + row.data)


def test_a_refused_entry_takes_its_batch_and_names_its_field() -> None:
    grow(1)
    bad = NewEntry(EntryKind.PROFILE, {"profileHash": b"short", "fromDay": 1}, ZONE, PERIOD)

    with pytest.raises(ValueError, match=r"PROFILE\.profileHash"), transaction.atomic():
        append(entries=[profile(1), bad], now=NOW)

    assert queries.log_size() == 1


def test_entries_may_cite_one_another() -> None:
    grow(3)

    with transaction.atomic():
        indices = append_with(build=lambda first: [profile(first), profile(first + 1)], now=NOW)

    assert [queries.decoded(index)["fromDay"] for index in indices] == [3, 4]


def test_appending_needs_a_transaction(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match="atomic"):
        append(entries=[profile(1)], now=NOW)


def test_a_rolled_back_key_is_made_anew(transactional_db: None) -> None:
    """A key remembered from a rolled-back transaction would seal entries that nobody can open."""
    with transaction.atomic():
        grow(1)
        transaction.set_rollback(True)
    grow(1)
    opened_keys.forget()

    assert queries.decoded(0)["fromDay"] == 0


def test_tiles_hold_what_the_entries_hash_to() -> None:
    grow(300)
    grow(300, start=300)

    blocks = list(EntryBlock.objects.order_by("first"))
    assert [(block.first, block.size) for block in blocks] == [(0, 256), (256, 44), (300, 212), (512, 88)]
    hashes = stored_hashes()
    tiles = list(Tile.objects.order_by("level", "index"))
    assert [(tile.level, tile.index) for tile in tiles] == [(0, 0), (0, 1)]
    assert bytes(tiles[1].root) == merkle.root(hashes[256:512])
    assert queries.tile(0, 1) == b"".join(hashes[256:512])


def test_a_full_level_makes_a_tile_above() -> None:
    for start in range(0, 256 * 256 + 10, 13_109):
        grow(min(13_109, 256 * 256 + 10 - start), start=start)

    above = Tile.objects.get(level=1, index=0)
    below = Tile.objects.filter(level=0).order_by("index")
    assert below.count() == 256
    assert queries.tile(1, 0) == b"".join(bytes(tile.root) for tile in below)
    assert queries.root_of(256 * 256) == bytes(above.root)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 700])
def test_proofs_agree_with_a_tree_in_memory(size: int) -> None:
    grow(700)
    hashes = stored_hashes()
    tree = merkle.MerkleTree(hashes[:size])

    assert queries.root_of(size) == tree.root
    for index in {0, size // 2, size - 1}:
        proof = queries.inclusion_proof(index, size)
        assert proof == tree.inclusion_proof(index)
        merkle.verify_inclusion(hashes[index], index, size, proof, tree.root)
    assert queries.consistency_proof(size, 700) == merkle.MerkleTree(hashes).consistency_proof(size)


def test_a_proof_takes_few_queries(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    grow(1_500)
    with django_assert_max_num_queries(1):
        found = queries.inclusion(3, 1_500)
    assert found == (queries.leaf_hash(3), queries.inclusion_proof(3, 1_500), queries.root_of(1_500))
    with django_assert_max_num_queries(1):
        queries.consistency_proof(3, 1_500)


def test_beyond_the_end_there_is_nothing() -> None:
    grow(3)
    with pytest.raises(NotInLog):
        queries.inclusion_proof(3, 3)
    with pytest.raises(NotInLog):
        queries.inclusion_proof(0, 4)
    with pytest.raises(NotInLog):
        queries.consistency_proof(2, 1)
    with pytest.raises(NotInLog):
        queries.entry(3)


@pytest.mark.parametrize("table", ["records_entryblock", "records_tile", "records_word"])
@pytest.mark.parametrize("change", ["UPDATE {0} SET {1} = {1} + 1", "DELETE FROM {0}", "TRUNCATE {0}"])
def test_the_database_refuses_changes(table: str, change: str) -> None:
    grow(300)
    with transaction.atomic():
        append(entries=[interval(7, document=registers())], now=NOW)
    column = {"records_entryblock": "size", "records_tile": "index", "records_word": "id"}[table]
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        owner(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change.format(table, column))


@pytest.mark.parametrize("column", ["data", "hashes", "head"])
def test_a_changed_bit_is_found_on_reading(column: str) -> None:
    with transaction.atomic():
        append(entries=[profile(1, document=b"a rule book")], now=NOW)
    tamper(f"UPDATE records_entryblock SET {column} = set_bit({column}, 3, 1 - get_bit({column}, 3))")

    with pytest.raises(LogDamaged, match=r"[Ee]ntr(y|ies) 0"):
        queries.entry(0)


def test_a_changed_kind_is_found_on_reading() -> None:
    grow(1)
    kind = 8 * (1 + 11 + 1)  # behind form, nonce, and "one kind for all"
    tamper(f"UPDATE records_entryblock SET head = set_bit(head, {kind}, 1 - get_bit(head, {kind}))")

    with pytest.raises(LogDamaged, match="Entry 0"):
        queries.entry(0)


def test_an_erased_key_erases_its_entries_and_no_proof() -> None:
    with transaction.atomic():
        append(entries=[profile(0), profile(1, scope=POINT), profile(2)], now=NOW)
    root = queries.root_of(3)
    LogKey.objects.filter(scope=POINT).delete()

    with pytest.raises(Erased, match="Entry 1"):
        queries.entry(1)
    assert queries.decoded(2)["fromDay"] == 2
    merkle.verify_inclusion(queries.leaf_hash(1), 1, 3, queries.inclusion_proof(1, 3), root)


def test_one_key_per_scope_and_month() -> None:
    may = keys.key_for(scope=POINT, period=date(2026, 5, 31), now=NOW)

    assert keys.key_for(scope=POINT, period=PERIOD, now=NOW) == may
    assert keys.key_for(scope=POINT, period=date(2026, 6, 1), now=NOW).key != may.key
    assert keys.key_for(scope=UUID(int=8), period=PERIOD, now=NOW).key != may.key


def test_a_key_under_another_data_key_does_not_open(settings: Settings) -> None:
    keys.key_for(scope=POINT, period=PERIOD, now=NOW)
    opened_keys.forget()
    settings.DATA_KEY = b"\x01" * 32

    with pytest.raises(LogDamaged, match="DATA_KEY"):
        keys.key_for(scope=POINT, period=PERIOD, now=NOW)


def test_sealing_is_repeatable_and_bound_to_its_place() -> None:
    key = keys.key_for(scope=POINT, period=PERIOD, now=NOW)
    sealed = keys.seal(key, b"envelope 1", b"raw bytes")

    assert keys.seal(key, b"envelope 1", b"raw bytes") == sealed
    assert keys.seal(key, b"envelope 2", b"raw bytes")[:12] != sealed[:12]
    assert keys.open_sealed(key, b"envelope 1", sealed) == b"raw bytes"
    with pytest.raises(LogDamaged):
        keys.open_sealed(key, b"envelope 2", sealed)
