"""Random tamperings with single rows and single bits: each is found, and its place named.

Fifty every day from a seed of that day's, a thousand with --run-deep. A failure prints its seed and statement.
"""

import os
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from grid.chain.models import ChainTx, ChainTxState
from grid.metering.services import ingest
from grid.records.queries import damage, keys
from grid.records.services import append, checkpoints, erasure
from tests.grid.metering.conftest import FIRST_SLOT, Home, add_home, alice, at_slot, zone
from tests.grid.records.support import interval, profile, registers, slot_energy
from tests.rights import tamper

__all__ = ["add_home", "alice", "zone"]

pytestmark = pytest.mark.django_db

NOW = at_slot(FIRST_SLOT + 40)
GONE = UUID(int=0xDEAD)


@dataclass(frozen=True)
class Target:
    """A table of the log: which columns may be tampered with, and how a place in it is named."""

    table: str
    key: str
    columns: dict[str, str]
    named: Callable[[dict[str, Any]], str]
    where: str = "true"
    removable: bool = True


def _entries(row: dict[str, Any]) -> str:
    """Any entry of the block, the gap that it left, or where it went to."""
    moved = [row["first"] ^ 1 << bit for bit in range(8)]
    return "|".join([rf"\b{index}\b" for index in [*range(row["first"], row["first"] + row["size"]), *moved]])


TARGETS = [
    Target(
        "records_entryblock",
        "first",
        {"first": "int", "created_at": "time", "size": "int", "mac": "bytes", "head": "bytes", "hashes": "bytes",
         "data": "bytes"},
        _entries,
    ),
    Target("records_tile", "index", {"index": "int", "level": "int", "root": "bytes"},
           lambda row: rf"Tile {row['level']}/{row['index']}"),
    Target("records_word", "id", {"id": "int", "word": "bytes", "mac": "bytes"},
           lambda row: rf"[Ww]ord ({row['id']}\b|\d+ is missing)"),
    Target("records_logkey", "id", {"scope": "uuid", "period": "date", "wrapped": "bytes", "created_at": "time"},
           lambda row: rf"key of|[Kk]ey {row['id']}\b"),
    Target(
        "records_checkpoint",
        "size",
        {"size": "int", "root": "bytes", "note": "text", "created_at": "time", "mac": "bytes", "seq": "int",
         "anchored_at": "time"},
        lambda row: "Checkpoint",
    ),
    Target(
        "records_erasure",
        "id",
        {"scope": "uuid", "period": "date", "key_id": "int", "key_hash": "bytes", "reason": "text", "log_index": "int",
         "erased_at": "time"},
        lambda row: rf"erasure|[Kk]ey {row['key_id']} of entry",
    ),
    Target(
        "metering_envelope",
        "id",
        {"sealed": "bytes", "sha256": "bytes", "counter": "int", "key_scope": "uuid", "received_at": "whole seconds",
         "log_index": "int", "fork": "bool", "meter_id": "int"},
        lambda row: rf"[Ee]nvelope {row['id']}\b|envelope of entry {row['log_index']}\b",
        where="NOT fork",
    ),
    # No entry cites the evidence of a fork: that it was removed, or when it came, no log can tell.
    Target(
        "metering_envelope",
        "id",
        {"sealed": "bytes", "sha256": "bytes", "counter": "int", "key_scope": "uuid", "meter_id": "int"},
        lambda row: rf"Envelope {row['id']}\b",
        where="fork",
        removable=False,
    ),
]  # fmt: skip

CHANGES = {
    "bytes": "{c} = set_bit({c}, {bit}, 1 - get_bit({c}, {bit}))",
    "int": "{c} = {c} # {power}",
    "time": "{c} = {c} + interval '1 microsecond' * {power}",
    "whole seconds": "{c} = {c} + interval '1 second' * {power}",
    "date": "{c} = {c} + {power}",
    "uuid": "{c} = overlay({c}::text placing '{hexadecimal}' from 36)::uuid",
    "text": "{c} = overlay({c} placing '#' from {place})",
    "bool": "{c} = NOT {c}",
}


