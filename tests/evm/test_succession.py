"""Random histories of signers: owner, thief and agent sign whatever they like; contract and model always agree.

Checked by name after every act: what stands and waits is the model's; nothing took effect before its delay; a signer
that was replaced signs nothing; only who is entitled is heard; who may dispute is the model's.
"""

from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from grid.domain.succession import Refusal, Register, Waiting
from tests.evm import signing
from tests.evm.chain import Reverted
from tests.evm.world import DAY, World, build, person

PEOPLE = ("alice", "bob", "laptop", "community", "mallory")
ACCOUNTS = ("alice", "bob", "laptop")
HISTORIES = {"short": 15, "everyday": 40, "deep": 1_000}
NOBODY = "0x" + "00" * 20

accounts = st.sampled_from(ACCOUNTS)
people = st.sampled_from(PEOPLE)
mostly = st.sampled_from([True, True, True, False])


def raw(name: str) -> bytes:
    return bytes.fromhex(person(name).address[2:])


NAMES = {raw(name): name for name in PEOPLE}


class Signers(RuleBasedStateMachine):
    world: ClassVar[World]
    histories: ClassVar[int] = 0
    taken: ClassVar[int] = 0
    taken_over: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).histories += 1
        self.before = self.world.chain.snapshot()
        self.nonce = self.world.nonce
        self.contract = self.world.accounts
        self.model = Register(self.world.terms.signer_delay)

    def teardown(self) -> None:
        self.world.chain.restore(self.before)
        self.world.nonce = self.nonce

    # How an act is sent

    def entitled(self, name: str, honest: bool, by: str) -> str:
        """Who signs: whoever may, or anybody at all."""
        return NAMES[self.model.holder(raw(name)).signer] if honest else by

    def act(self, expected: object, function: str, kind: str, fields: dict, *signers: str) -> None:
        """Send a message that these have signed; contract and model take it, or refuse it for the same reason."""
        nonce, deadline = self.world.fresh()
        message = {**fields, "nonce": nonce, "deadline": deadline}
        digest = self.contract.digest_of(signing.struct_hash(kind, message))
        args = [*message.values(), *(person(name).sign(digest) for name in signers)]
        self.compare(expected, function, args)

    def compare(self, expected: object, function: str, args: list) -> None:
        answers = [None, None]
        try:
            expected()
        except Refusal as refusal:
            answers[0] = refusal.name
        try:
            self.contract.send(function, *args, sender=self.world["relayer"])
        except Reverted as reverted:
            answers[1] = reverted.name
        type(self).taken += answers == [None, None]
        assert answers[0] == answers[1], f"{function}: the model says {answers[0]}, the contract {answers[1]}"

    # Acts

    @rule(account=accounts, honest=mostly, by=people, new=people)
    def request_change(self, account, honest, by, new):
        by = self.entitled(account, honest, by)
        self.act(
            lambda: self.model.request_change(raw(account), raw(by), raw(new), self.world.chain.time),
            "requestSignerChange", "SignerChange",
            {"account": self.world[account], "newSigner": raw(new)}, by, new,
        )  # fmt: skip

    @rule(account=accounts, honest=mostly, by=people, new=people)
    def request_recovery(self, account, honest, by, new):
        recovery = self.model.holder(raw(account)).recovery
        by = self.entitled(NAMES[recovery], honest, by) if recovery else by
        self.act(
            lambda: self.model.request_recovery(raw(account), raw(by), raw(new), self.world.chain.time),
            "requestRecovery", "Recovery",
            {"account": self.world[account], "newSigner": raw(new)}, by, new,
        )  # fmt: skip

    @rule(account=accounts, honest=mostly, by=people)
    def cancel(self, account, honest, by):
        by = self.entitled(account, honest, by)
        self.act(
            lambda: self.model.cancel(raw(account), raw(by)),
            "cancelSignerChange", "SignerChangeCancel", {"account": self.world[account]}, by,
        )  # fmt: skip

    @rule(account=accounts, honest=mostly, by=people, named=st.none() | people)
    def set_recovery(self, account, honest, by, named):
        by = self.entitled(account, honest, by)
        self.act(
            lambda: self.model.set_recovery(raw(account), raw(by), raw(named) if named else None),
            "setRecovery", "RecoverySetting",
            {"account": self.world[account], "recovery": raw(named) if named else b""}, by,
        )  # fmt: skip

    @rule(account=accounts, honest=mostly, by=people, delegate=people, days=st.integers(0, 5))
    def delegate(self, account, honest, by, delegate, days):
        by = self.entitled(account, honest, by)
        until = self.world.chain.time + (days - 1) * DAY if days else 0
        self.act(
            lambda: self.model.delegate(raw(account), raw(by), raw(delegate), until, self.world.chain.time),
            "setDelegation", "Delegation",
            {"account": self.world[account], "delegate": self.world[delegate], "until": until}, by,
        )  # fmt: skip

    @rule(account=accounts, recovery=st.booleans(), seconds=st.none() | st.integers(-1, 1))
    def execute(self, account, recovery, seconds):
        """Try now, or at about the time when it is due."""
        held = self.model.holder(raw(account))
        if bool(held.recovering) != bool(held.change):
            recovery = bool(held.recovering)
        waiting: Waiting | None = held.recovering if recovery else held.change
        if waiting and seconds is not None:
            self.world.chain.travel(max(waiting.ready_at + seconds, self.world.chain.time))
        before, now = held.changes, self.world.chain.time
        run = self.model.execute_recovery if recovery else self.model.execute_change
        function = "executeRecovery" if recovery else "executeSignerChange"
        self.compare(lambda: run(raw(account), now), function, [self.world[account]])
        if held.changes != before:
            type(self).taken_over += 1
            assert waiting
            assert now >= waiting.ready_at

    @rule(account=accounts, recovery=st.booleans(), new=people, named=people)
    def hand_over(self, account, recovery, new, named):
        """Ask, wait and execute without anybody in between: signers that have taken over are what the rest is about."""
        if recovery:
            self.set_recovery(account, True, account, named)
            self.request_recovery(account, True, account, new)
        else:
            self.request_change(account, True, account, new)
        self.execute(account, recovery, 0)

    @rule(seconds=st.integers(1, 2 * DAY))
    def wait(self, seconds):
        self.world.chain.travel(self.world.chain.time + seconds)

    # What must hold

    @invariant()
    def what_stands_and_waits_is_the_models(self):
        for name in ACCOUNTS:
            held, account = self.model.holder(raw(name)), self.world[name]
            assert self.contract.read("signerOf", account) == "0x" + held.signer.hex()
            assert self.contract.read("recoveryOf", account) == (
                "0x" + held.recovery.hex() if held.recovery else NOBODY
            )
            assert self.contract.read("signerChanges", account) == held.changes
            for view, waiting in (("waitingChange", held.change), ("waitingRecovery", held.recovering)):
                shown = self.contract.read(view, account)
                assert shown["readyAt"] == (waiting.ready_at if waiting else 0)
                assert shown["signer"] == ("0x" + waiting.signer.hex() if waiting else "0x")

    @invariant()
    def one_signer_signs_and_the_replaced_ones_do_not(self):
        digest = bytes(31) + b"\x01"
        for name in ACCOUNTS:
            signs = [
                who
                for who in PEOPLE
                if self.contract.read("isValidSignature", self.world[name], digest, person(who).sign(digest))
            ]
            assert signs == [NAMES[self.model.holder(raw(name)).signer]]

    @invariant()
    def who_may_dispute_is_the_models(self):
        now = self.world.chain.time
        for name in ACCOUNTS:
            for who in PEOPLE:
                expected = self.model.may_dispute(raw(name), raw(who), now)
                assert self.contract.read("isDelegate", self.world[name], self.world[who]) == expected


def test_histories_of_signers(scale: str) -> None:
    Signers.world = build()
    Signers.histories = Signers.taken = Signers.taken_over = 0
    run_state_machine_as_test(
        Signers,
        settings=settings(
            max_examples=HISTORIES[scale],
            stateful_step_count=40,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(f"{Signers.histories} histories, {Signers.taken} acts, {Signers.taken_over} signers took over")
    assert scale == "short" or Signers.taken_over >= Signers.histories // 2
