"""Energy from registers and from INTERVALs: every way a meter can be read, and which entry counts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from grid.domain import entries, merkle
from grid.domain.entries import EntryKind, LeafKind, Value
from grid.domain.statements import Metered
from tests.evm import casefile as files
from tests.evm.chain import Reverted
from tests.evm.failures.catalogue import word
from tests.evm.world import World
from tests.vectors import recompute_day as days
from tests.vectors.recompute_day import DAY, HOMES, SLOTS
from tests.vectors.recompute_runs import Lie, Posted, post

FLAT = HOMES["flat"]
SERIAL, OTHER = FLAT.serial_hash, b"\x0e" * 32
ENERGY_SHOWN, OWNED = 1, 32
HIGH = 10_000
"""What every line says was used; registers that give less are worth the difference."""


@dataclass(frozen=True)
class Meter:
    """What an INTERVAL was derived from, and the BINDING that it cites."""

    registers: tuple[tuple[str, Value], ...] = ()
    binding: tuple[tuple[str, Value], ...] = ()
    interval: tuple[tuple[str, Value], ...] = ()


REGISTERS: dict[str, Value] = {
    "importStart": 100, "importEnd": 350, "exportStart": 20, "exportEnd": 27, "modulus": 1_000,
    "meterStart": SERIAL, "meterEnd": SERIAL, "readingStart": 0, "readingEnd": 0, "interpolated": False,
}  # fmt: skip


def meter(
    registers: dict[str, Value] | None = None, binding: dict[str, Value] | None = None, **interval: Value
) -> Meter:
    parts = (registers or {}, binding or {}, interval)
    return Meter(*(tuple(part.items()) for part in parts))


MEASURED: dict[str, tuple[Meter, tuple[int, int]]] = {
    "as it is": (meter(), (250, 7)),
    "a wrap of the import": (meter({"importStart": 900, "importEnd": 50}), (150, 7)),
    "a wrap of the export": (meter({"exportStart": 999, "exportEnd": 0}), (250, 1)),
    "no rise": (meter({"importEnd": 100, "exportEnd": 20}), (0, 0)),
    "a reversed meter": (meter(None, {"reversed": True}), (7, 250)),
    "a multiplier": (meter(None, {"multiplierNum": 3, "multiplierDen": 2}), (375, 10)),
    "a divisor": (meter(None, {"multiplierNum": 1, "multiplierDen": 7}), (36, 1)),
    "a meter changed in the slot, now this one": (meter({"meterStart": OTHER}), (250, 7)),
    "a meter changed in the slot, then this one": (meter({"meterEnd": OTHER}), (250, 7)),
    "the last moment of a modulus": (meter({"importStart": 1_000, "importEnd": 0}), (0, 7)),
}
REFUSED: dict[str, tuple[Meter, str, tuple[Any, ...]]] = {
    "another meter": (meter({"meterStart": OTHER, "meterEnd": OTHER}), "MeterOfAnother", (word(SERIAL),)),
    "a fall of more than a wrap": (
        meter({"importStart": 1_351}), "RegistersImpossible", (1_351, 1_350, 1),
    ),
    "a fall of the export": (meter({"exportStart": 1_028}), "RegistersImpossible", (1_028, 1_027, 1)),
    "a divisor of nothing": (meter(None, {"multiplierDen": 0}), "RegistersImpossible", (100, 350, 0)),
    "an estimate": (meter(quality=1), "QualityNotValid", (1,)),
    "a substitute": (meter(quality=2), "QualityNotValid", (2,)),
}  # fmt: skip
MADE = {**{name: made for name, (made, _) in MEASURED.items()}, **{name: item[0] for name, item in REFUSED.items()}}
NOWHERE = {"cites the last entry": 1, "cites behind the last entry": 0}
PLACES = {name: place for place, name in enumerate([*MADE, *NOWHERE], 2)}
BOUNDS = {"yesterday": (DAY - 5, DAY), "tomorrow": (DAY + 1, None), "today": (DAY, DAY + 1)}


@dataclass
class Known:
    """A log with those meters behind the street's, and a run that cites them."""

    posted: Posted
    intervals: dict[str, int]
    bindings: dict[str, int]


@cache
def metered() -> Known:
    known = days.day.__wrapped__()
    intervals, bindings, cited = {}, {}, {}
    for name, made in MADE.items():
        bindings[name] = days.bind(known, FLAT, **dict(made.binding))
        intervals[name] = write(known, PLACES[name], bindings[name], made)
        cited[PLACES[name]] = Metered(HIGH, 0, intervals[name])
    for name, (first, end) in BOUNDS.items():
        bindings[name] = days.bind(known, FLAT, fromDay=first, toDay=end)
    # The checkpoint ends with these two, so that the first cites the second, and the second what is not there.
    end = known.log.end + len(NOWHERE)
    for name, back in NOWHERE.items():
        intervals[name] = write(known, PLACES[name], end - back, meter())
        cited[PLACES[name]] = Metered(HIGH, 0, intervals[name])
    known.sizes[-1] = known.log.end

    def points(home: str, item: Any) -> Any:
        if home != "flat":
            return item
        return replace(item, metered=[cited.get(at, was) for at, was in enumerate(item.metered)])

    return Known(post(known, Lie(points=points)), intervals, bindings)


