"""Database rights of the platform's own role: it adds facts, and cannot change, delete or truncate them.

Tables belong to another role, the owner, that only migrations log in as. What a table's triggers refuse
altogether is not granted either: the triggers, written in each app's migrations, are the one list of facts.
So a fact is guarded twice, and who holds the platform's password can switch neither guard off.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connections
from psycopg import sql

REFUSAL = "%\\_refuse\\_change"
"""Name of the functions that refuse a change, as LIKE takes it."""

_UPDATE, _DELETE, _TRUNCATE = 16, 8, 32
"""Bits of pg_trigger.tgtype."""

_TABLES = f"""
    SELECT c.relname,
        coalesce(bool_or(t.tgtype & {_UPDATE} > 0 AND t.tgqual IS NULL), false) AS fixed,
        coalesce(bool_or(t.tgtype & {_DELETE} > 0), false) AS kept,
        coalesce(bool_or(t.tgtype & {_TRUNCATE} > 0), false) AS whole,
        (SELECT f.proname FROM pg_proc f WHERE f.oid = min(t.tgfoid::bigint)) AS refusal
    FROM pg_class c
    LEFT JOIN (pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid AND p.proname LIKE %s) ON t.tgrelid = c.oid
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
    GROUP BY c.oid ORDER BY c.relname
"""

_POWERS = """
    SELECT r.rolsuper, has_schema_privilege(r.oid, current_schema(), 'CREATE'),
        ARRAY(
            SELECT c.relname FROM pg_class c
            WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(%(facts)s)
              AND (pg_has_role(r.oid, c.relowner, 'MEMBER') OR has_table_privilege(r.oid, c.oid, 'TRUNCATE')
                   OR has_table_privilege(r.oid, c.oid, 'TRIGGER')
                   OR c.relname = ANY(%(fixed)s) AND has_any_column_privilege(r.oid, c.oid, 'UPDATE')
                   OR c.relname = ANY(%(kept)s) AND has_table_privilege(r.oid, c.oid, 'DELETE'))
            ORDER BY c.relname)
    FROM pg_roles r WHERE r.rolname = %(role)s
"""


def grant(*, role: str, using: str) -> None:
    """Give `role` what the platform needs, and no more. The connection must be the owner's.

    Every table of facts also gets a trigger that refuses TRUNCATE. Repeating it changes nothing.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(_TABLES, [REFUSAL])
        tables = cursor.fetchall()
        name = sql.Identifier(role)
        for table, fixed, kept, whole, refusal in tables:
            at = sql.Identifier(table)
            if kept and not whole:
                trigger = sql.Identifier(f"{table}_whole")
                cursor.execute(
                    sql.SQL("CREATE TRIGGER {} BEFORE TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION {}()").format(
                        trigger, at, sql.Identifier(refusal)
                    )
                )
            rights = ["SELECT", "INSERT", *([] if fixed else ["UPDATE"]), *([] if kept else ["DELETE"])]
            cursor.execute(sql.SQL("REVOKE ALL ON TABLE {} FROM PUBLIC, {}").format(at, name))
            cursor.execute(
                sql.SQL("GRANT {} ON TABLE {} TO {}").format(sql.SQL(", ").join(map(sql.SQL, rights)), at, name)
            )
        schema = sql.Identifier("public")
        cursor.execute(sql.SQL("REVOKE CREATE ON SCHEMA {} FROM PUBLIC, {}").format(schema, name))
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, name))
        cursor.execute(sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {} TO {}").format(schema, name))


def facts(cursor: Any) -> tuple[list[str], list[str]]:
    """Return the tables whose rows are kept, and those of them whose rows never change at all."""
    cursor.execute(_TABLES, [REFUSAL])
    rows = cursor.fetchall()
    return [row[0] for row in rows if row[2]], [row[0] for row in rows if row[1]]


def powers(cursor: Any, role: str) -> Sequence[str]:
    """Return in words how a role could alter facts; nothing when it cannot."""
    kept, fixed = facts(cursor)
    cursor.execute(_POWERS, {"facts": sorted({*kept, *fixed}), "kept": kept, "fixed": fixed, "role": role})
    found = cursor.fetchone()
    if found is None:
        return [f"the role {role} does not exist"]
    superuser, creates, tables = found
    words = []
    if superuser:
        words.append("it is a superuser")
    if creates:
        words.append("it may create tables and functions")
    if tables:
        words.append(f"it may change, delete or truncate rows, or switch off triggers, of {', '.join(tables)}")
    return words
