"""Slot energy from registers: whatever is lost, repeated or rolled over, energy is neither made nor lost."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.registers import (
    Channel,
    Handover,
    Quality,
    Reading,
    Reason,
    clock_is_trusted,
    energy_between,
    espi_quality,
    exchanged_energies,
    scaled,
    slot_energies,
)

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


@pytest.mark.parametrize(("num", "den", "expected"), [(40, 1, 400), (1, 3, 4), (5, 2, 25)])
def test_multiplier_scales_each_border_rounding_down(num: int, den: int, expected: int) -> None:
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


def test_remainder_of_a_multiplier_is_carried_into_the_next_slot() -> None:
    channel = Channel(modulus_wh=10**6, max_wh_per_slot=10_000, multiplier_num=1, multiplier_den=3)

    energies = slot_energies([reading(i, i) for i in range(8)], slots(7), channel)

    assert [each.import_wh for each in energies] == [0, 0, 1, 0, 0, 1, 0]


def test_register_that_was_reset_counts_on_from_its_new_value() -> None:
    energies = slot_energies([reading(0, 800), reading(1, 900), reading(3, 4), reading(4, 10)], slots(4), CHANNEL)

    assert [each.import_wh for each in energies] == [100, 0, 0, 6]
    assert [each.quality for each in energies] == [Quality.VALID, Quality.MISSING, Quality.MISSING, Quality.VALID]
    assert {each.reason for each in energies[1:3]} == {Reason.REGISTER_FELL}


@pytest.mark.parametrize(("at", "synchronised", "expected"), [(1000, True, True), (1009, True, True),
                                                             (1010, True, False), (900, False, False)])  # fmt: skip
def test_clock_that_runs_ahead_of_ours_is_seen(at: int, synchronised: bool, expected: bool) -> None:
    assert clock_is_trusted(at, synchronised=synchronised, received_at=1000) is expected


def test_missing_has_no_code_of_its_own_in_espi() -> None:
    assert [espi_quality(quality) for quality in Quality] == [0, 7, 8, 9, 16]


def handover(seconds: int, old: int, new: int) -> Handover:
    """Registers read by hand some seconds after the first slot began."""
    at = FIRST * 900 + seconds
    return Handover(Reading(at, old, 0, False, 7), Reading(at, new, 0, False, 7))


def test_slot_of_an_exchange_has_what_both_meters_counted() -> None:
    old, new = [reading(0, 100), reading(1, 150)], [reading(2, 5), reading(3, 25)]

    energies = exchanged_energies(old, new, slots(3), handover(1200, 160, 1), (CHANNEL, CHANNEL))

    assert [(each.import_wh, each.quality) for each in energies] == [
        (50, Quality.VALID),
        (10 + 4, Quality.ESTIMATED),
        (20, Quality.VALID),
    ]
    assert energies[1].reason is Reason.EXCHANGE
    assert (energies[1].import_start, energies[1].import_end) == (150, 5)
    assert (energies[1].reading_start, energies[1].reading_end) == (101, 102)


def test_exchange_on_a_border_leaves_no_slot_to_two_meters() -> None:
    old, new = [reading(0, 100), reading(1, 150)], [reading(1, 7), reading(2, 9)]

    energies = exchanged_energies(old, new, slots(2), handover(900, 149, 8), (CHANNEL, CHANNEL))

    assert [(each.import_wh, each.quality) for each in energies] == [(50, Quality.VALID), (2, Quality.VALID)]


def test_registers_read_by_hand_make_no_slot_valid() -> None:
    energies = exchanged_energies([reading(0, 100)], [reading(2, 9)], slots(2), handover(900, 149, 8), (CHANNEL,) * 2)

    assert [(each.import_wh, each.quality) for each in energies] == [(49, Quality.ESTIMATED), (1, Quality.ESTIMATED)]


def test_slot_of_an_exchange_is_missing_when_one_meter_was_silent() -> None:
    energies = exchanged_energies([], [reading(2, 9)], slots(2), handover(1200, 149, 8), (CHANNEL,) * 2)

    assert [each.quality for each in energies] == [Quality.MISSING, Quality.MISSING]
    assert (energies[1].import_wh, energies[1].import_start, energies[1].reading_end) == (0, 0, 102)


multipliers = st.tuples(st.integers(1, 400), st.integers(1, 12))


@given(steps, st.integers(0, 10**5 - 1), multipliers, st.booleans(), st.data())
def test_energy_is_conserved_over_loss_order_repeat_rollover_and_multiplier(
    energy: list[tuple[int, int]], start: int, multiplier: tuple[int, int], turned: bool, data: st.DataObject
) -> None:
    modulus, count = 10**5, len(energy)
    channel = Channel(modulus, 10**9, turned, *multiplier)
    true = [start]
    for imported, _ in energy:
        true.append(true[-1] + imported)
    sent = [*data.draw(st.lists(st.integers(0, count), max_size=2 * count)), 0, count]
    arrived = {i: reading(i, true[i] % modulus) for i in data.draw(st.permutations(sent))}
    readings = [arrived[i] for i in sorted(arrived)]
    for before, after in pairwise(readings):
        # More than one turn of a register between two readings cannot be told by anybody.
        if true[after.log_index - 100] - true[before.log_index - 100] >= modulus:
            return

    derived = slot_energies(readings, slots(count), channel)
    total = sum(each.export_wh if turned else each.import_wh for each in derived)

    wraps = true[-1] // modulus - start // modulus
    exact = (true[-1] - start) * channel.multiplier_num / channel.multiplier_den
    assert abs(total - exact) < 1 + wraps
    if modulus * channel.multiplier_num % channel.multiplier_den == 0:
        assert total == scaled(true[-1], channel) - scaled(start, channel)
    for each in derived:
        part = energy_between(each.import_start, each.import_end, channel)
        assert part == (each.export_wh if turned else each.import_wh)


@given(steps, st.integers(0, 60 * 900), st.integers(0, 10**6 - 1), st.integers(0, 10**6 - 1), st.data())
def test_energy_is_conserved_over_an_exchange(
    energy: list[tuple[int, int]], second: int, old_start: int, new_start: int, data: st.DataObject
) -> None:
    count = len(energy)
    second = min(second, count * 900)
    slot, inside = divmod(second, 900)

    def used(border: int) -> int:
        return sum(imported for imported, _ in energy[:border])

    by_then = used(slot) + (energy[slot][0] * inside // 900 if inside else 0)
    lost = data.draw(st.sets(st.integers(1, max(1, count - 1))))
    old = [reading(i, (old_start + used(i)) % 10**6) for i in range(count + 1) if i * 900 <= second and i not in lost]
    new = [
        reading(i, (new_start + used(i) - by_then) % 10**6)
        for i in range(count + 1)
        if i * 900 >= second and (i not in lost or i == count)
    ]
    change = handover(second, (old_start + by_then) % 10**6, new_start % 10**6)

    derived = exchanged_energies(old, new, slots(count), change, (CHANNEL, CHANNEL))

    assert [each.slot for each in derived] == list(slots(count))
    assert sum(each.import_wh for each in derived) == used(count)
    assert all(each.quality is not Quality.MISSING for each in derived)
    if inside:
        assert derived[slot].quality is Quality.ESTIMATED


@given(steps, st.data())
def test_late_reading_changes_only_the_gap_it_lies_in(energy: list[tuple[int, int]], data: st.DataObject) -> None:
    count = len(energy)
    true = [sum(imported for imported, _ in energy[:i]) for i in range(count + 1)]
    kept = sorted(data.draw(st.sets(st.integers(0, count))) | {0, count})
    late = data.draw(st.integers(0, count))
    low = max(i for i in kept if i <= late)
    high = min(i for i in kept if i >= late)

    before = slot_energies([reading(i, true[i] % 10**6) for i in kept], slots(count), CHANNEL)
    after = slot_energies([reading(i, true[i] % 10**6) for i in sorted({*kept, late})], slots(count), CHANNEL)

    assert after[:low] + after[high:] == before[:low] + before[high:]
    assert sum(each.import_wh for each in after) == sum(each.import_wh for each in before)
