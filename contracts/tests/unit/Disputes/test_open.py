import pytest
from casework import CAP, DEPOSIT, EXPORT, NONE, Casework, pack, view, word
from eth_utils import keccak
from world import refused

P2, P3 = keccak(text="p2"), keccak(text="p3")
ANY = bytes(32)


@pytest.fixture
def demanded(disputed, case) -> Casework:
    """Case 1: Anna demands slots 2 and 5."""
    case.demand("anna", ANY, pack(case.slot(2), case.slot(5)))
    return case


def test_the_last_slot_closes_the_demand(disputed, demanded):
    free = disputed.free("anna")
    tx = demanded.open(1, 0, 0, 2)
    assert tx.events["SlotOpened"] == {
        "id": 1, "point": "0x" + demanded.statements[0].point.hex(), "slot": demanded.slot(2), "missing": 0b10,
    }  # fmt: skip
    assert (view(disputed, 1)["state"], disputed.free("anna")) == ("demanded", free)
    tx = demanded.open(1, 1, 0, 5)
    found = view(disputed, 1)
    assert (found["state"], found["missing"], found["deadline"], found["reserved"]) == ("opened", 0, 0, 0)
    assert tx.events["CaseClosed"] == {"id": 1, "state": 2, "paid": 0}
    assert disputed.free("anna") == free + DEPOSIT
    assert disputed.escrow.depositsHeld() == disputed.escrow.reservedBond() == 0
    assert disputed.disputes.openCases(disputed["anna"]) == 0
    disputed.assert_backed("anna", "emil", "otto")


def test_what_is_opened_once_is_final(disputed, demanded):
    demanded.open(1, 0, 0, 2)
    with refused("SlotNotMissing", 1, 0):
        demanded.open(1, 0, 0, 2)
    demanded.open(1, 1, 0, 5)
    with refused("StateWrong", 1, 2):
        demanded.open(1, 1, 0, 5)
    with refused("StateWrong", 2, 0):
        demanded.open(2, 0, 0, 2)


@pytest.mark.parametrize("k", [2, 3, 4, 255])
def test_only_slots_that_are_named(disputed, demanded, k):
    with refused("SlotNotMissing", 1, k):
        demanded.open(1, k, 0, 2)


def test_one_of_two_slots_is_not_enough(disputed, demanded):
    demanded.open(1, 1, 0, 5)
    disputed.travel(view(disputed, 1)["deadline"])
    tx = disputed.disputes.close(1, {"from": disputed.mallory})
    assert tx.events["CaseClosed"] == {"id": 1, "state": 8, "paid": CAP}


def test_an_opening_in_the_last_second_counts(disputed, demanded):
    demanded.open(1, 0, 0, 2)
    disputed.next_at(view(disputed, 1)["deadline"] - 1)
    demanded.open(1, 1, 0, 5)
    assert view(disputed, 1)["state"] == "opened"


def test_an_opening_at_the_deadline_is_late(disputed, demanded):
    deadline = view(disputed, 1)["deadline"]
    disputed.next_at(deadline)
    with refused("DeadlinePassed", 1, deadline, deadline):
        demanded.open(1, 0, 0, 2)


def test_a_correction_does_not_change_what_was_demanded(disputed, demanded):
    Casework(disputed, sequence=1, before=demanded).post(demanded)
    for k, place in ((0, 2), (1, 5)):
        demanded.open(1, k, 0, place)
    assert view(disputed, 1)["state"] == "opened"


def test_refuses_the_leaves_of_another_run(disputed, demanded):
    corrected = Casework(disputed, sequence=1, before=demanded).post(demanded)
    with refused("RunWrong", corrected.digest(), demanded.digest()):
        corrected.open(1, 0, 0, 2)


def test_refuses_another_accounts_leaf(disputed, demanded):
    with refused("LeafOfAnother", P2, disputed["emil"]):
        demanded.open(1, 0, 1, 2)


@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1)])
def test_every_point_is_opened_once_before_one_is_again(disputed, case, first, second):
    """Emil has two points; whichever of them is opened first, the other one can follow."""
    case.demand("emil", ANY, pack(case.slot(2), case.slot(5), case.slot(6), case.slot(7)))
    case.open(1, 2, first, 6)
    with refused("LeafRepeated", first, 1, 2):
        case.open(1, 1, first, 5)
    case.open(1, 0, second, 2)
    case.open(1, 1, first, 5)
    found = view(disputed, 1)
    assert (found["point"], found["leaves"]) == ("0x" + ANY.hex(), second + 1 << 16 | first + 1)
    case.open(1, 3, second, 7)
    assert view(disputed, 1)["state"] == "opened"


