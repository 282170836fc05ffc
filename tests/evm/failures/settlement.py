"""Settlement: runs, corrections, their order, their time and their bounds."""

from typing import Any

from grid.domain.rows import rows_root
from tests.evm.failures.catalogue import Call, Catalogue, Due, word
from tests.evm.world import DAY, OTHER_ZONE, SYSTEM, TOKEN, ZONE, World

SETTLEMENT = Catalogue("Settlement")
failure, works = SETTLEMENT.failure, SETTLEMENT.works
NETS = {"alice": -5 * TOKEN, "bob": 3 * TOKEN, "carol": 1, "fee": 7, "dust": 2}


@works
def post(world: World) -> Call:
    rows = world.rows(NETS)
    return Call(world.settlement, "postRun", [world.run(rows), rows], world["poster"])


@works
def correct(world: World) -> Call:
    world.post(NETS)
    args = world.correction(NETS | {"alice": -4 * TOKEN}, NETS, 1)
    return Call(world.settlement, "postCorrection", args, world["poster"])


def posting(world: World, **changes: Any) -> Call:
    call = post(world)
    return call.but(0, call.args[0] | changes)


def rows_of(world: World, rows: list[bytes]) -> Call:
    return post(world).but(1, rows)


def correcting(world: World, place: int = 0, **changes: Any) -> Call:
    call = correct(world)
    return call.but(place, call.args[place] | changes)


# Who


@failure("a run by a stranger", "AccessManagedUnauthorized")
def _(world: World) -> Due:
    return Due(post(world).by(world["stranger"]), (world["stranger"],))


@failure("a run by the admin", "AccessManagedUnauthorized")
def _(world: World) -> Due:
    return Due(post(world).by(world["admin"]), (world["admin"],))


@failure("a correction by a stranger", "AccessManagedUnauthorized")
def _(world: World) -> Due:
    return Due(correct(world).by(world["stranger"]), (world["stranger"],))


@failure("a window lengthened by the poster", "NotDisputes")
def _(world: World) -> Due:
    args = (b"\x00" * 32, world["alice"], 2**40)
    return Due(Call(world.settlement, "extendWindow", args, world["poster"]), (world["poster"],))


@failure("a run while paused", "EscrowPaused")
def _(world: World) -> Due:
    world.escrow.send("pause", sender=world["guardian"])
    return Due(post(world))


@failure("a run while the bond owes", "BondClaimsOpen")
def _(world: World) -> Due:
    bond = world.escrow.read("bond")
    args = (b"\x01" * 32, 0, world["alice"], bond + 5)
    world.escrow.send("payRemedy", *args, sender=world["recomputation"])
    empty = world.rows({})
    return Due(Call(world.settlement, "postRun", [world.run(empty), empty], world["poster"]), (5,))


@failure("a run while its contract is shut", "AccessManagedUnauthorized")
def _(world: World) -> Due:
    world.manager.send("setTargetClosed", world.settlement.address, True, sender=world["admin"])
    return Due(post(world), (world["poster"],))


# When


@failure("a run of today", "DayNotOver")
def _(world: World) -> Due:
    today = world.today
    return Due(posting(world, day=today), (today, (today + 1) * DAY, world.chain.time))


@failure("a run a second before the day is over", "DayNotOver")
def _(world: World) -> Due:
    today, ends = world.today, (world.today + 1) * DAY
    world.chain.travel(ends - 1)
    return Due(posting(world, day=today), (today, ends, ends - 1))


@failure("a run a second too late", "PostingTooLate")
def _(world: World) -> Due:
    call = post(world)
    last = (call.args[0]["day"] + 1) * DAY + world.terms.posting_lag
    world.chain.travel(last + 1)
    return Due(call, (last, last + 1))


@failure("a run of the first day of all", "PostingTooLate")
def _(world: World) -> Due:
    return Due(posting(world, day=0), (DAY + world.terms.posting_lag, world.chain.time))


@failure("a run of the last day of all", "DayNotOver")
def _(world: World) -> Due:
    return Due(posting(world, day=2**32 - 1), (2**32 - 1, 2**32 * DAY, world.chain.time))


