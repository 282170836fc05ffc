"""Random histories with honest and hostile actors: the invariants hold after every step.

Calls are transactions really sent, refused ones included; reading is not counted.
"""

import os
import time

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.evm.machine.admin import Admin
from tests.evm.machine.base import Base
from tests.evm.machine.invariants import Invariants
from tests.evm.machine.members import Members
from tests.evm.machine.operator import Operator
from tests.evm.machine.prosumer import Prosumer
from tests.evm.machine.relayer import Relayer
from tests.evm.machine.remedies import Remedies
from tests.evm.machine.token import Token
from tests.evm.world import DAY, TOKEN, Terms, build

CALLS = {"short": 700, "everyday": 5_000, "deep": 200_000}
HISTORIES, STEPS = 20, 50
"""Of one round; rounds follow, each with a seed of its own, until enough calls were sent."""

COUNTED = ("sent", "refused", "histories", "runs", "corrections", "remedies")

TERMS = Terms(
    challenge_window=2 * DAY,
    posting_lag=3 * DAY,
    correction_lag=10 * DAY,
    withdrawal_delay=4 * DAY,
    fixed_sum=7 * TOKEN,
    exposure_ratio=2,
)
SHORT = bool(os.environ.get("EVM_SHORT"))
SETTINGS = settings(
    max_examples=3 if SHORT else HISTORIES,
    phases=[Phase.generate] if SHORT else list(Phase),
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class Street(Members, Operator, Remedies, Prosumer, Relayer, Admin, Invariants):
    """Everybody at once, over the demonstration's token."""


class HostileStreet(Members, Operator, Remedies, Prosumer, Admin, Token, Invariants):
    """The same over a token that misbehaves; it knows no permits, so there is no relayer of them."""


def campaign(machine: type[Base], calls: int) -> None:
    """Run histories until so many calls were sent, and say how fast."""
    first = int(os.environ.get("MACHINE_SEED", "1"))
    machine.counts = dict.fromkeys(COUNTED, 0)
    began, rounds = time.monotonic(), 0
    while machine.counts["sent"] < calls:
        run_state_machine_as_test(seed(first + rounds)(machine), settings=SETTINGS)
        rounds += 1
    seconds, counts = time.monotonic() - began, machine.counts
    counted = ", ".join(f"{count} {what}" for what, count in counts.items())
    print(f"{counted}; {counts['sent'] / seconds:.0f} calls a second")
    assert counts["sent"] >= calls


@pytest.fixture(scope="module")
def street() -> type[Street]:
    Street.world = build(terms=TERMS, bond=2_000 * TOKEN)
    return Street


@pytest.fixture(scope="module")
def hostile_street() -> type[HostileStreet]:
    HostileStreet.world = build(terms=TERMS, bond=2_000 * TOKEN, token="HostileToken")
    return HostileStreet


def test_street(street: type[Street], scale: str) -> None:
    campaign(street, CALLS[scale] * 7 // 10)


def test_street_with_a_hostile_token(hostile_street: type[HostileStreet], scale: str) -> None:
    campaign(hostile_street, CALLS[scale] * 3 // 10)
