"""Escrow: money in, money out, and tokens that misbehave. Signatures, mandates and the bond have files of their own."""

from typing import Any

from tests.evm import signing
from tests.evm.failures.catalogue import Call, Catalogue, Due, word
from tests.evm.reentry import ENTRIES, TRIGGERS, entry_call, refused_anyhow
from tests.evm.world import NOBODY, TOKEN, UNLIMITED, World

ESCROW = Catalogue("Escrow")
failure, works = ESCROW.failure, ESCROW.works
ZERO32 = b"\x00" * 32


def send(world: World, function: str, *args: Any, sender: str = "admin") -> Call:
    return Call(world.escrow, function, args, world[sender])


# Deposits


@works
def deposit(world: World) -> Call:
    return send(world, "deposit", world["alice"], 10)


@works
def deposit_by_permit(world: World) -> Call:
    world.token.send("transfer", world["alice"], 10, sender=world["admin"])
    deadline, signature = world.permit("alice", 10)
    args = (10, deadline, signature[64], signature[:32], signature[32:64])
    return send(world, "depositWithPermit", world["alice"], world["alice"], *args)


@failure("a deposit of nothing", "ZeroAmount")
def _(world: World) -> Due:
    return Due(deposit(world).but(1, 0))


@failure("a deposit on no account", "AccountInvalid")
def _(world: World) -> Due:
    return Due(deposit(world).but(0, NOBODY))


@failure("a deposit while paused", "EscrowPaused")
def _(world: World) -> Due:
    world.escrow.send("pause", sender=world["guardian"])
    return Due(deposit(world))


@failure("a deposit by a permit while paused", "EscrowPaused")
def _(world: World) -> Due:
    call = deposit_by_permit(world)
    world.escrow.send("pause", sender=world["guardian"])
    return Due(call)


@failure("a deposit of tokens that the payer has not allowed", "ERC20InsufficientAllowance")
def _(world: World) -> Due:
    return Due(deposit(world).by(world["stranger"]), (world.escrow.address, 0, 10))


@failure("a deposit of tokens that the payer does not have", "ERC20InsufficientBalance")
def _(world: World) -> Due:
    world.token.send("approve", world.escrow.address, 10, sender=world["stranger"])
    return Due(deposit(world).by(world["stranger"]), (world["stranger"], 0, 10))


@failure("a deposit of the largest number", "Panic")
def _(world: World) -> Due:
    return Due(deposit(world).but(1, UNLIMITED), (0x11,))


@failure("a deposit beyond what the ledger can count", "LiabilitiesTooLarge")
def _(world: World) -> Due:
    present, most = world.escrow.read("totalLiabilities"), 2**95 - 1
    return Due(deposit(world).but(1, most - present + 1), (most + 1, most))


@failure("a permit paid into another's account", "PermitForAnotherAccount")
def _(world: World) -> Due:
    return Due(deposit_by_permit(world).but(0, world["bob"]), (world["bob"], world["alice"]))


@failure("an expired permit", "ERC2612ExpiredSignature")
def _(world: World) -> Due:
    call = deposit_by_permit(world)
    world.chain.travel(call.args[3] + 1)
    return Due(call, (call.args[3],))


@failure("a permit for another amount", "ERC2612InvalidSigner")
def _(world: World) -> Due:
    return Due(deposit_by_permit(world).but(2, 9))


@failure("a permit with a malleated signature", "ECDSAInvalidSignatureS")
def _(world: World) -> Due:
    call = deposit_by_permit(world)
    other = signing.malleated(call.args[5] + call.args[6] + bytes([call.args[4]]))
    return Due(call.but(6, other[32:64]).but(4, other[64]), (word(other[32:64]),))


@failure("a permit that was spent", "ERC2612InvalidSigner")
def _(world: World) -> Due:
    call = deposit_by_permit(world)
    world.escrow.send(call.function, *call.args, sender=call.sender)
    return Due(call)


# Tokens that misbehave


def hostile(world: World, *, fee: int = 0, false: bool = False, refused: str = NOBODY) -> None:
    world.token.send("misbehave", fee, false, refused, sender=world["admin"])


def matured(world: World) -> Call:
    """A withdrawal that is ready."""
    index = world.request("alice", 10).answer
    world.chain.travel(world.chain.time + world.terms.withdrawal_delay)
    return send(world, "executeWithdrawal", world["alice"], index, sender="stranger")


@failure("a token that takes a fee on a deposit", "TransferInexact", token="HostileToken")
def _(world: World) -> Due:
    hostile(world, fee=3)
    return Due(deposit(world), (10, 7))


@failure("a token that takes a fee on a top-up", "TransferInexact", token="HostileToken")
def _(world: World) -> Due:
    hostile(world, fee=3)
    return Due(send(world, "topUpBond", 10), (10, 7))


@failure("a token that answers false to a deposit", "SafeERC20FailedOperation", token="HostileToken")
def _(world: World) -> Due:
    hostile(world, false=True)
    return Due(deposit(world), (world.token.address,))


