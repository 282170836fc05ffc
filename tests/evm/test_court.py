"""Random disputes about a lying run, on the contracts as they are deployed together."""

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.domain.test_recompute import LIES, claims_of_alice, known, lying
from tests.evm import courts
from tests.evm.chain import Receipt, Reverted
from tests.evm.machine.court import NO_BINDING, STATES, ZERO, Court
from tests.evm.world import PANELLISTS, TOKEN, World
from tests.vectors import recompute_cases as cases
from tests.vectors.recompute_claims import cut
from tests.vectors.recompute_day import HOMES, SLOTS
from tests.vectors.recompute_runs import Posted, post
from tests.vectors.recompute_setting import NOW

CALLS = {"short": 150, "everyday": 1_500, "deep": 60_000}


@pytest.fixture(scope="module")
def court() -> type[Court]:
    kinds = (frozenset(LIES), frozenset({"energy", "net"}), frozenset[str]())
    Court.runs = [post(known(0), lying(0, lies), sequence=number) for number, lies in enumerate(kinds)]
    Court.tier0 = staticmethod(claims_of_alice)
    Court.world = courts.empty_court()
    courts.anchor(Court.world, Court.runs[0])
    courts.post(Court.world, Court.runs[0])
    Court.world.chain.travel(NOW)
    return Court