@pytest.fixture
def log(alice: Home) -> None:
    """A log with every kind of row: blocks long and short, an erased key, words, tiles, anchored checkpoints."""
    ingest_some(alice)
    for start in (0, 300):
        with transaction.atomic():
            entries = [profile(number) for number in range(start, start + 300)]
            append(entries=[*entries, interval(start, document=registers())], now=NOW)
        with transaction.atomic():
            append(entries=[slot_energy(start + slot) for slot in range(40)], now=NOW)
        sign(NOW + timedelta(seconds=start))
    with transaction.atomic():
        append(entries=[profile(number, scope=GONE) for number in range(3)], now=NOW)
    erasure.erase(scope=GONE, period=date(2026, 5, 1), reason="moved out", now=datetime(2040, 1, 1, tzinfo=UTC))
    sign(datetime(2040, 1, 2, tzinfo=UTC))


def ingest_some(home: Home) -> None:
    slots = [(FIRST_SLOT + number, 1_000 + 10 * number, 0) for number in range(20)]
    records = [home.record(counter, slots[counter * 2 : counter * 2 + 2]) for counter in range(1, 6)]
    fork = home.record(3, [(FIRST_SLOT + 6, 5_000, 0)])
    assert [result.status for result in ingest(records=[*records, fork], now=NOW)] == ["accepted"] * 5 + ["fork"]


def sign(moment: datetime) -> None:
    """Sign the log's size, and let its anchoring be in a block: the chain itself is compared elsewhere."""
    checkpoints.sign_checkpoint(now=moment)
    checkpoints.enqueue_anchor(now=moment)
    ChainTx.objects.filter(state=ChainTxState.QUEUED).update(
        state=ChainTxState.FINAL, block_number=1, block_timestamp=int(moment.timestamp())
    )
    checkpoints.note_anchored(now=moment)


def _rows(target: Target) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {target.table} WHERE {target.where} ORDER BY 1")
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _change(target: Target, row: dict[str, Any], chance: random.Random) -> str:
    """Return a statement that changes one row of the target: removes it, or one bit, or one value."""
    where = f"WHERE {target.key} = {row[target.key]}"
    if target.removable and chance.random() < 0.1:
        return f"DELETE FROM {target.table} {where}"
    column, kind = chance.choice(
        [(name, kind) for name, kind in target.columns.items() if row[name] not in (None, b"")]
    )
    value = row[column]
    size = len(value) if isinstance(value, bytes | memoryview | str) else 1
    change = CHANGES[kind].format(
        c=column,
        bit=chance.randrange(8 * size),
        place=chance.randrange(size) + 1,
        power=1 << chance.randrange(8),
        hexadecimal=chance.choice([each for each in "0123456789abcdef" if each != str(value)[-1:]]),
    )
    return f"UPDATE {target.table} SET {change} {where}"


def _samples(chance: random.Random) -> Iterator[tuple[Target, dict[str, Any], str]]:
    rows = [_rows(target) for target in TARGETS]
    assert all(rows)
    while True:
        target, found = chance.choice(list(zip(TARGETS, rows, strict=True)))
        row = chance.choice(found)
        yield target, row, _change(target, row, chance)


def _found(statement: str) -> str | None:
    """Return what the check says after a tampering, which is taken back; None when no table can hold such a row."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                tamper(statement)
        except (IntegrityError, DataError):
            return None
        keys.forget()
        found = damage.check(with_chain=False).damage
        transaction.set_rollback(True)
    return found


def test_any_tampering_is_found_and_its_place_named(log: None, pytestconfig: pytest.Config) -> None:
    seed = int(os.environ.get("TAMPER_SEED", datetime.now(UTC).toordinal()))
    sound = damage.check(with_chain=False)
    assert sound.damage == ""
    assert sound.erased == 3
    left = 1_000 if pytestconfig.getoption("--run-deep") else 50
    missed = []
    for target, row, statement in _samples(random.Random(seed)):
        found = _found(statement)
        if found is None:
            continue
        if not re.search(target.named(row), found):
            missed.append(f"{statement}: {found or 'not found'}")
        left -= 1
        if not left:
            break
    assert not missed, f"seed {seed}:\n" + "\n".join(missed)
    keys.forget()
    assert damage.check(with_chain=False).damage == ""
