"""Disputes: the terms that a deployment may have, and what it knows."""

from dataclasses import replace
from typing import Any

import pytest

from tests.evm import courts
from tests.evm.chain import Chain, Reverted
from tests.evm.world import DAY as DAY_SECONDS
from tests.evm.world import Terms, World, build
from tests.vectors.recompute_day import DAY

LEAST = Terms(
    response_time=1, extra_time=1, meter_data_time=1, appeal_time=1, panel_time=1, deposit=0, contest_limit=1,
    max_slot_wh=1, max_open_cases=1,
)  # fmt: skip
TIMES = ("response_time", "extra_time", "meter_data_time", "appeal_time", "panel_time")


def deployed(**changes: Any) -> World:
    return build(terms=replace(LEAST, **changes), courts=True, bond=0, log=False)


@pytest.mark.parametrize("name", [*TIMES, "contest_limit", "max_slot_wh", "max_open_cases"])
def test_no_term_is_nothing(name: str) -> None:
    with pytest.raises(Reverted) as caught:
        deployed(**{name: 0})
    assert caught.value.name == "TermsInvalid"


@pytest.mark.parametrize(
    ("name", "most"), [("deposit", 2**96 - 1), ("contest_limit", 2**80 - 1), ("max_slot_wh", 2**40 - 1)]
)
def test_the_most_of_each_limit(name: str, most: int) -> None:
    world = deployed(**{name: most})
    assert list(world.others["disputes"].read("terms").values()) == world.terms.of_disputes
    with pytest.raises(Reverted) as caught:
        deployed(**{name: most + 1})
    assert caught.value.name == "TermsInvalid"


@pytest.mark.parametrize("name", TIMES)
def test_no_time_is_beyond_32_bits(name: str) -> None:
    for value, error in ((2**32 - 1, "CorrectionLagTooShort"), (2**32, "TermsInvalid")):
        with pytest.raises(Reverted) as caught:
            deployed(**{name: value})
        assert caught.value.name == error


def test_corrections_are_possible_until_all_is_decided_and_a_week_longer() -> None:
    times = {"response_time": 2, "extra_time": 3, "meter_data_time": 5, "appeal_time": 7, "panel_time": 11}
    required = LEAST.challenge_window + 28 + 7 * DAY_SECONDS
    world = deployed(correction_lag=required, **times)
    assert list(world.others["disputes"].read("terms").values()) == [2, 3, 5, 7, 11, 0, 1, 1, 1]
    with pytest.raises(Reverted) as caught:
        deployed(correction_lag=required - 1, **times)
    assert (caught.value.name, caught.value.values) == ("CorrectionLagTooShort", (required - 1, required))


def test_the_escrow_was_built_for_these_two() -> None:
    world = build(terms=courts.TERMS, courts=True, bond=0, log=False)
    near = [world.accounts.address, world.escrow.address, world.settlement.address, world.anchor.address]
    contracts = [world.others[name].address for name in ("disputes", "recomputation")]
    for recomputation in (contracts[1], world["alice"]):
        args = [world.manager.address, *near, recomputation, world.terms.of_disputes]
        with pytest.raises(Reverted) as caught:
            world.chain.create("Disputes", args, world["stranger"])
        assert (caught.value.name, caught.value.values) == ("EscrowServesAnother", tuple(contracts))


def test_what_the_deployment_knows(court: World) -> None:
    contract = court.others["disputes"]
    assert contract.read("firstDay") == DAY
    assert list(contract.read("terms").values()) == court.terms.of_disputes
    found = [contract.read(name) for name in ("escrow", "settlement", "recordAnchor", "accounts", "recomputation")]
    assert found == [
        court.escrow.address, court.settlement.address, court.anchor.address, court.accounts.address,
        court.others["recomputation"].address,
    ]  # fmt: skip
    assert contract.read("authority") == court.manager.address


@pytest.mark.parametrize(("time", "first"), [(DAY * DAY_SECONDS, DAY + 1), (DAY * DAY_SECONDS - 1, DAY)])
def test_the_first_day_begins_after_the_deployment(time: int, first: int) -> None:
    world = build(terms=courts.TERMS, courts=True, bond=0, log=False, time=time, chain=Chain(time))
    assert world.others["disputes"].read("firstDay") == first