@failure("a token that answers false to a withdrawal", "SafeERC20FailedOperation", token="HostileToken")
def _(world: World) -> Due:
    call = matured(world)
    hostile(world, false=True)
    return Due(call, (world.token.address,))


@failure("a token that answers false to the bond's withdrawal", "SafeERC20FailedOperation", token="HostileToken")
def _(world: World) -> Due:
    hostile(world, false=True)
    return Due(send(world, "withdrawBond", world["admin"], 10), (world.token.address,))


@failure("a token that blocks the receiver", "ReceiverRefused", token="HostileToken")
def _(world: World) -> Due:
    call = matured(world)
    hostile(world, refused=world["alice"])
    return Due(call, (world["alice"],))


@failure("a token without permits", "Unknown", token="HostileToken")
def _(world: World) -> Due:
    args = (world["alice"], world["alice"], 10, UNLIMITED, 27, b"\x01" * 32, b"\x01" * 32)
    return Due(send(world, "depositWithPermit", *args), ("0x",))


def _register_reentry(trigger: str, entry: str) -> None:
    @failure(f"{trigger} re-entered by {entry}", "ReentrancyGuardReentrantCall", token="HostileToken")
    def _(world: World) -> Due:
        world.request("alice", 10)
        outer = {
            "deposit": deposit(world),
            "topUpBond": send(world, "topUpBond", 10),
            "executeWithdrawal": matured(world),
            "withdrawBond": send(world, "withdrawBond", world["admin"], 10),
        }[trigger]
        data = entry_call(world, entry)
        world.token.send("callBack", world.escrow.address, data, sender=world["admin"])
        return Due(outer)


for _trigger in TRIGGERS:
    for _entry in ENTRIES:
        if not refused_anyhow(_entry):
            _register_reentry(_trigger, _entry)


# Withdrawals


@works
def request(world: World) -> Call:
    return send(world, "requestWithdrawal", *world.withdrawal("alice", 10))


@works
def cancel(world: World) -> Call:
    index = world.request("alice", 10).answer
    return send(world, "cancelWithdrawal", *world.signed("alice", "WithdrawalCancel", {"index": index}))


@works
def execute(world: World) -> Call:
    return matured(world)


def asking(world: World, amount: int, to: str | None = None) -> Call:
    return send(world, "requestWithdrawal", *world.withdrawal("alice", amount, to))


@failure("a withdrawal of nothing", "ZeroAmount")
def _(world: World) -> Due:
    return Due(asking(world, 0))


@failure("a withdrawal of one unit too much", "InsufficientBalance")
def _(world: World) -> Due:
    return Due(asking(world, 500 * TOKEN + 1), (world["alice"], 500 * TOKEN + 1, 500 * TOKEN))


@failure("a withdrawal of the largest number", "InsufficientBalance")
def _(world: World) -> Due:
    return Due(asking(world, UNLIMITED), (world["alice"], UNLIMITED, 500 * TOKEN))


@failure("a withdrawal of what is pending", "InsufficientBalance")
def _(world: World) -> Due:
    world.request("alice", 500 * TOKEN)
    return Due(asking(world, 1), (world["alice"], 1, 0))


@failure("a withdrawal to nobody", "ReceiverInvalid")
def _(world: World) -> Due:
    return Due(asking(world, 1, NOBODY), (NOBODY,))


@failure("a withdrawal to the escrow", "ReceiverInvalid")
def _(world: World) -> Due:
    return Due(asking(world, 1, world.escrow.address), (world.escrow.address,))


@failure("a fifth open withdrawal", "TooManyRequests")
def _(world: World) -> Due:
    for _ in range(4):
        world.request("alice", 1)
    return Due(asking(world, 1), (world["alice"], 4))


@failure("a withdrawal pulled a second before its time", "WithdrawalNotReady")
def _(world: World) -> Due:
    call = matured(world)
    ready = world.chain.time
    world.chain.travel(ready - 1)
    return Due(call, (ready, ready - 1))


@failure("a withdrawal pulled twice", "UnknownRequest")
def _(world: World) -> Due:
    call = matured(world)
    world.escrow.send(call.function, *call.args, sender=call.sender)
    return Due(call, (world["alice"], call.args[1]))


@failure("a cancelled withdrawal pulled", "UnknownRequest")
def _(world: World) -> Due:
    call = matured(world)
    world.cancel("alice", call.args[1])
    return Due(call, (world["alice"], call.args[1]))


@failure("another account's withdrawal pulled", "UnknownRequest")
def _(world: World) -> Due:
    return Due(matured(world).but(0, world["bob"]), (world["bob"], 0))


@failure("a withdrawal of the largest number pulled", "UnknownRequest")
def _(world: World) -> Due:
    return Due(matured(world).but(1, 2**32 - 1), (world["alice"], 2**32 - 1))


@failure("an unknown withdrawal cancelled", "UnknownRequest")
def _(world: World) -> Due:
    args = world.signed("alice", "WithdrawalCancel", {"index": 7})
    return Due(send(world, "cancelWithdrawal", *args), (world["alice"], 7))
