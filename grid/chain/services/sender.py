"""Sending the outbox: sign, store, broadcast, confirm. One owner per sender, nothing twice, nothing lost.

A row goes QUEUED -> SIGNED (raw bytes and nonce committed) -> SENT -> MINED -> FINAL. A call that the
contract refuses at estimation becomes REVERTED and takes no nonce, so it holds up nobody.
"""

import contextlib
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from eth_account import Account
from eth_utils.address import to_checksum_address

from grid.chain import contracts, devchain, keys
from grid.chain.client import Client, Head, connect
from grid.chain.errors import CallReverted, ContractUnknown, KeyRefused, RpcError
from grid.chain.locks import owned
from grid.chain.models import ChainTx, ChainTxState

log = structlog.get_logger()

GAS_LIMIT = 16_777_216
"""The most gas one transaction may have (EIP-7825)."""

GAS_MARGIN_PERCENT = 25
SWEEP = 500
_KNOWN = ("already known", "already imported", "known transaction")
_NONCE_USED = ("nonce too low", "nonce is too low")


def send_pending(*, now: datetime) -> int:
    """Send what waits in the outbox, in order; return how many were broadcast.

    A sender that another process is busy with is left to it. Raises ChainUnavailable when the node
    does not answer: every row keeps its state, and the next sweep goes on from there.
    """
    waiting = ChainTx.objects.filter(state__in=[ChainTxState.QUEUED, ChainTxState.SIGNED])
    names = sorted(set(waiting.values_list("sender", flat=True)))
    if not names:
        return 0
    client = connect()
    with contextlib.ExitStack() as stack:
        senders = {name: _Sender(name, client) for name in names if stack.enter_context(owned(f"sender.{name}"))}
        signed = waiting.filter(sender__in=senders, state=ChainTxState.SIGNED).order_by("sender", "nonce")
        sent = sum(senders[row.sender].broadcast(row, now=now) for row in signed)
        queued = waiting.filter(sender__in=senders, state=ChainTxState.QUEUED).order_by("id")
        sent += sum(senders[row.sender].send(row, now=now) for row in queued[:SWEEP])
    return sent


