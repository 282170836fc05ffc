"""What others read of the chain: stored events and heads, and a contract's present state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from grid.chain import contracts
from grid.chain.client import Head
from grid.chain.models import Block, ChainEvent, ChainHalt, ChainTx, ChainTxState
from grid.chain.nodes import connect
from grid.domain.signers import address_bytes
from grid.domain.typed_data import TypedDomain

SIGNER_NOTICE_SECONDS = 43_200
"""Half of the shortest delay that Accounts can be deployed with."""


@dataclass(frozen=True, slots=True)
class EscrowAccount:
    """An account in Escrow, token units.

    `free` can be withdrawn or debited, `pending` is requested for withdrawal; `receivable` it still owes
    within its caps, `owed` the platform still owes it from others' shortfalls.
    """

    free: int
    pending: int
    receivable: int
    owed: int


def call(contract: str, function: str, *args: Any) -> Any:
    """Return what a view of one of our contracts answers now. Raises ChainUnavailable, ContractUnknown."""
    return call_many([(contract, function, args)])[0]


def call_many(calls: Sequence[tuple[str, str, Sequence[Any]]]) -> list[Any]:
    """Return what several views answer, all of the same block, in one request; raises as `call`."""
    client = connect()
    block = hex(client.head().number)
    requests = []
    for name, function, args in calls:
        data = contracts.contract(name).calldata(function, contracts.plain(args))
        target = {"to": contracts.address_of(name, client.chain_id), "data": "0x" + data.hex()}
        requests.append(("eth_call", [target, block]))
    answers = client.call_many(requests)
    return [
        contracts.contract(name).returned(function, len(args), bytes.fromhex(answer[2:]))
        for (name, function, args), answer in zip(calls, answers, strict=True)
    ]


def escrow_accounts(addresses: Sequence[str]) -> list[EscrowAccount]:
    """Return several accounts (0x text) as Escrow has them now, in order; raises as `call`."""
    views = ("balanceOf", "pendingOf", "receivableOf", "owedTo")
    answers = call_many([("Escrow", view, (address,)) for address in addresses for view in views])
    return [EscrowAccount(*answers[start : start + 4]) for start in range(0, len(answers), 4)]


def escrow_account(address: str) -> EscrowAccount:
    """Return one account (0x text) as Escrow has it now; raises as `call`."""
    return escrow_accounts([address])[0]


def system_accounts() -> dict[str, str]:
    """Return the addresses of Escrow's supplier, fee, dust and balancing accounts; raises as `call`."""
    views = {"supplier": "supplier", "fee": "fee", "dust": "dust", "balancing": "balancingAccount"}
    answers = call_many([("Escrow", view, ()) for view in views.values()])
    return dict(zip(views, answers, strict=True))


def chain_head() -> Head:
    """Return the newest block of the chain. Raises ChainUnavailable."""
    return connect().head()


def events(contract: str, name: str, *, after_id: int = 0, **args: Any) -> QuerySet[ChainEvent]:
    """Return stored events in the order the chain has them; `args` filters by their values."""
    filters = {f"args__{key}": contracts.plain(value) for key, value in args.items()}
    found = ChainEvent.objects.filter(contract=contract, name=name, id__gt=after_id, **filters)
    return found.select_related("block").order_by("block_id", "log_index")


def contract_address(name: str) -> str:
    """Return where a contract stands on the chain of the settings, 0x and lower case. Raises ContractUnknown."""
    return contracts.address_of(name, connect().chain_id)


def eip712_domain(contract: str = "Escrow") -> TypedDomain:
    """Return the domain members sign for: this chain and the contract that takes the message; raises as `call`."""
    client = connect()
    address = contracts.address_of(contract, client.chain_id)
    return TypedDomain(chain_id=client.chain_id, verifying_contract=address_bytes(address))


def signer_may_have_changed(account: bytes, *, now: datetime) -> bool:
    """Say whether another signer may stand behind an account (20-byte id) than the wallet its id names.

    Accounts lets no request take effect within a day, so an index that reaches to within half a day of `now` holds the
    request of every change that is in effect. One that does not proves nothing.
    """
    newest = Block.objects.order_by("-number").values_list("timestamp", flat=True).first()
    if newest is None or newest < now.timestamp() - SIGNER_NOTICE_SECONDS:
        return True
    requests = ("SignerChangeRequested", "RecoveryRequested")
    return any(events("Accounts", name, account=account).exists() for name in requests)


def halted() -> ChainHalt | None:
    """Return why the market stands still, or None while it runs."""
    return ChainHalt.objects.filter(resolved_at__isnull=True).first()


def troubled(*, now: datetime) -> QuerySet[ChainTx]:
    """Return the transactions that need a look, oldest first: refused, given up, waiting with an error, or stuck.

    Stuck is what was broadcast and is in no block after twice the time in which its fees are raised.
    """
    late = now - timedelta(seconds=2 * settings.CHAIN_BUMP_SECONDS)
    failed = Q(state__in=[ChainTxState.REVERTED, ChainTxState.DEAD])
    waiting = Q(state__in=[ChainTxState.QUEUED, ChainTxState.SIGNED, ChainTxState.SENT])
    stuck = waiting & (~Q(error="") | Q(state=ChainTxState.SENT, updated_at__lt=late))
    return ChainTx.objects.filter(failed | stuck).order_by("id")
