"""Disputes: every field of every event, every state with its deadline, and the limits of the terms."""

from typing import Any

import pytest
from eth_abi.abi import encode

from tests.evm import casefile as files
from tests.evm import courts
from tests.evm.casefile import HASH, contest, demand, disputes, own, send, short
from tests.evm.chain import Reverted
from tests.evm.failures.catalogue import word
from tests.evm.failures.disputes import UNPOSTED, opened, rebut, unposted
from tests.evm.machine.court import STATES
from tests.evm.world import PANELLISTS, TOKEN, World
from tests.vectors import recompute_cases as cases
from tests.vectors.recompute_day import HOMES, SLOTS, ZONE
from tests.vectors.recompute_runs import KEY, Lie, post
from tests.vectors.recompute_setting import honest, small

ROOF = word(HOMES["roof"].point)
OWED = 5_000 + 800
ZERO = word(bytes(32))


def view(world: World, number: int = 1) -> dict[str, Any]:
    case, made, contested = world.others["disputes"].read("caseOf", number)
    return {**case, "made": made, "contested": contested, "state": STATES[case["state"]]}


def wait(world: World, seconds: int) -> None:
    world.chain.travel(world.chain.time + seconds)


def close(world: World, number: int = 1) -> Any:
    return send(disputes(world, "close", number, by="stranger"))


def digest(run: Any) -> str:
    kinds = (
        "((bytes32,uint32,uint16,bytes32,uint16,bytes32,uint64,bytes32,uint8),bytes32,(uint64,uint64,uint64,bytes32))"
    )
    given = [tuple(run.input), run.rows_root, tuple(run.checkpoint)]
    return word(files.keccak(encode([kinds], [tuple(given)])))


def case_of(world: World, **fields: Any) -> dict[str, Any]:
    shared = {"account": world["alice"], "sequence": 0, "runKey": word(KEY), "point": ROOF}
    return shared | fields


# Demands


def test_a_demand_tells_and_keeps_all(at: World) -> None:
    before = at.free("alice")
    done = send(demand(at, places=[3, 95, 0]))
    slots = SLOTS[3] | SLOTS[95] << 32 | SLOTS[0] << 64
    deadline = at.chain.time + at.terms.response_time
    case = case_of(at, deadline=deadline, state=1, sum=files.DEFAULT, reserved=files.DEFAULT)
    made = {"runDigest": digest(short().run), "slots": slots, "bindingIndex": 2**64 - 1, "missing": 7, "leaves": 0}
    told = done.event("DemandMade")
    assert told == {"id": 1, "account": at["alice"], "runKey": word(KEY), "opened": case, "demand": made}
    found = view(at)
    nothing = {"slot": 0, "importWh": 0, "exportWh": 0, "signedBytes": False, "upholds": 0, "rejects": 0}
    assert found == {**case, "state": "demanded", "made": made, "contested": nothing}
    contract = at.others["disputes"]
    assert (done.answer, contract.read("caseCount"), contract.read("openCases", at["alice"])) == (1, 1, 1)
    assert before - at.free("alice") == at.escrow.read("depositsHeld") == at.terms.deposit
    assert at.escrow.read("reservedBond") == files.DEFAULT
    until = deadline + at.terms.extra_time
    assert at.settlement.read("disputableUntil", KEY, at["alice"]) == until


def test_a_demand_for_a_debit_is_worth_it_up_to_the_cap_less_what_was_paid() -> None:
    jumps = {files.days.person(name): -by * TOKEN for name, by in (("bob", 150), ("carol", 150), ("alice", 30))}
    posted = post(small().known, Lie(row_jump=jumps))
    world = files.posted_court(posted)
    due = 30 * TOKEN - sum(posted.point(name).day_net for name in ("roof", "barn"))
    for number, (home, name, total) in enumerate(
        (("flat", "bob", 100 * TOKEN), ("shed", "carol", files.DEFAULT), ("roof", "alice", due)), 1
    ):
        send(demand(world, home, [5], name, posted))
        found = view(world, number)
        assert (found["sum"], found["reserved"]) == (total, total), name
    points = sorted((posted.point(name) for name in ("roof", "barn")), key=lambda point: point.position)
    opening = [posted.run, points, posted.rows(0)]
    send(files.tier0(world, posted, "row", "alice", *opening))
    send(demand(world, "roof", [6], "alice", posted))
    assert (view(world, 4)["sum"], view(world, 4)["reserved"]) == (due, max(0, due - 30 * TOKEN))


