#!/usr/bin/env python
"""Django's command line; `./watt manage ...` calls it with the environment of a running platform."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grid.config.settings")
    if sys.argv[1:2] == ["migrate"]:
        # The only command that works as the owner of the tables, where there is one (DATABASE_OWNER_URL).
        os.environ.setdefault("WATT_AS_OWNER", "1")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
