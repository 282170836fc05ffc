"""One sender's work on a real chain, and the one statement every fault has to leave true."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from grid.chain import keys, queries
from grid.chain.client import Client
from grid.chain.locks import lock_of
from grid.chain.models import Block, ChainAttempt, ChainEvent, ChainTx, ChainTxState
from grid.chain.services import comparison, indexer, outbox, sender
from grid.chain.transactions import Transaction
from tests.chain.chaos.processes import until
from tests.chain.support import NOW

ALICE = "0x" + "a1" * 20
STRANGER = "0x" + "57" * 20
PASSES = 40
DEEPEST = 3
"""Blocks that a test drops at most."""


def deposit(number: int) -> ChainTx:
    """Ask for a deposit of its own amount; the same number asked again is the same deposit."""
    return outbox.enqueue(
        business_key=f"deposit:{number}",
        sender="relayer",
        contract="Escrow",
        function="deposit",
        args=[ALICE, number],
        now=NOW,
    )


class World:
    """What was asked for, what others did with our key, and the passes that bring it all to an end."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.relayer = keys.address("relayer")
        self.now: datetime = NOW
        self.numbers: set[int] = set()
        self.automine = True
        self.pace = timedelta(seconds=1)
        """The time between two passes of `settle`."""
        client.call("anvil_setBalance", STRANGER, hex(10**20))
        client.call("anvil_impersonateAccount", STRANGER)
        for _ in range(DEEPEST + 1):  # a reorganisation must not reach below the state this test began with
            self.fill_block()
        self.first_nonce = client.transaction_count(self.relayer)
        self.first_block = client.head().number + 1

    def ask(self, *numbers: int) -> list[ChainTx]:
        self.numbers |= set(numbers)
        return [deposit(number) for number in numbers]

    def send(self) -> int:
        return sender.send_pending(now=self.now)

    def work(self) -> None:
        """One pass: send, confirm, read back."""
        self.send()
        self.mine()
        sender.confirm_sent(now=self.now)
        indexer.index(now=self.now)

    def mine(self) -> None:
        """Wait until what can be mined is; behind a missing nonce the pool may keep something."""
        if not self.automine:
            self.client.call("evm_mine")
            return
        until(lambda: self.client.call("txpool_status")["pending"] == "0x0", "anvil to mine")

    def fill_block(self) -> None:
        """A block with a stranger's transaction: an empty one would be the same again after a reorganisation."""
        self.client.call("eth_sendTransaction", {"from": STRANGER, "to": STRANGER})
        self.mine()

    def take_nonce(self) -> int:
        """Somebody else with our key sends a transaction; return the nonce it used."""
        nonce = self.client.transaction_count(self.relayer)
        self.client.call("eth_sendRawTransaction", "0x" + self.foreign_bytes(nonce).hex())
        self.mine()
        return nonce

    def foreign_bytes(self, nonce: int, *, max_fee: int = 0) -> bytes:
        """A transaction of our key that no row knows."""
        to = bytes.fromhex(STRANGER[2:])
        chain_id = self.client.chain_id
        return Transaction(chain_id, nonce, 0, max_fee, 30_000, to, b"\x00").sign(keys.key("relayer").private_key)

    def settle(self) -> None:
        """Work until nothing is left to do. Fails when there is no end to it."""
        for _ in range(PASSES):
            self.work()
            rows = ChainTx.objects.exclude(state=ChainTxState.FINAL)
            if not rows.exists() and indexer.index(now=self.now) == 0:
                return
            self.fill_block()
            self.now += self.pace
        left = list(ChainTx.objects.exclude(state=ChainTxState.FINAL).values_list("business_key", "state", "error"))
        raise AssertionError(f"not settled after {PASSES} passes: {left}")

    def reconcile(self) -> None:
        """Assert that nothing is lost and nothing happened twice: outbox, chain, nonces, events and balance agree."""
        rows = list(ChainTx.objects.order_by("id"))
        asked = {row.business_key for row in rows if row.contract}
        assert asked == {f"deposit:{number}" for number in self.numbers}
        mined_hashes = [self._mined_version(row) for row in rows]
        failed = set(ChainAttempt.objects.filter(outcome="out of gas").values_list("nonce", flat=True))
        used = sorted([row.nonce or 0 for row in rows] + self._foreign_nonces() + list(failed))
        assert used == list(range(self.first_nonce, self.client.transaction_count(self.relayer)))
        self._reconcile_events({row.tx_hash: row.args[1] for row in rows if row.contract})
        assert len(set(mined_hashes)) == len(rows)
        assert queries.escrow_account(ALICE).free == sum(self.numbers)
        self._reconcile_blocks()
        for name in ("sender.relayer", "indexer"):
            assert not _is_locked(name), f"{name} is still owned"
        told = [line for line in comparison.differences(now=self.now) if "that no row knows" not in line]
        assert told == []

    def _foreign_nonces(self) -> list[int]:
        """Return the nonces of our key that somebody else used; what else is on the chain of it must be ours."""
        known = set(ChainAttempt.objects.values_list("tx_hash", flat=True))
        found: list[int] = []
        for number in range(self.first_block, self.client.head().number + 1):
            for item in self.client.call("eth_getBlockByNumber", hex(number), True)["transactions"]:
                if item["from"].lower() == self.relayer and item["hash"].lower() not in known:
                    assert item["to"].lower() == STRANGER, "ours, and no row knows it"
                    found.append(int(item["nonce"], 16))
        return found

    def _mined_version(self, row: ChainTx) -> str:
        """Return the one version of a row that is on the chain, of all that were ever signed for it."""
        assert (row.state, row.error) == (ChainTxState.FINAL, "")
        versions = list(ChainAttempt.objects.filter(tx=row).order_by("id"))
        receipts = self.client.receipts([version.tx_hash for version in versions])
        on_chain = [
            (version, receipt)
            for version, receipt in zip(versions, receipts, strict=True)
            if receipt and (version.outcome != "out of gas" or int(receipt["status"], 16))
        ]
        assert len(on_chain) == 1, f"{row.business_key} is {len(on_chain)} times on the chain"
        ((version, receipt),) = on_chain
        block = self.client.block(int(receipt["blockNumber"], 16))
        assert block is not None
        assert int(receipt["status"], 16) == 1
        assert (row.tx_hash, row.nonce, bytes(row.raw or b"")) == (
            version.tx_hash,
            version.nonce,
            bytes(version.raw),
        )
        assert (row.block_number, row.block_hash) == (block.number, block.hash)
        assert version.outcome == "mined"
        return version.tx_hash

    def _reconcile_events(self, amounts: dict[str | None, int]) -> None:
        stored = ChainEvent.objects.filter(contract="Escrow", name="Deposited", args__account=ALICE)
        assert {event.tx_hash: event.args["amount"] for event in stored} == amounts
        assert stored.count() == len(amounts)
        query: dict[str, Any] = {
            "address": queries.contract_address("Escrow"),
            "fromBlock": hex(self.first_block),
            "toBlock": "latest",
        }
        logs = self.client.call("eth_getLogs", query)
        mine = [log for log in logs if ALICE[2:] in "".join(log["topics"])]
        assert sorted(log["transactionHash"].lower() for log in mine) == sorted(amounts, key=str)

    def _reconcile_blocks(self) -> None:
        blocks = list(Block.objects.order_by("number"))
        assert blocks
        for stored, found in zip(blocks, self.client.blocks([block.number for block in blocks]), strict=True):
            assert found is not None
            assert found.hash == stored.hash


def _is_locked(name: str) -> bool:
    """Say whether a process owns a name now."""
    high, low = divmod(lock_of(name) % 2**64, 2**32)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
            " WHERE locktype = 'advisory' AND datname = current_database() AND classid = %s AND objid = %s",
            [high, low],
        )
        return bool(cursor.fetchone()[0])
