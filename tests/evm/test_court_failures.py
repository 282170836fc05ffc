"""The catalogue of named failures of Recomputation and Disputes; test_failures.py has the other contracts'."""

import pytest

from tests.evm.failures.cases import CASES
from tests.evm.failures.catalogue import Catalogue, Failure
from tests.evm.failures.disputes import DISPUTES
from tests.evm.failures.opened import OPENED
from tests.evm.failures.recomputation import RECOMPUTATION
from tests.evm.test_failures import refuse
from tests.evm.world import World

CATALOGUES = (RECOMPUTATION, DISPUTES, CASES, OPENED)
FEWEST = 100
ENTRIES = [(catalogue.contract, entry) for catalogue in CATALOGUES for entry in catalogue.entries]
VALID = [(catalogue, name) for catalogue in CATALOGUES for name in catalogue.valid]


def test_there_are_enough() -> None:
    assert len({(contract, entry.name) for contract, entry in ENTRIES}) == len(ENTRIES) >= FEWEST


@pytest.mark.parametrize(("catalogue", "name"), VALID, ids=[f"{item.contract}.{name}" for item, name in VALID])
def test_the_unchanged_call_goes_through(at: World, catalogue: Catalogue, name: str) -> None:
    call = catalogue.valid[name](at)
    at.chain.send(call.sender, call.contract.address, call.data())


@pytest.mark.parametrize(
    "entry", [entry for _, entry in ENTRIES], ids=[f"{contract}: {entry.name}" for contract, entry in ENTRIES]
)
def test_refused(at: World, entry: Failure) -> None:
    refuse(at, entry)
