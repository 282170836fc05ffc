"""Escrow: the bond, the pause, and who holds which role."""

from typing import Any

from tests.evm.failures.catalogue import Call, Catalogue, Due
from tests.evm.failures.escrow import ZERO32, deposit, request, send
from tests.evm.world import NOBODY, TOKEN, World, row

BOND = Catalogue("Escrow")
failure, works = BOND.failure, BOND.works


# Bond, pause, roles


@works
def top_up(world: World) -> Call:
    return send(world, "topUpBond", 10)


@works
def withdraw_bond(world: World) -> Call:
    return send(world, "withdrawBond", world["admin"], 10)


@works
def pause(world: World) -> Call:
    return send(world, "pause", sender="guardian")


@failure("a top-up of nothing", "ZeroAmount")
def _(world: World) -> Due:
    return Due(top_up(world).but(0, 0))


@failure("the bond withdrawn by a stranger", "AccessManagedUnauthorized")
def _(world: World) -> Due:
    return Due(withdraw_bond(world).by(world["stranger"]), (world["stranger"],))


@failure("the bond withdrawn to nobody", "ReceiverInvalid")
def _(world: World) -> Due:
    return Due(withdraw_bond(world).but(0, NOBODY), (NOBODY,))


@failure("the bond withdrawn to the escrow", "ReceiverInvalid")
def _(world: World) -> Due:
    return Due(withdraw_bond(world).but(0, world.escrow.address), (world.escrow.address,))


@failure("more than the bond withdrawn", "InsufficientBalance")
def _(world: World) -> Due:
    bond = world.escrow.read("bond")
    return Due(withdraw_bond(world).but(1, bond + 1), (world.escrow.address, bond + 1, bond))


@failure("the part of the bond withdrawn that an open run requires", "BondInUse")
def _(world: World) -> Due:
    world.post({"alice": 7 * TOKEN})
    bond = world.escrow.read("bond")
    return Due(withdraw_bond(world).but(1, bond - 7 * TOKEN + 1), (7 * TOKEN - 1, 7 * TOKEN))


@failure("the part of the bond withdrawn that a case reserved", "BondInUse")
def _(world: World) -> Due:
    world.escrow.send("reserveBond", 100, sender=world["disputes"])
    bond = world.escrow.read("bond")
    return Due(withdraw_bond(world).but(1, bond - 99), (99, 100))


def claimed(world: World) -> int:
    """Have the bond owe what it lacks; returns how much."""
    lacking = 5
    sum_due = world.escrow.read("bond") + lacking
    args = (b"\x01" * 32, 0, world["alice"], sum_due)
    world.escrow.send("payRemedy", *args, sender=world["recomputation"])
    return lacking


@failure("the bond withdrawn while it owes", "BondClaimsOpen")
def _(world: World) -> Due:
    return Due(withdraw_bond(world), (claimed(world),))


@failure("a pause by a stranger", "AccessManagedUnauthorized")
def _(world: World) -> Due:
    return Due(pause(world).by(world["stranger"]), (world["stranger"],))


@failure("a pause by the poster", "AccessManagedUnauthorized")
def _(world: World) -> Due:
    return Due(pause(world).by(world["poster"]), (world["poster"],))


@failure("a second pause", "EscrowPaused")
def _(world: World) -> Due:
    call = pause(world)
    world.escrow.send("pause", sender=call.sender)
    return Due(call)


@failure("the end of no pause", "EscrowNotPaused")
def _(world: World) -> Due:
    return Due(send(world, "unpause", sender="guardian"))


@failure("a pause ended by a stranger", "AccessManagedUnauthorized")
def _(world: World) -> Due:
    world.escrow.send("pause", sender=world["guardian"])
    return Due(send(world, "unpause", sender="stranger"), (world["stranger"],))


@failure("another authority named by a stranger", "AccessManagedUnauthorized")
def _(world: World) -> Due:
    return Due(send(world, "setAuthority", world["stranger"], sender="stranger"), (world["stranger"],))


@failure("rows applied past Settlement", "NotSettlement")
def _(world: World) -> Due:
    args: tuple[Any, ...] = (ZERO32, 0, world.today - 1, 1, [row(world["alice"], 1)], [])
    return Due(send(world, "applyRun", *args, sender="poster"), (world["poster"],))


CALLER_ONLY: dict[str, tuple[Any, ...]] = {
    "payRemedy": (ZERO32, 0, 1),
    "payDefault": (ZERO32, 0, 1),
    "takeDeposit": (1,),
    "returnDeposit": (0,),
    "reserveBond": (1,),
    "releaseBond": (0,),
}
for _name, _given in CALLER_ONLY.items():
    for _sender in ("admin", "poster", "alice"):

        @failure(f"{_name} by {_sender}", "NotDisputing")
        def _(world: World, name: str = _name, given: tuple[Any, ...] = _given, sender: str = _sender) -> Due:
            args: list[Any] = list(given)
            if name in ("payRemedy", "payDefault"):
                args.insert(2, world["alice"])
            elif name in ("takeDeposit", "returnDeposit"):
                args.insert(0, world["alice"])
            return Due(send(world, name, *args, sender=sender), (world[sender],))


@failure("a deposit taken by the contract of proofs", "NotDisputing")
def _(world: World) -> Due:
    return Due(send(world, "takeDeposit", world["alice"], 1, sender="recomputation"), (world["recomputation"],))


@failure("a deposit larger than the balance", "InsufficientBalance")
def _(world: World) -> Due:
    args = (world["alice"], 500 * TOKEN + 1)
    return Due(send(world, "takeDeposit", *args, sender="disputes"), (*args, 500 * TOKEN))


@failure("a deposit returned that was never taken", "DepositsTooSmall")
def _(world: World) -> Due:
    return Due(send(world, "returnDeposit", world["alice"], 1, sender="disputes"), (1, 0))


@failure("a reserve released that was never made", "ReserveTooSmall")
def _(world: World) -> Due:
    return Due(send(world, "releaseBond", 1, sender="disputes"), (1, 0))


@failure("a reserve beyond what can be kept", "SafeCastOverflowedUintDowncast")
def _(world: World) -> Due:
    return Due(send(world, "reserveBond", 2**96, sender="disputes"), (96, 2**96))


@failure("a call of nothing", "Unknown")
def _(world: World) -> Due:
    return Due(deposit(world), ("0x",), data=b"")


@failure("calldata cut short", "Unknown")
def _(world: World) -> Due:
    call = request(world)
    return Due(call, ("0x",), data=call.data()[:-40])


@failure("a signature that claims to be longer than the calldata", "Unknown")
def _(world: World) -> Due:
    call = request(world)
    data = call.data()
    at = 4 + 32 * 6
    return Due(call, ("0x",), data=data[:at] + (2**64).to_bytes(32, "big") + data[at + 32 :])


@failure("a function that is not there", "Unknown")
def _(world: World) -> Due:
    return Due(deposit(world), ("0x",), data=b"\xde\xad\xbe\xef")
