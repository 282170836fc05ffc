"""Make intervals, zone sums and registers again from the log and the envelopes, or check that they are right."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grid.metering.errors import MeteringError
from grid.metering.services import projection
from grid.records.errors import LogDamaged


class Command(BaseCommand):
    help = "Rebuild the plaintext projection (intervals, zone sums, registers) from the log and the envelopes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="compare only, and name the first differences")

    def handle(self, *args: Any, **options: Any) -> None:
        work = projection.check if options["check"] else projection.rebuild
        try:
            report = work(progress=self._progress)
        except (LogDamaged, MeteringError) as error:
            raise CommandError(str(error)) from None
        for difference in report.named:
            self.stdout.write(str(difference))
        if report.differing > len(report.named):
            self.stdout.write(f"and {report.differing - len(report.named)} more")
        erased = f"erased and left empty: {report.erased_entries} entries, {report.erased_envelopes} envelopes"
        rows = f"{report.intervals} intervals, {report.zone_slots} zone slots, {report.registers} registers"
        self.stdout.write(f"log of {report.log_size} entries: {rows}; {erased}")
        if options["check"]:
            if report.differing:
                raise CommandError(f"{report.differing} rows differ; run without --check to put them right")
            self.stdout.write("the projection is what the log says")
        else:
            self.stdout.write(f"{report.differing} rows were put right")

    def _progress(self, what: str, done: int, of: int) -> None:
        self.stderr.write(f"{what}: {done} of {of}   ", ending="\r")
