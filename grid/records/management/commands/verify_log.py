"""Check the whole log: entries against hashes, hashes against tiles, roots against checkpoints and chain."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grid.chain.errors import ChainError
from grid.records.queries import damage


class Command(BaseCommand):
    help = "Recompute the log from its entries and compare it with tiles, checkpoints and the chain."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--without-chain", action="store_true", help="do not ask the chain for its anchors")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            health = damage.check(with_chain=not options["without_chain"], progress=self._progress)
        except ChainError as error:
            raise CommandError(f"{error} (--without-chain checks the rest)") from None
        if health.damage:
            raise CommandError(health.damage)
        self.stdout.write(
            f"{health.size} entries ({health.erased} erased), {health.tiles} tiles, {health.checkpoints} checkpoints, "
            f"{health.anchored} anchored, root {health.root.hex()}: all hold"
        )

    def _progress(self, done: int) -> None:
        self.stderr.write(f"{done} entries", ending="\r")
