"""A street whose operator lies, before Recomputation and Disputes as deployed: claims, demands, contests, time.

Nothing is predicted slot by slot here (tests/evm/test_recompute.py does that for tier 0); what is held are the rules
that every case obeys, whatever its parties do or fail to do.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.evm import courts
from tests.evm.chain import Deployed, Receipt, Reverted
from tests.evm.world import PANELLISTS, TOKEN, World
from tests.vectors import recompute_cases as cases
from tests.vectors.recompute_day import HOMES, SLOTS
from tests.vectors.recompute_runs import Posted

STATES = (
    "none",
    "demanded",
    "opened",
    "at meter data",
    "answered",
    "at panel",
    "upheld",
    "corrected",
    "defaulted",
    "rejected",
)
WAITING = {"demanded", "at meter data", "answered", "at panel"}
OWNERS = ("alice", "bob", "carol", "dave")
NO_BINDING = [["0x" + "00" * 32] * 12, 0, []]
ZERO = "0x" + "00" * 32

homes = st.sampled_from(sorted(HOMES))
places = st.integers(0, 95)
hours = st.integers(1, 60)


@dataclass
class Seen:
    """A case as it was last seen."""

    account: str
    state: str
    deadline: int
    is_demand: bool


class Court(RuleBasedStateMachine):
    """One posted day, and everybody who argues about it."""

    world: ClassVar[World]
    runs: ClassVar[list[Posted]]  # by sequence: lies, fewer lies, none
    tier0: ClassVar[Any]
    counts: ClassVar[dict[str, int]]

    def __init__(self) -> None:
        super().__init__()
        self.taken, self.sent = self.world.chain.snapshot(), self.world.chain.sent
        self.sequence = 0
        self.seen: dict[int, Seen] = {}
        self.bond = self.world.escrow.read("bond")
        for name in OWNERS:
            self.world.fund(name, 50 * TOKEN)

    def teardown(self) -> None:
        self.every_case_ends()
        self.counts["sent"] += self.world.chain.sent - self.sent
        self.counts["histories"] += 1
        self.counts["cases"] += len(self.seen)
        self.counts["corrections"] += self.sequence
        for case in self.seen.values():
            self.counts[f"last {case.state}"] += 1
        self.world.chain.restore(self.taken)

    # Helpers

    @property
    def posted(self) -> Posted:
        return self.runs[self.sequence]

    @property
    def disputes(self) -> Deployed:
        return self.world.others["disputes"]

    def attempt(self, function: str, *args: Any, sender: str) -> Receipt | None:
        """Send a call to Disputes that may be refused by one of its own errors, never by an accident."""
        try:
            return self.disputes.send(function, *args, sender=self.world[sender])
        except Reverted as caught:
            refused = caught
        assert refused.name not in ("Panic", "Halt", "Unknown", "Error"), f"{function}: {refused}"
        return None

    def look(self, number: int) -> Seen:
        case, demand, _ = self.disputes.read("caseOf", number)
        return Seen(case["account"], STATES[case["state"]], case["deadline"], demand["slots"] != 0)

    def own(self, name: str) -> list[Any]:
        return [self.world[name], 0, 0, b""]

    # Parties

    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        """Tier 0, whatever else is going on: a proof is paid at once or refused."""
        function, opened = self.tier0(self.posted)[
            data.draw(st.sampled_from(("amount", "energy", "price", "net", "row")))
        ]
        before = self.world.free("alice")
        found = courts.claim(self.world, self.posted, function, "alice", opened)
        assert found.error in ("", "NothingToPay", "TotalClaimed", "WindowClosed"), found
        if found.error:
            assert self.world.free("alice") == before

    @rule(home=homes, place=places, more=st.integers(0, 20_000), signed=st.booleans(), other=st.sampled_from(OWNERS))
    def contest(self, home: str, place: int, more: int, signed: bool, other: str) -> None:
        """Says that the slot exported more; by its owner, or by somebody who is not."""
        line = self.posted.lines[home][place]
        statement = courts.arguments(self.posted, "arithmetic", [self.posted.statement(home, place)])[0]
        finding = [line.import_wh, line.export_wh + more, "0x" + "07" * 32, signed]
        done = self.attempt("contest", self.own(other), statement, finding, sender=other)
        assert done is None or (other == HOMES[home].owner and more > 0)

    @rule(home=homes, first=places, second=places, name=st.sampled_from(OWNERS))
    def demand(self, home: str, first: int, second: int, name: str) -> None:
        """Asks that two slots be opened; standing comes with the point's leaf."""
        slots = SLOTS[first] | SLOTS[second] << 32
        leaf = cases.shown(self.posted.point(home))
        point = HOMES[home].point
        before = self.world.free(name)
        args = [
            self.own(name),
            cases.shown(self.posted.run),
            point,
            slots,
            [cases.shown(self.posted.rows(0)), leaf, NO_BINDING],
        ]
        done = self.attempt("demand", *args, sender=name)
        if done is not None:
            assert name == HOMES[home].owner
            assert first != second
            assert before - self.world.free(name) == self.world.terms.deposit

    @rule(number=st.integers(1, 6), uphold=st.booleans(), by=st.sampled_from(("meter data", "mallory", "admin")))
    def answer(self, number: int, uphold: bool, by: str) -> None:
        done = self.attempt("answer", number, uphold, ZERO, sender=by)
        assert done is None or by == "meter data"

    @rule(number=st.integers(1, 6), name=st.sampled_from(OWNERS))
    def appeal(self, number: int, name: str) -> None:
        done = self.attempt("appeal", self.own(name), number, sender=name)
        assert done is None or self.look(number).account == self.world[name]

    @rule(number=st.integers(1, 6), uphold=st.booleans(), by=st.sampled_from((*PANELLISTS, "mallory")))
    def vote(self, number: int, uphold: bool, by: str) -> None:
        done = self.attempt("vote", number, uphold, ZERO, sender=by)
        assert done is None or by in PANELLISTS

    @rule(number=st.integers(1, 6))
    def close(self, number: int) -> None:
        """Anybody, but not before the deadline, and never a case that is final."""
        now, case = self.world.chain.time, self.look(number)
        done = self.attempt("close", number, sender="stranger")
        if done is not None:
            later = self.sequence > 0 and not case.is_demand
            assert case.state in WAITING
            assert now >= case.deadline or later

    @rule(hours=hours)
    def time_passes(self, hours: int) -> None:
        self.world.chain.travel(self.world.chain.time + hours * 3_600)

    @precondition(lambda self: self.sequence + 1 < len(self.runs))
    @rule()
    def correct(self) -> None:
        """The operator gives in; only while the bond owes nothing."""
        refused = None
        try:
            courts.correct(self.world, self.runs[self.sequence + 1], self.posted)
        except Reverted as caught:
            refused = caught
        if refused is None:
            self.sequence += 1
        else:
            assert refused.name in ("BondClaimsOpen", "BondTooSmall", "PostingTooLate"), refused

    # Always

    @invariant()
    def i_01_every_token_has_an_owner(self) -> None:
        escrow = self.world.escrow
        assert escrow.read("totalLiabilities") == self.world.token.read("balanceOf", escrow.address)

    @invariant()
    def i_06_cases_wait_for_somebody_until_a_deadline(self) -> None:
        """A case that is not final has a deadline; what is kept for cases is what the open ones need."""
        kept = deposits = 0
        waiting: dict[str, int] = {}
        for number in range(1, self.disputes.read("caseCount") + 1):
            case = self.look(number)
            assert (case.deadline != 0) == (case.state in WAITING)
            if case.state in WAITING:
                kept += self.disputes.read("caseOf", number)[0]["reserved"]
                deposits += self.world.terms.deposit if case.is_demand else 0
                waiting[case.account] = waiting.get(case.account, 0) + 1
        assert self.world.escrow.read("reservedBond") == kept
        assert self.world.escrow.read("depositsHeld") == deposits
        for name in OWNERS:
            open_cases = waiting.get(self.world[name], 0)
            assert self.disputes.read("openCases", self.world[name]) == open_cases <= self.world.terms.max_open_cases

    @invariant()
    def i_07_final_states_are_absorbing(self) -> None:
        for number in range(1, self.disputes.read("caseCount") + 1):
            case, before = self.look(number), self.seen.get(number)
            assert before is None or before.state in WAITING or case == before
            self.seen[number] = case

    @invariant()
    def the_bond_pays_what_the_ledger_of_remedies_says(self) -> None:
        paid = sum(self.world.escrow.read("remedyOf", cases.KEY, self.world[name]) for name in OWNERS)
        owed, _ = self.world.escrow.read("bondClaims")
        assert self.bond - self.world.escrow.read("bond") == paid - owed - self.owed_to_bond()

    def owed_to_bond(self) -> int:
        """What a correction could not return to the bond for want of money; it comes with later collections."""
        return -int(self.world.escrow.read("owedTo", self.world.escrow.address))

    def every_case_ends(self) -> None:
        """I-06, I-09: with nobody but a stranger to call, time alone brings every case to its end and deposits home."""
        terms = self.world.terms
        for _ in range(3):
            self.world.chain.travel(
                self.world.chain.time + max(terms.response_time, terms.panel_time) + terms.extra_time
            )
            for number in range(1, self.disputes.read("caseCount") + 1):
                if self.look(number).state in WAITING:
                    self.disputes.send("close", number, sender=self.world["stranger"])
        states = {self.look(number).state for number in range(1, self.disputes.read("caseCount") + 1)}
        assert not states & WAITING
        assert self.world.escrow.read("depositsHeld") == self.world.escrow.read("reservedBond") == 0
