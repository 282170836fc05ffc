"""Disputes: what is opened, and days that were not posted."""

from tests.evm.casefile import KEY, binding_of, demand, opening, send, short
from tests.evm.failures.catalogue import Catalogue, Due, word
from tests.evm.failures.disputes import LAST_MOMENT, UNPOSTED, of_case, opened, rebut, unposted
from tests.evm.world import DAY as DAY_SECONDS
from tests.evm.world import World
from tests.vectors import recompute_cases as cases
from tests.vectors.recompute_day import DAY, HOMES, ZONE

OPENED = Catalogue("Disputes")
failure, works = OPENED.failure, OPENED.works


# What is opened


@failure("an opening of another run", "RunWrong")
def _(world: World) -> Due:
    call = opened(world)
    run = list(call.args[1])
    run[1] = word(bytes(32))
    return Due(call.but(1, run))


for _k in (1, 2, 3, 4, 255):

    @failure(f"an opening of slot number {_k} of one", "SlotNotMissing")
    def _(world: World, k: int = _k) -> Due:
        return Due(opened(world).but(2, k), (1, k))


@failure("an opening of somebody else's point", "LeafOfAnother")
def _(world: World) -> Due:
    return Due(opened(world, home="flat"), (word(HOMES["flat"].point), world["bob"]))


@failure("an opening of the other point", "LeafOfAnother")
def _(world: World) -> Due:
    return Due(opened(world, home="barn"), (word(HOMES["barn"].point), world["alice"]))


@failure("an opening of another slot", "InclusionFailed")
def _(world: World) -> Due:
    return Due(opened(world, place=4))


@failure("an opening with another slot's INTERVAL", "OpeningWrong")
def _(world: World) -> Due:
    right, other = (short().known.intervals["roof", place] for place in (3, 4))
    return Due(opened(world, interval=cases.shown(short().entry(other))), (other, right))


@failure("an opening with another slot's registers", "RegistersWrong")
def _(world: World) -> Due:
    return Due(opened(world, registers=opening("roof", 4)[4]))


@failure("an opening with another BINDING", "OpeningWrong")
def _(world: World) -> Due:
    right, other = (short().known.bindings[home] for home in ("roof", "barn"))
    return Due(opened(world, binding=binding_of(short(), other)), (other, right))


for _place, _part in enumerate(("leaf", "line", "header", "interval", "binding")):

    @failure(f"an opening whose path of the {_part} is too short", "ProofLengthWrong")
    def _(world: World, place: int = _place, part: str = _part) -> Due:
        whole = opening("roof", 3)[5 if part == "binding" else place]
        return Due(opened(world, **{part: [*whole[:-1], whole[-1][:-1]]}), (len(whole[-1]) - 1,))


@failure("a rebuttal by the same BINDING", "NoRebuttal")
def _(world: World) -> Due:
    index = short().known.extra["loft of carol"]
    return Due(rebut(world, index), (index, index))


@failure("a rebuttal by another point's BINDING", "BindingOfAnother")
def _(world: World) -> Due:
    index = short().known.bindings["roof"]
    return Due(rebut(world, index), (word(HOMES["roof"].point), word(HOMES["loft"].point)))


@failure("a rebuttal where nothing rests on a BINDING", "NoRebuttal")
def _(world: World) -> Due:
    index = short().known.bindings["loft"]
    send(demand(world))
    call = of_case(world, "rebut", 1, cases.shown(short().run), binding_of(short(), index))
    return Due(call, (index, 2**64 - 1))


# Days not posted


@failure("a posted day as not posted", "DayIsPosted")
def _(world: World) -> Due:
    return Due(unposted(world).but(2, DAY), (word(KEY), 0))


@failure("a day that can be posted for this second", "DayCanStillBePosted")
def _(world: World) -> Due:
    call = unposted(world)
    world.chain.travel(LAST_MOMENT)
    return Due(call, (LAST_MOMENT, LAST_MOMENT))


@failure("a day that had begun before the deployment", "DayBeforeDeployment")
def _(world: World) -> Due:
    return Due(unposted(world).but(2, DAY - 1), (DAY - 1, DAY))


@failure("the first day of all as not posted", "DayBeforeDeployment")
def _(world: World) -> Due:
    return Due(unposted(world).but(2, 0), (0, DAY))


@failure("the last day of all as not posted", "DayCanStillBePosted")
def _(world: World) -> Due:
    until = 2**32 * DAY_SECONDS + world.terms.posting_lag
    return Due(unposted(world).but(2, 2**32 - 1), (until, LAST_MOMENT + 1))


@failure("a day not posted with a checkpoint that is none", "CheckpointWrong")
def _(world: World) -> Due:
    call = unposted(world)
    seq, size, at, root = call.args[3]
    return Due(call.but(3, [seq, size, at + 1, root]), (seq, seq))


@failure("a day not posted with somebody else's BINDING", "BoundToAnother")
def _(world: World) -> Due:
    return Due(unposted(world, home="flat"), (world["bob"], world["alice"]))


@failure("a day not posted of a BINDING of later", "BindingNotOfDay")
def _(world: World) -> Due:
    call = unposted(world, "carol")
    binding = binding_of(short(), short().known.extra["barn next week"])
    return Due(call.but(4, binding), (DAY + 7, 2**64 - 1, UNPOSTED))


@failure("a day not posted claimed twice", "NothingToPay")
def _(world: World) -> Due:
    call = unposted(world)
    send(call)
    key = world.run_key(UNPOSTED, ZONE)
    return Due(call, (word(key), world["alice"]))
