"""Deploy the contracts to the chain of the settings, and grant their roles."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grid import clock
from grid.chain.deploy import deploy_all
from grid.chain.errors import ChainError


class Command(BaseCommand):
    help = "Deploy the contracts from their committed artifacts and grant roles; what exists is left alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--token", help="address of the token to settle in (default: deploy DemoToken)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            addresses = deploy_all(now=clock.now(), say=self.stdout.write, token=options["token"])
        except ChainError as error:
            raise CommandError(str(error)) from None
        for name, address in addresses.items():
            self.stdout.write(f"{name:14} {address}")