def test_each_slot_is_opened_once_and_the_last_ends_the_demand(at: World) -> None:
    places, before = [3, 4, 5, 6], at.free("alice")
    number = send(demand(at, places=places)).answer
    missing = 15
    for k in (2, 0, 3, 1):
        call = disputes(at, "open", number, cases.shown(short().run), k, files.opening("roof", places[k]), by="bob")
        done = send(call)
        missing ^= 1 << k
        told = done.event("SlotOpened")
        assert told == {"id": 1, "point": ROOF, "slot": SLOTS[places[k]], "missing": missing}
        assert view(at)["made"]["missing"] == missing
        if missing:
            with pytest.raises(Reverted) as caught:
                send(call)
            assert (caught.value.name, caught.value.values) == ("SlotNotMissing", (1, k))
    assert done.event("CaseClosed") == {"id": 1, "state": STATES.index("opened"), "paid": 0}
    assert_closed(at, "opened")
    assert at.free("alice") == before


def assert_closed(world: World, state: str, number: int = 1) -> None:
    found = view(world, number)
    assert (found["state"], found["deadline"], found["reserved"]) == (state, 0, 0)
    assert world.others["disputes"].read("openCases", found["account"]) == 0
    assert world.escrow.read("reservedBond") == world.escrow.read("depositsHeld") == 0


def test_a_demand_for_any_point_is_answered_by_as_many_points_as_the_leaves_count(at: World) -> None:
    number = send(demand(at, "", [3, 4, 5])).answer
    run = cases.shown(short().run)
    send(disputes(at, "open", number, run, 0, files.opening("barn", 3), by="bob"))
    assert view(at)["point"] == ZERO
    with pytest.raises(Reverted) as caught:
        send(disputes(at, "open", number, run, 1, files.opening("barn", 4), by="bob"))
    place = short().point("barn").position
    assert (caught.value.name, caught.value.values) == ("LeafRepeated", (place, 1, 2))
    send(disputes(at, "open", number, run, 1, files.opening("roof", 4), by="bob"))
    assert view(at)["made"]["leaves"] == place + 1 | short().point("roof").position + 1 << 16
    send(disputes(at, "open", number, run, 2, files.opening("barn", 5), by="bob"))
    assert_closed(at, "opened")


def test_a_demand_by_a_binding_can_be_rebutted(at: World) -> None:
    call = rebut(at)
    known, before = short().known, at.free("carol")
    assert view(at)["made"]["bindingIndex"] == known.extra["loft of carol"]
    done = send(call)
    assert done.event("DemandRebutted") == {"id": 1, "bindingIndex": known.bindings["loft"], "account": at["dave"]}
    assert done.event("CaseClosed") == {"id": 1, "state": STATES.index("rejected"), "paid": 0}
    assert_closed(at, "rejected")
    assert at.free("carol") == before + at.terms.deposit


def test_silence_pays_the_default(at: World) -> None:
    number, before = send(demand(at)).answer, at.free("alice")
    wait(at, at.terms.response_time)
    done = close(at, number)
    paid = files.DEFAULT
    assert done.event("CaseClosed") == {"id": 1, "state": STATES.index("defaulted"), "paid": paid}
    assert_closed(at, "defaulted")
    assert at.free("alice") == before + paid + at.terms.deposit


def test_a_default_counts_what_was_paid_meanwhile(at: World) -> None:
    number = send(demand(at)).answer
    send(files.tier0(at, short(), "arithmetic", "alice", short().statement("roof", 40)))
    wait(at, at.terms.response_time)
    assert close(at, number).event("CaseClosed")["paid"] == files.DEFAULT - 5_000


def test_a_correction_does_not_bury_a_demand(at: World) -> None:
    call = opened(at)
    courts.correct(at, files.correction(), short())
    send(call)
    assert_closed(at, "opened")


def test_each_sequence_has_a_window_of_its_own_for_demands(at: World) -> None:
    send(demand(at))
    at.chain.travel(files.UNTIL - 1)
    send(demand(at, places=[4]))
    courts.correct(at, files.correction(), short())
    at.chain.travel(files.UNTIL)
    for place in (3, 5):
        send(demand(at, places=[place], posted=files.correction()))


def test_as_many_cases_as_are_allowed(at: World) -> None:
    for place in range(4):
        send(demand(at, places=[place]))
    run = cases.shown(short().run)
    send(disputes(at, "open", 2, run, 0, files.opening("roof", 1), by="bob"))
    send(demand(at, places=[4]))
    contract = at.others["disputes"]
    assert (contract.read("caseCount"), contract.read("openCases", at["alice"])) == (5, 4)


# Contests


