"""Honest members, and anyone who helps them: what they are entitled to always goes through."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.evm.machine.base import ALL, PEOPLE, Base, amounts, people
from tests.evm.world import DAY


class Members(Base):
    """Deposits, mandates, withdrawals, and time."""

    @precondition(lambda self: not self.paused)
    @rule(name=st.sampled_from(ALL), amount=amounts)
    def deposit(self, name: str, amount: int) -> None:
        self.pay_in(name, amount)

    @rule(name=people, cap=amounts, wait=st.integers(0, 3), length=st.integers(1, 5))
    def register(self, name: str, cap: int, wait: int, length: int) -> None:
        taken = self.ledger.mandates[name]
        first = wait + max(self.world.today, self.last_run_day() + 1, taken[-1].valid_to if taken else 0)
        self.sign_mandate(name, cap, first, first + length)

    @rule(name=people, wait=st.integers(0, 3))
    def end_a_mandate(self, name: str, wait: int) -> None:
        """The earliest end is the day after the one that the market is trading."""
        gate = (self.world.chain.time + self.world.terms.gate_lead) // DAY + 1
        for index, mandate in enumerate(self.ledger.mandates[name]):
            end = wait + max(gate, mandate.valid_from)
            if end < mandate.valid_to:
                args = self.world.signed(name, "MandateEnd", {"mandateIndex": index, "endDay": end})
                self.relay(self.world.escrow, "endMandate", args)
                mandate.valid_to = end
                return

    @rule(name=people, amount=amounts)
    def request(self, name: str, amount: int) -> None:
        if len(self.ledger.requests[name]) < 4 and self.ledger.free[name]:
            self.ask(name, 1 + amount % self.ledger.free[name])

    @rule(name=people, place=st.integers(0, 3))
    def cancel(self, name: str, place: int) -> None:
        requests = self.ledger.requests[name]
        if place < len(requests):
            index = requests[place].index
            args = self.world.signed(name, "WithdrawalCancel", {"index": index})
            self.relay(self.world.escrow, "cancelWithdrawal", args)
            self.ledger.cancel(name, index)

    @rule(name=people)
    def pull_what_is_ready(self, name: str) -> None:
        """Paused or not, whoever asks, and to the receiver that was named: I-08, I-10."""
        for request in list(self.ledger.requests[name]):
            if self.ready_at[name, request.index] <= self.world.chain.time:
                self.pull(name, request.index)

    def pull(self, name: str, index: int) -> None:
        world = self.world
        before = world.token.read("balanceOf", world[name])
        world.escrow.send("executeWithdrawal", world[name], index, sender=world["stranger"])
        paid = self.ledger.execute(name, index)
        self.flows[name].paid_out += paid
        assert world.token.read("balanceOf", world[name]) - before == paid
        asked = self.requested_at[name, index]
        for run in self.runs.values():
            for posted_at, final_at in zip(run.posted_at, run.final_at, strict=True):
                assert posted_at > asked or final_at <= world.chain.time, "I-08: a credit left before it was final"

    @rule(hours=st.integers(1, 80))
    def time_passes(self, hours: int) -> None:
        self.world.chain.travel(self.world.chain.time + hours * 3_600)

    @rule(limit=st.integers(0, 3))
    def pay_owed(self, limit: int) -> None:
        self.world.escrow.send("payOwed", limit, sender=self["stranger"])
        self.ledger.pay_owed(limit)

    @rule()
    def everybody_can_leave(self) -> None:
        """I-09: with neither operator nor admin, each gets out all that is free or requested."""
        world = self.world
        taken, ledger_free = world.chain.snapshot(), dict(self.ledger.free)
        due = {name: ledger_free.get(name, 0) + self.ledger.pending(name) for name in PEOPLE}
        before = {name: world.token.read("balanceOf", world[name]) for name in PEOPLE}
        world.chain.travel(world.chain.time + world.terms.withdrawal_delay)
        for name in PEOPLE:
            for request in self.ledger.requests[name]:
                world.escrow.send("executeWithdrawal", world[name], request.index, sender=world["stranger"])
            if ledger_free.get(name):
                index = world.request(name, ledger_free[name]).answer
                world.chain.travel(world.chain.time + world.terms.withdrawal_delay)
                world.escrow.send("executeWithdrawal", world[name], index, sender=world["stranger"])
        for name in PEOPLE:
            assert world.token.read("balanceOf", world[name]) - before[name] == due[name], f"I-09: {name} cannot leave"
        world.chain.restore(taken)
