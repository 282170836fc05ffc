"""One allow-listed token, and still no trust in it."""

import pytest
from conftest import build_world
from world import TOKEN, refused


@pytest.fixture
def hostile(world, project, accounts):
    """A community whose token misbehaves on request."""
    token = project.HostileToken.deploy({"from": world.admin})
    other = build_world(accounts, project, token=token)
    other.fund("alice", 50 * TOKEN)
    return other


def test_fee_on_transfer__reverts(hostile):
    hostile.token.misbehave(3, False, "0x" + "00" * 20, {"from": hostile.admin})
    with refused("TransferInexact", 10, 7):
        hostile.escrow.deposit(hostile["bob"], 10, {"from": hostile.admin})


def test_false_answer__reverts(hostile):
    hostile.token.misbehave(0, True, "0x" + "00" * 20, {"from": hostile.admin})
    with refused("SafeERC20FailedOperation", hostile.token):
        hostile.escrow.deposit(hostile["bob"], 10, {"from": hostile.admin})


def test_refused_receiver_blocks_nobody_and_can_change_the_address(hostile):
    hostile.register("alice", 40 * TOKEN, hostile.today - 1, hostile.today + 9)
    hostile.request("alice", 20 * TOKEN)
    hostile.token.misbehave(0, False, hostile["alice"], {"from": hostile.admin})
    hostile.post({"alice": -10 * TOKEN, "bob": 4 * TOKEN})
    hostile.travel(hostile.time() + 2 * 86_400)
    with refused("ReceiverRefused", hostile["alice"]):
        hostile.escrow.executeWithdrawal(hostile["alice"], 0, {"from": hostile.relayer})
    assert hostile.escrow.pendingOf(hostile["alice"]) == 20 * TOKEN
    hostile.cancel("alice", 0)
    assert hostile.free("alice") == 40 * TOKEN


def reentered(world) -> dict[str, bytes]:
    """Every entry point that moves money, as a call somebody could make."""
    escrow = world.escrow
    return {
        "deposit": escrow.deposit.encode_input(world["bob"], 1),
        "depositWithPermit": escrow.depositWithPermit.encode_input(
            world["bob"], world["bob"], 1, 2**40, 27, b"\x01" * 32, b"\x01" * 32
        ),
        "executeWithdrawal": escrow.executeWithdrawal.encode_input(world["alice"], 0),
        "topUpBond": escrow.topUpBond.encode_input(1),
        "applyRun": escrow.applyRun.encode_input(b"\x00" * 32, 0, 0, 1, world.rows({}), []),
    }


def test_call_back_from_the_token__reverts(hostile):
    hostile.request("alice", TOKEN)
    hostile.travel(hostile.time() + 2 * 86_400)
    for data in reentered(hostile).values():
        hostile.token.callBack(hostile.escrow, data, {"from": hostile.admin})
        with refused("ReentrancyGuardReentrantCall"):
            hostile.escrow.deposit(hostile["bob"], 10, {"from": hostile.admin})
        with refused("ReentrancyGuardReentrantCall"):
            hostile.escrow.executeWithdrawal(hostile["alice"], 0, {"from": hostile.relayer})
    assert hostile.escrow.totalLiabilities() == hostile.token.balanceOf(hostile.escrow)
