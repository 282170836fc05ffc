"""EIP-170: a public chain takes no contract of more than 24,576 bytes."""

import pytest
from brownie import web3

LIMIT = 24_576
DEPLOYED = ("manager", "anchor", "accounts", "escrow", "settlement", "recomputation", "disputes")


@pytest.mark.parametrize("name", DEPLOYED)
def test_contract_fits(world, name):
    size = len(web3.eth.get_code(str(getattr(world, name))))
    assert 0 < size <= LIMIT, f"{name} has {size} bytes"
