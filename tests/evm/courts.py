"""Runs of a small street with everything a claim may open, posted on the in-process chain, and claims on them.

The street, its log and its lies are those of tests/vectors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grid.domain import merkle
from grid.domain.claim_errors import ClaimRefused
from grid.domain.openings import Checkpoint
from grid.domain.recompute import Recomputation
from tests.evm.chain import Reverted
from tests.evm.world import DAY as DAY_SECONDS
from tests.evm.world import Terms, World, build
from tests.vectors import recompute_cases as cases
from tests.vectors import recompute_day as days
from tests.vectors.recompute_runs import Posted
from tests.vectors.recompute_setting import Claim

EARLY = days.block_time(0) - 600
TERMS = Terms(
    challenge_window=cases.TERMS.challenge_window,
    posting_lag=DAY_SECONDS,
    correction_lag=20 * DAY_SECONDS,
    withdrawal_delay=3 * DAY_SECONDS,
    gate_lead=cases.TERMS.gate_lead,
    fixed_sum=cases.TERMS.fixed_sum,
    hold_time=cases.TERMS.hold_time,
    max_holds=cases.TERMS.max_holds,
)


@dataclass(frozen=True)
class Outcome:
    """What a claim brought: a payment in token units, or the custom error it was refused with."""

    paid: int = 0
    error: str = ""
    values: tuple[Any, ...] = ()


def empty_court(**changes: Any) -> World:
    """A community whose log is empty yet; Alice and Bob have mandates."""
    world = build(terms=TERMS, time=EARLY, courts=True, log=False, bond=cases.BOND, **changes)
    for name in cases.MANDATED:
        world.fund(name, 500 * 10**6)
        world.register(name, cases.CAP, world.today - 1, world.today + 30)
    return world


def anchor(world: World, posted: Posted) -> None:
    """Anchor the log of a run, each checkpoint at its time."""
    previous: Checkpoint | None = None
    for item in posted.checkpoints():
        world.chain.travel(item.anchored_at)
        before = cases.shown(previous) if previous else [0, 0, 0, "0x" + "00" * 32]
        proof = merkle.consistency_proof(previous.size, item.size, posted.known.log.node) if previous else []
        args = [item.seq, before, item.size, item.root, proof]
        world.anchor.send("anchor", *args, sender=world["anchorer"])
        previous = item


def post(world: World, posted: Posted) -> None:
    world.chain.travel(max(world.chain.time, cases.POSTED_AT))
    args = [cases.shown(posted.run.input), posted.row_words]
    world.settlement.send("postRun", *args, sender=world["poster"])


def correct(world: World, posted: Posted, previous: Posted) -> None:
    args = [cases.shown(posted.run.input), posted.row_words, cases.shown(previous.run.input), previous.row_words]
    world.settlement.send("postCorrection", *args, sender=world["poster"])


def arguments(posted: Posted, function: str, opened: Sequence[Any]) -> list[Any]:
    """What a claim opens, as the contract takes it."""
    return cases._arguments(Claim("", function, "", "", "", posted, opened, 0))


def claim(world: World, posted: Posted, function: str, account: str, opened: Sequence[Any]) -> Outcome:
    """Send a claim by the account itself."""
    own = [world[account], 0, 0, b""]
    before = world.escrow.read("remedyOf", cases.KEY, world[account])
    try:
        args = [own, *arguments(posted, function, opened)]
        world.others["recomputation"].send(function, *args, sender=world[account])
    except Reverted as refused:
        return Outcome(0, refused.name, refused.values)
    return Outcome(world.escrow.read("remedyOf", cases.KEY, world[account]) - before)


def judged(book: Recomputation, function: str, account: str, opened: Sequence[Any]) -> Outcome:
    """What the reference makes of the same claim."""
    try:
        return Outcome(getattr(book, cases.snake(function))(days.person(account), *opened))
    except ClaimRefused as refused:
        shown = tuple(cases.shown(value) for value in refused.values)
        return Outcome(0, type(refused).__name__, shown)