@pytest.mark.parametrize(("name", "points"), [("anna", [0]), ("emil", [1, 2])])
def test_leaves_that_count_too_many_points_cannot_answer(disputed, name, points):
    """An account of n points names n + 1 slots: the operator has no leaf for the last."""
    case = Casework(disputed)
    case.overcount = 1
    case.post()
    places = [2, 5, 6][: len(points) + 1]
    case.demand(name, ANY, pack(*(case.slot(place) for place in places)))
    for k, at in enumerate(points):
        case.open(1, k, at, places[k])
    for at in points:
        with refused("LeafRepeated", at, len(points), len(points) + 1):
            case.open(1, len(points), at, places[-1])
    disputed.travel(view(disputed, 1)["deadline"])
    disputed.disputes.close(1, {"from": disputed.mallory})
    assert view(disputed, 1)["state"] == "defaulted"


def test_a_named_point_answers_all_its_slots(disputed, case):
    case.demand("emil", P3, pack(case.slot(2), case.slot(5)), case.evidence(leaf=case.leaf(2)))
    case.open(1, 0, 2, 2)
    case.open(1, 1, 2, 5)
    assert (view(disputed, 1)["state"], view(disputed, 1)["leaves"]) == ("opened", 0)


def test_a_named_point_is_that_point(disputed, case):
    case.demand("emil", P3, pack(case.slot(2)), case.evidence(leaf=case.leaf(2)))
    with refused("LeafOfAnother", P2, disputed["emil"]):
        case.open(1, 0, 1, 2)
    case.open(1, 0, 2, 2)
    assert view(disputed, 1)["state"] == "opened"


@pytest.mark.parametrize("part", ["leaf", "line", "header", "interval", "binding"])
def test_refuses_a_changed_part(disputed, demanded, part):
    """The salt is changed, which no other check looks at."""
    opening = dict(
        zip(("leaf", "line", "header", "interval", "registers", "binding"), demanded.opening(0, 2), strict=True)
    )
    changed = list(opening[part])
    if part == "leaf":
        changed[5] = bytes(32)
    else:
        changed[0] = [*changed[0][:-1], keccak(text="another salt")]
    with pytest.raises(Exception, match="InclusionFailed"):
        demanded.open(1, 0, 0, 2, **{part: tuple(changed)})


def test_refuses_other_registers(disputed, demanded):
    registers = [word(7), *demanded.statements[0].registers[2][1:]]
    with pytest.raises(Exception, match="RegistersWrong"):
        demanded.open(1, 0, 0, 2, registers=(registers,))


def test_refuses_a_line_or_header_of_another_slot(disputed, demanded):
    with pytest.raises(Exception, match="InclusionFailed"):
        demanded.open(1, 0, 0, 2, line=demanded.line(0, 3))
    with pytest.raises(Exception, match="InclusionFailed"):
        demanded.open(1, 0, 0, 2, header=demanded.header(3))


def test_refuses_an_interval_that_is_not_cited(disputed, demanded):
    made = demanded.statements[0]
    other = made.intervals[3]
    with refused("OpeningWrong", other[0], made.intervals[2][0]):
        demanded.open(1, 0, 0, 2, interval=demanded._entry(*other))


def test_refuses_a_binding_that_is_not_cited(disputed, demanded):
    other = demanded.statements[1].binding
    with refused("OpeningWrong", other[0], demanded.statements[0].binding[0]):
        demanded.open(1, 0, 0, 2, binding=demanded._entry(*other))


def test_a_citation_of_another_points_interval_opens_nothing(disputed):
    """A line that cites a neighbour's INTERVAL cannot be answered with it: that is a default."""
    case = Casework(disputed)
    mine, others = case.statements[0], case.statements[1]
    mine.lines[2][1] = word(others.intervals[2][0])
    case.post().demand("anna", ANY, pack(case.slot(2)))
    with refused("OpeningWrong", others.intervals[2][0], others.intervals[2][0]):
        case.open(1, 0, 0, 2, interval=case._entry(*others.intervals[2]))
    disputed.travel(view(disputed, 1)["deadline"])
    disputed.disputes.close(1, {"from": disputed.mallory})
    assert view(disputed, 1)["state"] == "defaulted"


def test_an_interval_without_a_binding_needs_none(disputed):
    case = Casework(disputed)
    made = case.statements[0]
    fields = [*made.intervals[2][1][:-1]]
    fields[7] = word(NONE)
    made.intervals[2] = case.log.add("INTERVAL", *fields)
    made.lines[2][1] = word(made.intervals[2][0])
    case.post().demand("anna", ANY, pack(case.slot(2)))
    case.open(1, 0, 0, 2, binding=([bytes(32)] * 12, 0, []))
    assert view(disputed, 1)["state"] == "opened"


def test_energy_that_disagrees_is_opened_and_left_to_recompute(disputed):
    case = Casework(disputed)
    case.statements[0].lines[2][6] = word(9 * EXPORT)
    case.post().demand("anna", ANY, pack(case.slot(2)))
    case.open(1, 0, 0, 2)
    assert view(disputed, 1)["state"] == "opened"


def test_a_pause_stops_no_answer(disputed, demanded):
    disputed.escrow.pause({"from": disputed.guardian})
    demanded.open(1, 0, 0, 2)
    demanded.open(1, 1, 0, 5, sender=disputed.relayer)
    assert view(disputed, 1)["state"] == "opened"
