"""Erasing a month: when it is refused, what goes, what holds afterwards."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from grid import clock
from grid.domain import merkle
from grid.domain.entries import EntryKind
from grid.domain.slots import day_of_date
from grid.records import queries
from grid.records.errors import Erased, NotErasable
from grid.records.models import Erasure, LogKey
from grid.records.queries import keys as opened_keys
from grid.records.services import append, erasure, keys
from grid.records.services.receipts import receipts_for
from tests.grid.records.support import NOW, PERIOD, POINT, interval, profile, registers
from tests.rights import tamper

LATER = datetime(2029, 6, 1, tzinfo=UTC)
"""When the retention of PERIOD has just ended."""

pytestmark = pytest.mark.django_db


@pytest.fixture
def log() -> list[bytes]:
    """Entries 0 and 2 belong to nobody, entry 1 to the point."""
    entries = [profile(0), interval(PERIOD.toordinal(), document=registers()), profile(2)]
    with transaction.atomic():
        append(entries=entries, now=NOW)
    return [queries.leaf_hash(index) for index in range(3)]


def erase(**more: object) -> erasure.Report:
    given: dict[str, object] = {"scope": POINT, "period": PERIOD, "reason": "the member left", "now": LATER}
    return erasure.erase(**(given | more))  # type: ignore[arg-type]


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"now": LATER - timedelta(seconds=1)}, "its retention until 2029-06-01 00:00 UTC"),
        ({"reason": "  "}, "needs a reason"),
        ({"scope": UUID(int=8)}, "no key of"),
        ({"period": date(2026, 6, 1)}, "no key of"),
        ({"scope": erasure.LOG_SCOPE}, "log's own key"),
    ],
)
def test_a_refusal_says_why(given: dict[str, object], why: str) -> None:
    with pytest.raises(NotErasable, match=why):
        erase(**given)
    assert LogKey.objects.filter(scope=POINT).exists()
    assert queries.log_size() == 3


@pytest.mark.usefixtures("log")
def test_apps_are_asked_what_they_need_it_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def guard(scope: UUID, period: date, now: datetime) -> Iterator[erasure.Needed]:
        assert (scope, period) == (POINT, PERIOD)
        yield erasure.Needed("a dispute", None)
        yield erasure.Needed("its window", LATER + timedelta(hours=5))

    monkeypatch.setattr(erasure, "_guards", [guard])
    with pytest.raises(NotErasable, match=r"a dispute; its window until 2029-06-01 05:00 UTC"):
        erase(period=date(2026, 5, 20))


def test_an_erasure_takes_the_content_and_leaves_every_proof(log: list[bytes]) -> None:
    root, before = queries.root_of(3), receipts_for([1])
    key_hash = sha256(keys.key_for(scope=POINT, period=PERIOD, now=NOW).key).digest()

    report = erase()

    with pytest.raises(Erased, match="Entry 1"):
        queries.entry(1)
    assert [queries.decoded(index)["fromDay"] for index in (0, 2)] == [0, 2]
    for index, leaf_hash in enumerate(log):
        assert queries.leaf_hash(index) == leaf_hash
        merkle.verify_inclusion(leaf_hash, index, 3, queries.inclusion_proof(index, 3), root)
    assert receipts_for([1]) == before
    assert report.log_index == 3
    tombstone = queries.entry(3)
    assert tombstone.kind is EntryKind.TOMBSTONE
    assert tombstone.document == b"the member left"
    assert tombstone.fields["scope"] == POINT.int.to_bytes(32, "big")
    assert tombstone.fields["period"] == day_of_date(PERIOD)
    assert tombstone.fields["keyHash"] == key_hash
    assert "1 erased" in verified()


def verified() -> str:
    out = StringIO()
    call_command("verify_log", without_chain=True, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.mark.usefixtures("log")
def test_a_second_time_changes_nothing() -> None:
    first = erase()
    again = erase(reason="once more")

    assert (again.before, again.log_index) == (True, first.log_index)
    assert queries.log_size() == 4


@pytest.mark.usefixtures("log")
def test_nothing_can_be_added_to_an_erased_month() -> None:
    erase()
    with pytest.raises(Erased, match="2026-05 was erased"), transaction.atomic():
        append(entries=[profile(1, scope=POINT)], now=LATER)
    assert not LogKey.objects.filter(scope=POINT).exists()


@pytest.mark.usefixtures("log")
def test_a_dry_run_says_what_would_go_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "_projections", {"rows": lambda scope, period: 7})

    report = erase(dry_run=True)

    assert (report.rows, report.log_index) == ({"rows": 7}, None)
    assert queries.entry(1).kind is EntryKind.INTERVAL
    assert queries.log_size() == 3
    assert not Erasure.objects.exists()


@pytest.mark.usefixtures("log")
def test_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: LATER)
    out = StringIO()
    arguments = ["erase", "--point", str(POINT), "--month", "2026-05", "--reason", "moved out"]

    call_command(*arguments, "--dry-run", stdout=out)
    call_command(*arguments, stdout=out)
    call_command(*arguments, stdout=out)

    would, did, had = out.getvalue().splitlines()
    assert "can be erased" in would
    assert "Entry 3 says so" in did
    assert "erased before: entry 3" in had
    with pytest.raises(CommandError, match="no key"):
        call_command("erase", "--point", str(POINT), "--month", "2026-07", "--reason", "x")
    for bad in (["--point", "seven", "--month", "2026-05"], ["--point", str(POINT), "--month", "May"]):
        with pytest.raises(CommandError, match="is not"):
            call_command("erase", *bad, "--reason", "x")


@pytest.mark.django_db(transaction=True)
def test_other_processes_forget_the_key_too(log: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has the key in its memory; another one erases it."""
    assert queries.entry(1).kind is EntryKind.INTERVAL
    assert opened_keys._by_owner
    elsewhere(f"DELETE FROM records_logkey WHERE scope = '{POINT}'")
    elsewhere(
        "INSERT INTO records_erasure (scope, period, key_id, key_hash, reason, log_index, erased_at)"
        f" VALUES ('{POINT}', '2026-05-01', 1, '', 'left', 3, now())"
    )

    # An append heeds it at once, a reader within FRESH_SECONDS.
    with pytest.raises(Erased), transaction.atomic():
        append(entries=[profile(1, scope=POINT)], now=LATER)
    opened_keys.forget()


