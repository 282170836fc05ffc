"""A deployed chain to measure on, and transactions with what they cost."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django

from grid.config.servers.anvil import Anvil
from grid.config.servers.postgres import Postgres

GENESIS = 1_790_000_000
DAY = 86_400
GAS_LIMIT = 16_777_216
"""The most gas one transaction may have (EIP-7825)."""


@dataclass(frozen=True)
class Cost:
    """What one transaction took, and the least that its calldata alone would cost (EIP-7623)."""

    gas: int
    floor: int
    size: int


def calldata_floor(data: bytes) -> int:
    """Return EIP-7623's floor: 21,000 and 10 gas a token; a zero byte is one token, any other four."""
    zeros = data.count(0)
    return 21_000 + 10 * (zeros + 4 * (len(data) - zeros))


@contextmanager
def platform_parts() -> Iterator[None]:
    """A PostgreSQL with our tables and a fresh chain, of this process alone, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="watt-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres = Postgres(data=folder / "pg", sockets=folder / "s", log=folder / "pg.log")
        anvil = Anvil(state=folder / "chain.json", log=folder / "anvil.log", genesis=GENESIS)
        os.environ.update({"WATT_DEMO": "1", "WATT_DATA": str(folder / "data"), "REDIS_URL": "redis://127.0.0.1:1/0"})
        (folder / "data" / "static").mkdir(parents=True)
        try:
            postgres.start()
            anvil.start()
            os.environ.update(postgres.env | postgres.owner_env | anvil.env | {"WATT_AS_OWNER": "1"})
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grid.config.settings")
            django.setup()
            from django.core.management import call_command

            call_command("migrate", verbosity=0, interactive=False)
            yield
        finally:
            from django.db import connections

            connections.close_all()
            anvil.stop()
            postgres.stop()


class Chain:
    """The contracts, deployed as the demonstration has them; anybody's transactions are taken."""

    def __init__(self, *, started: int, system_accounts: Sequence[str], **parameters: int) -> None:
        from grid.chain import contracts, deploy
        from grid.chain.client import connect

        self.client = connect()
        self.artifact = contracts.contract
        self.addresses = deploy.deploy_all(
            now=datetime.fromtimestamp(started, UTC),
            parameters=deploy.Parameters(**parameters),
            system_accounts=system_accounts,
        )
        self._free: set[str] = set()

    @property
    def today(self) -> int:
        """UTC day of the newest block."""
        return self.client.head().timestamp // DAY

    def travel(self, timestamp: int) -> None:
        """Mine a block at that time."""
        self.next_at(timestamp)
        self.client.call("evm_mine")

    def next_at(self, timestamp: int) -> None:
        """Let the next block, and calls on top of the newest one, have that time."""
        self.client.call("evm_setNextBlockTimestamp", timestamp)

    def create(self, name: str, *args: Any) -> str:
        """Deploy one more contract; return its address."""
        sender = self._unlocked("0x" + "ce" * 20)
        data = "0x" + self.artifact(name).creation(args).hex()
        receipt = self._mine({"from": sender, "data": data, "gas": hex(GAS_LIMIT)})
        return str(receipt["contractAddress"])

    def send(self, sender: str, contract: str, function: str, args: Sequence[Any], to: str | None = None) -> Cost:
        """Send a call and return its cost. Raises RpcError or RuntimeError when it fails."""
        data = self.artifact(contract).calldata(function, _plain(args))
        receipt = self._mine(
            {
                "from": self._unlocked(sender),
                "to": to or self.addresses[contract],
                "data": "0x" + data.hex(),
                "gas": hex(GAS_LIMIT),
            }
        )
        return Cost(int(receipt["gasUsed"], 16), calldata_floor(data), len(data))

    def read(self, contract: str, function: str, *args: Any) -> Any:
        """Return what a view answers."""
        from grid.chain import queries

        return queries.call(contract, function, *args)

    def _unlocked(self, address: str) -> str:
        if address not in self._free:
            self.client.call("anvil_impersonateAccount", address)
            self.client.call("anvil_setBalance", address, hex(10**24))
            self._free.add(address)
        return address

    def _mine(self, transaction: dict[str, Any]) -> dict[str, Any]:
        self._explain(transaction)
        tx_hash = self.client.call("eth_sendTransaction", {**transaction, "gasPrice": "0x0"})
        for _ in range(10_000):
            (receipt,) = self.client.receipts([tx_hash])
            if receipt:
                if int(receipt["status"], 16) != 1:
                    raise RuntimeError(f"{tx_hash} failed in its block")
                return receipt
        raise RuntimeError(f"{tx_hash} is in no block")

    def _explain(self, transaction: dict[str, Any]) -> None:
        """Raise CallReverted with the contract's reason if the transaction would fail."""
        from grid.chain.errors import RpcError
        from grid.chain.services.reverts import reverted

        try:
            self.client.call("eth_call", {**transaction, "gasPrice": "0x0"}, "pending")
        except RpcError as error:
            raise reverted(error) from None


def _plain(args: Sequence[Any]) -> Any:
    from grid.chain import contracts

    return contracts.plain(args)
