"""Random histories: the escrow's balances equal the Python ledger's after every step, to the unit.

Checked by name (docs/PROTOCOL.md sections 2, 4 and 5): every token has an owner; nothing is negative; no day costs an
account more than its cap; a run and its corrections add up; a remedy and a correction are never paid twice; what the
bond lacks is paid before anything new is posted; every open request can be pulled after its delay, without the
operator.
"""

import os
from typing import ClassVar

import pytest
from brownie import chain
from brownie.exceptions import VirtualMachineError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from world import CORRECTION_LAG, DAY, POSTING_LAG, SYSTEM, TOKEN, World

from grid.domain.ledger import Cap, Ledger, System

EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "12"))
STEPS = int(os.environ.get("CONTRACT_STEPS", "30"))
MEMBERS = ("alice", "bob", "carol", "dora", "erik")

members = st.sampled_from(MEMBERS)
amounts = st.integers(1, 300) | st.integers(1, 300 * TOKEN)
nets = st.integers(-250, 250) | st.integers(-250 * TOKEN, 250 * TOKEN)


class EscrowMachine(RuleBasedStateMachine):
    world: ClassVar[World]
    lens: ClassVar

    def __init__(self) -> None:
        super().__init__()
        self.today = self.world.today
        self.ledger = Ledger(
            System(*SYSTEM), bond=int(self.world.escrow.bond()), held=int(self.world.escrow.totalLiabilities())
        )
        for name in ("alice", "bob"):
            self.ledger.free[name] = 500 * TOKEN
            self.ledger.mandates[name] = [Cap(self.today - 10, self.today + 365, 100 * TOKEN)]
        self.runs: dict[int, list[dict[str, int]]] = {}  # day -> rows of each sequence
        self.prover, self.cases = (self.world.acting(c) for c in (self.world.recomputation, self.world.disputes))

    def teardown(self) -> None:
        # Back to the snapshot of the `world` fixture, by Brownie's own means: it remembers transactions by hash.
        chain.revert()

    # People

    @rule(name=st.sampled_from(MEMBERS + SYSTEM), amount=amounts)
    def deposit(self, name, amount):
        self.world.fund(name, amount)
        self.ledger.deposit(name, amount)

    @rule(name=members, cap=amounts, length=st.integers(1, 5))
    def register(self, name, cap, length):
        taken = self.ledger.mandates[name]
        first = max(self.today, max(self.runs, default=0) + 1, taken[-1].valid_to if taken else 0)
        self.world.register(name, cap, first, first + length)
        taken.append(Cap(first, first + length, cap))

    @rule(name=members)
    def end_newest_mandate(self, name):
        taken = self.ledger.mandates[name]
        first = max(self.today + 1, taken[-1].valid_from) if taken else 0
        if not taken or first >= taken[-1].valid_to:
            return
        self.world.end_mandate(name, len(taken) - 1, first)
        taken[-1].valid_to = first

    @rule(name=members, amount=amounts)
    def request(self, name, amount):
        if len(self.ledger.requests[name]) == 4 or amount > self.ledger.free[name]:
            return
        self.world.request(name, amount)
        self.ledger.request(name, amount)

    @rule(name=members)
    def cancel_newest_request(self, name):
        if self.ledger.requests[name]:
            index = self.ledger.requests[name][-1].index
            self.world.cancel(name, index)
            self.ledger.cancel(name, index)

    # The operator

    def rows(self, drawn: dict[str, int], system: list[int]) -> dict[str, int]:
        """Posting order: members by address, then the system accounts; the supplier makes the sum zero."""
        rows = {name: drawn[name] for name in sorted(drawn, key=lambda name: self.world[name].lower())}
        fee, dust, balancing = system
        rows |= {"supplier": -sum(rows.values()) - fee - dust - balancing, "fee": fee, "dust": dust}
        return rows | {"balancing": balancing}

    system_nets = st.tuples(amounts, st.integers(0, 96), nets).map(list)

    @rule(drawn=st.dictionaries(members, nets, min_size=1), system=system_nets)
    def post_yesterday(self, drawn, system):
        if self.today - 1 in self.runs:
            self.time_passes(1)
        day = self.today - 1
        rows = self.rows(drawn, system)
        self.cover(rows, {})
        if self.closed(lambda: self.world.post(rows, day=day)):
            return
        self.runs[day] = [rows]
        self.ledger.apply_run(day, day, rows)

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), system=system_nets)
    def correct(self, data, system):
        day = data.draw(st.sampled_from(sorted(self.runs)))
        if self.today > day + 1 + (POSTING_LAG + CORRECTION_LAG) // DAY - 1:
            return
        previous = self.runs[day][-1]
        drawn = {name: net for name, net in previous.items() if name not in SYSTEM}
        drawn |= data.draw(st.dictionaries(members, nets, min_size=1))
        rows = self.rows(drawn, system)
        self.cover(rows, previous)
        if self.closed(lambda: self.world.correct(rows, previous, sequence=len(self.runs[day]), day=day)):
            return
        self.runs[day].append(rows)
        self.ledger.apply_run(day, day, rows, previous)

    def cover(self, rows: dict[str, int], previous: dict[str, int]) -> None:
        """Top the bond up to what a run requires of it."""
        moved = sum(abs(net - previous.get(name, 0)) for name, net in rows.items() if name not in SYSTEM)
        required = int(self.world.settlement.requiredBond()) + self.ledger.reserved + moved
        if not self.ledger.claims and required > self.ledger.bond:
            self.world.escrow.topUpBond(required - self.ledger.bond, {"from": self.world.admin})
            self.ledger.top_up_bond(required - self.ledger.bond)

    def closed(self, post) -> bool:
        """Post, unless the bond owes something: then see it refused."""
        owing = self.ledger.outstanding()
        if not owing:
            post()
            return False
        with pytest.raises(VirtualMachineError) as failure:
            post()
        # Settlement looks at what the bond carries before the escrow looks at its claims; it may carry nothing by then.
        claims_open, too_small = f"BondClaimsOpen: {owing}", "BondTooSmall: "
        assert failure.value.revert_msg == claims_open or failure.value.revert_msg.startswith(too_small)
        return True

    @rule(amount=amounts)
    def top_up(self, amount):
        self.world.escrow.topUpBond(amount, {"from": self.world.admin})
        self.ledger.top_up_bond(amount)

    @rule(left=st.integers(0, 60 * TOKEN))
    def take_bond(self, left):
        """Down to what open runs and cases require, or to `left`."""
        left = max(left, int(self.world.settlement.requiredBond()) + self.ledger.reserved)
        if self.ledger.claims or left > self.ledger.bond:
            return
        self.world.empty_bond(left)
        self.ledger.withdraw_bond(self.ledger.bond - left)

    # Disputes

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), name=members, due=amounts, silence=st.booleans())
    def pay_remedy(self, data, name, due, silence):
        day = data.draw(st.sampled_from(sorted(self.runs)))
        sequence = len(self.runs[day]) - 1
        key = self.world.key(day=day)
        if silence:
            tx = self.world.escrow.payDefault(key, sequence, self.world[name], due, {"from": self.cases})
            assert tx.return_value == self.ledger.pay_default(day, sequence, name, due)
        else:
            tx = self.world.escrow.payRemedy(key, sequence, self.world[name], due, {"from": self.prover})
            assert tx.return_value == self.ledger.pay_remedy(day, sequence, name, due)

    @rule(amount=amounts, release=st.booleans())
    def reserve_or_release(self, amount, release):
        amount = min(amount, self.ledger.reserved) if release else amount
        act = self.world.escrow.releaseBond if release else self.world.escrow.reserveBond
        act(amount, {"from": self.cases})
        self.ledger.reserved += -amount if release else amount

    @rule(name=members, amount=amounts, back=st.booleans())
    def hold_or_return_deposit(self, name, amount, back):
        amount = min(amount, self.ledger.deposits if back else self.ledger.free.get(name, 0))
        if back:
            self.world.escrow.returnDeposit(self.world[name], amount, {"from": self.cases})
            self.ledger.return_deposit(name, amount)
        elif amount:
            self.world.escrow.takeDeposit(self.world[name], amount, {"from": self.cases})
            self.ledger.take_deposit(name, amount)

    # Anyone

    @rule(limit=st.integers(0, 3))
    def pay_bond_claims(self, limit):
        self.world.escrow.payBondClaims(limit, {"from": self.world.mallory})
        self.ledger.pay_bond_claims(limit)

    @rule(days=st.integers(1, 3))
    def time_passes(self, days):
        self.today += days
        self.world.travel(self.today * DAY + DAY // 2)

    @rule(name=members)
    def pull_oldest_request(self, name):
        for _, _, ready_at, index in self.world.escrow.withdrawalsOf(self.world[name])[:1]:
            if ready_at > self.world.time():
                return
            before = self.world.token.balanceOf(self.world[name])
            self.world.escrow.executeWithdrawal(self.world[name], index, {"from": self.world.mallory})
            paid = self.ledger.execute(name, index)
            assert self.world.token.balanceOf(self.world[name]) - before == paid

    @rule(limit=st.integers(0, 3))
    def pay_owed(self, limit):
        self.world.escrow.payOwed(limit, {"from": self.world.mallory})
        self.ledger.pay_owed(limit)

    # Always

    @invariant()
    def contract_equals_mirror(self):
        names = MEMBERS + SYSTEM
        found = self.lens.balances(self.world.escrow, [self.world[name] for name in names])
        mirrored = {
            name: [
                self.ledger.free.get(name, 0),
                self.ledger.pending(name),
                self.ledger.receivable.get(name, 0),
                self.ledger.owed.get(name, 0),
            ]
            for name in names
        }
        assert {name: [int(v) for v in values] for name, values in zip(names, found, strict=True)} == mirrored

    @invariant()
    def every_token_has_an_owner(self):
        ledger = self.ledger
        *found, liabilities, held = (int(value) for value in self.lens.totals(self.world.escrow))
        claimed = ledger.outstanding()
        assert found == [ledger.bond, claimed, ledger.reserved, ledger.deposits, ledger.pool]
        assert liabilities == held == ledger.held == ledger.liabilities()

    @invariant()
    def remedies_are_counted_alike(self):
        for (day, name), remedy in self.ledger.remedies.items():
            assert self.world.escrow.remedyOf(self.world.key(day=day), self.world[name]) == remedy.paid

    @invariant()
    def no_day_costs_more_than_its_cap(self):
        for day, sequences in self.runs.items():
            for name, net in sequences[-1].items():
                if name in MEMBERS:
                    cap = int(self.world.escrow.capOn(self.world[name], day)) if net < 0 else 0
                    assert cap == (self.ledger.cap_on(name, day) if net < 0 else 0)
                    assert -self.ledger.effect(name, net, day) <= cap


@pytest.fixture(scope="module")
def lens(project, accounts):
    return project.Lens.deploy({"from": accounts[9]})


@pytest.fixture
def machine(lens, world):
    EscrowMachine.world, EscrowMachine.lens = world, lens
    return EscrowMachine


def test_escrow_machine(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize="CONTRACT_EXAMPLES" not in os.environ,
            suppress_health_check=HealthCheck.all(),
        ),
    )
