"""Escrow: mandates and their ends."""

from tests.evm.failures.catalogue import Call, Catalogue, Due
from tests.evm.failures.escrow import send
from tests.evm.world import DAY, UNLIMITED, World

MANDATES = Catalogue("Escrow")
failure, works = MANDATES.failure, MANDATES.works


# Mandates


def mandate(world: World, cap: int, first: int, end_day: int) -> Call:
    return send(world, "registerMandate", *world.mandate("alice", cap, first, end_day))


@failure("a mandate without a day", "MandateDaysEmpty")
def _(world: World) -> Due:
    first = world.today + 400
    return Due(mandate(world, 1, first, first), (first, first))


@failure("a mandate that ends before it begins", "MandateDaysEmpty")
def _(world: World) -> Due:
    first = world.today + 400
    return Due(mandate(world, 1, first, first - 1), (first, first - 1))


@failure("a mandate that begins before the newest ends", "MandateOverlaps")
def _(world: World) -> Due:
    last = world.today + 365
    return Due(mandate(world, 1, last - 1, last + 9), (last - 1, last))


@failure("a mandate for a day that is settled", "MandateDaySettled")
def _(world: World) -> Due:
    world.post({"alice": 1})
    settled = world.today - 1
    return Due(mandate(world, 1, settled, settled + 900), (settled, settled))


@failure("a cap one beyond what can be kept", "CapTooLarge")
def _(world: World) -> Due:
    first = world.today + 400
    return Due(mandate(world, 2**88, first, first + 1), (2**88, 2**88 - 1))


@failure("a cap of the largest number", "CapTooLarge")
def _(world: World) -> Due:
    first = world.today + 400
    return Due(mandate(world, UNLIMITED, first, first + 1), (UNLIMITED, 2**88 - 1))


def ending(world: World, index: int, day: int) -> Call:
    return send(world, "endMandate", *world.signed("alice", "MandateEnd", {"mandateIndex": index, "endDay": day}))


@failure("the end of a mandate that was never given", "UnknownMandate")
def _(world: World) -> Due:
    return Due(ending(world, 1, world.today + 5), (world["alice"], 1, 1))


@failure("a mandate ended for the day whose gate has closed", "EndDayOutOfRange")
def _(world: World) -> Due:
    return Due(ending(world, 0, world.today), (world.today, world.today + 1, world.today + 364))


@failure("a mandate ended after the market's lead over midnight", "EndDayOutOfRange")
def _(world: World) -> Due:
    today = world.today
    world.chain.travel((today + 1) * DAY - world.terms.gate_lead)
    return Due(ending(world, 0, today + 1), (today + 1, today + 2, today + 364))


@failure("a mandate ended when it ends anyhow", "EndDayOutOfRange")
def _(world: World) -> Due:
    last = world.today + 365
    return Due(ending(world, 0, last), (last, world.today + 1, last - 1))


@failure("a mandate ended before its first day", "EndDayOutOfRange")
def _(world: World) -> Due:
    first = world.today + 400
    world.register("alice", 1, first, first + 9)
    return Due(ending(world, 1, first - 1), (first - 1, first, first + 8))
