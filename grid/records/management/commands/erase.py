"""Erase what a metering point used in a month."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from grid import clock
from grid.records.errors import LogError
from grid.records.services import erasure


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a month like 2026-05") from None


def _point(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not the id of a metering point") from None


class Command(BaseCommand):
    help = (
        "Destroy the key of a metering point's month and every row that shows it in the clear. Entries keep their "
        "hashes, so all other proofs hold; a TOMBSTONE entry says what was erased and why. It cannot be undone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--point", type=_point, required=True, help="id of the metering point")
        parser.add_argument("--month", type=_month, required=True, help="UTC month, for example 2026-05")
        parser.add_argument("--reason", required=True, help="kept in the log and readable there")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be erased, or why it cannot be")

    def handle(self, *args: Any, **options: Any) -> None:
        dry = options["dry_run"]
        try:
            report = erasure.erase(
                scope=options["point"],
                period=options["month"],
                reason=options["reason"],
                now=clock.now(),
                dry_run=dry,
            )
        except LogError as error:
            raise CommandError(str(error)) from None
        which = f"{report.period:%Y-%m} of {report.scope}"
        if report.before:
            self.stdout.write(f"{which} was erased before: entry {report.log_index} says so")
            return
        rows = ", ".join(f"{count} {name}" for name, count in report.rows.items()) or "no rows"
        if dry:
            self.stdout.write(f"{which} can be erased: its key, {rows}. Nothing was changed.")
        else:
            self.stdout.write(f"{which} is erased: its key, {rows}. Entry {report.log_index} says so.")
