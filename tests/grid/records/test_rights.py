"""What the role of web and workers can do to facts: add, read, nothing else."""

from collections.abc import Iterator

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.core.checks import Warning
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from psycopg.errors import InsufficientPrivilege

from grid.records import rights
from grid.records.apps import facts_are_safe
from grid.records.services import checkpoints
from tests.grid.records.support import NOW, grow

FACTS = {
    "records_entryblock", "records_tile", "records_word", "records_checkpoint", "metering_envelope", "metering_binding",
    "market_auction", "market_fill", "market_order", "market_mandate", "sentinel_flag", "sentinel_hold",
    "settlement_runrow", "settlement_pointstatement", "settlement_settlementrun",
}  # fmt: skip
"""Tables whose rows are kept; more may come, none of these may go."""

pytestmark = pytest.mark.skipif(not settings.DATABASE_AS_OWNER, reason="a server of one's own has roles of one's own")


@pytest.fixture
def login(transactional_db: None) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection that logged in as web and workers do, with some facts to alter."""
    grow(300)
    checkpoints.sign_checkpoint(now=NOW)
    parameters = connection.get_connection_params()
    parameters = {name: parameters[name] for name in ("dbname", "host", "port") if name in parameters}
    with psycopg.connect(**parameters, user=settings.DATABASE_APP_ROLE, autocommit=True) as opened:
        yield opened


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records_entryblock SET created_at = now()",
        "DELETE FROM records_entryblock",
        "TRUNCATE records_entryblock",
        "TRUNCATE records_tile, records_word CASCADE",
        "DELETE FROM records_checkpoint",
        "UPDATE records_logkey SET created_at = now()",
        "ALTER TABLE records_entryblock DISABLE TRIGGER ALL",
        "ALTER TABLE records_entryblock DISABLE TRIGGER records_entryblock_append_only",
        "DROP TRIGGER records_entryblock_append_only ON records_entryblock",
        "DROP TABLE records_entryblock",
        "CREATE OR REPLACE FUNCTION records_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "ALTER FUNCTION records_refuse_change() RENAME TO other",
        "SET session_replication_role = replica",
        "SET ROLE commonwatt",
        "GRANT UPDATE ON records_entryblock TO commonwatt_app",
        "ALTER ROLE commonwatt_app SUPERUSER",
        "CREATE RULE r AS ON INSERT TO records_entryblock DO INSTEAD NOTHING",
        "CREATE TABLE other (id int)",
        "COPY records_entryblock TO PROGRAM 'true'",
    ],
)
def test_the_login_of_web_and_workers_cannot_alter_facts(
    login: "psycopg.Connection[tuple[object, ...]]", statement: str
) -> None:
    before = login.execute("SELECT count(*), max(first), max(created_at) FROM records_entryblock").fetchone()
    if statement.startswith("GRANT"):
        # PostgreSQL only warns who grants without a right to; what matters is that nothing was granted.
        login.execute(statement)
        with pytest.raises(InsufficientPrivilege):
            login.execute("UPDATE records_entryblock SET created_at = now()")
    else:
        with pytest.raises(InsufficientPrivilege):
            login.execute(statement)  # type: ignore[call-overload]
    after = login.execute("SELECT count(*), max(first), max(created_at) FROM records_entryblock").fetchone()
    assert after == before == (2, 256, NOW)


def test_a_checkpoint_only_learns_where_it_was_anchored(login: "psycopg.Connection[tuple[object, ...]]") -> None:
    """Here the role has the right to update, and the trigger decides."""
    login.execute("UPDATE records_checkpoint SET seq = 0")
    with pytest.raises(psycopg.IntegrityError, match="append-only"):
        login.execute("UPDATE records_checkpoint SET size = 1")


@pytest.mark.django_db
def test_every_table_of_facts_is_among_them() -> None:
    with connection.cursor() as cursor:
        kept, fixed = rights.facts(cursor)
        assert set(kept) >= FACTS
        assert set(fixed) <= {*kept, "records_logkey"}
        cursor.execute("SELECT relname FROM pg_class JOIN pg_trigger t ON tgrelid = pg_class.oid WHERE tgtype & 32 > 0")
        whole = {name for (name,) in cursor.fetchall()}
    assert set(kept) <= whole
    models = {model._meta.db_table for model in apps.get_models()}
    assert set(kept) <= models


@pytest.mark.django_db
def test_the_check_is_silent_for_the_right_role_and_names_what_is_wrong() -> None:
    role = settings.DATABASE_APP_ROLE
    with connection.cursor() as cursor:
        assert rights.powers(cursor, role) == []
        assert "it is a superuser" in rights.powers(cursor, "commonwatt")
        assert "does not exist" in rights.powers(cursor, "nobody_at_all")[0]
        cursor.execute("RESET ROLE")
        with transaction.atomic():
            cursor.execute(f"GRANT DELETE ON records_entryblock TO {role}")
            assert "records_entryblock" in rights.powers(cursor, role)[0]
            cursor.execute(f"REVOKE DELETE ON records_entryblock FROM {role}")
            cursor.execute(f"GRANT UPDATE (created_at) ON records_entryblock TO {role}")
            assert "records_entryblock" in rights.powers(cursor, role)[0]
            cursor.execute(f"REVOKE UPDATE (created_at) ON records_entryblock FROM {role}")
            cursor.execute(f"GRANT CREATE ON SCHEMA public TO {role}")
            assert rights.powers(cursor, role) == ["it may create tables and functions"]
            transaction.set_rollback(True)
        cursor.execute(f"SET ROLE {role}")


@pytest.mark.django_db
def test_the_system_check_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "DATABASE_AS_OWNER", False)
    assert facts_are_safe(databases=["default"]) == []
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        (found,) = facts_are_safe(databases=["default"])
        assert isinstance(found, Warning)
        assert "DATABASE_OWNER_URL" in (found.hint or "")
        with pytest.raises(CommandError, match=r"records\.W001"):
            call_command("check", databases=["default"], fail_level="WARNING")
        cursor.execute(f"SET ROLE {settings.DATABASE_APP_ROLE}")