@pytest.mark.django_db(transaction=True)
def test_a_reader_forgets_the_key_within_a_second(log: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    assert queries.entry(1).kind is EntryKind.INTERVAL
    elsewhere(f"DELETE FROM records_logkey WHERE scope = '{POINT}'")
    elsewhere(
        "INSERT INTO records_erasure (scope, period, key_id, key_hash, reason, log_index, erased_at)"
        f" VALUES ('{POINT}', '2026-05-01', 1, '', 'left', 3, now())"
    )
    monkeypatch.setattr(opened_keys, "_looked_at", opened_keys._looked_at - opened_keys.FRESH_SECONDS)

    with pytest.raises(Erased, match="Entry 1"):
        queries.entry(1)


def elsewhere(statement: str) -> None:
    """Run a statement in another process, with the same rights."""
    parameters = connection.get_connection_params()
    given = {name: parameters[name] for name in ("dbname", "host", "port", "user") if name in parameters}
    program = (
        "import json, sys, psycopg; psycopg.connect(**json.loads(sys.argv[1]), autocommit=True).execute(sys.argv[2])"
    )

    subprocess.run([sys.executable, "-c", program, json.dumps(given), statement], check=True, timeout=30)


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM records_erasure", "key 2 of entry 1 is gone|no row of erasures"),
        ("UPDATE records_erasure SET reason = 'another'", "erasure"),
        ("UPDATE records_erasure SET key_hash = ''", "erasure"),
        ("UPDATE records_erasure SET scope = gen_random_uuid()", "erasure"),
        ("UPDATE records_erasure SET key_id = key_id + 100", "erasure|is gone"),
        ("UPDATE records_erasure SET log_index = 0", "erasure"),
        ("UPDATE records_erasure SET erased_at = now()", "erasure"),
    ],
)
def test_the_check_of_the_log_compares_erasures_with_their_tombstones(statement: str, found: str) -> None:
    erase()
    tamper(statement)
    with pytest.raises(CommandError, match=f"(?i){found}"):
        verified()


@pytest.mark.usefixtures("log")
def test_a_key_that_merely_vanished_is_damage() -> None:
    LogKey.objects.filter(scope=POINT).delete()
    with pytest.raises(CommandError, match=r"[Kk]ey \d+ of entry 1 is gone"):
        verified()


@pytest.mark.usefixtures("log")
def test_a_key_that_came_back_is_damage() -> None:
    """As after a backup from before the erasure was put back."""
    row = LogKey.objects.get(scope=POINT)
    erase()
    row.save(force_insert=True)
    with pytest.raises(CommandError, match="was erased, and is there"):
        verified()
