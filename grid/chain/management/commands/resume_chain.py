"""Let the market go on after the chain took back what was final."""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grid import clock
from grid.chain.services import halts


class Command(BaseCommand):
    help = "End the halt of the market, once a person has compared chain and database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", required=True, help="why it is safe to go on")
        parser.add_argument("--by", help="who resumes it (default: the user of this shell)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            ended = halts.resume(by=options["by"] or getpass.getuser(), note=options["reason"], now=clock.now())
        except ValueError as error:
            raise CommandError(str(error)) from None
        if ended is None:
            raise CommandError("The market is not halted.")
        self.stdout.write(f"resumed; it had been halted since {ended.since:%Y-%m-%d %H:%M:%S %Z}: {ended.reason}")
