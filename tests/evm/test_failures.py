"""The catalogue of named failures: each valid call with one thing changed is refused by name, and nothing moves."""

from collections.abc import Iterator

import pytest

from tests.evm.chain import Reverted
from tests.evm.failures.account_settings import ACCOUNT_SETTINGS
from tests.evm.failures.accounts import ACCOUNTS
from tests.evm.failures.anchor import ANCHOR
from tests.evm.failures.bond import BOND
from tests.evm.failures.catalogue import Catalogue, Failure
from tests.evm.failures.escrow import ESCROW
from tests.evm.failures.mandates import MANDATES
from tests.evm.failures.rows import ROWS
from tests.evm.failures.settlement import SETTLEMENT
from tests.evm.failures.signatures import SIGNATURES
from tests.evm.world import World, build, members

CATALOGUES = (ESCROW, SIGNATURES, MANDATES, BOND, SETTLEMENT, ROWS, ANCHOR, ACCOUNTS, ACCOUNT_SETTINGS)
FEWEST = 50
ENTRIES = [(catalogue.contract, entry) for catalogue in CATALOGUES for entry in catalogue.entries]
VALID = [(catalogue, name) for catalogue in CATALOGUES for name in catalogue.valid]


@pytest.fixture(scope="module")
def communities() -> dict[str | None, World]:
    """One with the demonstration's token and one with a token that misbehaves."""
    made = {token: build(token=token) for token in (None, "HostileToken")}
    for world in made.values():
        members(world, "alice", "bob")
    return made


@pytest.fixture
def at(communities: dict[str | None, World], request: pytest.FixtureRequest) -> Iterator[World]:
    """The community that the entry asks for, rolled back afterwards."""
    world = communities[getattr(request, "param", None)]
    taken, nonce = world.chain.snapshot(), world.nonce
    leaves, anchored = len(world.log.leaves), len(world.log.anchored)
    yield world
    world.chain.restore(taken)
    world.nonce = nonce
    del world.log.leaves[leaves:], world.log.anchored[anchored:]


def test_there_are_enough() -> None:
    assert len({(contract, entry.name) for contract, entry in ENTRIES}) == len(ENTRIES) >= FEWEST


@pytest.mark.parametrize(("catalogue", "name"), VALID, ids=[f"{item.contract}.{name}" for item, name in VALID])
def test_the_unchanged_call_goes_through(at: World, catalogue: Catalogue, name: str) -> None:
    call = catalogue.valid[name](at)
    at.chain.send(call.sender, call.contract.address, call.data())


@pytest.mark.parametrize(
    ("at", "entry"),
    [(entry.token, entry) for _, entry in ENTRIES],
    ids=[f"{contract}: {entry.name}" for contract, entry in ENTRIES],
    indirect=["at"],
)
def test_refused(at: World, entry: Failure) -> None:
    refuse(at, entry)


def refuse(at: World, entry: Failure) -> None:
    """Send the call of an entry; it has to be refused as the entry says, and to change nothing."""
    due = entry.make(at)
    data = due.call.data() if due.data is None else due.data
    before = at.chain.digest()
    with pytest.raises(Reverted) as refused:
        at.chain.send(due.call.sender, due.call.contract.address, data)
    assert refused.value.name == entry.error, refused.value
    if due.values:
        assert refused.value.values == due.values
    assert at.chain.digest() == before