def test_a_contest_tells_and_keeps_all(at: World) -> None:
    line = short().lines["roof"][40]
    done = send(contest(at))
    case = case_of(at, deadline=at.chain.time + at.terms.meter_data_time, state=3, sum=OWED, reserved=OWED)
    made = {"slot": SLOTS[40], "importWh": line.import_wh, "exportWh": line.export_wh + 10, "signedBytes": True}
    made |= {"upholds": 0, "rejects": 0}
    assert done.event("ContestMade") == {
        "id": 1, "account": at["alice"], "runKey": word(KEY), "opened": case, "contest": made,
        "evidenceHash": word(HASH),
    }  # fmt: skip
    nothing = {"runDigest": ZERO, "slots": 0, "bindingIndex": 0, "missing": 0, "leaves": 0}
    assert view(at) == {**case, "state": "at meter data", "made": nothing, "contested": made}
    contract = at.others["disputes"]
    assert (done.answer, contract.read("caseCount"), contract.read("openCases", at["alice"])) == (1, 1, 1)
    assert at.escrow.read("reservedBond") == OWED


FIELDS = ("runKey", "sequence", "point", "slot", "importWh", "exportWh", "evidenceHash", "signedBytes")


def signed_contest(world: World, **changes: Any) -> Any:
    call = contest(world)
    values = [KEY, 0, HOMES["roof"].point, SLOTS[40], *call.args[2]]
    message = dict(zip(FIELDS, values, strict=True)) | changes
    claim = files.signed(world, world.others["disputes"], "Contest", message)
    return call.but(0, claim).by(world["relayer"])


def test_a_contest_is_relayed_with_a_signature_over_all_of_it(at: World) -> None:
    with files.undone(at):
        send(signed_contest(at))
    wrong = (bytes(32), 1, HOMES["barn"].point, SLOTS[41], 1, 1, bytes(32), False)
    for name, value in zip(FIELDS, wrong, strict=True):
        with pytest.raises(Reverted) as caught:
            send(signed_contest(at, **{name: value}))
        assert caught.value.name == "SignatureInvalid", name


def test_an_appeal_and_a_day_not_posted_are_relayed_with_a_signature(at: World) -> None:
    number = files.answered(at)
    contract = at.others["disputes"]
    for case, right in ((number, True), (number + 1, False)):
        claim = files.signed(at, contract, "Appeal", {"caseId": case})
        with files.undone(at):
            if right:
                send(disputes(at, "appeal", claim, number, by="relayer"))
                continue
            with pytest.raises(Reverted):
                send(disputes(at, "appeal", claim, number, by="relayer"))
    call = unposted(at)
    for zone, day, right in ((ZONE, UNPOSTED, True), (bytes(32), UNPOSTED, False), (ZONE, UNPOSTED + 1, False)):
        claim = files.signed(at, contract, "UnpostedClaim", {"zone": zone, "day": day})
        with files.undone(at):
            if right:
                send(call.but(0, claim).by(at["relayer"]))
                continue
            with pytest.raises(Reverted):
                send(call.but(0, claim).by(at["relayer"]))


