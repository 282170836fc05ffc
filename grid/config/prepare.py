"""Bring the database schema and the contracts up to date before anything uses them."""

import io
import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grid.config.settings")
    os.environ.setdefault("WATT_AS_OWNER", "1")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    from django.conf import settings

    _warn_of_powers(settings.DATABASE_APP_ROLE)
    # A development chain answers at once; a real one takes its time, so its progress is shown.
    told = io.StringIO() if settings.CHAIN_FOLLOWS_CLOCK else sys.stderr
    call_command("deploy_contracts", verbosity=0, stdout=told)


def _warn_of_powers(role: str) -> None:
    """Say so when the role of web and workers could alter facts."""
    from django.db import connection

    from grid.records import rights

    with connection.cursor() as cursor:
        if not role:
            cursor.execute("SELECT current_user")
            (role,) = cursor.fetchone()
        words = rights.powers(cursor, role)
    if words:
        print(
            f"WARNING: the database role {role} could alter facts: {'; '.join(words)}. "
            "Let another role own the tables: see DATABASE_OWNER_URL in .env.example.",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main()
