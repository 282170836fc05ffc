"""Disputes: demands, contests, days not posted; who, when, in which state, and with what opened."""

from typing import Any

from tests.evm import courts, signing
from tests.evm.casefile import (
    HASH,
    KEY,
    NO_LEAF,
    UNTIL,
    answered,
    appealed,
    binding_of,
    by_binding,
    contest,
    correction,
    demand,
    digest_of,
    disputes,
    opening,
    own,
    send,
    short,
    signed,
)  # fmt: skip
from tests.evm.failures.catalogue import Call, Catalogue, Due, word
from tests.evm.world import DAY as DAY_SECONDS
from tests.evm.world import PANELLISTS, TOKEN, World
from tests.vectors import recompute_cases as cases
from tests.vectors.recompute_day import DAY, HOMES, SLOTS, ZONE

DISPUTES = Catalogue("Disputes")
failure, works = DISPUTES.failure, DISPUTES.works
SLOT = SLOTS[3]
MESSAGE = {"runKey": KEY, "sequence": 0, "point": HOMES["roof"].point, "slots": SLOT}
UNPOSTED = DAY + 1
LAST_MOMENT = (UNPOSTED + 1) * DAY_SECONDS + courts.TERMS.posting_lag


def of_case(world: World, function: str, number: int, *args: Any, by: str = "stranger") -> Call:
    return disputes(world, function, number, *args, by=by)


def opened(world: World, call: Call | None = None, home: str = "roof", place: int = 3, **parts: Any) -> Call:
    """The opening of the one slot of a demand."""
    number = int(send(call or demand(world)).answer)
    names = ("leaf", "line", "header", "interval", "registers", "binding")
    whole = dict(zip(names, opening(home, place), strict=True)) | parts
    return of_case(world, "open", number, cases.shown(short().run), 0, list(whole.values()))


def answer(world: World, uphold: bool = True) -> Call:
    return of_case(world, "answer", int(send(contest(world)).answer), uphold, HASH, by="meter data")


def appeal(world: World) -> Call:
    return disputes(world, "appeal", own(world, "alice"), answered(world), by="alice")


def vote(world: World, member: str = PANELLISTS[0]) -> Call:
    return of_case(world, "vote", appealed(world), True, HASH, by=member)


def close(world: World) -> Call:
    number = int(send(demand(world)).answer)
    world.chain.travel(world.chain.time + world.terms.response_time)
    return of_case(world, "close", number)


def rebut(world: World, index: int | None = None) -> Call:
    known = short().known
    number = int(send(by_binding(world)).answer)
    newer = binding_of(short(), known.bindings["loft"] if index is None else index)
    return of_case(world, "rebut", number, cases.shown(short().run), newer)


def unposted(world: World, name: str = "alice", home: str = "roof") -> Call:
    world.chain.travel(LAST_MOMENT + 1)
    checkpoint = cases.shown(short().run.checkpoint)
    binding = binding_of(short(), short().known.bindings[home])
    return disputes(world, "claimUnposted", own(world, name), ZONE, UNPOSTED, checkpoint, binding, by=name)


for _make in (demand, contest, opened, answer, appeal, vote, close, rebut, unposted, by_binding):
    works(_make)


@works
def relayed_demand(world: World) -> Call:
    return demand(world).but(0, sign(world)).by(world["relayer"])


@works
def demand_for_any_point(world: World) -> Call:
    return demand(world, "")


@works
def demand_in_the_last_second(world: World) -> Call:
    world.chain.travel(UNTIL - 1)
    return demand(world)


@works
def opening_in_the_last_second(world: World) -> Call:
    call = opened(world)
    world.chain.travel(world.chain.time + world.terms.response_time - 1)
    return call


def sign(world: World, fields: dict[str, Any] | None = None, kind: str = "Demand", **changes: Any) -> list[Any]:
    return signed(world, changes.pop("contract", world.others["disputes"]), kind, fields or MESSAGE, **changes)


def invalid(world: World, claim: list[Any]) -> Due:
    digest = digest_of(world.others["disputes"], "Demand", claim, MESSAGE)
    return Due(demand(world).but(0, claim).by(world["relayer"]), (world["alice"], digest))