def test_a_contest_of_exactly_the_limits(at: World) -> None:
    """The most energy is allowed and one Wh more is not; sums up to the limit of a case, not a unit more."""
    most, limit = at.terms.max_slot_wh, at.terms.contest_limit
    call = contest(at, place=10)
    with files.undone(at):
        send(call.but(2, [0, most, HASH, True]))
        assert view(at)["contested"]["exportWh"] == most
    headers = {10: {5: 10_000_000}, 11: {5: 10_000_000}}
    lines = {place: {5: 0, 6: 0, 7: 0, 8: 0, 9: extra} for place, extra in ((10, 0), (11, -1))}
    posted = files.edited(honest(small()), headers=headers, lines={"roof": lines})
    world = files.posted_court(posted)
    for place, name in ((10, ""), (11, "AboveContestLimit")):
        statement = courts.arguments(posted, "arithmetic", [posted.statement("roof", place)])[0]
        made = disputes(world, "contest", own(world, "alice"), statement, [0, limit // 10_000, HASH, True], by="alice")
        if not name:
            assert view(world, send(made).answer)["sum"] == limit
            continue
        with pytest.raises(Reverted) as caught:
            send(made)
        assert (caught.value.name, caught.value.values) == (name, (limit + 1, limit))


def test_every_slot_of_a_statement_can_be_contested_once(at: World) -> None:
    for place in (0, 1, 94, 95):
        with files.undone(at):
            send(contest(at, place=place))
            other = (place + 1) % 96
            send(contest(at, place=other))
            send(contest(at, "barn", place))
            with pytest.raises(Reverted) as caught:
                send(contest(at, place=place))
            assert caught.value.values == (ROOF, SLOTS[place])


def test_the_whole_way_of_a_contest_with_its_events_and_deadlines(at: World) -> None:
    number, terms = send(contest(at, bytes_signed=False)).answer, at.terms
    done = send(disputes(at, "answer", number, False, b"\x01" * 32, by="meter data"))
    assert done.event("CaseAnswered") == {"id": 1, "uphold": False, "rulingHash": "0x" + "01" * 32}
    assert (view(at)["state"], view(at)["deadline"]) == ("answered", at.chain.time + terms.appeal_time)
    wait(at, terms.appeal_time - 1)
    done = send(disputes(at, "appeal", own(at, "alice"), number, by="alice"))
    deadline = at.chain.time + terms.panel_time
    assert done.event("CaseAtPanel") == {"id": 1, "appealed": True, "deadline": deadline}
    assert (view(at)["state"], view(at)["deadline"]) == ("at panel", deadline)
    wait(at, terms.panel_time - 1)
    for count, (member, uphold) in enumerate(zip(PANELLISTS, (True, False, True), strict=True)):
        done = send(disputes(at, "vote", number, uphold, bytes([count]) * 32, by=member))
        assert done.event("VoteCast") == {
            "id": 1, "member": at[member], "uphold": uphold, "rulingHash": word(bytes([count]) * 32)
        }  # fmt: skip
    assert done.event("CaseClosed") == {"id": 1, "state": STATES.index("upheld"), "paid": OWED}
    contested = view(at)["contested"]
    assert (contested["upholds"], contested["rejects"]) == (2, 1)
    assert_closed(at, "upheld")


def test_an_answer_in_favour_pays_at_once(at: World) -> None:
    number, before = send(contest(at)).answer, at.free("alice")
    wait(at, at.terms.meter_data_time - 1)
    done = send(disputes(at, "answer", number, True, HASH, by="meter data"))
    assert done.event("CaseAnswered") == {"id": 1, "uphold": True, "rulingHash": word(HASH)}
    assert done.event("CaseClosed") == {"id": 1, "state": STATES.index("upheld"), "paid": OWED}
    assert_closed(at, "upheld")
    assert at.free("alice") == before + OWED


@pytest.mark.parametrize(
    ("make", "time", "state", "paid"),
    [
        (lambda world: send(contest(world)), "meter_data_time", "upheld", OWED),
        (files.answered, "appeal_time", "rejected", 0),
        (files.appealed, "panel_time", "upheld", OWED),
    ],
)
def test_silence_in_each_state(at: World, make: Any, time: str, state: str, paid: int) -> None:
    make(at)
    wait(at, getattr(at.terms, time))
    assert close(at).event("CaseClosed") == {"id": 1, "state": STATES.index(state), "paid": paid}
    assert_closed(at, state)


def test_silence_without_signed_bytes_is_for_the_panel(at: World) -> None:
    send(contest(at, bytes_signed=False))
    wait(at, at.terms.meter_data_time)
    deadline = at.chain.time + at.terms.panel_time
    assert close(at).event("CaseAtPanel") == {"id": 1, "appealed": False, "deadline": deadline}
    assert (view(at)["state"], view(at)["deadline"], view(at)["reserved"]) == ("at panel", deadline, OWED)


@pytest.mark.parametrize("step", ["close", "answer", "appeal", "vote"])
def test_a_correction_ends_a_contest_and_gives_time_for_another(at: World, step: str) -> None:
    make = {"appeal": files.answered, "vote": files.appealed}.get(step, lambda world: send(contest(world)).answer)
    number = make(at)
    courts.correct(at, files.correction(), short())
    call = {
        "close": disputes(at, "close", number, by="stranger"),
        "answer": disputes(at, "answer", number, True, HASH, by="meter data"),
        "appeal": disputes(at, "appeal", own(at, "alice"), number, by="alice"),
        "vote": disputes(at, "vote", number, True, HASH, by=PANELLISTS[0]),
    }[step]
    at.chain.travel(at.chain.time + 3_600)
    done = send(call)
    assert done.event("CaseClosed") == {"id": 1, "state": STATES.index("corrected"), "paid": 0}
    assert [event.name for event in done.events if event.name in ("CaseAnswered", "VoteCast", "CaseAtPanel")] == []
    assert_closed(at, "corrected")
    until = at.settlement.read("disputableUntil", KEY, at["alice"])
    assert until == at.chain.time + at.terms.response_time
    statement = files.correction().statement("roof", 40)
    line = files.correction().lines["roof"][40]
    finding = [line.import_wh, line.export_wh + 1, HASH, True]
    shown = courts.arguments(files.correction(), "arithmetic", [statement])[0]
    again = send(disputes(at, "contest", own(at, "alice"), shown, finding, by="alice"))
    assert view(at, again.answer)["sequence"] == 1
