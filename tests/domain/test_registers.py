"""Slot energy from registers: whatever is lost, repeated or rolled over, energy is neither made nor lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.registers import Channel, Quality, Reading, Reason, slot_energies

FIRST = 2_000_000
CHANNEL = Channel(modulus_wh=10**6, max_wh_per_slot=10_000)


def reading(offset: int, import_wh: int, export_wh: int = 0, *, synchronised: bool = True) -> Reading:
    return Reading((FIRST + offset) * 900, import_wh, export_wh, synchronised, log_index=100 + offset)


def slots(count: int) -> range:
    return range(FIRST, FIRST + count)


def test_slot_is_the_difference_of_its_borders() -> None:
    (energy,) = slot_energies([reading(0, 100, 7), reading(1, 150, 9)], slots(1), CHANNEL)

    assert (energy.import_wh, energy.export_wh, energy.quality) == (50, 2, Quality.VALID)
    assert (energy.import_start, energy.import_end) == (100, 150)
    assert (energy.reading_start, energy.reading_end) == (100, 101)
    assert not energy.interpolated


def test_gap_is_spread_evenly_and_flagged() -> None:
    energies = slot_energies([reading(0, 0), reading(4, 10)], slots(4), CHANNEL)

    assert [energy.import_wh for energy in energies] == [2, 3, 2, 3]
    assert {energy.quality for energy in energies} == {Quality.ESTIMATED}
    assert {(energy.reading_start, energy.reading_end) for energy in energies} == {(100, 104)}
    assert [energy.import_end for energy in energies][:-1] == [energy.import_start for energy in energies][1:]


def test_gap_across_the_ends_of_the_range_is_spread_over_all_of_it() -> None:
    energies = slot_energies([reading(-5, 0), reading(5, 100)], slots(2), CHANNEL)

    assert [energy.import_wh for energy in energies] == [10, 10]


def test_slots_without_a_reading_on_both_sides_are_missing() -> None:
    energies = slot_energies([reading(1, 5), reading(2, 8)], slots(4), CHANNEL)

    assert [energy.quality for energy in energies] == [
        Quality.MISSING,
        Quality.VALID,
        Quality.MISSING,
        Quality.MISSING,
    ]
    assert (energies[0].reading_start, energies[0].reading_end) == (None, 101)
    assert (energies[2].reading_start, energies[2].reading_end) == (102, None)
    assert energies[3].reason is Reason.NO_READING


def test_register_rolls_over_at_its_modulus() -> None:
    energies = slot_energies([reading(0, 999_990), reading(2, 30)], slots(2), CHANNEL)

    assert [energy.import_wh for energy in energies] == [20, 20]
    assert [energy.import_end for energy in energies] == [10, 30]


def test_fall_beyond_what_the_connection_can_carry_is_no_rollover() -> None:
    (energy,) = slot_energies([reading(0, 500_000), reading(1, 0, 3)], slots(1), CHANNEL)

    assert (energy.import_wh, energy.export_wh) == (0, 0)
    assert (energy.quality, energy.reason) == (Quality.MISSING, Reason.REGISTER_FELL)


def test_clock_that_was_not_synchronised_is_flagged() -> None:
    (energy,) = slot_energies([reading(0, 0), reading(1, 9, synchronised=False)], slots(1), CHANNEL)

    assert (energy.import_wh, energy.quality, energy.reason) == (9, Quality.ESTIMATED, Reason.CLOCK)


def test_reversed_channel_swaps_import_and_export_but_not_the_registers() -> None:
    channel = Channel(modulus_wh=10**6, max_wh_per_slot=10_000, reversed=True)

    (energy,) = slot_energies([reading(0, 0, 0), reading(1, 70, 3)], slots(1), channel)

    assert (energy.import_wh, energy.export_wh) == (3, 70)
    assert (energy.import_end, energy.export_end) == (70, 3)


@pytest.mark.parametrize(("num", "den", "expected"), [(40, 1, 400), (1, 3, 3), (5, 2, 25)])
def test_multiplier_scales_the_difference_rounding_down(num: int, den: int, expected: int) -> None:
    channel = Channel(modulus_wh=10**6, max_wh_per_slot=10_000, multiplier_num=num, multiplier_den=den)

    (energy,) = slot_energies([reading(0, 5), reading(1, 15)], slots(1), channel)

    assert energy.import_wh == expected


steps = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)), min_size=1, max_size=60)


@given(steps, st.integers(0, 10**6 - 1), st.data())
def test_energy_is_conserved_over_any_loss(energy: list[tuple[int, int]], start: int, data: st.DataObject) -> None:
    imports, exports = [start], [start]
    for imported, exported in energy:
        imports.append(imports[-1] + imported)
        exports.append(exports[-1] + exported)
    count = len(energy)
    kept = sorted(data.draw(st.sets(st.integers(0, count), max_size=count)) | {0, count})
    readings = [reading(i, imports[i] % 10**6, exports[i] % 10**6) for i in kept]

    derived = slot_energies(readings, slots(count), CHANNEL)

    assert [each.slot for each in derived] == list(slots(count))
    assert sum(each.import_wh for each in derived) == imports[-1] - start
    assert sum(each.export_wh for each in derived) == exports[-1] - start
    for offset, (imported, exported) in enumerate(energy):
        if offset in kept and offset + 1 in kept:
            assert derived[offset][1:4] == (imported, exported, Quality.VALID)


@given(steps, st.integers(1, 59))
def test_derivation_does_not_depend_on_how_slots_are_batched(energy: list[tuple[int, int]], cut: int) -> None:
    count = len(energy)
    cut = min(cut, count)
    readings = [reading(i, sum(e[0] for e in energy[:i]) % 10**6) for i in range(0, count + 1, 3)]

    whole = slot_energies(readings, slots(count), CHANNEL)
    parts = slot_energies(readings, slots(cut), CHANNEL)
    parts += slot_energies(readings, range(FIRST + cut, FIRST + count), CHANNEL)

    assert parts == whole
