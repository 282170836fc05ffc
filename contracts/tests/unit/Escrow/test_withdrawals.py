"""requestWithdrawal, cancelWithdrawal and executeWithdrawal."""

import pytest
from brownie import ZERO_ADDRESS
from brownie.exceptions import VirtualMachineError
from world import TOKEN, WITHDRAWAL_DELAY, moves, refused


def open_requests(world, name) -> list[tuple[int, int]]:
    """(index, amount) of each, oldest first."""
    return [(int(request[3]), int(request[1])) for request in world.escrow.withdrawalsOf(world[name])]


def test_requested_money_is_no_longer_free(world):
    tx = world.request("alice", 200 * TOKEN)
    assert tx.events["WithdrawalRequested"] == {
        "account": world["alice"],
        "index": 0,
        "to": world["alice"],
        "amount": 200 * TOKEN,
        "readyAt": tx.timestamp + WITHDRAWAL_DELAY,
    }
    assert (world.free("alice"), world.escrow.pendingOf(world["alice"])) == (300 * TOKEN, 200 * TOKEN)
    assert open_requests(world, "alice") == [(0, 200 * TOKEN)]
    world.assert_backed("alice", "bob")


def test_anyone_executes_after_the_delay_even_while_paused(world):
    ready = world.request("alice", 200 * TOKEN).events["WithdrawalRequested"]["readyAt"]
    world.escrow.pause({"from": world.guardian})
    world.next_at(ready)
    tx = world.escrow.executeWithdrawal(world["alice"], 0, {"from": world.mallory})
    assert tx.events["WithdrawalExecuted"]["amount"] == 200 * TOKEN
    assert world.token.balanceOf(world["alice"]) == 200 * TOKEN
    assert world.escrow.pendingOf(world["alice"]) == 0
    world.assert_backed("alice", "bob")


def test_one_second_early__reverts(world):
    ready = world.request("alice", TOKEN).events["WithdrawalRequested"]["readyAt"]
    world.next_at(ready - 1)
    with refused("WithdrawalNotReady", ready, ready - 1):
        world.escrow.executeWithdrawal(world["alice"], 0, {"from": world.relayer})


def test_executing_twice__reverts(world):
    ready = world.request("alice", TOKEN).events["WithdrawalRequested"]["readyAt"]
    world.travel(ready)
    world.escrow.executeWithdrawal(world["alice"], 0, {"from": world.relayer})
    with refused("UnknownRequest", world["alice"], 0):
        world.escrow.executeWithdrawal(world["alice"], 0, {"from": world.relayer})


def test_request_is_possible_while_paused(world):
    world.escrow.pause({"from": world.guardian})
    world.request("alice", TOKEN)
    assert world.escrow.pendingOf(world["alice"]) == TOKEN


def test_more_than_free__reverts(world):
    arguments = world.withdrawal("alice", world["alice"], 500 * TOKEN + 1)
    with refused("InsufficientBalance", world["alice"], 500 * TOKEN + 1, 500 * TOKEN):
        world.escrow.requestWithdrawal(*arguments, {"from": world.relayer})


def test_nothing_or_a_senseless_receiver__reverts(world):
    with refused("ZeroAmount"):
        arguments = world.withdrawal("alice", world["alice"], 0)
        world.escrow.requestWithdrawal(*arguments, {"from": world.relayer})
    for receiver in (ZERO_ADDRESS, world.escrow.address):
        with refused("ReceiverInvalid", receiver):
            arguments = world.withdrawal("alice", receiver, 1)
            world.escrow.requestWithdrawal(*arguments, {"from": world.relayer})


def test_relayer_cannot_change_the_receiver(world):
    arguments = world.withdrawal("alice", world["alice"], TOKEN)
    arguments[1] = world.mallory.address
    with pytest.raises(VirtualMachineError, match="SignatureInvalid"):
        world.escrow.requestWithdrawal(*arguments, {"from": world.mallory})
    assert open_requests(world, "alice") == []


def test_replay__reverts(world):
    arguments = world.withdrawal("alice", world["alice"], TOKEN)
    world.escrow.requestWithdrawal(*arguments, {"from": world.relayer})
    with refused("NonceAlreadyUsed", world["alice"], arguments[3]):
        world.escrow.requestWithdrawal(*arguments, {"from": world.mallory})


def test_a_fifth_open_request__reverts(world):
    for _ in range(4):
        world.request("alice", TOKEN)
    arguments = world.withdrawal("alice", world["alice"], TOKEN)
    with refused("TooManyRequests", world["alice"], 4):
        world.escrow.requestWithdrawal(*arguments, {"from": world.relayer})


def test_cancelled_request_is_free_again(world):
    for amount in (1, 2, 3):
        world.request("alice", amount * TOKEN)
    tx = world.cancel("alice", 1)
    event = {"account": world["alice"], "index": 1, "amount": 2 * TOKEN}
    assert tx.events["WithdrawalCancelled"] == event
    assert open_requests(world, "alice") == [(0, TOKEN), (2, 3 * TOKEN)]
    assert world.free("alice") == 496 * TOKEN
    world.request("alice", 4 * TOKEN)
    assert open_requests(world, "alice")[-1] == (3, 4 * TOKEN), "numbers are never used twice"
    world.assert_backed("alice", "bob")


def test_cancelling_for_another__reverts(world):
    world.request("alice", TOKEN)
    nonce, deadline = world.fresh()
    message = {"account": world["alice"], "index": 0, "nonce": nonce, "deadline": deadline}
    signature = world.sign("mallory", "WithdrawalCancel", message)
    with pytest.raises(VirtualMachineError, match="SignatureInvalid"):
        world.escrow.cancelWithdrawal(*message.values(), signature, {"from": world.mallory})
    assert open_requests(world, "alice") == [(0, TOKEN)]


def test_debit_shrinks_requests_newest_first(world):
    """500 on the account, 460 of it requested in three parts; a day of 95 takes 40 free, then 30, then 25."""
    for amount in (200, 230, 30):
        world.request("alice", amount * TOKEN)
    tx = world.post({"alice": -95 * TOKEN})
    assert open_requests(world, "alice") == [(0, 200 * TOKEN), (1, 205 * TOKEN)]
    shrunk = [(int(e["index"]), int(e["amount"]), int(e["remaining"])) for e in tx.events["WithdrawalShrunk"]]
    assert shrunk == [(2, 30 * TOKEN, 0), (1, 25 * TOKEN, 205 * TOKEN)]
    assert moves(tx)[world["alice"]] == -95 * TOKEN
    assert world.free("alice") == 0
    world.assert_backed("alice", "bob")