def test_court(court: type[Court], scale: str) -> None:
    court.counts = Counter()
    phases = [Phase.generate] if scale == "short" else list(Phase)
    given = settings(
        max_examples=10, stateful_step_count=40, deadline=None, database=None, phases=phases,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    began, rounds = time.monotonic(), 0
    while court.counts["sent"] < CALLS[scale]:
        run_state_machine_as_test(seed(rounds)(court), settings=given)
        rounds += 1
    counted = ", ".join(f"{count} {what}" for what, count in court.counts.items())
    print(f"{counted}; {court.counts['sent'] / (time.monotonic() - began):.0f} calls a second")
    assert court.counts["sent"] >= CALLS[scale]


@dataclass
class Dispute:
    """Moves about that slot."""

    world: World
    posted: Posted

    def send(self, function: str, *args: Any, sender: str) -> Receipt:
        return self.world.others["disputes"].send(function, *args, sender=self.world[sender])

    def contest(self, more: int = 10, signed: bool = True) -> int:
        line = self.posted.lines["roof"][40]
        statement = courts.arguments(self.posted, "arithmetic", [self.posted.statement("roof", 40)])[0]
        finding = [line.import_wh, line.export_wh + more, "0x" + "07" * 32, signed]
        return int(self.send("contest", [self.world["alice"], 0, 0, b""], statement, finding, sender="alice").answer)

    def prove(self) -> int:
        return courts.claim(self.world, self.posted, "arithmetic", "alice", [self.posted.statement("roof", 40)]).paid

    def paid(self) -> int:
        return int(self.world.escrow.read("remedyOf", cases.KEY, self.world["alice"]))

    def state(self, number: int) -> str:
        return STATES[self.world.others["disputes"].read("caseOf", number)[0]["state"]]

    def wait(self, seconds: int) -> None:
        self.world.chain.travel(self.world.chain.time + seconds)


@pytest.fixture
def dispute() -> Dispute:
    """A run in which a slot of Alice's roof is cut by 5,000, and a way to contest that slot."""
    world = courts.empty_court()
    posted = post(known(0), cut("roof", 40, 5_000))
    courts.anchor(world, posted)
    courts.post(world, posted)
    world.chain.travel(NOW)
    world.fund("alice", 50 * TOKEN)
    return Dispute(world, posted)


OWED = 5_000 + 800
"""The cut, and 10 Wh more at the export price."""


def test_a_ruling_pays_what_a_proof_has_not(dispute: Dispute) -> None:
    assert dispute.prove() == 5_000
    number = dispute.contest()
    assert dispute.world.escrow.read("reservedBond") == OWED
    dispute.send("answer", number, True, ZERO, sender="meter data")
    assert (dispute.state(number), dispute.paid()) == ("upheld", OWED)
    assert dispute.prove() == 0
    assert dispute.world.escrow.read("reservedBond") == 0


def test_a_proof_pays_what_a_ruling_has_not(dispute: Dispute) -> None:
    number = dispute.contest()
    dispute.send("answer", number, True, ZERO, sender="meter data")
    assert (dispute.paid(), dispute.prove(), dispute.paid()) == (OWED, 0, OWED)


def test_silence_favours_who_holds_signed_bytes(dispute: Dispute) -> None:
    number = dispute.contest(signed=True)
    dispute.wait(dispute.world.terms.meter_data_time)
    dispute.send("close", number, sender="stranger")
    assert (dispute.state(number), dispute.paid()) == ("upheld", OWED)


def test_without_signed_bytes_silence_goes_to_the_panel_and_its_silence_favours_the_claimant(dispute: Dispute) -> None:
    number = dispute.contest(signed=False)
    dispute.wait(dispute.world.terms.meter_data_time)
    dispute.send("close", number, sender="stranger")
    assert (dispute.state(number), dispute.paid()) == ("at panel", 0)
    dispute.wait(dispute.world.terms.panel_time)
    dispute.send("close", number, sender="stranger")
    assert (dispute.state(number), dispute.paid()) == ("upheld", OWED)


@pytest.mark.parametrize(
    ("votes", "state"), [([1, 1], "upheld"), ([0, 0], "rejected"), ([1, 0, 1], "upheld"), ([0, 1, 0], "rejected")]
)
def test_two_equal_votes_decide(dispute: Dispute, votes: list[int], state: str) -> None:
    number = dispute.contest()
    dispute.send("answer", number, False, ZERO, sender="meter data")
    assert dispute.state(number) == "answered"
    dispute.send("appeal", [dispute.world["alice"], 0, 0, b""], number, sender="alice")
    for member, vote in zip(PANELLISTS, votes, strict=False):
        assert dispute.state(number) == "at panel"
        dispute.send("vote", number, bool(vote), ZERO, sender=member)
    assert (dispute.state(number), dispute.paid()) == (state, OWED if state == "upheld" else 0)


def test_a_rejection_that_nobody_appeals_stands(dispute: Dispute) -> None:
    number = dispute.contest()
    dispute.send("answer", number, False, ZERO, sender="meter data")
    dispute.wait(dispute.world.terms.appeal_time - 1)
    with pytest.raises(Reverted) as refused:
        dispute.send("close", number, sender="stranger")
    assert refused.value.name == "DeadlineNotReached"
    dispute.wait(1)
    with pytest.raises(Reverted) as refused:
        dispute.send("appeal", [dispute.world["alice"], 0, 0, b""], number, sender="alice")
    assert refused.value.name == "DeadlinePassed"
    dispute.send("close", number, sender="stranger")
    assert (dispute.state(number), dispute.paid()) == ("rejected", 0)


def test_a_demand_that_nobody_answers_pays_the_fixed_sum_and_returns_the_deposit(dispute: Dispute) -> None:
    world, before = dispute.world, dispute.world.free("alice")
    leaf = cases.shown(dispute.posted.point("roof"))
    evidence = [cases.shown(dispute.posted.rows(0)), leaf, NO_BINDING]
    run = cases.shown(dispute.posted.run)
    args = [[world["alice"], 0, 0, b""], run, HOMES["roof"].point, SLOTS[3], evidence]
    number = dispute.send("demand", *args, sender="alice").answer
    assert world.free("alice") == before - world.terms.deposit
    assert world.escrow.read("reservedBond") == world.terms.fixed_sum
    until = world.chain.time + world.terms.response_time + world.terms.extra_time
    key = cases.KEY
    assert world.settlement.read("disputableUntil", key, world["alice"]) == until
    dispute.wait(world.terms.response_time)
    dispute.send("close", number, sender="stranger")
    assert (dispute.state(number), dispute.paid()) == ("defaulted", world.terms.fixed_sum)
    assert world.free("alice") == before + world.terms.fixed_sum
    assert dispute.prove() == 0  # the default counts against it