# Who

for _role in ("stranger", "bob", "poster", "admin", "guardian", "meter data", "first of the panel"):

    @failure(f"a demand by {_role}", "NoStanding")
    def _(world: World, role: str = _role) -> Due:
        return Due(demand(world).by(world[role]), (world[role], world["alice"]))

    @failure(f"a contest by {_role}", "NoStanding")
    def _(world: World, role: str = _role) -> Due:
        return Due(contest(world).by(world[role]), (world[role], world["alice"]))

    @failure(f"an appeal by {_role}", "NoStanding")
    def _(world: World, role: str = _role) -> Due:
        return Due(appeal(world).by(world[role]), (world[role], world["alice"]))

    @failure(f"a day not posted, claimed by {_role}", "NoStanding")
    def _(world: World, role: str = _role) -> Due:
        return Due(unposted(world).by(world[role]), (world[role], world["alice"]))


for _role in ("stranger", "alice", "poster", "admin", "guardian", "first of the panel"):

    @failure(f"an answer by {_role}", "AccessManagedUnauthorized")
    def _(world: World, role: str = _role) -> Due:
        return Due(answer(world).by(world[role]), (world[role],))


for _role in ("stranger", "alice", "poster", "admin", "guardian", "meter data"):

    @failure(f"a vote by {_role}", "AccessManagedUnauthorized")
    def _(world: World, role: str = _role) -> Due:
        return Due(vote(world).by(world[role]), (world[role],))


@failure("a vote through the AccessManager", "VoteNotDirect")
def _(world: World) -> Due:
    call = vote(world)
    through = Call(world.manager, "execute", [call.contract.address, call.data()], call.sender)
    return Due(through, (world.manager.address,))


@failure("an appeal of somebody else's case", "CaseOfAnother")
def _(world: World) -> Due:
    return Due(appeal(world).but(0, own(world, "bob")).by(world["bob"]), (1, world["alice"]))


@failure("a contest of somebody else's point", "PointOfAnother")
def _(world: World) -> Due:
    call = contest(world, "flat", 40, name="alice")
    return Due(call, (word(HOMES["flat"].point), world["bob"]))


@failure("a demand for somebody else's point", "LeafOfAnother")
def _(world: World) -> Due:
    return Due(demand(world, "flat"), (word(HOMES["flat"].point), world["bob"]))


@failure("a demand for one's other point", "LeafOfAnother")
def _(world: World) -> Due:
    leaf = cases.shown(short().point("barn"))
    return Due(demand(world, leaf=leaf), (word(HOMES["barn"].point), world["alice"]))


@failure("a demand by a system account", "SystemAccount")
def _(world: World) -> Due:
    return Due(demand(world, "", name="fee"), (world["fee"],))


@failure("a demand for a point of which nothing is shown", "NothingShown")
def _(world: World) -> Due:
    return Due(demand(world, leaf=NO_LEAF), (world["alice"], word(HOMES["roof"].point)))


@failure("a demand for any point without a row", "NothingShown")
def _(world: World) -> Due:
    world.fund("mallory", 10 * TOKEN)
    return Due(demand(world, "", name="mallory"), (world["mallory"], word(bytes(32))))


@failure("a demand with a BINDING of another account", "BoundToAnother")
def _(world: World) -> Due:
    binding = binding_of(short(), short().known.bindings["loft"])
    return Due(demand(world, "loft", name="carol", leaf=NO_LEAF, binding=binding), (world["dave"], world["carol"]))


@failure("a demand with a BINDING of another day", "BindingNotOfDay")
def _(world: World) -> Due:
    binding = binding_of(short(), short().known.extra["barn next week"])
    call = demand(world, "barn", name="carol", leaf=NO_LEAF, binding=binding)
    return Due(call, (DAY + 7, 2**64 - 1, DAY))


@failure("a demand with a BINDING of another point", "BindingOfAnother")
def _(world: World) -> Due:
    binding = binding_of(short(), short().known.bindings["barn"])
    return Due(demand(world, leaf=NO_LEAF, binding=binding), (word(HOMES["barn"].point), word(HOMES["roof"].point)))


