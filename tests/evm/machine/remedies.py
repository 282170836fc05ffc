"""Remedies, defaults, deposits and reserves, asked for by keys that stand in for the contracts of disputes.

So the escrow meets more than those contracts would ever ask: any sum, about any sequence, in any order.
"""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.evm.machine.base import PEOPLE, VILLAIN, Base, amounts, people
from tests.evm.world import CALLERS, TOKEN, UNLIMITED

callers = st.sampled_from(CALLERS)
sums = st.integers(0, 300 * TOKEN) | st.integers(0, 50) | st.sampled_from((2_500 * TOKEN, UNLIMITED))


class Remedies(Base):
    """What the bond pays, once; what it lacks, later."""

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), caller=callers, name=people, amount=sums, is_default=st.booleans(), back=st.integers(0, 1))
    def pay(self, data: st.DataObject, caller: str, name: str, amount: int, is_default: bool, back: int) -> None:
        """Never twice: not by two claims, and not by a claim and the correction that follows."""
        run = self.runs[data.draw(st.sampled_from(sorted(self.runs)))]
        key, sequence = self.world.run_key(run.day, run.zone), max(0, len(run.rows) - 1 - back)
        if amount == UNLIMITED:  # absurd sums are cut, and queue as a claim that no bond will ever cover
            amount = 3_000 * TOKEN
        function = "payDefault" if is_default else "payRemedy"
        pay = self.ledger.pay_default if is_default else self.ledger.pay_remedy
        paid = self.world.escrow.send(function, key, sequence, self[name], amount, sender=self[caller]).answer
        assert paid == pay(key, sequence, name, amount)
        assert self.world.escrow.read("remedyOf", key, self[name]) == self.ledger.remedies[key, name].paid

    @rule(limit=st.integers(0, 3))
    def pay_bond_claims(self, limit: int) -> None:
        self.world.escrow.send("payBondClaims", limit, sender=self["stranger"])
        self.ledger.pay_bond_claims(limit)

    @precondition(lambda self: self.ledger.claims)
    @rule()
    def make_the_bond_whole(self) -> None:
        """Posting opens again as soon as the claims are paid."""
        amount = self.ledger.outstanding() + TOKEN
        self.world.escrow.send("topUpBond", amount, sender=self["admin"])
        self.ledger.top_up_bond(amount)

    @rule(amount=amounts)
    def reserve(self, amount: int) -> None:
        self.world.escrow.send("reserveBond", amount, sender=self["disputes"])
        self.ledger.reserved += amount

    @rule(share=st.integers(0, 2))
    def release(self, share: int) -> None:
        amount = self.ledger.reserved * share // 2
        self.world.escrow.send("releaseBond", amount, sender=self["disputes"])
        self.ledger.reserved -= amount
        over = self.ledger.reserved + 1
        refusal = self.refused("ReserveTooSmall", self.world.escrow, "releaseBond", over, sender=self["disputes"])
        assert refusal.values == (over, over - 1)

    @rule(name=people, amount=amounts)
    def take_deposit(self, name: str, amount: int) -> None:
        free = self.ledger.free[name]
        args = (self[name], amount)
        if amount > free:
            self.refused("InsufficientBalance", self.world.escrow, "takeDeposit", *args, sender=self["disputes"])
        else:
            self.world.escrow.send("takeDeposit", *args, sender=self["disputes"])
            self.ledger.take_deposit(name, amount)
            self.deposits[name] += amount

    @rule(name=people)
    def return_deposit(self, name: str) -> None:
        amount = self.deposits[name]
        self.world.escrow.send("returnDeposit", self[name], amount, sender=self["disputes"])
        self.ledger.return_deposit(name, amount)
        self.deposits[name] = 0
        over = self.ledger.deposits + 1
        refusal = self.refused(
            "DepositsTooSmall", self.world.escrow, "returnDeposit", self[name], over, sender=self["disputes"]
        )
        assert refusal.values == (over, over - 1)

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), name=people, hours=st.integers(-99, 99))
    def lengthen_a_window(self, data: st.DataObject, name: str, hours: int) -> None:
        """A case may lengthen the window of the account that it concerns, and nothing shortens one."""
        run = self.runs[data.draw(st.sampled_from(sorted(self.runs)))]
        until = self.world.chain.time + hours * 3_600
        key = self.world.run_key(run.day, run.zone)
        self.world.settlement.send("extendWindow", key, self[name], until, sender=self["disputes"])
        self.extend(run, name, until)

    @rule(sender=st.sampled_from((VILLAIN, "admin", "poster", "guardian")))
    def nobody_else_pays_from_the_bond(self, sender: str) -> None:
        """I-10: no role, the admin's included, moves money here."""
        escrow, me = self.world.escrow, self[sender]
        for function, args in (
            ("payRemedy", (b"\x01" * 32, 0, me, 1)),
            ("payDefault", (b"\x01" * 32, 0, me, 1)),
            ("takeDeposit", (self["alice"], 1)),
            ("returnDeposit", (me, 1)),
            ("reserveBond", (1,)),
            ("releaseBond", (0,)),
        ):
            assert self.refused("NotDisputing", escrow, function, *args, sender=me).values == (me,)
        self.refused("NotDisputes", self.world.settlement, "extendWindow", b"\x01" * 32, me, 1, sender=me)

    @rule()
    def recomputation_keeps_to_its_own(self) -> None:
        """Tier 0 may have remedies paid; deposits and reserves are those of cases."""
        for function, args in (("takeDeposit", (self["alice"], 1)), ("reserveBond", (1,))):
            self.refused("NotDisputing", self.world.escrow, function, *args, sender=self["recomputation"])


__all__ = ["PEOPLE", "Remedies"]
