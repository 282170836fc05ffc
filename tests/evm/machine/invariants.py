"""The invariants, by their numbers, asserted after every step of every history.

Where docs/PROTOCOL.md changed one, its docstring says how it reads now.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from hypothesis.stateful import invariant

from grid.domain.merkle import ProofError
from tests.evm import compare
from tests.evm.chain import Reverted
from tests.evm.machine.base import ALL, PEOPLE, Base, Posted
from tests.evm.world import SYSTEM


class Invariants(Base):
    """Reads only."""

    @invariant()
    def contract_equals_reference(self) -> None:
        """Every account and every pot, to the unit."""
        expected = compare.of_ledger(self.ledger, ALL)
        found = self.books()
        assert found == compare.with_held(expected, expected.held + self.donated)

    @invariant()
    def i_01_every_token_has_an_owner(self) -> None:
        """`balanceOf(escrow) >= totalLiabilities`, the sum of all that somebody owns; equal but for donations."""
        books = self.books()
        owned = sum(free + pending for free, pending, _, _ in books.accounts.values())
        owned += books.bond + books.pool + books.deposits
        assert owned == books.liabilities == books.held - self.donated

    @invariant()
    def i_02_nothing_is_negative_and_flows_add_up(self) -> None:
        """Per member: what is there = paid in - paid out + the effect of each day's latest net + remedies kept, with
        what he still owes and is still owed counted. The effect is a closed form of the latest net, so the order of
        corrections leaves no trace."""
        books = self.books()
        for name in PEOPLE:
            free, pending, receivable, owed = books.accounts[name]
            assert min(free, pending, receivable, owed) >= 0
            flow = self.flows[name]
            days = sum(self.ledger.effect(name, net, day, zone) for zone, day, net in self.latest_nets(name))
            remedies = sum(remedy.paid for (_, who), remedy in self.ledger.remedies.items() if who == name)
            waiting = sum(claim.amount for claim in self.ledger.claims if claim.account == name)
            due = flow.paid_in - flow.paid_out + days + remedies - waiting - self.deposits_of(name)
            assert free + pending == due + receivable - owed, name

    def latest_nets(self, name: str) -> Iterator[tuple[bytes, int, int]]:
        for run in self.runs.values():
            if name in run.rows[-1]:
                yield run.zone, run.day, run.rows[-1][name]

    def deposits_of(self, name: str) -> int:
        return self.deposits[name]

    @invariant()
    def i_03_no_day_costs_more_than_its_cap(self) -> None:
        """Judged at the delivery day: all debits of a day, corrections included, stay within the cap of the mandate
        that covers that day, whatever zones post it; whoever gave none is never debited beyond what the same day
        credited. A cap is fixed once its day is settled."""
        debits: dict[tuple[str, int], int] = defaultdict(int)
        for run in self.runs.values():
            for name, net in run.rows[-1].items():
                if name not in SYSTEM:
                    debits[name, run.day] += max(0, -self.ledger.effect(name, net, run.day, run.zone))
        for (name, day), debit in debits.items():
            cap = self.world.escrow.read("capOn", self[name], day)
            assert cap == self.ledger.cap_on(name, day)
            assert debit <= cap

    @invariant()
    def i_04_rows_sum_to_zero(self) -> None:
        """Supplier, fee, dust and balancing included; dust within 0 and one unit per line."""
        for run in self.runs.values():
            for rows, given in zip(run.rows, run.inputs, strict=True):
                assert sum(rows.values()) == 0
                assert 0 <= rows["dust"] <= 96 * given["pointCount"]

    @invariant()
    def i_05_a_run_is_settled_once_and_never_replaced(self) -> None:
        """What was kept of each posted sequence stays; the checkpoint it names is anchored."""
        for run in self.runs.values():
            for sequence, digest in enumerate(run.digests):
                kept = self.world.settlement.read("runOf", run.zone, run.day, sequence)
                assert kept["digest"] == digest
                assert kept["finalAt"] == run.final_at[sequence]
                assert run.inputs[sequence]["checkpoint"] < self.world.anchor.read("checkpointCount")
            following = self.world.settlement.read("runOf", run.zone, run.day, len(run.digests))
            assert following["finalAt"] == 0

    @invariant()
    def i_06_windows_end(self) -> None:
        """A run is final exactly from the end of its window on; a member's own window ends with the initial run's, or
        later where a correction changed his net or a case lengthened it, and never earlier."""
        for run in self.runs.values():
            key = self.world.run_key(run.day, run.zone)
            for sequence, final_at in enumerate(run.final_at):
                final = self.world.settlement.read("isFinal", key, sequence)
                assert final == (self.world.chain.time >= final_at)
            for name in run.rows[-1]:
                assert self.world.settlement.read("disputableUntil", key, self[name]) == run.disputable_until(name)

    @invariant()
    def i_06_nothing_is_paid_twice(self) -> None:
        """The ledger of remedies, per zone, day and account: what was paid less what corrections took back."""
        for (key, name), remedy in self.ledger.remedies.items():
            assert self.world.escrow.read("remedyOf", key, self[name]) == remedy.paid
            assert remedy.carried <= remedy.paid

    @invariant()
    def i_07_the_result_depends_on_the_nets_alone(self) -> None:
        """Correction deltas, system rows included, sum to zero; see I-02 for the closed form."""
        for run in self.runs.values():
            for previous, rows in pairwise(run.rows):
                assert sum(net - previous.get(name, 0) for name, net in rows.items()) == 0

    @invariant()
    def i_08_no_request_is_ready_before_its_delay(self) -> None:
        """A request waits at least the challenge window; `pull` checks that every run before it is final by then."""
        delay = self.world.escrow.read("withdrawalDelay")
        assert delay >= self.world.settlement.read("challengeWindow")
        for (name, index), ready in self.ready_at.items():
            assert ready == self.requested_at[name, index] + delay

    @invariant()
    def i_10_pause_is_what_was_asked(self) -> None:
        assert self.world.escrow.read("paused") == self.paused

    @invariant()
    def i_13_open_requests_are_bounded(self) -> None:
        """What one account can cost a run is bounded: four requests, each of some amount, oldest first."""
        for name in PEOPLE:
            found = self.world.escrow.read("withdrawalsOf", self[name])
            assert len(found) <= 4
            expected = [(request.index, request.amount) for request in self.ledger.requests[name]]
            assert [(item["index"], item["amount"]) for item in found] == expected
            assert all(amount for _, amount in expected)

    @invariant()
    def exposure_is_what_open_runs_moved(self) -> None:
        """What is not final, and the bond it requires, rounded up."""
        now, ratio = self.world.chain.time, self.world.terms.exposure_ratio
        exposure = sum(amount for final_at, amount in self.exposures if final_at > now)
        assert self.world.settlement.read("openExposure") == exposure
        assert self.world.settlement.read("requiredBond") == -(-exposure // ratio)

    @invariant()
    def l_01_checkpoints_are_numbered_and_grow(self) -> None:
        anchored = self.world.log.anchored
        assert self.world.anchor.read("checkpointCount") == len(anchored)
        assert [item["seq"] for item in anchored] == list(range(len(anchored)))
        newest = anchored[-1]
        assert self.world.anchor.read("isAnchored", newest)
        for field in ("size", "anchoredAt"):
            assert not self.world.anchor.read("isAnchored", newest | {field: newest[field] + 1})
        assert all(old["size"] < new["size"] for old, new in pairwise(anchored))

    @invariant()
    def l_06_a_leaf_is_found_under_each_later_checkpoint(self) -> None:
        """One leaf and one checkpoint a step, taken in turn; a node is never found as a leaf."""
        world, log = self.world, self.world.log
        turn = world.chain.sent
        checkpoint = log.anchored[turn % len(log.anchored)]
        index = turn * 7 % checkpoint["size"]
        tree = log.tree(checkpoint["size"])
        proof = tree.inclusion_proof(index)
        assert self.included(checkpoint, log.leaves[index], index, proof)
        assert not self.included(checkpoint, b"\x01" * 32, index, proof)
        if checkpoint["size"] > 1:
            assert not self.included(checkpoint, tree.root, index, proof)
            assert not self.included(checkpoint, log.leaves[index], index, proof[1:])

    def included(self, checkpoint: dict[str, object], leaf: bytes, index: int, proof: list[bytes]) -> bool:
        try:
            return bool(self.world.included(checkpoint, leaf, index, proof))
        except (Reverted, ProofError):
            return False


__all__ = ["Invariants", "Posted"]