class _Sender:
    """A key at work: its next nonce, and whether something before it is stuck."""

    def __init__(self, name: str, client: Client) -> None:
        self.name = name
        self.client = client
        self.fees = fees(client)
        self.stuck = False
        self._nonce: int | None = None

    def send(self, row: ChainTx, *, now: datetime) -> int:
        """Sign, store and broadcast a queued row; return 1 if it was broadcast."""
        if self.stuck:
            return 0
        if devchain.follows_clock():
            devchain.set_next_time(self.client, now=now)
        try:
            call = self._call(row)
        except (CallReverted, ContractUnknown, KeyRefused, ValueError) as error:
            _finish(row, ChainTxState.REVERTED, str(error), now=now)
            return 0
        except RpcError as error:
            _note(row, str(error), now=now)
            return 0
        key = keys.key(self.name)
        nonce = self._next_nonce(key.address)
        signed = Account.sign_transaction({**call, "nonce": nonce}, key.private_key)
        row.nonce, row.raw = nonce, bytes(signed.raw_transaction)
        row.tx_hash = "0x" + bytes(signed.hash).hex()
        row.state, row.updated_at = ChainTxState.SIGNED, now
        with transaction.atomic(durable=True):
            row.save(update_fields=["nonce", "raw", "tx_hash", "state", "updated_at"])
        self._nonce = nonce + 1
        return self.broadcast(row, now=now)

    def broadcast(self, row: ChainTx, *, now: datetime) -> int:
        """Hand the stored bytes to the node, as often as it takes; return 1 if it has them."""
        if self.stuck:
            return 0
        try:
            self.client.call("eth_sendRawTransaction", "0x" + bytes(row.raw or b"").hex())
        except RpcError as error:
            if not _is_known(self.client, row, error):
                self._refused(row, error, now=now)
                return 0
        row.state, row.attempts, row.error, row.updated_at = ChainTxState.SENT, row.attempts + 1, "", now
        row.save(update_fields=["state", "attempts", "error", "updated_at"])
        return 1

    def _refused(self, row: ChainTx, error: RpcError, *, now: datetime) -> None:
        """Give up a row whose nonce is spent; keep any other, and what follows it, for the next sweep."""
        if any(text in error.message.lower() for text in _NONCE_USED):
            _finish(row, ChainTxState.DEAD, "Another transaction has its nonce.", now=now)
        else:
            self.stuck = True
            _note(row, str(error), now=now)

    def _call(self, row: ChainTx) -> dict[str, Any]:
        """Return the transaction without its nonce, its gas estimated on top of what is pending."""
        contract = contracts.contract(row.contract)
        call = {
            "from": keys.address(self.name),
            "to": contracts.address_of(row.contract, self.client.chain_id),
            "data": "0x" + contract.calldata(row.function, row.args).hex(),
        }
        try:
            estimate = int(self.client.call("eth_estimateGas", call, "pending"), 16)
        except RpcError as error:
            raise reverted(error) from None
        if estimate > GAS_LIMIT:
            raise ValueError(f"{row.function} needs {estimate} gas; one transaction may have {GAS_LIMIT}.")
        return {
            "to": to_checksum_address(call["to"]),
            "data": call["data"],
            "value": 0,
            "gas": min(GAS_LIMIT, estimate + estimate * GAS_MARGIN_PERCENT // 100),
            "chainId": self.client.chain_id,
            "type": 2,
            **self.fees,
        }

    def _next_nonce(self, address: str) -> int:
        """Return the nonce after the last one we signed, or the chain's count where it is ahead of us."""
        if self._nonce is None:
            last = (
                ChainTx.objects.filter(sender=self.name, nonce__isnull=False)
                .order_by("-nonce")
                .values_list("nonce", flat=True)
                .first()
            )
            ours = 0 if last is None else last + 1
            self._nonce = max(ours, self.client.transaction_count(address))
        return self._nonce


def fees(client: Client) -> dict[str, int]:
    """Return EIP-1559 fees: twice the base fee, and the node's tip unless gas is free."""
    base = client.head().base_fee
    tip = int(client.call("eth_maxPriorityFeePerGas"), 16) if base else 0
    return {"maxFeePerGas": 2 * base + tip, "maxPriorityFeePerGas": tip}


def reverted(error: RpcError) -> RpcError:
    """Return CallReverted with the decoded custom error where a contract refused; else the error itself."""
    if error.code == 3 or "revert" in error.message.lower():
        return CallReverted(error, contracts.reason(error.data, error.message))
    return error


def confirm_sent(*, now: datetime) -> int:
    """Look for what was broadcast; return how many rows changed.

    A row is FINAL, or REVERTED, once its block is deep enough. A transaction that was lost, or whose
    block the chain dropped, is broadcast again: the same bytes, so it cannot happen twice.
    """
    open_rows = ChainTx.objects.filter(state__in=[ChainTxState.SENT, ChainTxState.MINED])
    rows = list(open_rows.order_by("id")[:SWEEP])
    if not rows:
        return 0
    client = connect()
    head = client.head()
    receipts = client.receipts([row.tx_hash or "" for row in rows])
    numbers = sorted({int(receipt["blockNumber"], 16) for receipt in receipts if receipt})
    blocks = {block.number: block for block in client.blocks(numbers) if block}
    changed = 0
    for row, receipt in zip(rows, receipts, strict=True):
        block = blocks.get(int(receipt["blockNumber"], 16)) if receipt else None
        if receipt is None:
            changed += _lost(client, row, now=now)
        elif block and block.hash == receipt["blockHash"].lower():
            changed += _mined(client, row, receipt, block, head, now=now)
    return changed


def _mined(client: Client, row: ChainTx, receipt: dict[str, Any], block: Head, head: Head, *, now: datetime) -> int:
    before = (row.state, row.block_hash)
    row.block_number, row.block_hash, row.block_timestamp = block.number, block.hash, block.timestamp
    row.gas_used = int(receipt["gasUsed"], 16)
    deep = head.number - block.number + 1 >= settings.CHAIN_CONFIRMATIONS
    if not deep:
        row.state = ChainTxState.MINED
    elif int(receipt["status"], 16):
        row.state = ChainTxState.FINAL
    else:
        row.state, row.error = ChainTxState.REVERTED, _why(client, row)
        log.warning("transaction reverted", key=row.business_key, reason=row.error)
    if (row.state, row.block_hash) == before:
        return 0
    row.updated_at = now
    row.save()
    return 1


def _lost(client: Client, row: ChainTx, *, now: datetime) -> int:
    """Broadcast again what the node no longer has; return 1 if the row changed."""
    if row.state == ChainTxState.SENT and client.call("eth_getTransactionByHash", row.tx_hash):
        return 0
    row.block_number = row.block_timestamp = row.gas_used = None
    row.block_hash = ""
    row.state, row.updated_at = ChainTxState.SIGNED, now
    row.save()
    return 1


def _why(client: Client, row: ChainTx) -> str:
    """Return why a mined transaction failed, by calling it again on the state before its block."""
    contract = contracts.contract(row.contract)
    call = {
        "from": keys.address(row.sender),
        "to": contracts.address_of(row.contract, client.chain_id),
        "data": "0x" + contract.calldata(row.function, row.args).hex(),
    }
    try:
        client.call("eth_call", call, hex((row.block_number or 1) - 1))
    except RpcError as error:
        return str(reverted(error))
    return "Reverted in its block, not on the state before it."


def _is_known(client: Client, row: ChainTx, error: RpcError) -> bool:
    """Say whether the node has the transaction although it refused the bytes."""
    message = error.message.lower()
    if any(text in message for text in _KNOWN):
        return True
    if any(text in message for text in _NONCE_USED):
        return client.call("eth_getTransactionByHash", row.tx_hash) is not None
    return False


def _finish(row: ChainTx, state: ChainTxState, error: str, *, now: datetime) -> None:
    log.warning("transaction not sent", key=row.business_key, state=state, reason=error)
    row.state, row.error, row.updated_at = state, error, now
    row.save(update_fields=["state", "error", "updated_at"])


def _note(row: ChainTx, error: str, *, now: datetime) -> None:
    row.error, row.attempts, row.updated_at = error, row.attempts + 1, now
    row.save(update_fields=["error", "attempts", "updated_at"])
