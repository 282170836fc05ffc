"""The library answers the shared vectors as the Python module does."""

import pytest
from brownie.exceptions import VirtualMachineError
from shared import vectors

VECTORS = vectors("merkle")


@pytest.fixture(scope="module")
def library(project, accounts):
    return project.MerkleLogHarness.deploy({"from": accounts[9]})


def accepted(call, *arguments) -> bool:
    try:
        call(*arguments)
    except VirtualMachineError:
        return False
    return True


def test_leaf_hashes(library):
    for i, expected in enumerate(VECTORS["leafHashes"]):
        assert str(library.leafHash(i.to_bytes(32, "big"))) == expected


def test_roots_of_small_trees(library):
    counted = [library.leafHash(i.to_bytes(32, "big")) for i in range(17)]
    cases = [case for case in VECTORS["roots"] if case["tree"] == "counted" and int(case["size"]) <= 17]
    assert cases
    for case in cases:
        assert str(library.root(counted[: int(case["size"])])) == case["root"], case


def test_inclusion(library):
    for case in VECTORS["inclusion"]:
        arguments = case["leafHash"], int(case["index"]), int(case["size"]), case["proof"], case["root"]
        assert accepted(library.requireInclusion, *arguments) == case["valid"], case


def test_consistency(library):
    for case in VECTORS["consistency"]:
        sizes = int(case["oldSize"]), int(case["newSize"])
        arguments = sizes[0], case["oldRoot"], sizes[1], case["newRoot"], case["proof"]
        assert accepted(library.requireConsistency, *arguments) == case["valid"], case
