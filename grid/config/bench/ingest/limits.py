"""What the machine can do at best, timed in the same run: signatures, rows, flushes of the disk."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

SECONDS = 1.0
COPY_ROWS, COPY_BATCH = 60_000, 1_000


def verify_rate() -> float:
    """Return signatures that C libsecp256k1 verifies per second of this process's CPU, keys and signatures ready."""
    from coincurve import PrivateKey
    from coincurve._libsecp256k1 import ffi, lib
    from coincurve.context import GLOBAL_CONTEXT

    context, key = GLOBAL_CONTEXT.ctx, PrivateKey(b"\x01" * 32)
    digest = sha256(b"reading").digest()
    der = key.sign(digest, hasher=None)
    signature = ffi.new("secp256k1_ecdsa_signature *")
    lib.secp256k1_ecdsa_signature_parse_der(context, signature, der, len(der))
    verify, point = lib.secp256k1_ecdsa_verify, key.public_key.public_key
    assert verify(context, signature, digest, point)

    def work() -> int:
        for _ in range(1_000):
            verify(context, signature, digest, point)
        return 1_000

    return _rate(work, time.process_time)


def copy_rate(connection: Any) -> float:
    """Return rows per second by COPY to a temporary table and INSERT ... ON CONFLICT, each thousand committed.

    The row is the one the project's goals were set by: bigserial id, meter, interval, Wh, 65-byte signature, time.
    """
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_reading")
        cursor.execute(
            "CREATE TABLE bench_reading (id bigserial PRIMARY KEY, meter bigint, slot bigint, wh bigint,"
            " signature bytea, received timestamptz, UNIQUE (meter, slot))"
        )
        cursor.execute(
            "CREATE TEMPORARY TABLE bench_incoming (meter bigint, slot bigint, wh bigint, signature bytea,"
            " received timestamptz) ON COMMIT DELETE ROWS"
        )
    signature, received = bytes(range(65)), datetime.now(UTC)
    rows = [(number % 1_000, number // 1_000, number, signature, received) for number in range(COPY_ROWS)]
    from django.db import transaction

    began = time.perf_counter()
    for start in range(0, COPY_ROWS, COPY_BATCH):
        with transaction.atomic(), connection.cursor() as cursor:
            with cursor.copy("COPY bench_incoming FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(["int8", "int8", "int8", "bytea", "timestamptz"])
                for row in rows[start : start + COPY_BATCH]:
                    copy.write_row(row)
            cursor.execute(
                "INSERT INTO bench_reading (meter, slot, wh, signature, received)"
                " SELECT * FROM bench_incoming ON CONFLICT DO NOTHING"
            )
    seconds = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_reading")
        cursor.execute("DROP TABLE bench_incoming")
    return COPY_ROWS / seconds


def flush_rate(folder: Path) -> float:
    """Return fdatasync calls per second on a folder's disk, 8 kB written before each."""
    file = folder / "flush"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT)
    try:

        def work() -> int:
            os.pwrite(descriptor, bytes(8_192), 0)
            os.fdatasync(descriptor)
            return 1

        return _rate(work, time.perf_counter)
    finally:
        os.close(descriptor)
        file.unlink()


def _rate(work: Callable[[], int], clock: Callable[[], float]) -> float:
    work()
    done, began = 0, clock()
    while clock() - began < SECONDS:
        done += work()
    return done / (clock() - began)
