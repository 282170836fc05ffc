"""Disputes: the states of a case, and sums and limits."""

from collections.abc import Sequence

from tests.evm import courts
from tests.evm.casefile import (
    HASH,
    answered,
    appealed,
    binding_of,
    contest,
    correction,
    demand,
    disputes,
    opening,
    own,
    send,
    short,
)
from tests.evm.failures.catalogue import Call, Catalogue, Due, word
from tests.evm.failures.disputes import SLOT, answer, close, of_case, opened, vote
from tests.evm.machine.court import STATES
from tests.evm.world import PANELLISTS, World
from tests.vectors import recompute_cases as cases
from tests.vectors.recompute_day import DAY, HOMES, SLOTS

CASES = Catalogue("Disputes")
failure, works = CASES.failure, CASES.works


# States


def every_step(world: World, number: int) -> dict[str, Call]:
    """Each step of a case, by name."""
    run = cases.shown(short().run)
    return {
        "open": of_case(world, "open", number, run, 0, opening("roof", 3)),
        "rebut": of_case(world, "rebut", number, run, binding_of(short(), short().known.bindings["loft"])),
        "answer": of_case(world, "answer", number, True, HASH, by="meter data"),
        "appeal": disputes(world, "appeal", own(world, "alice"), number, by="alice"),
        "vote": of_case(world, "vote", number, True, HASH, by=PANELLISTS[0]),
        "close": of_case(world, "close", number),
    }


def _final(world: World, state: str) -> None:
    """Bring the first case into a state."""
    if state in ("demanded", "opened", "defaulted"):
        call = demand(world)
        following = {"opened": opened, "defaulted": lambda world, call: close(world)}
        send(following[state](world, call)) if state in following else send(call)
    elif state == "corrected":
        call = answer(world)
        courts.correct(world, correction(), short())
        send(call)
    elif state == "rejected":
        number = answered(world)
        world.chain.travel(world.chain.time + world.terms.appeal_time)
        send(of_case(world, "close", number))
    elif state == "upheld":
        send(answer(world))
    elif state == "at meter data":
        send(contest(world))
    elif state == "answered":
        answered(world)
    elif state == "at panel":
        appealed(world)


STEPS: dict[str, Sequence[str]] = {
    "demanded": ("open", "rebut", "close"),
    "at meter data": ("answer", "close"),
    "answered": ("appeal", "close"),
    "at panel": ("vote", "close"),
}
for _state in STATES:
    for _step in ("open", "rebut", "answer", "appeal", "vote", "close"):
        if _step not in STEPS.get(_state, ()):

            @failure(f"{_step} of a case that is {_state}", "StateWrong")
            def _(world: World, state: str = _state, step: str = _step) -> Due:
                _final(world, state)
                return Due(every_step(world, 1)[step], (1, STATES.index(state)))


@failure("a step of the last case of all", "StateWrong")
def _(world: World) -> Due:
    return Due(of_case(world, "close", 2**256 - 1), (2**256 - 1, 0))


@failure("a second vote of a member", "VotedBefore")
def _(world: World) -> Due:
    call = vote(world)
    send(call)
    return Due(call.but(1, False), (1, world[PANELLISTS[0]]))


# Sums and limits


@failure("a demand of no slot", "NoSlotNamed")
def _(world: World) -> Due:
    return Due(demand(world, places=[]))


@failure("a demand of one slot twice", "SlotDemandedBefore")
def _(world: World) -> Due:
    return Due(demand(world, places=[3, 3]), (SLOT,))


@failure("a demand of a slot that was demanded", "SlotDemandedBefore")
def _(world: World) -> Due:
    send(demand(world))
    return Due(demand(world, places=[4, 3]), (SLOT,))


for _name, _slot in (("before", SLOTS[0] - 1), ("after", SLOTS[95] + 1), ("of the end of time", 2**32 - 1)):

    @failure(f"a demand of a slot {_name} the day", "SlotOutsideDay")
    def _(world: World, slot: int = _slot) -> Due:
        return Due(demand(world).but(3, slot << 96), (slot, DAY))


@failure("a fifth open case", "TooManyOpenCases")
def _(world: World) -> Due:
    for place in range(4):
        send(demand(world, places=[place + 10]))
    return Due(demand(world), (world["alice"], 4))


@failure("a slot contested twice", "SlotContestedBefore")
def _(world: World) -> Due:
    send(contest(world))
    return Due(contest(world, more=20), (word(HOMES["roof"].point), SLOTS[40]))


@failure("a contest of what is posted", "NothingOwed")
def _(world: World) -> Due:
    line = short().lines["roof"][41]
    return Due(contest(world, place=41, more=0), (line.amount, line.amount))


for _place, _more in ((5, 1), (6, 1)):

    @failure(f"a contest of more energy than a slot can have, word {_place - 5}", "EnergyTooLarge")
    def _(world: World, place: int = _place, more: int = _more) -> Due:
        call = contest(world)
        finding = list(call.args[2])
        finding[place - 5] = world.terms.max_slot_wh + more
        return Due(call.but(2, finding), (finding[0], finding[1], world.terms.max_slot_wh))


@failure("a contest of the most energy that can be written", "EnergyTooLarge")
def _(world: World) -> Due:
    finding = [2**40 - 1, 2**40 - 1, HASH, True]
    return Due(contest(world).but(2, finding), (2**40 - 1, 2**40 - 1, world.terms.max_slot_wh))
