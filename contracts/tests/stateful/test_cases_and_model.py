"""Random walks of demands and contests: the contract does what `grid.domain.cases` does, to the unit and the second."""

import random
import sys
from pathlib import Path

import brownie
import pytest
from brownie.exceptions import VirtualMachineError
from casework import CAP, Casework, amount, pack, view
from eth_utils import keccak
from world import DAY, TOKEN, World

sys.path.append(str(Path(__file__).parents[3]))
from grid.domain.cases import CLOSED, CaseBook, Statement, Terms
from grid.domain.claim_errors import ClaimRefused
from grid.domain.disputes import ClaimState
from grid.domain.remedies import RemedyLedger

ANY, EVIDENCE = bytes(32), keccak(text="a record")
PEOPLE = {"anna": 0, "emil": 1}
"""Who disputes, and the statement of his that is disputed."""
STEPS = 60
FITTING = {
    "open": ClaimState.DEMANDED,
    "answer": ClaimState.AT_METER_DATA,
    "appeal": ClaimState.ANSWERED,
    "vote": ClaimState.AT_PANEL,
}
"""The state in which a move is accepted; most are made on such a case."""
MOVES = (*2 * ("demand", "contest", "open", "vote", "close"), "answer", "appeal")


def account_of(world: World, name: str) -> bytes:
    return bytes.fromhex(world[name][2:])


