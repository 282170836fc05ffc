"""Receipts: one signature per block, the same each time, checked without the platform."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from grid.domain import merkle, receipts
from grid.domain.receipts import ReceiptError
from grid.records import log_key, queries
from grid.records.errors import NotInLog
from grid.records.models import LogKey
from grid.records.queries import keys
from grid.records.services import append
from grid.records.services.receipts import receipts_for
from tests.grid.records.support import NOW, grow, profile

pytestmark = pytest.mark.django_db


def verify(receipt: Any, **known: Any) -> None:
    receipts.verify(receipt, public_key=log_key.signer().public_key, **known)


def test_every_entry_of_a_batch_has_a_receipt_that_holds() -> None:
    with transaction.atomic():
        indices = append(entries=[profile(number) for number in range(300)], now=NOW)
        given = receipts_for(indices)

    assert list(given) == indices
    for index, receipt in given.items():
        verify(receipt, log=log_key.signer().origin, leaf_hash=queries.leaf_hash(index))
        assert receipt["index"] == index
        assert receipt["anchor_by"] - receipt["received_at"] == 3_600
    assert {receipt["signature"] for receipt in given.values()} == {given[0]["signature"], given[299]["signature"]}


def test_a_receipt_is_the_same_whenever_it_is_asked_for() -> None:
    grow(5)
    before = receipts_for([3])
    grow(600, start=5)
    LogKey.objects.all().delete()
    keys.forget()

    assert receipts_for([3]) == before


def test_there_is_no_receipt_beyond_the_end() -> None:
    grow(5)
    with pytest.raises(NotInLog, match="entry 5"):
        receipts_for([4, 5])


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"log": "other.example/log"}, "signature"),
        ({"received_at": 5}, "signature"),
        ({"anchor_by": 2**40}, "signature"),
        ({"first": 1}, "signature"),
        ({"size": 9}, "signature"),
        ({"root": "00" * 32}, "signature"),
        ({"signature": "00" * 64}, "signature"),
        ({"signature": "zz"}, "signature"),
        ({"index": 4}, "not in its block"),
        ({"index": 10**30}, "not in its block"),
        ({"index": -1}, "not in its block"),
        ({"leaf_hash": "00" * 32}, "not in its block"),
        ({"path": []}, "not in its block"),
        ({"path": ["00" * 32] * 3}, "not in its block"),
        ({"path": ["00"]}, "hash"),
        ({"path": [5]}, "hash"),
        ({"root": "AB" * 32}, "hash"),
        ({"index": "3"}, "index"),
        ({"index": True}, "index"),
        ({"size": None}, "size"),
    ],
)
def test_a_changed_receipt_is_refused(change: dict[str, Any], found: str) -> None:
    grow(7)
    receipt = deepcopy(receipts_for([3])[3])

    with pytest.raises(ReceiptError, match=found):
        verify({**receipt, **change})


def test_a_receipt_of_another_log_or_entry_is_refused() -> None:
    grow(2)
    receipt = receipts_for([0])[0]

    with pytest.raises(ReceiptError, match="of log"):
        verify(receipt, log="other.example/log")
    with pytest.raises(ReceiptError, match="another entry"):
        verify(receipt, leaf_hash=queries.leaf_hash(1))
    with pytest.raises(ReceiptError, match="signature"):
        receipts.verify(receipt, public_key=bytes(32))


def test_the_time_of_a_block_never_falls() -> None:
    """A clock that is behind dates an entry no earlier than the one before it."""
    grow(1)
    with transaction.atomic():
        append(entries=[profile(1)], now=NOW - timedelta(minutes=5))
        append(entries=[profile(2)], now=NOW + timedelta(minutes=5))

    assert [queries.entry(index).created_at - NOW for index in range(3)] == [timedelta(minutes=m) for m in (0, 0, 5)]
    sizes = [queries.size_at(NOW + timedelta(minutes=minutes)) for minutes in (-1, 0, 4, 5, 9)]
    assert sizes == [0, 2, 2, 3, 3]


@pytest.mark.parametrize("count", [1, 9, 300])
def test_the_size_at_a_moment(count: int) -> None:
    for number in range(count):
        with transaction.atomic():
            append(entries=[profile(number)], now=NOW + timedelta(seconds=number))

    for size in {1, count // 2, count - 1, count} - {0}:
        assert queries.size_at(NOW + timedelta(seconds=size - 1)) == size
        assert queries.size_at(NOW + timedelta(seconds=size - 1.5)) == size - 1


def test_the_end_of_the_log_is_shown_unopened() -> None:
    grow(300)
    grow(2, start=300)

    assert [stub.index for stub in queries.recent(50)] == list(range(301, 251, -1))
    assert [stub.index for stub in queries.recent(1)] == [301]
    assert queries.recent(1)[0].leaf_hash == merkle.split_hashes(queries.tile(0, 1, 46))[45]
    assert len(queries.recent(1_000)) == 302
