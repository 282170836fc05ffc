"""Guardian and admin at their worst: pause for ever, shut every restricted function, hand roles to friends."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.evm.chain import Deployed
from tests.evm.machine.base import VILLAIN, Base
from tests.evm.world import ANCHORER, GUARDIAN, NO_CHECKPOINT, POSTER, TOKEN

ROLES = {"poster": POSTER, "anchorer": ANCHORER, "guardian": GUARDIAN}


class Admin(Base):
    """None of it touches a balance or stops a member from leaving (`everybody_can_leave` runs in every such state)."""

    def target(self, name: str) -> Deployed:
        found: Deployed = getattr(self.world, name)
        return found

    @rule(often=st.integers(0, 2))
    def pause(self, often: int) -> None:
        if often:  # a history that is paused most of the time tries little else
            return
        expected = "AccessManagedUnauthorized" if "escrow" in self.closed else "EscrowPaused"
        if self.paused or "escrow" in self.closed:
            self.refused(expected, self.world.escrow, "pause", sender=self["guardian"])
        else:
            self.world.escrow.send("pause", sender=self["guardian"])
            self.paused = True

    @rule()
    def unpause(self) -> None:
        expected = "AccessManagedUnauthorized" if "escrow" in self.closed else "EscrowNotPaused"
        if not self.paused or "escrow" in self.closed:
            self.refused(expected, self.world.escrow, "unpause", sender=self["guardian"])
        else:
            self.world.escrow.send("unpause", sender=self["guardian"])
            self.paused = False

    @precondition(lambda self: self.paused)
    @rule(amount=st.integers(1, 9 * TOKEN))
    def nothing_new_while_paused(self, amount: int) -> None:
        """I-10: a pause stops deposits and runs, nothing else."""
        escrow = self.world.escrow
        self.refused("EscrowPaused", escrow, "deposit", self["alice"], amount, sender=self["admin"])
        args = [self["admin"], self["admin"], amount, 2**40, 27, b"\x01" * 32, b"\x01" * 32]
        self.refused("EscrowPaused", escrow, "depositWithPermit", *args, sender=self["admin"])

    @rule(name=st.sampled_from(("escrow", "settlement", "anchor")), shut=st.sampled_from((False, False, True)))
    def shut_a_contract(self, name: str, shut: bool) -> None:
        """AccessManager can close what is restricted; what members call is not."""
        self.world.manager.send("setTargetClosed", self.target(name).address, shut, sender=self["admin"])
        (self.closed.add if shut else self.closed.discard)(name)

    @rule(sender=st.sampled_from((VILLAIN, "alice", "relayer", "poster", "anchorer", "guardian")))
    def strangers_to_a_role(self, sender: str) -> None:
        """I-10: roles change by the manager's admin only, and each role does its own work only."""
        world = self.world
        error = "AccessManagerUnauthorizedAccount"
        for role in ROLES.values():
            self.refused(error, world.manager, "grantRole", role, self[sender], 0, sender=self[sender])
        self.refused(error, world.manager, "setTargetClosed", world.escrow.address, True, sender=self[sender])
        denied = "AccessManagedUnauthorized"
        packed = world.rows({})
        if sender != "poster":
            self.refused(denied, world.settlement, "postRun", world.run(packed), packed, sender=self[sender])
        if sender != "anchorer":
            self.refused(denied, world.anchor, "anchor", 9, NO_CHECKPOINT, 1, b"\x01" * 32, [], sender=self[sender])
        if sender != "guardian":
            self.refused(denied, world.escrow, "pause", sender=self[sender])
        self.refused(denied, world.escrow, "withdrawBond", self[sender], 1, sender=self[sender])

    @rule(role=st.sampled_from(sorted(ROLES)))
    def lend_a_role(self, role: str) -> None:
        """A friend with the role can do its work and no more; taken away, it is gone."""
        world = self.world
        world.manager.send("grantRole", ROLES[role], self[VILLAIN], 0, sender=self["admin"])
        denied = "EscrowPaused" if self.paused else "NotSettlement"
        self.refused(denied, world.escrow, "applyRun", b"\x01" * 32, 0, 1, 1, [], [], sender=self[VILLAIN])
        self.refused("AccessManagedUnauthorized", world.escrow, "withdrawBond", self[VILLAIN], 1, sender=self[VILLAIN])
        world.manager.send("revokeRole", ROLES[role], self[VILLAIN], sender=self["admin"])
        if role == "guardian":
            self.refused("AccessManagedUnauthorized", world.escrow, "unpause", sender=self[VILLAIN])

    @rule()
    def no_authority_but_the_manager(self) -> None:
        """Handing a contract to another authority is the manager's own call."""
        for sender in ("admin", VILLAIN):
            for target in (self.world.escrow, self.world.settlement, self.world.anchor):
                refused = "AccessManagedUnauthorized"
                self.refused(refused, target, "setAuthority", self[VILLAIN], sender=self[sender])

    @rule(amount=st.integers(1, 9 * TOKEN))
    def donate(self, amount: int) -> None:
        """Tokens sent past the door belong to nobody: the books stay as they are (I-01 turns into >=)."""
        self.world.token.send("transfer", self.world.escrow.address, amount, sender=self["admin"])
        self.donated += amount
