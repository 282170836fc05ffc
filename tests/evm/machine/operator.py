"""The operator: runs as they should be, and every run that a dishonest one might try."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.evm.chain import Deployed, Reverted
from tests.evm.machine.base import MEMBERS, MEMBERS_OF, Base, Posted, amounts, nets, system_nets, zones
from tests.evm.world import DAY, OTHER_ZONE, SYSTEM, TOKEN, ZONE, row

RELEASED_PER_RUN = 8
BOND = 2_000 * TOKEN
Nets = dict[str, int]


class Operator(Base):
    """Posts, corrects, anchors, pays the bond in and out."""

    # Honest

    def ordered(self, members: Nets, system: tuple[int, int, int]) -> Nets:
        """Posting order; the supplier makes the sum zero."""
        rows = {name: members[name] for name in sorted(members, key=self.world.__getitem__)}
        fee, dust, balancing = system
        dust = min(dust, 96 * max(1, len(members)))
        rows |= {"supplier": -sum(rows.values()) - fee - dust - balancing, "fee": fee, "dust": dust}
        return rows | {"balancing": balancing}

    def exposure(self, rows: Nets, previous: Nets | None = None) -> int:
        """I-05's bound: what the run moves, and the fixed sum of each member whom it concerns."""
        fixed = self.world.terms.fixed_sum
        members = {name: net for name, net in rows.items() if name not in SYSTEM}
        if previous is None:
            return sum(map(abs, members.values())) + fixed * len(members)
        moved = [abs(net - previous.get(name, 0)) for name, net in members.items()]
        return sum(moved) + fixed * sum(1 for part in moved if part)

    def covered(self) -> int:
        """Most exposure that the bond carries."""
        return max(0, self.ledger.bond - self.ledger.reserved) * self.world.terms.exposure_ratio

    def settle_exposures(self) -> list[tuple[int, int]]:
        """The queue as the next posting finds it: at most eight final runs are taken off its front."""
        queue = list(self.exposures)
        for _ in range(RELEASED_PER_RUN):
            if queue and queue[0][0] <= self.world.chain.time:
                queue.pop(0)
        return queue

    def send_run(self, run: Posted, rows: Nets, sequence: int) -> None:
        """Post what an honest operator would, and expect exactly what the rules say of it."""
        world, now = self.world, self.world.chain.time
        previous = run.rows[-1] if sequence else None
        packed = world.rows(rows)
        given = world.run(packed, zone=run.zone, day=run.day, sequence=sequence, checkpoint=self.newest_checkpoint())
        queue = self.settle_exposures()
        added = self.exposure(rows, previous)
        total = sum(amount for _, amount in queue) + added
        function, args = "postRun", [given, packed]
        if previous is not None:
            function, args = "postCorrection", [given, packed, run.inputs[-1], world.rows(previous)]
        lag = world.terms.posting_lag + (world.terms.correction_lag if sequence else 0)
        if "settlement" in self.closed:
            self.refused("AccessManagedUnauthorized", world.settlement, function, *args, sender=world["poster"])
        elif now > self.day_ends(run.day) + lag:
            refusal = self.refused("PostingTooLate", world.settlement, function, *args, sender=world["poster"])
            assert refusal.values == (self.day_ends(run.day) + lag, now)
        elif self.paused or self.ledger.claims:
            expected = {"EscrowPaused", "BondTooSmall", "BondClaimsOpen"}
            self.refused(expected, world.settlement, function, *args, sender=world["poster"])
        elif total > self.covered():
            refusal = self.refused("BondTooSmall", world.settlement, function, *args, sender=world["poster"])
            assert refusal.values == (total, self.covered())
        else:
            done = world.settlement.send(function, *args, sender=world["poster"])
            event = done.event("RunPosted")
            self.exposures = [*queue, (event["finalAt"], added)]
            run.rows.append(rows)
            run.inputs.append(given)
            run.final_at.append(event["finalAt"])
            run.posted_at.append(now)
            run.digests.append(world.settlement.read("runOf", run.zone, run.day, sequence)["digest"])
            if previous is not None:
                for name, net in rows.items():
                    if name not in SYSTEM and net != previous.get(name, 0):
                        self.extend(run, name, event["finalAt"])
            self.runs[run.zone, run.day] = run
            self.ledger.apply_run(world.run_key(run.day, run.zone), run.day, rows, previous, zone=run.zone)

    def newest_checkpoint(self) -> int:
        return len(self.world.log.anchored) - 1

    def clear_the_way(self) -> None:
        """What an operator who means to post sees to first: nothing paused or shut, every claim paid, bond enough."""
        world = self.world
        for name in sorted(self.closed):
            world.manager.send("setTargetClosed", getattr(world, name).address, False, sender=self["admin"])
        self.closed.clear()
        if self.paused:
            world.escrow.send("unpause", sender=self["guardian"])
            self.paused = False
        while self.ledger.claims or self.ledger.bond - self.ledger.reserved < BOND:
            amount = self.ledger.outstanding() + BOND
            world.escrow.send("topUpBond", amount, sender=self["admin"])
            self.ledger.top_up_bond(amount)

    @rule(data=st.data(), zone=zones, back=st.integers(1, 4), system=system_nets, clear=st.integers(0, 3))
    def post(self, data: st.DataObject, zone: bytes, back: int, system: tuple[int, int, int], clear: int) -> None:
        """Initial runs of different days come in any order; no member, however poor, makes one fail (I-13)."""
        if clear:
            self.clear_the_way()
        for day in (self.world.today - back, self.world.today - 1):
            if (zone, day) not in self.runs:
                drawn = data.draw(st.dictionaries(st.sampled_from(MEMBERS_OF[zone]), nets))
                self.send_run(Posted(zone, day), self.ordered(drawn, system), 0)

    @rule(data=st.data(), zone=zones, system=system_nets, wrong=st.integers(0, 2))
    def another_day(self, data: st.DataObject, zone: bytes, system: tuple[int, int, int], wrong: int) -> None:
        """A day passes, and the operator posts it as the rules ask, and corrects it as often as it was wrong."""
        self.world.travel_days(1)
        self.post(data, zone, 1, system, 1)
        run = self.runs.get((zone, self.world.today - 1))
        for _ in range(wrong):
            if run is None:
                return
            self.correct_run(data, run, system)

    @initialize(data=st.data(), system=system_nets, wrong=st.integers(0, 2))
    def first_day(self, data: st.DataObject, system: tuple[int, int, int], wrong: int) -> None:
        """No history without a run that others can argue about."""
        self.another_day(data, ZONE, system, wrong)

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), system=system_nets, clear=st.integers(0, 3))
    def correct(self, data: st.DataObject, system: tuple[int, int, int], clear: int) -> None:
        if clear:
            self.clear_the_way()
        self.correct_run(data, self.runs[data.draw(st.sampled_from(sorted(self.runs)))], system)

    def correct_run(self, data: st.DataObject, run: Posted, system: tuple[int, int, int]) -> None:
        """Corrections take back, give more, or bring in a member who was missing."""
        drawn = {name: net for name, net in run.rows[-1].items() if name not in SYSTEM}
        drawn |= data.draw(st.dictionaries(st.sampled_from(MEMBERS_OF[run.zone]), nets, min_size=1))
        self.send_run(run, self.ordered(drawn, system), len(run.rows))

    @rule(entries=st.integers(1, 9))
    def anchor(self, entries: int) -> None:
        if "anchor" not in self.closed:
            self.world.anchor_entries(entries)

    @rule(amount=amounts)
    def top_up(self, amount: int) -> None:
        self.world.escrow.send("topUpBond", amount, sender=self["admin"])
        self.ledger.top_up_bond(amount)

    # Dishonest

    def post_refused(self, error: str, given: dict[str, Any], packed: list[bytes], *values: Any) -> None:
        self.refuse_post(error, "postRun", [given, packed], values)

    def refuse_post(self, error: str, function: str, args: list[Any], values: tuple[Any, ...] = ()) -> None:
        expected = "AccessManagedUnauthorized" if "settlement" in self.closed else error
        refusal = self.refused(expected, self.world.settlement, function, *args, sender=self["poster"])
        assert not values or expected != error or refusal.values == values

    def fresh_run(self, nets: Nets, **changes: Any) -> tuple[dict[str, Any], list[bytes]]:
        """A run of yesterday that would be in order, if yesterday is not posted."""
        packed = self.world.rows(nets)
        return self.world.run(packed, **changes), packed

    @rule(bad=st.sampled_from(("sum", "order", "twice", "system", "dust", "points", "mode", "checkpoint", "future")))
    def wrong_run(self, bad: str) -> None:
        """Wrong sums, wrong order, wrong places, wrong bounds: I-04, I-12, I-13."""
        world = self.world
        nets = {"alice": -5 * TOKEN, "bob": 3 * TOKEN, "carol": 1, "fee": 7}
        given, packed = self.fresh_run(nets)
        if bad == "sum":
            packed[-4] = row(world["supplier"], 5)
            error = "SumNotZero"
        elif bad == "order":  # deltas of a run have one order only, so no other can be tried (I-12)
            packed[0], packed[1] = packed[1], packed[0]
            error = "RowsNotAscending"
        elif bad == "twice":
            packed.insert(1, packed[0])
            error = "RowsNotAscending"
        elif bad == "system":
            packed[-1], packed[-2] = packed[-2], packed[-1]
            error = "SystemRowWrong"
        elif bad == "dust":
            packed = world.rows(nets | {"dust": 96 * 3 + 1})
            error = "DustOutOfRange"
        elif bad == "points":
            given["pointCount"] = 2
            error = "PointsMissing"
        elif bad == "mode":
            given["mode"] = 2
            error = "ModeUnknown"
        elif bad == "checkpoint":
            given["checkpoint"] = len(world.log.anchored)
            error = "CheckpointNotAnchored"
        else:
            given["day"] = world.today
            error = "DayNotOver"
        if bad != "future" and world.chain.time > self.day_ends(given["day"]) + world.terms.posting_lag:
            error = "PostingTooLate"
        self.post_refused(error, given, packed)

    @precondition(lambda self: self.runs and not self.paused and not self.ledger.claims)
    @rule(data=st.data())
    def post_twice(self, data: st.DataObject) -> None:
        """I-05: a run settles once; nothing replaces it."""
        world, run = self.world, self.runs[data.draw(st.sampled_from(sorted(self.runs)))]
        expected = {"RunExists", "BondTooSmall", "PostingTooLate", "AccessManagedUnauthorized"}
        packed = world.rows({"alice": 1, "bob": -1})
        given = world.run(packed, zone=run.zone, day=run.day)
        self.refused(expected, world.settlement, "postRun", given, packed, sender=world["poster"])
        if len(run.rows) > 1:
            args = [run.inputs[-1], world.rows(run.rows[-1]), run.inputs[-2], world.rows(run.rows[-2])]
            self.refused(expected, world.settlement, "postCorrection", *args, sender=world["poster"])

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), skip=st.integers(2, 5))
    def wrong_sequence(self, data: st.DataObject, skip: int) -> None:
        """I-05: corrections come in sequence, on what stands, and never on an older log."""
        run = self.runs[data.draw(st.sampled_from(sorted(self.runs)))]
        packed, newest = self.world.rows(run.rows[-1]), run.inputs[-1]
        ahead = newest | {"sequence": newest["sequence"] + skip}
        self.refuse_post("SequenceWrong", "postCorrection", [ahead, packed, newest, packed])
        invented = newest | {"headersRoot": b"\x01" * 32}
        following = newest | {"sequence": newest["sequence"] + 1}
        self.refuse_post("PreviousRunWrong", "postCorrection", [following, packed, invented, packed])
        if newest["checkpoint"]:
            older = following | {"checkpoint": newest["checkpoint"] - 1}
            values = (newest["checkpoint"] - 1, newest["checkpoint"])
            self.refuse_post("CheckpointOlder", "postCorrection", [older, packed, newest, packed], values)

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def forget_a_member(self, data: st.DataObject) -> None:
        """A correction cannot drop whom the run before had."""
        world, run = self.world, self.runs[data.draw(st.sampled_from(sorted(self.runs)))]
        members = sorted((world[name], name) for name in run.rows[-1] if name not in SYSTEM)
        late = world.chain.time > self.day_ends(run.day) + world.terms.posting_lag + world.terms.correction_lag
        if not members or late:
            return
        address, name = data.draw(st.sampled_from(members))
        kept = {other: net for other, net in run.rows[-1].items() if other not in (name, "supplier")}
        packed, following = world.rows(kept), run.inputs[-1] | {"sequence": len(run.rows)}
        args = [following, packed, run.inputs[-1], world.rows(run.rows[-1])]
        self.refuse_post("RowMissing", "postCorrection", args, (address,))

    @rule(bad=st.sampled_from(("seq", "old", "shrink", "root", "proof", "rewrite")), entries=st.integers(1, 9))
    def false_anchor(self, bad: str, entries: int) -> None:
        """L-01: numbers without gaps, a log that only grows, and a proof that it does."""
        world, log = self.world, self.world.log
        old = len(log.leaves)
        args = world.next_checkpoint(entries)
        tree = log.tree()
        del log.leaves[old:]
        error = "ConsistencyFailed"
        if bad == "seq":
            args["seq"] += 1
            error = "UnexpectedSequence"
        elif bad == "old":
            args["previous"] = args["previous"] | {"size": old - 1}
            error = "PreviousCheckpointWrong"
        elif bad == "shrink":
            args["size"] = old
            error = "LogDidNotGrow"
        elif bad == "proof":
            args["proof"] = [*args["proof"], b"\x01" * 32]
            error = "ProofLengthWrong"
        elif bad == "root":
            args["root"] = b"\x01" * 32
        else:  # another history of the same length
            args["root"] = type(tree)([b"\x02" * 32] * (old + entries)).root
        self.anchor_refused(world.anchor, error, list(args.values()))

    def anchor_refused(self, anchor: Deployed, error: Any, sent: list[Any]) -> None:
        expected = "AccessManagedUnauthorized" if "anchor" in self.closed else error
        self.refused(expected, anchor, "anchor", *sent, sender=self["anchorer"])

    @rule(more=st.integers(0, 3))
    def drain_the_bond(self, more: int) -> None:
        """The part that open runs require stays; no more than is there goes out."""
        world = self.world
        required = world.settlement.read("requiredBond")
        spare = self.ledger.bond - self.ledger.reserved - required
        amount = max(1, spare + 1 + more)
        expected = {"BondInUse", "InsufficientBalance", "BondClaimsOpen"}
        if "escrow" in self.closed:
            expected = {"AccessManagedUnauthorized"}
        self.refused(expected, world.escrow, "withdrawBond", world["admin"], amount, sender=world["admin"])

    @rule(amount=amounts)
    def withdraw_spare_bond(self, amount: int) -> None:
        spare = self.ledger.bond - self.ledger.reserved - self.world.settlement.read("requiredBond")
        if spare > 0 and not self.ledger.claims and "escrow" not in self.closed:
            amount = 1 + amount % spare
            self.world.escrow.send("withdrawBond", self["admin"], amount, sender=self["admin"])
            self.ledger.withdraw_bond(amount)

    @rule(name=st.sampled_from(MEMBERS), net=nets)
    def go_round_settlement(self, name: str, net: int) -> None:
        """Rows reach the escrow through Settlement only."""
        packed = [row(self.world[name], net)]
        args = [b"\x01" * 32, 0, self.world.today - 1, 1, packed, []]
        for sender in ("poster", "admin", "mallory"):
            expected = "EscrowPaused" if self.paused else "NotSettlement"
            self.refused(expected, self.world.escrow, "applyRun", *args, sender=self[sender])


__all__ = ["DAY", "OTHER_ZONE", "ZONE", "Operator", "Reverted"]
