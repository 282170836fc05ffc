"""What the contract says of every account and every pot, in the words of the reference ledger."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from grid.domain.ledger import Ledger
from tests.evm.world import World


@dataclass(frozen=True)
class Books:
    """All money of an escrow: (free, pending, receivable, owed) by account, and the pots."""

    accounts: dict[str, tuple[int, int, int, int]]
    bond: int
    reserved: int
    claims: tuple[int, int]
    owed_to_bond: int
    pool: int
    owed_waiting: int
    deposits: int
    liabilities: int
    held: int


def of_contract(world: World, names: Iterable[str]) -> Books:
    """Read everything through view functions."""
    escrow = world.escrow
    accounts = {}
    for name in names:
        address = world[name]
        accounts[name] = tuple(
            int(escrow.read(view, address)) for view in ("balanceOf", "pendingOf", "receivableOf", "owedTo")
        )
    pool, waiting = escrow.read("collectionPool")
    return Books(
        accounts,  # type: ignore[arg-type]
        int(escrow.read("bond")),
        int(escrow.read("reservedBond")),
        tuple(escrow.read("bondClaims")),
        int(escrow.read("owedTo", escrow.address)),
        pool,
        waiting,
        int(escrow.read("depositsHeld")),
        int(escrow.read("totalLiabilities")),
        int(world.token.read("balanceOf", escrow.address)),
    )


def of_ledger(ledger: Ledger, names: Iterable[str]) -> Books:
    """The same of the reference."""
    accounts = {
        name: (ledger.free[name], ledger.pending(name), ledger.receivable[name], ledger.owed[name]) for name in names
    }
    return Books(
        accounts,
        ledger.bond,
        ledger.reserved,
        (ledger.outstanding(), len(ledger.claims)),
        ledger.owed[ledger.bond_account],
        ledger.pool,
        len(ledger.owed_queue),
        ledger.deposits,
        ledger.liabilities(),
        ledger.held,
    )


def with_held(books: Books, held: int) -> Books:
    """The same with another number of tokens in the escrow."""
    return replace(books, held=held)