@failure("a correction a second too late", "PostingTooLate")
def _(world: World) -> Due:
    call = correct(world)
    last = (call.args[0]["day"] + 1) * DAY + world.terms.posting_lag + world.terms.correction_lag
    world.chain.travel(last + 1)
    return Due(call, (last, last + 1))


# Once, and in sequence


@failure("a run posted twice", "RunExists")
def _(world: World) -> Due:
    call = post(world)
    world.settlement.send(call.function, *call.args, sender=call.sender)
    return Due(call, (word(world.run_key(call.args[0]["day"])), 0))


@failure("other rows for a run that is posted", "RunExists")
def _(world: World) -> Due:
    call = post(world)
    world.settlement.send(call.function, *call.args, sender=call.sender)
    return Due(call.but(1, world.rows({"alice": 5})), (word(world.run_key(call.args[0]["day"])), 0))


@failure("a correction posted twice", "RunExists")
def _(world: World) -> Due:
    call = correct(world)
    world.settlement.send(call.function, *call.args, sender=call.sender)
    return Due(call, (word(world.run_key(call.args[0]["day"])), 1))


@failure("a first run that calls itself a correction", "SequenceWrong")
def _(world: World) -> Due:
    return Due(posting(world, sequence=1), (1,))


@failure("a correction that calls itself the first run", "SequenceWrong")
def _(world: World) -> Due:
    return Due(correcting(world, sequence=0), (0,))


@failure("a correction that leaves a sequence out", "SequenceWrong")
def _(world: World) -> Due:
    return Due(correcting(world, sequence=2), (2,))


@failure("a correction of the largest sequence", "SequenceWrong")
def _(world: World) -> Due:
    return Due(correcting(world, sequence=2**16 - 1), (2**16 - 1,))


def unlike(world: World, call: Call) -> Due:
    """A correction whose previous run is not the one that stands."""
    from eth_abi.abi import encode
    from eth_utils.crypto import keccak

    given, previous = call.args[0], call.args[2]
    types = "(bytes32,uint32,uint16,bytes32,uint16,bytes32,uint64,bytes32,uint8)"
    claimed = keccak(encode([types, "bytes32"], [tuple(previous.values()), rows_root(call.args[3])]))
    stored = world.settlement.read("runOf", given["zone"], given["day"], previous["sequence"])["digest"]
    key = word(world.run_key(given["day"], given["zone"]))
    return Due(call, (key, previous["sequence"], word(claimed), stored))


@failure("a correction of a run that was never posted", "PreviousRunWrong")
def _(world: World) -> Due:
    args = world.correction(NETS, NETS, 1)
    return unlike(world, Call(world.settlement, "postCorrection", args, world["poster"]))


@failure("a correction of another zone", "PreviousRunWrong")
def _(world: World) -> Due:
    return unlike(world, correcting(world, zone=OTHER_ZONE))


@failure("a correction of another day", "PreviousRunWrong")
def _(world: World) -> Due:
    return unlike(world, correcting(world, day=world.today - 2))


@failure("a correction over other headers", "PreviousRunWrong")
def _(world: World) -> Due:
    return unlike(world, correcting(world, 2, headersRoot=b"\x01" * 32))


@failure("a correction over other rows", "PreviousRunWrong")
def _(world: World) -> Due:
    return unlike(world, correct(world).but(3, world.rows({"alice": -1, "bob": 1})))


@failure("a correction over rows cut short", "PreviousRunWrong")
def _(world: World) -> Due:
    call = correct(world)
    return unlike(world, call.but(3, call.args[3][:-1]))


@failure("a correction over no rows", "PreviousRunWrong")
def _(world: World) -> Due:
    return unlike(world, correct(world).but(3, []))


@failure("a correction that drops a member", "RowMissing")
def _(world: World) -> Due:
    nets = {name: net for name, net in NETS.items() if name != "bob"}
    return Due(correct(world).but(1, world.rows(nets)), (world["bob"],))


