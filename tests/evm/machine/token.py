"""A token that keeps no rule: takes a fee, answers false, blocks a receiver, calls back in the middle of a transfer."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.evm.machine.base import MEMBERS, PEOPLE, Base
from tests.evm.reentry import ENTRIES, TRIGGERS, entry_call, refused_anyhow
from tests.evm.world import DAY, NOBODY, TOKEN


class Token(Base):
    """Each transfer that is not exactly what was asked fails as a whole; nobody but its receiver is concerned."""

    def misbehave(self, fee: int = 0, false: bool = False, refused: str = NOBODY) -> None:
        self.world.token.send("misbehave", fee, false, refused, sender=self["admin"])

    @rule(amount=st.integers(10, 9 * TOKEN), fee=st.integers(1, 10))
    def fee_on_transfer(self, amount: int, fee: int) -> None:
        self.misbehave(fee=fee)
        for function, args in (("deposit", (self["alice"], amount)), ("topUpBond", (amount,))):
            if function == "deposit" and self.paused:
                continue
            refusal = self.refused("TransferInexact", self.world.escrow, function, *args, sender=self["admin"])
            assert refusal.values == (amount, amount - fee)
        self.misbehave()

    @rule(amount=st.integers(1, 9 * TOKEN))
    def false_answer(self, amount: int) -> None:
        self.misbehave(false=True)
        expected = "EscrowPaused" if self.paused else "SafeERC20FailedOperation"
        self.refused(expected, self.world.escrow, "deposit", self["alice"], amount, sender=self["admin"])
        self.misbehave()

    def ready(self, name: str) -> int | None:
        """The number of a request of the member that can be pulled now."""
        ready = [
            item for item in self.ledger.requests[name] if self.ready_at[name, item.index] <= self.world.chain.time
        ]
        return ready[0].index if ready else None

    @rule(name=st.sampled_from(PEOPLE), hours=st.integers(0, 120))
    def blocked_receiver(self, name: str, hours: int) -> None:
        """A member whom the token refuses keeps his money here and can name another receiver; others go on."""
        self.world.chain.travel(self.world.chain.time + hours * 3_600)
        index = self.ready(name)
        if index is None:
            return
        self.misbehave(refused=self[name])
        refused, escrow = "ReceiverRefused", self.world.escrow
        self.refused(refused, escrow, "executeWithdrawal", self[name], index, sender=self["stranger"])
        args = self.world.signed(name, "WithdrawalCancel", {"index": index})
        self.relay(escrow, "cancelWithdrawal", args)
        amount = self.ledger.cancel(name, index)
        if amount <= self.ledger.free[name]:
            again = self.ask(name, amount, self["stranger"])
            taken = self.world.chain.snapshot()
            self.world.chain.travel(self.ready_at[name, again])
            escrow.send("executeWithdrawal", self[name], again, sender=self["stranger"])
            assert self.world.token.read("balanceOf", self["stranger"]) >= amount
            self.world.chain.restore(taken)
            self.relay(escrow, "cancelWithdrawal", self.world.signed(name, "WithdrawalCancel", {"index": again}))
            self.ledger.cancel(name, again)
        self.misbehave()

    @rule(entry=st.sampled_from(ENTRIES), trigger=st.sampled_from(TRIGGERS))
    def call_back(self, entry: str, trigger: str) -> None:
        """I-11: no call in a re-entered frame changes anything, whichever function is tried from within which."""
        escrow, data = self.world.escrow, entry_call(self.world, entry)
        if trigger == "executeWithdrawal":
            index = self.ready("alice")
            args: tuple[Any, ...] = (self["alice"], index)
            if index is None:
                return
        else:
            args = {"deposit": (self["bob"], 7), "topUpBond": (7,), "withdrawBond": (self["admin"], 1)}[trigger]
        self.world.token.send("callBack", escrow.address, data, sender=self["admin"])
        expected = {"ReentrancyGuardReentrantCall", *self.otherwise(trigger), *refused_anyhow(entry)}
        self.refused(expected, escrow, trigger, *args, sender=self["admin"])
        self.world.token.send("callBack", NOBODY, b"", sender=self["admin"])

    def otherwise(self, trigger: str) -> set[str]:
        """Why the outer call may fail before the token is reached."""
        paused = {"EscrowPaused"} if self.paused else set()
        if trigger == "withdrawBond":
            return paused | {"BondInUse", "BondClaimsOpen", "InsufficientBalance", "AccessManagedUnauthorized"}
        return paused

    @rule(name=st.sampled_from(MEMBERS), days=st.integers(1, 3))
    def runs_need_no_token(self, name: str, days: int) -> None:
        """Rows move inside: a blocked member is settled like any other (checked by the mirror after each run)."""
        self.misbehave(refused=self[name], fee=1)
        self.world.escrow.send("payOwed", 3, sender=self["stranger"])
        self.ledger.pay_owed(3)
        self.world.chain.travel(self.world.chain.time + days * DAY)
        self.misbehave()
