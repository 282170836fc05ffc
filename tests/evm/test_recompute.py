"""Tier 0: whatever is claimed about whatever run, contract and reference pay the same, or both refuse."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from grid.domain.recompute import Recomputation
from grid.domain.remedies import RemedyLedger
from tests.domain.test_recompute import LIES, NAMES, claims_of_alice, evidence, known, lying
from tests.evm import courts
from tests.evm.world import World
from tests.vectors import recompute_cases as cases
from tests.vectors import recompute_day as days
from tests.vectors.recompute_day import HOMES, TRADED
from tests.vectors.recompute_runs import Posted, post
from tests.vectors.recompute_setting import NOW, Claim

EXAMPLES = {"short": 15, "everyday": 60, "deep": 3_000}


@pytest.fixture(scope="module")
def court() -> World:
    return courts.empty_court()


@contextmanager
def undone(world: World) -> Iterator[None]:
    """Whatever happens inside leaves no trace."""
    taken = world.chain.snapshot()
    try:
        yield
    finally:
        world.chain.restore(taken)


@pytest.fixture
def at(court: World) -> Iterator[World]:
    taken = court.chain.snapshot()
    yield court
    court.chain.restore(taken)


@cache
def by_run() -> dict[str, list[Claim]]:
    """The shared vectors, by the run they are about."""
    found: dict[str, list[Claim]] = {}
    for claim in cases.claims():
        found.setdefault(claim.run, []).append(claim)
    return found


@pytest.mark.parametrize("run", sorted(by_run()))
def test_vectors(at: World, run: str) -> None:
    """Each payment and each refusal of tests/vectors/recompute.json."""
    listed = by_run()[run]
    courts.anchor(at, listed[0].posted)
    courts.post(at, listed[0].posted)
    for item in listed:
        taken = at.chain.snapshot()
        at.chain.travel(item.now)
        found = courts.claim(at, item.posted, item.function, item.account, item.arguments)
        assert (found.paid if isinstance(item.expected, int) else found.error) == item.expected, item.case
        at.chain.restore(taken)


@cache
def lied(chance: int, kinds: frozenset[str], sequence: int = 0) -> Posted:
    return post(known(chance), lying(chance, kinds), sequence=sequence)


def same(world: World, book: Recomputation, posted: Posted, function: str, account: str, opened: list[object]) -> int:
    """Make a claim in both; both pay the same or both refuse. Returns what was paid.

    Where several things are wrong at once the two may name another one first; the vectors hold the names.
    """
    found = courts.claim(world, posted, function, account, opened)
    due = courts.judged(book, function, account, opened)
    assert (found.paid, bool(found.error)) == (due.paid, bool(due.error)), (function, account, found, due)
    assert found.error not in ("Panic", "Halt", "Unknown"), (function, account, found)
    return found.paid


def campaign(scale: str) -> settings:
    phases = [Phase.generate] if scale == "short" else list(Phase)
    checks = list(HealthCheck)
    return settings(
        max_examples=EXAMPLES[scale], deadline=None, database=None, derandomize=scale != "deep", phases=phases,
        suppress_health_check=checks,
    )  # fmt: skip


KINDS = [frozenset(), frozenset(LIES), frozenset({"energy", "price"}), frozenset({"net", "row"}), frozenset({"total"})]


def test_any_claim_with_any_evidence(court: World, scale: str) -> None:
    """Claims in any order, with evidence that fits or does not, by anybody."""

    @campaign(scale)
    @given(st.data())
    def claims(data: st.DataObject) -> None:
        with undone(court):
            posted = lied(data.draw(st.integers(0, 1)), data.draw(st.sampled_from(KINDS)))
            book = Recomputation(cases.chain_of(posted, NOW), cases.TERMS, RemedyLedger(bond=cases.BOND))
            courts.anchor(court, posted)
            courts.post(court, posted)
            court.chain.travel(NOW)
            for _ in range(data.draw(st.integers(1, 6))):
                function = data.draw(st.sampled_from(sorted(cases.FUNCTIONS)))
                home = data.draw(st.sampled_from(sorted(HOMES)))
                place = data.draw(
                    st.integers(0, 95) | st.sampled_from([*TRADED, days.LATE, 10, 35, 42, 50, 70, 71, 72, 73])
                )
                account = data.draw(st.sampled_from([HOMES[home].owner] * 4 + list(NAMES)))
                opened = evidence(data.draw, posted, function, home, place)
                same(court, book, posted, function, account, opened)

    claims()


def test_claims_and_corrections_in_any_order(court: World, scale: str) -> None:
    """A member ends with what an honest run would have given him, never with more, and the bond with the rest."""

    @campaign(scale)
    @given(st.data())
    def history(data: st.DataObject) -> None:
        with undone(court):
            ledger, before, kinds = RemedyLedger(bond=cases.BOND), None, frozenset(LIES)
            for sequence in range(data.draw(st.integers(1, 3))):
                posted = lied(0, kinds, sequence)
                if before is None:
                    courts.anchor(court, posted)
                    courts.post(court, posted)
                    court.chain.travel(NOW)
                else:
                    courts.correct(court, posted, before)
                    net_correction(ledger, posted, before)
                book = Recomputation(cases.chain_of(posted, court.chain.time), cases.TERMS, ledger)
                for kind in data.draw(st.lists(st.sampled_from(LIES), max_size=8)):
                    function, opened = claims_of_alice(posted)[kind]
                    same(court, book, posted, function, "alice", opened)
                for name in ("alice", "bob", "carol", "dave"):
                    paid = court.escrow.read("remedyOf", cases.KEY, court[name])
                    assert paid == ledger.paid(cases.KEY, days.person(name))
                before, kinds = posted, frozenset(kind for kind in sorted(kinds) if data.draw(st.booleans()))

    history()


def net_correction(ledger: RemedyLedger, posted: Posted, before: Posted) -> None:
    """Have the reference net a correction for each member."""
    nets = [dict(_rows(run)) for run in (posted, before)]
    for account in sorted(nets[0]):
        new, old = nets[0][account], nets[1].get(account, 0)
        cap = cases.CAP if account in {days.person(name) for name in cases.MANDATED} else 0
        effect = max(new, -cap) - max(old, -cap)
        ledger.net_correction(cases.KEY, account, effect)


def _rows(posted: Posted) -> Iterator[tuple[bytes, int]]:
    for word in posted.row_words[:-4]:
        yield word[:20], int.from_bytes(word[20:], "big", signed=True)