def write(known: days.Known, place: int, binding: int, made: Meter) -> int:
    salt = entries.salt(days.secret("flat"), "REGISTERS", tree=FLAT.point, position=SLOTS[place])
    opened = entries.encode(LeafKind.REGISTERS, REGISTERS | dict(made.registers), salt)
    fields: dict[str, Value] = {
        "point": FLAT.point,
        "slot": SLOTS[place],
        "importWh": HIGH,
        "exportWh": 0,
        "quality": 0,
        "version": 0,
        "supersedes": None,
        "bindingIndex": binding,
        "registersCommitment": merkle.leaf_hash(opened),
    }
    index = known.log.append(EntryKind.INTERVAL, "flat", {**fields, **dict(made.interval)})
    known.registers[index] = opened
    return index


@pytest.fixture(scope="module")
def court() -> World:
    return files.posted_court(metered().posted)


@pytest.fixture
def at(court: World) -> Iterator[World]:
    with files.undone(court):
        yield court


def measure(world: World, name: str, binding: str = "") -> Any:
    known = metered()
    posted, index = known.posted, known.intervals[name]
    opened = [
        posted.statement("flat", PLACES[name]),
        posted.entry(index),
        posted.entry(known.bindings[binding or name]),
        [posted.registers(index)],
    ]
    return files.send(files.tier0(world, posted, "energyOfBinding", "bob", *opened))


@pytest.mark.parametrize("name", sorted(MEASURED))
def test_energy_of_registers(at: World, name: str) -> None:
    imported, exported = MEASURED[name][1]
    numbers = measure(at, name).event("Recomputed")["numbers"]
    assert (numbers >> 216, numbers >> 176 & 2**40 - 1, numbers & 0xFFFF) == (imported, exported, 1)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_registers_that_say_nothing(at: World, name: str) -> None:
    _, error, values = REFUSED[name]
    with pytest.raises(Reverted) as caught:
        measure(at, name)
    assert (caught.value.name, caught.value.values) == (error, values)


@pytest.mark.parametrize("binding", sorted(BOUNDS))
def test_a_binding_covers_its_days(at: World, binding: str) -> None:
    first, end = BOUNDS[binding]
    if binding == "today":
        measure(at, "as it is", binding)
        return
    with pytest.raises(Reverted) as caught:
        measure(at, "as it is", binding)
    shown = 2**64 - 1 if end is None else end
    assert (caught.value.name, caught.value.values) == ("BindingNotOfDay", (first, shown, DAY))


def test_a_binding_before_the_cited_one_is_none(at: World) -> None:
    known = metered()
    with pytest.raises(Reverted) as caught:
        measure(at, "no rise", "as it is")
    values = (known.bindings["as it is"], known.bindings["no rise"])
    assert (caught.value.name, caught.value.values) == ("BindingNotBetter", values)
    assert values[0] < values[1]
    measure(at, "as it is", "no rise")


def test_a_citation_that_leads_nowhere_is_behind_every_binding(at: World) -> None:
    known = metered()
    with pytest.raises(Reverted) as caught:
        measure(at, "cites the last entry", "as it is")
    last = known.posted.known.log.end - 1
    assert (caught.value.name, caught.value.values) == ("BindingNotBetter", (known.bindings["as it is"], last))
    numbers = measure(at, "cites behind the last entry", "as it is").event("Recomputed")["numbers"]
    assert (numbers >> 216, numbers >> 176 & 2**40 - 1) == MEASURED["as it is"][1]


def test_who_no_binding_names_has_no_claim(at: World) -> None:
    """Carol has nothing to do with the flat: neither the point leaf nor the BINDING that counts names her."""
    known = metered()
    opened = [
        known.posted.statement("flat", PLACES["as it is"]),
        known.posted.entry(known.intervals["as it is"]),
        known.posted.entry(known.bindings["as it is"]),
        [],
    ]
    with pytest.raises(Reverted) as caught:
        files.send(files.tier0(at, known.posted, "energyOfBinding", "carol", *opened))
    assert (caught.value.name, caught.value.values) == ("NotTheAccounts", (at["carol"], at["bob"]))


def test_who_the_binding_names_owns_the_slot_from_then_on() -> None:
    """The point leaf names Carol, the BINDING Bob, whose meter gave energy: his claim stands, and each later one."""
    known, name = metered(), "a reversed meter"
    posted = files.edited(known.posted, owners={"flat": days.person("carol")})
    world = files.posted_court(posted)
    statement, index = posted.statement("flat", PLACES[name]), known.intervals[name]
    arithmetic = files.tier0(world, posted, "arithmetic", "bob", statement)
    with pytest.raises(Reverted) as caught:
        files.send(arithmetic)
    assert (caught.value.name, caught.value.values) == ("NotTheAccounts", (world["bob"], world["carol"]))
    opened = [statement, posted.entry(index), posted.entry(known.bindings[name]), [posted.registers(index)]]
    told = files.send(files.tier0(world, posted, "energyOfBinding", "bob", *opened)).event("Recomputed")
    assert told["numbers"] & 0xFFFF == ENERGY_SHOWN | OWNED
    assert told["amount"] == told["due"] > 0
    with pytest.raises(Reverted) as caught:
        files.send(arithmetic)
    assert (caught.value.name, caught.value.values) == ("NothingToPay", (told["amount"], 0, told["due"]))
