import pytest
import signing
from brownie import web3
from brownie.exceptions import VirtualMachineError
from world import TOKEN, refused


@pytest.fixture
def permit(world):
    """Carol's permit for 5 tokens as (amount, deadline, v, r, s)."""
    world.token.mint(world["carol"], 5 * TOKEN, {"from": world.admin})
    deadline = world.time() + 3_600
    domain = {
        "name": "Commonwatt Demo Euro",
        "version": "1",
        "chainId": web3.eth.chain_id,
        "verifyingContract": world.token.address,
    }
    message = {
        "owner": world["carol"],
        "spender": world.escrow.address,
        "value": 5 * TOKEN,
        "nonce": 0,
        "deadline": deadline,
    }
    signature = signing.sign(world.person("carol").key, domain, "Permit", message)
    return 5 * TOKEN, deadline, signature[64], signature[:32], signature[32:64]


def test_anyone_relays_a_deposit_to_the_owners_account(world, permit):
    tx = world.escrow.depositWithPermit(world["carol"], world["carol"], *permit, {"from": world.relayer})
    assert world.free("carol") == 5 * TOKEN
    event = {"account": world["carol"], "payer": world["carol"], "amount": 5 * TOKEN}
    assert tx.events["Deposited"] == event


def test_a_stranger_cannot_redirect_it(world, permit):
    with refused("PermitForAnotherAccount", world.mallory, world["carol"]):
        world.escrow.depositWithPermit(world.mallory, world["carol"], *permit, {"from": world.mallory})


def test_a_used_permit__reverts_even_with_allowance_left(world, permit):
    world.escrow.depositWithPermit(world["carol"], world["carol"], *permit, {"from": world.relayer})
    world.token.mint(world["carol"], 5 * TOKEN, {"from": world.admin})
    web3.provider.make_request("anvil_impersonateAccount", [world["carol"]])
    web3.provider.make_request("anvil_setBalance", [world["carol"], hex(10**18)])
    world.token.approve(world.escrow, 5 * TOKEN, {"from": world["carol"]})
    with pytest.raises(VirtualMachineError, match="ERC2612InvalidSigner"):
        world.escrow.depositWithPermit(world["carol"], world["carol"], *permit, {"from": world.mallory})
    assert world.free("carol") == 5 * TOKEN


def test_late_permit__reverts(world, permit):
    world.travel(permit[1] + 1)
    with refused("ERC2612ExpiredSignature", permit[1]):
        world.escrow.depositWithPermit(world["carol"], world["carol"], *permit, {"from": world.relayer})
