"""Queue a refused transaction again, once its cause is gone."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grid import clock
from grid.chain.services import outbox


class Command(BaseCommand):
    help = "Queue a transaction again that a contract refused, by its business key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("business_key")

    def handle(self, *args: Any, **options: Any) -> None:
        if not outbox.retry(business_key=options["business_key"], now=clock.now()):
            raise CommandError(f"There is no refused transaction {options['business_key']}.")
        self.stdout.write("queued")
