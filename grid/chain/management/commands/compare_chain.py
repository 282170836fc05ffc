"""Compare what the database says of the chain with the chain, before a halted market is resumed or just so."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grid import clock
from grid.chain.errors import ChainError
from grid.chain.services import comparison


class Command(BaseCommand):
    help = "Compare every transaction, nonce, block and event we stored with the chain; exit code 1 on a difference."

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        try:
            for difference in comparison.differences(now=clock.now()):
                found += 1
                self.stdout.write(difference)
        except ChainError as error:
            raise CommandError(str(error)) from None
        for state, count in comparison.waiting().items():
            self.stdout.write(f"{count} {state}")
        if found:
            raise CommandError(f"{found} differences")
        self.stdout.write("database and chain agree")
