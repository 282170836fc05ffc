"""Bring the database schema and the contracts up to date before anything uses them."""

import io
import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grid.config.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    from django.conf import settings

    # A development chain answers at once; a real one takes its time, so its progress is shown.
    told = io.StringIO() if settings.CHAIN_FOLLOWS_CLOCK else sys.stderr
    call_command("deploy_contracts", verbosity=0, stdout=told)


if __name__ == "__main__":
    main()
