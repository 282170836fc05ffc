"""Bring the database schema and the contracts up to date before anything uses them."""

import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grid.config.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    call_command("deploy_contracts", verbosity=0, stdout=sys.stderr)


if __name__ == "__main__":
    main()
