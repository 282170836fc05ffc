"""Who carries messages and sees them first: reorders, withholds, front-runs; and permits that somebody else saw."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.evm.machine.base import MEMBERS, VILLAIN, Base
from tests.evm.world import TOKEN, person


class Relayer(Base):
    """Messages may arrive in any order or twice; the outcome belongs to their signer."""

    def purse(self, name: str, amount: int) -> None:
        """Give a person tokens outside the escrow."""
        self.world.token.send("transfer", self[name], amount, sender=self["admin"])

    @precondition(lambda self: not self.paused)
    @rule(name=st.sampled_from(MEMBERS), amount=st.integers(1, 9 * TOKEN))
    def deposit_by_permit(self, name: str, amount: int) -> None:
        self.purse(name, amount)
        deadline, signature = self.world.permit(name, amount, self.permits[name])
        self.permits[name] += 1
        args = [self[name], self[name], amount, deadline, signature[64], signature[:32], signature[32:64]]
        self.world.escrow.send("depositWithPermit", *args, sender=self["relayer"])
        self.ledger.deposit(name, amount)
        self.flows[name].paid_in += amount

    @precondition(lambda self: not self.paused)
    @rule(name=st.sampled_from(MEMBERS), amount=st.integers(1, 9 * TOKEN))
    def permit_into_another_account(self, name: str, amount: int) -> None:
        """A permit names no account: whoever sees it may pay it into its owner's only."""
        self.purse(name, amount)
        deadline, signature = self.world.permit(name, amount, self.permits[name])
        args = [self[VILLAIN], self[name], amount, deadline, signature[64], signature[:32], signature[32:64]]
        refusal = self.refused(
            "PermitForAnotherAccount", self.world.escrow, "depositWithPermit", *args, sender=self[VILLAIN]
        )
        assert refusal.values == (self[VILLAIN], self[name])

    @precondition(lambda self: not self.paused)
    @rule(name=st.sampled_from(MEMBERS), amount=st.integers(1, 9 * TOKEN))
    def front_run_a_permit(self, name: str, amount: int) -> None:
        """Spending the permit at the token first costs its owner nothing: the allowance stands, the deposit goes on."""
        world = self.world
        self.purse(name, amount)
        deadline, signature = world.permit(name, amount, self.permits[name])
        self.permits[name] += 1
        tail = [deadline, signature[64], signature[:32], signature[32:64]]
        world.token.send("permit", self[name], world.escrow.address, amount, *tail, sender=self[VILLAIN])
        world.escrow.send("deposit", self[name], amount, sender=self[name])
        self.ledger.deposit(name, amount)
        self.flows[name].paid_in += amount

    @rule(first=st.sampled_from(MEMBERS), second=st.sampled_from(MEMBERS), late_first=st.booleans())
    def reorder(self, first: str, second: str, late_first: bool) -> None:
        """Two messages in either order: nonces have no order, so both count."""
        ready = [name for name in (first, second) if self.ledger.free[name] > 1 and len(self.ledger.requests[name]) < 3]
        if len(ready) < 2:
            return
        messages = [(name, self.world.withdrawal(name, 1)) for name in ready]
        for name, args in reversed(messages) if late_first else messages:
            done = self.relay(self.world.escrow, "requestWithdrawal", args)
            event = done.event("WithdrawalRequested")
            assert event["index"] == self.ledger.request(name, 1)
            self.requested_at[name, event["index"]] = self.world.chain.time
            self.ready_at[name, event["index"]] = event["readyAt"]

    @rule(name=st.sampled_from(MEMBERS), hours=st.integers(2, 48))
    def hold_back(self, name: str, hours: int) -> None:
        """A message held back beyond its deadline is void, whatever it says."""
        args = self.world.withdrawal(name, 1)
        self.world.chain.travel(self.world.chain.time + hours * 3_600)
        self.refused("SignatureExpired", self.world.escrow, "requestWithdrawal", *args, sender=self["relayer"])

    @rule(amount=st.integers(1, 9 * TOKEN))
    def spend_another_allowance(self, amount: int) -> None:
        """Nobody pays in what is not his."""
        escrow = self.world.escrow
        if not self.paused:
            expected = "ERC20InsufficientAllowance"
            self.refused(expected, escrow, "deposit", self[VILLAIN], amount, sender=person("stranger").address)
        self.refused("ERC20InsufficientAllowance", escrow, "topUpBond", amount, sender=person("stranger").address)