class Walk:
    """The chain and the model side by side."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance = world, random.Random(seed)
        self.case = Casework(world).post()
        self.key = self.case.run_key
        self.senders = {name: brownie.accounts.add(world.person(name).key) for name in PEOPLE}
        accounts = {name: account_of(world, name) for name in PEOPLE}
        until = world.settlement.disputableUntil
        self.book = CaseBook(
            Terms(fixed_sum=TOKEN),
            RemedyLedger(world.escrow.bond()),
            free={account: world.free(name) for name, account in accounts.items()},
            latest={self.key: 0},
            windows={(self.key, account): until(self.key, world[name]) for name, account in accounts.items()},
        )
        self.kinds: dict[str, int] = {}

    def step(self) -> None:
        """A random move, later than the last; both refuse it for the same reason, or both accept it."""
        at = self.world.time() + self.chance.choice((1, 60, 600, 3_600, DAY // 8))
        kind = "correct" if self.chance.random() < 0.02 else self.chance.choice(MOVES)
        fitting = [number for number, case in self.book.cases.items() if case.state is FITTING.get(kind)]
        number = self.chance.choice([*3 * fitting, self.chance.randint(1, len(self.book.cases) + 1)])
        expected = self.attempt(getattr(self, kind), number, at)
        self.kinds[kind] = self.kinds.get(kind, 0) + (expected is None)
        self.compare()

    def attempt(self, move, *args) -> str | None:
        """Make a move on both sides; return the name of the error that both gave."""
        model, chain = move(*args)
        refused = answered = None
        try:
            model()
        except ClaimRefused as error:
            refused = type(error).__name__
        self.world.next_at(args[-1])
        try:
            chain()
        except VirtualMachineError as error:
            answered = error.revert_msg.split(":")[0]
        assert answered == refused
        return refused

    # Moves: what the model does, what the chain does

    def demand(self, number: int, at: int):
        name = self.chance.choice(list(PEOPLE))
        places = [self.chance.randrange(8) for _ in range(self.chance.choice((1, 1, 2)))]
        slots = [self.case.slot(place) for place in places]
        about = Statement(self.key, self.case.sequence, ANY)
        debit = CAP if name == "anna" else 0
        return (
            lambda: self.book.demand(account_of(self.world, name), about, slots, debit=debit, at=at),
            lambda: self.case.demand(
                name, ANY, pack(*slots), claim=self.case.claim(name), sender=self.senders[name]
            ),
        )  # fmt: skip

    def contest(self, number: int, at: int):
        name = self.chance.choice(list(PEOPLE))
        place, statement = self.chance.randrange(8), PEOPLE[name]
        finding = (self.chance.choice((100, 400)), self.chance.choice((300, 900)), EVIDENCE, self.chance.random() < 0.5)
        about = Statement(self.key, self.case.sequence, self.case.statements[statement].point)
        owed = amount(*finding[:2]) - amount(400, 300)
        account = account_of(self.world, name)
        return (
            lambda: self.book.contest(
                account, about, self.case.slot(place), owed=owed, signed_bytes=finding[3], at=at
            ),
            lambda: self.case.contest(
                name, statement, place, finding, claim=self.case.claim(name), sender=self.senders[name]
            ),
        )  # fmt: skip

    def open(self, number: int, at: int):
        found = self.book.cases.get(number)
        if found is None or not found.missing:
            return self.close(number, at)
        slot = self.chance.choice(sorted(found.missing))
        packed = view(self.world, number)["slots"]
        k = next(k for k in range(4) if packed >> 32 * k & 2**32 - 1 == slot)
        name = next(name for name in PEOPLE if account_of(self.world, name) == found.account)
        posted, place = self.runs[found.about.sequence], slot - self.case.first
        own = [position for position, made in enumerate(posted.statements) if made.owner == name]
        position, points = self.chance.choice(own), posted.points_of(name)
        return (
            lambda: self.book.open(number, slot, position=position, account_points=points, at=at),
            lambda: posted.open(number, k, position, place),
        )

    def answer(self, number: int, at: int):
        uphold = self.chance.random() < 0.4
        by = {"from": self.world.meter_data}
        return (
            lambda: self.book.answer(number, uphold=uphold, at=at),
            lambda: self.world.disputes.answer(number, uphold, EVIDENCE, by),
        )

    def appeal(self, number: int, at: int):
        found = self.book.cases.get(number)
        owner = found.account if found else account_of(self.world, "anna")
        name = next(name for name in PEOPLE if account_of(self.world, name) == owner)
        by = {"from": self.senders[name]}
        return (
            lambda: self.book.appeal(number, at=at),
            lambda: self.world.disputes.appeal(self.case.claim(name), number, by),
        )

    def vote(self, number: int, at: int):
        member, uphold = self.chance.randrange(3), self.chance.random() < 0.5
        by = {"from": self.world.panel[member]}
        return (
            lambda: self.book.vote(number, bytes([member]), uphold=uphold, at=at),
            lambda: self.world.disputes.vote(number, uphold, EVIDENCE, by),
        )

    def close(self, number: int, at: int):
        return (
            lambda: self.book.close(number, at=at),
            lambda: self.world.disputes.close(number, {"from": self.world.mallory}),
        )

    def correct(self, number: int, at: int):
        """Post the same day once more: nothing moves, but undecided contests end."""
        corrected = Casework(self.world, sequence=self.case.sequence + 1, before=self.case)
        previous, self.case = self.case, corrected
        self.runs[corrected.sequence] = corrected
        return (lambda: self.book.latest.update({self.key: corrected.sequence}), lambda: corrected.post(previous))

    @property
    def runs(self) -> dict[int, Casework]:
        return self.__dict__.setdefault("_runs", {0: self.case})

    # Comparison

    def compare(self) -> None:
        world, book = self.world, self.book
        for name in PEOPLE:
            account = account_of(world, name)
            received = book.ledger.received.get(account, 0)
            assert world.free(name) == book.free[account] + received
            assert world.disputes.openCases(world[name]) == book.open_cases(account)
            assert world.escrow.remedyOf(self.key, world[name]) == book.ledger.paid(self.key, account)
            assert world.settlement.disputableUntil(self.key, world[name]) == book.windows[self.key, account]
        assert (world.escrow.reservedBond(), world.escrow.depositsHeld()) == (book.reserved, book.deposits)
        assert world.escrow.bond() == book.ledger.bond
        assert world.disputes.caseCount() == len(book.cases)
        if book.cases:
            number = self.chance.randint(1, len(book.cases))
            shown, kept = view(world, number), book.cases[number]
            assert (shown["state"], shown["deadline"], shown["sum"]) == (kept.state.value, kept.deadline, kept.total)
            assert (shown["reserved"], bin(shown["missing"]).count("1")) == (kept.reserved, len(kept.missing))

    def end(self) -> None:
        """Silence: every case ends, and everything that was held is free."""
        for _ in range(3):
            for number, found in list(self.book.cases.items()):
                if found.state not in CLOSED:
                    at = max(self.world.time() + 1, found.deadline)
                    assert self.attempt(self.close, number, at) is None
                    self.compare()
        assert all(found.state in CLOSED for found in self.book.cases.values())
        assert (self.world.escrow.reservedBond(), self.world.escrow.depositsHeld()) == (0, 0)
        self.world.assert_backed("anna", "emil", "otto")


@pytest.mark.parametrize("seed", range(3))
def test_the_contract_keeps_cases_as_the_model_does(disputed, seed):
    walk = Walk(disputed, seed)
    for _ in range(STEPS):
        walk.step()
    walk.end()
    assert all(walk.kinds[kind] for kind in ("demand", "contest", "open", "answer")), walk.kinds