# Signatures


@failure("an expired demand", "SignatureExpired")
def _(world: World) -> Due:
    call = relayed_demand(world)
    deadline = call.args[0][2]
    world.chain.travel(deadline + 1)
    return Due(call, (deadline, deadline + 1))


@failure("a demand relayed twice", "NonceAlreadyUsed")
def _(world: World) -> Due:
    call = relayed_demand(world)
    send(call)
    return Due(call, (world["alice"], call.args[0][1]))


for _name, _changes in (
    ("by somebody else", {"signer": "bob"}),
    ("for another chain", {"chain_id": 1}),
    ("for another version", {"version": b"2"}),
    ("malleated", {"finish": signing.malleated}),
    ("of 64 bytes", {"finish": signing.compact}),
    ("of zeros", {"finish": lambda made: bytes(65)}),
):

    @failure(f"a signed demand {_name}", "SignatureInvalid")
    def _(world: World, changes: Any = _changes) -> Due:
        return invalid(world, sign(world, **changes))


@failure("a signed demand for another contract", "SignatureInvalid")
def _(world: World) -> Due:
    return invalid(world, sign(world, contract=world.others["recomputation"]))


for _field, _value in (
    ("runKey", b"\x01" * 32), ("sequence", 1), ("point", bytes(32)), ("slots", SLOT + 1),
):  # fmt: skip

    @failure(f"a signed demand for another {_field}", "SignatureInvalid")
    def _(world: World, field: str = _field, value: Any = _value) -> Due:
        return invalid(world, sign(world, MESSAGE | {field: value}))


# When


@failure("a demand as the window closes", "WindowClosed")
def _(world: World) -> Due:
    world.chain.travel(UNTIL)
    return Due(demand(world), (UNTIL, UNTIL))


@failure("a contest as the window closes", "WindowClosed")
def _(world: World) -> Due:
    world.chain.travel(UNTIL)
    return Due(contest(world), (UNTIL, UNTIL))


@failure("a demand in the window that another lengthened", "DemandsClosed")
def _(world: World) -> Due:
    send(demand(world))
    world.chain.travel(UNTIL)
    return Due(demand(world, places=[4]), (UNTIL, UNTIL))


@failure("a demand on a corrected run", "RunNotLatest")
def _(world: World) -> Due:
    courts.correct(world, correction(), short())
    return Due(demand(world), (word(KEY), 0, 1))


def late(world: World, call: Call, seconds: int) -> Due:
    """The call at a case's deadline: over, for the first case."""
    world.chain.travel(world.chain.time + seconds)
    return Due(call, (1, world.chain.time, world.chain.time))


@failure("an opening at the deadline", "DeadlinePassed")
def _(world: World) -> Due:
    return late(world, opened(world), world.terms.response_time)


@failure("a rebuttal at the deadline", "DeadlinePassed")
def _(world: World) -> Due:
    return late(world, rebut(world), world.terms.response_time)


@failure("an answer at the deadline", "DeadlinePassed")
def _(world: World) -> Due:
    return late(world, answer(world), world.terms.meter_data_time)


@failure("an appeal at the deadline", "DeadlinePassed")
def _(world: World) -> Due:
    return late(world, appeal(world), world.terms.appeal_time)


@failure("a vote at the deadline", "DeadlinePassed")
def _(world: World) -> Due:
    return late(world, vote(world), world.terms.panel_time)


for _state, _make, _time in (
    ("demanded", demand, "response_time"), ("at the meter data", contest, "meter_data_time"),
    ("answered", answered, "appeal_time"), ("at the panel", appealed, "panel_time"),
):  # fmt: skip

    @failure(f"a case {_state} closed a second early", "DeadlineNotReached")
    def _(world: World, make: Any = _make, time: str = _time) -> Due:
        made = make(world)
        if isinstance(made, Call):
            send(made)
        deadline = world.chain.time + getattr(world.terms, time)
        world.chain.travel(deadline - 1)
        return Due(of_case(world, "close", 1), (1, deadline, deadline - 1))
