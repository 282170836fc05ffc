"""The generated street: plausible, seeded, and a pure function of time."""

from datetime import UTC, datetime

import numpy as np
import pytest

from grid.simulator.energy import Registers
from grid.simulator.profiles import GeneratedStreet, Place

PLACE = Place(latitude=52.52, longitude=13.4, time_zone="Europe/Berlin", country="DE")
JUNE = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) // 900
DAYS = 28


@pytest.fixture(scope="module")
def street() -> GeneratedStreet:
    return GeneratedStreet(seed=7, place=PLACE, separate_process=False)


@pytest.fixture(scope="module")
def net(street: GeneratedStreet) -> np.ndarray:
    return street.net_wh(range(JUNE, JUNE + DAYS * 96))


def test_any_part_of_time_gives_the_same_energy(street: GeneratedStreet, net: np.ndarray) -> None:
    for first, after in ((0, 96), (3 * 96 + 11, 5 * 96 + 2), (DAYS * 96 - 1, DAYS * 96)):
        assert (street.net_wh(range(JUNE + first, JUNE + after)) == net[:, first:after]).all()


def test_separate_process_gives_the_same_energy(net: np.ndarray) -> None:
    street = GeneratedStreet(seed=7, place=PLACE)

    assert (street.net_wh(range(JUNE, JUNE + 96)) == net[:, :96]).all()


def test_seed_decides(net: np.ndarray) -> None:
    other = GeneratedStreet(seed=8, place=PLACE, separate_process=False)

    assert (other.net_wh(range(JUNE, JUNE + 96)) != net[:, :96]).any()


def test_homes_use_and_make_what_homes_do(street: GeneratedStreet, net: np.ndarray) -> None:
    without_pv = [index for index, home in enumerate(street.homes) if home.pv_peak_w == 0]
    with_pv = [index for index, home in enumerate(street.homes) if home.pv_peak_w > 0]
    daily = net.reshape(len(street.homes), DAYS, 96)

    assert (net[without_pv] >= 0).all()
    assert (
        (daily[without_pv].sum(axis=(1, 2)) / DAYS > 3_000) & (daily[without_pv].sum(axis=(1, 2)) / DAYS < 25_000)
    ).all()
    exported = np.maximum(-daily[with_pv], 0).sum(axis=(1, 2)) / DAYS
    assert ((exported > 3_000) & (exported < 60_000)).all()
    night = [*range(0, 8), *range(92, 96)]  # 23:00 to 2:00 UTC: no sun in Berlin even in June
    assert (daily[:, :, night] >= 0).all()
    for index, home in enumerate(street.homes):
        assert np.abs(net[index]).max() * 4 <= home.fuse_w


def test_days_differ_from_one_another_and_from_the_average(net: np.ndarray, street: GeneratedStreet) -> None:
    home = next(index for index, home in enumerate(street.homes) if home.pv_peak_w == 0)
    daily = net[home].reshape(DAYS, 96)

    totals = daily.sum(axis=1)
    assert 0.05 < totals.std() / totals.mean() < 0.6
    assert (daily.std(axis=0) > 0).all()


def test_local_trade_is_possible_on_most_days(net: np.ndarray) -> None:
    surplus, demand = np.maximum(-net, 0).sum(axis=0), np.maximum(net, 0).sum(axis=0)

    tradable = np.minimum(surplus, demand).reshape(DAYS, 96).sum(axis=1)

    assert (tradable > 2_000).mean() > 0.9


def test_registers_count_up_and_the_feeder_is_the_sum_of_the_members(street: GeneratedStreet, net: np.ndarray) -> None:
    registers = Registers(street, origin_slot=JUNE, seed=1, block_slots=96)
    slots = range(JUNE, JUNE + 5 * 96)
    series = [registers.at(meter, slots) for meter in range(len(street.homes) + 1)]

    assert series[0][0][0] == JUNE * 900
    imported = np.array([[reading[1] for reading in meter] for meter in series])
    exported = np.array([[reading[2] for reading in meter] for meter in series])
    assert (np.diff(imported) >= 0).all()
    assert (np.diff(exported) >= 0).all()
    flows = np.diff(imported) - np.diff(exported)
    assert (flows[:-1] == net[:, : 5 * 96 - 1]).all()
    assert (flows[-1] == flows[:-1].sum(axis=0)).all()


def test_registers_do_not_depend_on_the_order_of_asking(street: GeneratedStreet) -> None:
    first, second = (Registers(street, origin_slot=JUNE, seed=1, block_slots=size) for size in (50, 700))
    slots = range(JUNE + 300, JUNE + 310)

    assert first.at(0, range(JUNE, JUNE + 10)) == second.at(0, range(JUNE, JUNE + 10))
    assert first.at(2, slots) == second.at(2, slots)
    with pytest.raises(ValueError, match="before the street's origin"):
        first.at(0, range(JUNE - 1, JUNE))
