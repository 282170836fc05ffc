"""Sending the outbox: sign, store, broadcast. One owner per sender, nothing twice, nothing lost.

A row goes QUEUED -> SIGNED (raw bytes and nonce committed) -> SENT -> MINED -> FINAL. A call that the
contract refuses at estimation becomes REVERTED and takes no nonce, so it holds up nobody. Every signed
version of a row is kept, since any of them may be mined. What `confirm` does is in the module beside.
"""

import contextlib
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import Max, Q

from grid.chain import devchain, signers, transactions
from grid.chain.client import Client
from grid.chain.errors import CallReverted, ContractUnknown, FeeTooHigh, KeyRefused, RpcError
from grid.chain.fees import Offer, bumped, offer
from grid.chain.locks import Fence, owned
from grid.chain.models import ChainAttempt, ChainTx, ChainTxState
from grid.chain.nodes import connect
from grid.chain.queries import halted
from grid.chain.services.confirm import confirm_sent
from grid.chain.services.reverts import call_of, reverted
from grid.chain.services.rows import LIVE, SPENT, change, write
from grid.chain.transactions import Transaction

__all__ = ["MARKET_SENDERS", "confirm_sent", "send_pending"]

log = structlog.get_logger()

GAS_MARGIN_PERCENT = 25
SWEEP = 500
MARKET_SENDERS = ("poster", "anchorer")
"""Whose new calls wait while the market is halted; members' own go on."""

_KNOWN = ("already known", "already imported", "known transaction", "underpriced")
_NONCE_USED = ("nonce too low", "nonce is too low")
_FEE_TOO_LOW = ("less than block base fee", "underpriced", "fee too low")
_TOO_MUCH_GAS = ("gas required exceeds", "intrinsic gas too high", "exceeds block gas limit", "gas limit too high")


def send_pending(*, now: datetime) -> int:
    """Send what waits in the outbox, in order; return how many were broadcast.

    A sender that another process is busy with is left to it. Raises ChainUnavailable when the node
    does not answer: every row keeps its state, and the next sweep goes on from there.
    """
    waiting = Q(state__in=[ChainTxState.QUEUED, ChainTxState.SIGNED, ChainTxState.SENT])
    names = sorted(set(ChainTx.objects.filter(waiting).values_list("sender", flat=True)))
    if not names:
        return 0
    client = connect(now=now)
    with contextlib.ExitStack() as stack:
        senders: dict[str, _Sender] = {}
        for name in names:
            fence = stack.enter_context(owned(f"sender.{name}"))
            if fence:
                senders[name] = _Sender(name, client, fence)
        sent = sum(sender.catch_up(now=now) for sender in senders.values())
        queued = ChainTx.objects.filter(state=ChainTxState.QUEUED, sender__in=senders).order_by("id")
        if halted():
            queued = queued.exclude(sender__in=MARKET_SENDERS)
        sent += sum(senders[row.sender].send(row, now=now) for row in queued[:SWEEP])
    return sent