@failure("a correction that drops the last member", "RowMissing")
def _(world: World) -> Due:
    last = max((world[name], name) for name in NETS if name not in SYSTEM)
    nets = {name: net for name, net in NETS.items() if name != last[1]}
    return Due(correct(world).but(1, world.rows(nets)), (last[0],))


@failure("a correction on an older log", "CheckpointOlder")
def _(world: World) -> Due:
    world.anchor_entries(3)
    rows = world.rows(NETS)
    world.post(NETS, checkpoint=1)
    older, newer = world.run(rows, sequence=1), world.run(rows, checkpoint=1)
    return Due(Call(world.settlement, "postCorrection", [older, rows, newer, rows], world["poster"]), (0, 1))


# What it cites


@failure("a run on a checkpoint that is not anchored", "CheckpointNotAnchored")
def _(world: World) -> Due:
    return Due(posting(world, checkpoint=1), (1,))


@failure("a run on the largest checkpoint", "CheckpointNotAnchored")
def _(world: World) -> Due:
    return Due(posting(world, checkpoint=2**64 - 1), (2**64 - 1,))


@failure("a run of no known mode", "ModeUnknown")
def _(world: World) -> Due:
    return Due(posting(world, mode=2), (2,))


@failure("a correction of no known mode", "ModeUnknown")
def _(world: World) -> Due:
    return Due(correcting(world, mode=255), (255,))


@failure("fewer points than members", "PointsMissing")
def _(world: World) -> Due:
    return Due(posting(world, pointCount=2), (2, 3))


# Disputable


def disputing(world: World, **changes: Any) -> Call:
    call = post(world)
    world.settlement.send(call.function, *call.args, sender=call.sender)
    given = call.args[0] | changes
    args = [given, rows_root(call.args[1]), world["alice"], 0]
    return Call(world.settlement, "requireDisputable", args, world["stranger"])


@works
def disputable(world: World) -> Call:
    return disputing(world)


def unknown(world: World, call: Call) -> Due:
    from eth_abi.abi import encode
    from eth_utils.crypto import keccak

    given = call.args[0]
    types = "(bytes32,uint32,uint16,bytes32,uint16,bytes32,uint64,bytes32,uint8)"
    claimed = keccak(encode([types, "bytes32"], [tuple(given.values()), call.args[1]]))
    stored = world.settlement.read("runOf", given["zone"], given["day"], given["sequence"])["digest"]
    return Due(call, (word(world.run_key(given["day"], given["zone"])), given["sequence"], word(claimed), stored))


@failure("a dispute of a run with other points", "RunUnknown")
def _(world: World) -> Due:
    return unknown(world, disputing(world, pointsRoot=b"\x01" * 32))


@failure("a dispute of a run with other rows", "RunUnknown")
def _(world: World) -> Due:
    return unknown(world, disputing(world).but(1, b"\x01" * 32))


@failure("a dispute of a run that was never posted", "RunUnknown")
def _(world: World) -> Due:
    return unknown(world, disputing(world, zone=OTHER_ZONE))


@failure("a dispute of a run that has been corrected", "RunNotLatest")
def _(world: World) -> Due:
    call = disputing(world)
    world.correct(NETS | {"alice": -TOKEN}, NETS)
    return Due(call, (word(world.run_key(call.args[0]["day"])), 0, 1))


@failure("a dispute in the second after the window", "WindowClosed")
def _(world: World) -> Due:
    call = disputing(world)
    until = world.chain.time + world.terms.challenge_window
    world.chain.travel(until)
    return Due(call, (until, until))


@failure("a dispute after a window that the ground lengthens", "WindowClosed")
def _(world: World) -> Due:
    call = disputing(world)
    until = world.chain.time + 9 * DAY
    world.chain.travel(until)
    return Due(call.but(3, until), (until, until))


@failure("a dispute after a window that a case lengthened", "WindowClosed")
def _(world: World) -> Due:
    call = disputing(world)
    until = world.chain.time + 9 * DAY
    key = world.run_key(call.args[0]["day"], ZONE)
    world.settlement.send("extendWindow", key, world["alice"], until, sender=world["disputes"])
    world.chain.travel(until)
    return Due(call, (until, until))
