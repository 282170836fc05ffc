from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db.models.signals import post_migrate


class RecordsConfig(AppConfig):
    name = "grid.records"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register(facts_are_safe, Tags.database)
        post_migrate.connect(_grant, sender=self)


def _grant(*, using: str, **kwargs: Any) -> None:
    """After a migration by the owner, the platform's role gets its rights on what is there now."""
    from django.conf import settings
    from django.db import connections

    from grid.records import rights

    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (user,) = cursor.fetchone()
    if settings.DATABASE_AS_OWNER and settings.DATABASE_APP_ROLE not in ("", user):
        rights.grant(role=settings.DATABASE_APP_ROLE, using=using)


def facts_are_safe(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """A system check: the role that the platform logs in as cannot alter facts."""
    from django.conf import settings
    from django.db import connections

    from grid.records import rights

    found: list[CheckMessage] = []
    for alias in databases or ():
        if settings.DATABASE_AS_OWNER or connections[alias].vendor != "postgresql":
            continue
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT current_user")
            (user,) = cursor.fetchone()
            words = rights.powers(cursor, user)
        if words:
            found.append(
                Warning(
                    f"The database role {user} could alter facts: {'; '.join(words)}.",
                    hint="Let another role own the tables: set DATABASE_OWNER_URL, and migrate with it.",
                    id="records.W001",
                )
            )
    return found