class _Sender:
    """A key at work: its next nonce, and whether something before it is stuck."""

    def __init__(self, name: str, client: Client, fence: Fence) -> None:
        self.name = name
        self.client = client
        self.fence = fence
        self.stuck = False
        self._nonce: int | None = None
        self._offer: Offer | None = None
        self._signer: signers.Signer | None = None

    def catch_up(self, *, now: datetime) -> int:
        """Broadcast what is signed, fill gaps before it, raise the fees of what is stuck; return how many."""
        live = ChainTx.objects.filter(sender=self.name, state__in=LIVE).order_by("address", "nonce")
        sent = sum(self.broadcast(row, now=now) for row in live.filter(state=ChainTxState.SIGNED)[:SWEEP])
        if live.exists():
            sent += self._fill_gaps(now=now)
            sent += self._raise_fees(now=now)
        return sent

    def send(self, row: ChainTx, *, now: datetime) -> int:
        """Sign, store and broadcast a queued row; return 1 if it was broadcast."""
        if self.stuck:
            return 0
        if devchain.follows_clock():
            devchain.set_next_time(self.client, now=now)
        try:
            signer = self._keeper()
            nonce = self._next_nonce(signer.address)
            transaction = self._transaction(row, signer.address, nonce)
        except (CallReverted, ContractUnknown, ValueError) as error:
            self._refuse(row, str(error), now=now)
            return 0
        except (KeyRefused, FeeTooHigh) as error:
            return self._wait(row, str(error), now=now)
        except RpcError as error:
            change(self.fence, row, now=now, error=str(error), attempts=row.attempts + 1)
            return 0
        if not self._sign(row, transaction, now=now):
            return 0
        self._nonce = nonce + 1
        return self.broadcast(row, now=now)

    def broadcast(self, row: ChainTx, *, now: datetime) -> int:
        """Hand the stored bytes to the node, as often as it takes; return 1 if it has them."""
        if self.stuck:
            return 0
        with self.fence.writing():
            if not write(row, now=now, attempts=row.attempts + 1):
                return 0
            ChainAttempt.objects.filter(tx_hash=row.tx_hash, broadcast_at__isnull=True).update(broadcast_at=now)
        try:
            self.client.call("eth_sendRawTransaction", "0x" + bytes(row.raw or b"").hex())
        except RpcError as error:
            return self._not_taken(row, error, now=now)
        return int(change(self.fence, row, now=now, state=ChainTxState.SENT, error=""))

    def _not_taken(self, row: ChainTx, error: RpcError, *, now: datetime) -> int:
        """Find out what a refusal means: the node has the bytes, or another version, or the nonce is spent."""
        message = error.message.lower()
        spent = any(text in message for text in _NONCE_USED)
        maybe_there = spent or any(text in message for text in _KNOWN)
        open_versions = row.versions.exclude(outcome__in=SPENT)
        if maybe_there and self.client.known(list(open_versions.values_list("tx_hash", flat=True))):
            return int(change(self.fence, row, now=now, state=ChainTxState.SENT, error=""))
        if spent:
            # Whose transaction took the nonce shows when the block is confirmed: `confirm` looks for it.
            told = f"Another transaction took nonce {row.nonce}."
            change(self.fence, row, now=now, state=ChainTxState.SENT, error=told)
            return 0
        if any(text in message for text in _FEE_TOO_LOW) and self._is_due(row, now=now):
            return self._replace(row, now=now)
        return self._wait(row, str(error), now=now)

    def _sign(self, row: ChainTx, transaction: Transaction, *, now: datetime) -> bool:
        """Sign and commit before anything is broadcast; return whether the row was still ours to sign."""
        signer = self._keeper()
        try:
            raw = signer.sign(transaction)
        except KeyRefused as error:
            self._wait(row, str(error), now=now)
            return False
        tx_hash = transactions.hash_of(raw)
        with self.fence.writing(durable=True):
            if not write(
                row,
                now=now,
                state=ChainTxState.SIGNED,
                address=signer.address,
                nonce=transaction.nonce,
                raw=raw,
                tx_hash=tx_hash,
            ):
                return False
            ChainAttempt.objects.create(
                tx=row,
                address=signer.address,
                nonce=transaction.nonce,
                tx_hash=tx_hash,
                raw=raw,
                gas=transaction.gas,
                max_fee=transaction.max_fee,
                priority_fee=transaction.priority_fee,
                made_at=now,
            )
        return True

    def _transaction(self, row: ChainTx, address: str, nonce: int) -> Transaction:
        """Return a row's call with gas estimated on top of what is pending. Raises ValueError above the limit."""
        wanted = self._fees()
        call = call_of(row, address, self.client)
        limit = settings.CHAIN_GAS_LIMIT
        what = row.function or "An empty transaction"
        try:
            estimate = self.client.gas(call)
        except RpcError as error:
            if any(text in error.message.lower() for text in _TOO_MUCH_GAS):
                raise ValueError(f"{what} needs more gas than a block has; one transaction may have {limit}.") from None
            raise reverted(error) from None
        if estimate > limit:
            raise ValueError(f"{what} needs {estimate} gas; one transaction may have {limit}.")
        return Transaction(
            chain_id=self.client.chain_id,
            nonce=nonce,
            priority_fee=wanted.priority_fee,
            max_fee=wanted.max_fee,
            gas=min(limit, estimate + estimate * GAS_MARGIN_PERCENT // 100),
            to=bytes.fromhex(call["to"][2:]),
            data=bytes.fromhex(call["data"][2:]),
        )

    def _next_nonce(self, address: str) -> int:
        """Return the nonce after the last one we signed, or the chain's count where it is ahead of us."""
        if self._nonce is None:
            last = ChainAttempt.objects.filter(address=address).order_by("-nonce").values_list("nonce", flat=True)
            ours = last[0] + 1 if last else 0
            count = self.client.transaction_count(address)
            if count > ours and last:
                log.warning("nonces used by others", sender=self.name, from_nonce=ours, to_nonce=count)
            self._nonce = max(ours, count)
        return self._nonce

    def _fill_gaps(self, *, now: datetime) -> int:
        """Fill nonces that nobody holds and later rows wait behind, each with a transaction to ourselves."""
        try:
            address = self._keeper().address
        except KeyRefused:
            return 0  # what is signed goes on without the key
        waiting = ChainTx.objects.filter(address=address, state__in=[ChainTxState.SIGNED, ChainTxState.SENT])
        last = waiting.order_by("-nonce").values_list("nonce", flat=True).first()
        count = self.client.transaction_count(address)
        if last is None or last < count:
            return 0
        held = set(ChainTx.objects.filter(address=address, nonce__gte=count).values_list("nonce", flat=True))
        missing = [nonce for nonce in range(count, last) if nonce not in held]
        return sum(self._fill(nonce, address, now=now) for nonce in missing[:SWEEP])

    def _fill(self, nonce: int, address: str, *, now: datetime) -> int:
        log.warning("nonce gap", sender=self.name, nonce=nonce)
        with self.fence.writing():
            row, _ = ChainTx.objects.get_or_create(
                business_key=f"fill:{address}:{nonce}",
                defaults={"sender": self.name, "args": [], "created_at": now, "updated_at": now},
            )
        if row.state != ChainTxState.QUEUED:
            return 0
        try:
            transaction = self._transaction(row, address, nonce)
        except (FeeTooHigh, RpcError, ValueError) as error:
            return self._wait(row, str(error), now=now)
        return self.broadcast(row, now=now) if self._sign(row, transaction, now=now) else 0

    def _is_due(self, row: ChainTx, *, now: datetime) -> bool:
        """Say whether a row's newest version has been out long enough to be replaced."""
        since = row.versions.aggregate(since=Max("broadcast_at"))["since"]
        return since is not None and since <= now - timedelta(seconds=settings.CHAIN_BUMP_SECONDS)

    def _raise_fees(self, *, now: datetime) -> int:
        """Replace what has been out too long by versions that offer more; return how many."""
        since = now - timedelta(seconds=settings.CHAIN_BUMP_SECONDS)
        out = ChainTx.objects.filter(sender=self.name, state=ChainTxState.SENT)
        out = out.annotate(out_since=Max("versions__broadcast_at")).filter(out_since__lte=since)
        stuck = list(out.order_by("nonce")[:SWEEP])
        if not stuck or self.client.head().base_fee == 0:
            return 0  # where gas is free, fees hold up nothing
        counts = {address: self.client.transaction_count(address) for address in {row.address for row in stuck}}
        return sum(self._replace(row, now=now) for row in stuck if (row.nonce or 0) >= counts[row.address])

    def _replace(self, row: ChainTx, *, now: datetime) -> int:
        newest = row.versions.order_by("-id")[0]
        try:
            wanted = self._fees()
            if self._keeper().address != row.address:
                raise KeyRefused(f"Its key is no longer the one of {self.name}.")
        except (FeeTooHigh, KeyRefused) as error:
            return self._stays(row, str(error), now=now)
        higher = bumped(Offer(newest.max_fee, newest.priority_fee), wanted)
        if higher is None:
            cap = settings.CHAIN_MAX_FEE_WEI
            return self._stays(row, f"It offers {newest.max_fee} wei; CHAIN_MAX_FEE_WEI is {cap}.", now=now)
        before, _ = transactions.decode(bytes(newest.raw))
        log.warning("fees raised", key=row.business_key, nonce=row.nonce, max_fee=higher.max_fee)
        transaction = replace(before, max_fee=higher.max_fee, priority_fee=higher.priority_fee)
        return self.broadcast(row, now=now) if self._sign(row, transaction, now=now) else 0

    def _stays(self, row: ChainTx, why: str, *, now: datetime) -> int:
        """Say that a transaction in no block is not replaced, and sign nothing behind it; return 0."""
        self.stuck = True
        log.warning("transaction stuck", key=row.business_key, nonce=row.nonce, reason=why)
        change(self.fence, row, now=now, error=f"In no block yet, and not replaced: {why}")
        return 0

    def _wait(self, row: ChainTx, why: str, *, now: datetime) -> int:
        """Keep a row and everything behind it for the next sweep; return 0."""
        self.stuck = True
        log.warning("sender waits", key=row.business_key, sender=self.name, reason=why)
        change(self.fence, row, now=now, error=why, attempts=row.attempts + 1)
        return 0

    def _refuse(self, row: ChainTx, why: str, *, now: datetime) -> None:
        log.warning("transaction not sent", key=row.business_key, reason=why)
        change(self.fence, row, now=now, state=ChainTxState.REVERTED, error=why)

    def _keeper(self) -> signers.Signer:
        if self._signer is None:
            self._signer = signers.signer(self.name)
        return self._signer

    def _fees(self) -> Offer:
        if self._offer is None:
            self._offer = offer(self.client)
        return self._offer
