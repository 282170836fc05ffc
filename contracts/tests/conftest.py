"""One community for the whole session; every test starts from the same block and leaves no trace."""

import pytest
import rlp
from brownie import web3
from eth_utils import keccak, to_checksum_address
from world import (
    ANCHORER,
    CHALLENGE_WINDOW,
    CORRECTION_LAG,
    DAY,
    GATE_LEAD,
    GUARDIAN,
    MINTER,
    POSTER,
    POSTING_LAG,
    TOKEN,
    WITHDRAWAL_DELAY,
    World,
)

BOND = 1_000_000 * TOKEN
CAP = 100 * TOKEN
TERMS = (CHALLENGE_WINDOW, POSTING_LAG, CORRECTION_LAG, 0, 1)


def predicted(deployer: str, ahead: int) -> str:
    """Address of the contract that `deployer` creates `ahead` transactions after the next one."""
    nonce = web3.eth.get_transaction_count(str(deployer)) + ahead
    return to_checksum_address(keccak(rlp.encode([bytes.fromhex(str(deployer)[2:]), nonce]))[12:])


def build_world(accounts, project, token=None, terms=TERMS, delay=WITHDRAWAL_DELAY) -> World:
    """Deploy everything and hand out roles; `token` replaces the demo token."""
    admin, poster, anchorer, guardian, relayer, mallory = accounts[:6]
    sender = {"from": admin}
    manager = project.AccessManager.deploy(admin, sender)
    anchor = project.RecordAnchor.deploy(manager, sender)
    signers = project.Accounts.deploy(sender)
    money = token or project.DemoToken.deploy(manager, sender)
    world = World(
        manager, anchor, signers, money, None, None, admin, poster, anchorer, guardian, relayer, mallory,
        today=web3.eth.get_block("latest")["timestamp"] // DAY,
    )  # fmt: skip
    world.escrow = project.Escrow.deploy(
        manager, money, signers, predicted(admin, 1), world.system, delay, GATE_LEAD, sender
    )
    world.settlement = project.Settlement.deploy(manager, world.escrow, anchor, terms, sender)
    roles = [
        (world.settlement, ["postRun", "postCorrection"], POSTER, poster),
        (anchor, ["anchor"], ANCHORER, anchorer),
        (world.escrow, ["pause", "unpause"], GUARDIAN, guardian),
    ]
    if token is None:
        roles.append((money, ["mint"], MINTER, admin))
    for target, functions, role, holder in roles:
        manager.setTargetFunctionRole(target, [getattr(target, name).signature for name in functions], role, sender)
        manager.grantRole(role, holder, 0, sender)
    money.mint(admin, 10 * BOND, sender)
    money.approve(world.escrow, 2**256 - 1, sender)
    world.escrow.topUpBond(BOND, sender)
    anchor.anchor(0, 0, 1, keccak(text="log"), [], {"from": anchorer})
    return world


@pytest.fixture(scope="session")
def project():
    import brownie

    return brownie.project.get_loaded_projects()[0]


@pytest.fixture(scope="session")
def community(accounts, project) -> World:
    """Alice and Bob have 500 tokens, a mandate of 100 a day and time until next year; Carol has signed nothing."""
    noon = (web3.eth.get_block("latest")["timestamp"] // DAY + 1) * DAY + DAY // 2
    web3.provider.make_request("evm_setNextBlockTimestamp", [noon])
    web3.provider.make_request("evm_mine", [])
    world = build_world(accounts, project)
    for name in ("alice", "bob"):
        world.fund(name, 500 * TOKEN)
        world.register(name, CAP, world.today - 10, world.today + 365)
    return world


@pytest.fixture
def world(community, chain) -> World:
    """The session's community, rolled back afterwards."""
    chain.snapshot()
    nonce = community.nonce
    yield community
    chain.revert()
    community.nonce = nonce
