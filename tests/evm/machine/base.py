"""What every actor shares: the community, the reference ledger, what was posted, and how a refusal is checked."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from grid.domain.ledger import Cap, Ledger, System
from tests.evm import compare
from tests.evm.chain import Deployed, Receipt, Reverted
from tests.evm.world import DAY, OTHER_ZONE, SYSTEM, TOKEN, ZONE, World

MEMBERS = ("alice", "bob", "carol", "dora")
NEIGHBOURS = ("erik", "fay")
"""Members of the other zone."""

VILLAIN = "mallory"
"""A member of the first zone who keeps no rule."""

PEOPLE = (*MEMBERS, *NEIGHBOURS, VILLAIN)
ALL = (*PEOPLE, *SYSTEM)
MEMBERS_OF = {ZONE: (*MEMBERS, VILLAIN), OTHER_ZONE: NEIGHBOURS}

START = 500 * TOKEN
CAP = 100 * TOKEN

people = st.sampled_from(PEOPLE)
zones = st.sampled_from((ZONE, ZONE, OTHER_ZONE))
amounts = st.integers(1, 300) | st.integers(1, 300 * TOKEN)
nets = st.integers(-250, 250) | st.integers(-250 * TOKEN, 250 * TOKEN)
system_nets = st.tuples(amounts, st.integers(0, 96), nets)


@dataclass
class Posted:
    """A zone's day: the rows of each sequence, what was claimed, and when each is final."""

    zone: bytes
    day: int
    rows: list[dict[str, int]] = field(default_factory=list)
    inputs: list[dict[str, Any]] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    final_at: list[int] = field(default_factory=list)
    posted_at: list[int] = field(default_factory=list)
    windows: dict[str, int] = field(default_factory=dict)

    def disputable_until(self, name: str) -> int:
        """Block time at which an account's window closes."""
        return max(self.final_at[0] if self.final_at else 0, self.windows.get(name, 0))


@dataclass
class Flow:
    """What passed an account's border, counted apart from the ledger."""

    paid_in: int = 0
    paid_out: int = 0


class Base(RuleBasedStateMachine):
    """State of one history. `world` is deployed once; each history starts from its snapshot."""

    world: ClassVar[World]
    counts: ClassVar[dict[str, int]]

    def __init__(self) -> None:
        super().__init__()
        world = self.world
        self.taken = world.chain.snapshot()
        self.leaves, self.anchored = len(world.log.leaves), len(world.log.anchored)
        self.sent_before, self.refused_before = world.chain.sent, world.chain.refused
        self.ledger = Ledger(
            System(*SYSTEM),
            bond_account=world.escrow.address,
            bond=world.escrow.read("bond"),
            held=world.escrow.read("totalLiabilities"),
        )
        self.flows = {name: Flow() for name in ALL}
        self.runs: dict[tuple[bytes, int], Posted] = {}
        self.exposures: list[tuple[int, int]] = []  # (final at, amount) in the order of posting
        self.permits = dict.fromkeys(ALL, 0)
        self.relayed: list[tuple[Deployed, str, list[Any]]] = []  # signed calls that went through
        self.requested_at: dict[tuple[str, int], int] = {}
        self.ready_at: dict[tuple[str, int], int] = {}
        self.paused = False
        self.donated = 0
        self.deposits = dict.fromkeys(ALL, 0)
        self.closed: set[str] = set()  # contracts whose restricted functions the admin has shut
        self._books: tuple[int, compare.Books] | None = None
        for name in (*MEMBERS[:3], NEIGHBOURS[0], VILLAIN):
            self.pay_in(name, START)
            self.sign_mandate(name, CAP, self.world.today - 10, self.world.today + 365)

    def teardown(self) -> None:
        chain = self.world.chain
        self.counts["sent"] += chain.sent - self.sent_before
        self.counts["refused"] += chain.refused - self.refused_before
        self.counts["histories"] += 1
        self.counts["runs"] += len(self.runs)
        self.counts["corrections"] += sum(len(run.rows) - 1 for run in self.runs.values())
        self.counts["remedies"] += sum(1 for remedy in self.ledger.remedies.values() if remedy.paid)
        chain.restore(self.taken)
        del self.world.log.leaves[self.leaves :], self.world.log.anchored[self.anchored :]

    # Names and reading

    def __getitem__(self, name: str) -> str:
        return self.world[name]

    def books(self) -> compare.Books:
        """What the contract says now; read once per step."""
        sent = self.world.chain.sent
        if self._books is None or self._books[0] != sent:
            self._books = (sent, compare.of_contract(self.world, ALL))
        return self._books[1]

    # Calls

    def relay(self, contract: Deployed, function: str, args: list[Any]) -> Receipt:
        """Send a signed call as the relayer, and remember it for whoever would replay it."""
        done = contract.send(function, *args, sender=self["relayer"])
        self.relayed.append((contract, function, args))
        return done

    def refused(self, error: str | set[str], contract: Deployed, function: str, *args: Any, sender: str) -> Reverted:
        """Send a call that has to be refused with this custom error; returns it with its values."""
        expected = {error} if isinstance(error, str) else error
        before = self.world.chain.digest()
        try:
            contract.send(function, *args, sender=sender)
        except Reverted as caught:
            refusal = caught
        else:
            raise AssertionError(f"{function} went through; {error} was due")
        assert refusal.name in expected, f"{function}: {refusal} instead of {error}"
        assert self.world.chain.digest() == before
        return refusal

    # Moves that several actors make

    def pay_in(self, name: str, amount: int) -> None:
        self.world.fund(name, amount)
        self.ledger.deposit(name, amount)
        self.flows[name].paid_in += amount

    def sign_mandate(self, name: str, cap: int, first: int, end: int) -> None:
        self.relay(self.world.escrow, "registerMandate", self.world.mandate(name, cap, first, end))
        self.ledger.mandates[name].append(Cap(first, end, cap))

    def ask(self, name: str, amount: int, to: str | None = None) -> int:
        """Request a withdrawal and return its number."""
        done = self.relay(self.world.escrow, "requestWithdrawal", self.world.withdrawal(name, amount, to))
        index = self.ledger.request(name, amount)
        event = done.event("WithdrawalRequested")
        assert (event["index"], event["amount"]) == (index, amount)
        self.requested_at[name, index] = self.world.chain.time
        self.ready_at[name, index] = event["readyAt"]
        return index

    def extend(self, run: Posted, name: str, until: int) -> None:
        """A window is lengthened, never shortened."""
        if until > run.disputable_until(name):
            run.windows[name] = until

    def last_run_day(self) -> int:
        return max((day for _, day in self.runs), default=0)

    def day_ends(self, day: int) -> int:
        return (day + 1) * DAY
