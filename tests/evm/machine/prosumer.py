"""A member who keeps no rule: replays, altered and borrowed signatures, mandates in the past, too much withdrawn."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.evm import signing
from tests.evm.chain import domain_separator
from tests.evm.machine.base import MEMBERS, VILLAIN, Base, people
from tests.evm.world import DAY, TOKEN, person

KINDS = ("Withdrawal", "WithdrawalCancel", "MandateEnd", "Mandate")


class Prosumer(Base):
    """Each attack is refused with its own error; the invariants after it say that nothing moved."""

    def message(self, name: str, kind: str) -> dict[str, Any]:
        """A well-formed message of a kind."""
        every: dict[str, dict[str, Any]] = {
            "Withdrawal": {"to": self[name], "amount": 1},
            "WithdrawalCancel": {"index": 0},
            "MandateEnd": {"mandateIndex": 0, "endDay": self.world.today + 9},
            "Mandate": {
                "validFromDay": self.world.today + 400,
                "validToDay": self.world.today + 401,
                "capPerDay": TOKEN,
                "terms": signing.struct_hash("MandateTerms", signing.DEMO_TERMS),
            },
        }
        nonce, deadline = self.world.fresh()
        return {"account": self[name], **every[kind], "nonce": nonce, "deadline": deadline}

    def attempt(self, error: str, kind: str, message: dict[str, Any], signature: bytes) -> tuple[Any, ...]:
        """Send a signed message of a kind that has to be refused."""
        function = {
            "Withdrawal": "requestWithdrawal",
            "WithdrawalCancel": "cancelWithdrawal",
            "MandateEnd": "endMandate",
            "Mandate": "registerMandate",
        }[kind]
        values = list(message.values())
        args = [values, signature] if kind == "Mandate" else [*values, signature]
        return self.refused(error, self.world.escrow, function, *args, sender=self[VILLAIN]).values

    @precondition(lambda self: self.relayed)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        contract, function, args = data.draw(st.sampled_from(self.relayed))
        self.refused({"NonceAlreadyUsed", "SignatureExpired"}, contract, function, *args, sender=self[VILLAIN])

    @rule(
        name=people, kind=st.sampled_from(KINDS), form=st.sampled_from(("malleated", "compact", "short", "v", "empty"))
    )
    def another_form_of_a_signature(self, name: str, kind: str, form: str) -> None:
        """High s, 64 bytes, a byte missing, another v: only the one form counts, and no nonce is spent."""
        message = self.message(name, kind)
        good = self.world.sign(name, kind, message)
        bad = {
            "malleated": signing.malleated(good),
            "compact": signing.compact(good),
            "short": good[:-1],
            "v": good[:64] + bytes([good[64] - 27]),
            "empty": b"",
        }[form]
        self.attempt("SignatureInvalid", kind, message, bad)
        assert not self.world.escrow.read("nonceUsed", self[name], message["nonce"])

    @rule(kind=st.sampled_from(KINDS), where=st.sampled_from(("chain", "contract", "name", "version")))
    def from_another_domain(self, kind: str, where: str) -> None:
        """The same words signed for another chain, contract, name or version."""
        world = self.world
        chain_id = world.chain.chain_id + (where == "chain")
        contract = world.accounts.address if where == "contract" else world.escrow.address
        name = b"Commonwealth" if where == "name" else b"Commonwatt"
        version = b"2" if where == "version" else b"1"
        message = self.message("alice", kind)
        struct = signing.struct_hash(kind, message)
        digest = signing.keccak(b"\x19\x01" + domain_separator(chain_id, contract, name, version) + struct)
        self.attempt("SignatureInvalid", kind, message, person("alice").sign(digest))

    @rule(name=st.sampled_from(MEMBERS), kind=st.sampled_from(KINDS))
    def signed_by_another(self, name: str, kind: str) -> None:
        message = self.message(name, kind)
        account, _ = self.attempt("SignatureInvalid", kind, message, self.world.sign(VILLAIN, kind, message))
        assert account == self[name]

    @rule(name=st.sampled_from(MEMBERS), field=st.sampled_from(("to", "amount", "nonce", "deadline")))
    def altered_on_the_way(self, name: str, field: str) -> None:
        """A relayer changes one field of what was signed."""
        message = self.message(name, "Withdrawal")
        signature = self.world.sign(name, "Withdrawal", message)
        changed = {"to": self[VILLAIN], "amount": 2, "nonce": 2**200, "deadline": message["deadline"] + 1}[field]
        self.attempt("SignatureInvalid", "Withdrawal", message | {field: changed}, signature)

    @rule(name=people, kind=st.sampled_from(KINDS), late=st.integers(1, 9 * DAY))
    def expired(self, name: str, kind: str, late: int) -> None:
        now = self.world.chain.time
        message = self.message(name, kind) | {"deadline": now - late}
        values = self.attempt("SignatureExpired", kind, message, self.world.sign(name, kind, message))
        assert values == (now - late, now)

    @rule(name=people, more=st.integers(1, 2**90))
    def withdraw_too_much(self, name: str, more: int) -> None:
        """I-02: nothing becomes negative."""
        free = self.ledger.free[name]
        args = self.world.withdrawal(name, free + more)
        refusal = self.refused(
            "InsufficientBalance", self.world.escrow, "requestWithdrawal", *args, sender=self["relayer"]
        )
        assert refusal.values == (self[name], free + more, free)

    @rule(name=people)
    def pull_early_or_twice(self, name: str) -> None:
        """I-08: the delay passes first; a number that is not open pays nothing."""
        escrow, now = self.world.escrow, self.world.chain.time
        for request in self.ledger.requests[name]:
            ready = self.ready_at[name, request.index]
            if ready > now:
                args = (self[name], request.index)
                refusal = self.refused("WithdrawalNotReady", escrow, "executeWithdrawal", *args, sender=self[VILLAIN])
                assert refusal.values == (ready, now)
        unknown = self.ledger.next_index[name]
        self.refused("UnknownRequest", escrow, "executeWithdrawal", self[name], unknown, sender=self[VILLAIN])

    @rule(name=people, trick=st.sampled_from(("settled", "overlap", "empty", "cap", "past_end", "late_end", "unknown")))
    def mandate_tricks(self, name: str, trick: str) -> None:
        """I-03: what a settled day may cost is fixed for good, and no cap can be had twice."""
        world, today = self.world, self.world.today
        taken = self.ledger.mandates[name]
        end = taken[-1].valid_to if taken else 0
        free_from = max(today, end, self.last_run_day() + 1)
        if trick == "settled" and self.runs:
            self.mandate_refused("MandateDaySettled", name, TOKEN, self.last_run_day(), free_from + 9)
        elif trick == "overlap" and end > self.last_run_day() + 1:
            self.mandate_refused("MandateOverlaps", name, TOKEN, end - 1, end + 9)
        elif trick == "empty":
            self.mandate_refused("MandateDaysEmpty", name, TOKEN, free_from, free_from)
        elif trick == "cap":
            self.mandate_refused("CapTooLarge", name, 2**88, free_from, free_from + 1)
        elif trick == "past_end" and taken:
            self.end_refused("EndDayOutOfRange", name, len(taken) - 1, today)
        elif trick == "late_end" and taken:
            self.end_refused("EndDayOutOfRange", name, len(taken) - 1, end)
        elif trick == "unknown":
            self.end_refused("UnknownMandate", name, len(taken), today + 9)
        assert world.escrow.read("mandateCount", self[name]) == len(taken)

    def mandate_refused(self, error: str, name: str, cap: int, first: int, end: int) -> None:
        args = self.world.mandate(name, cap, first, end)
        self.refused(error, self.world.escrow, "registerMandate", *args, sender=self["relayer"])

    def end_refused(self, error: str, name: str, index: int, end: int) -> None:
        args = self.world.signed(name, "MandateEnd", {"mandateIndex": index, "endDay": end})
        self.refused(error, self.world.escrow, "endMandate", *args, sender=self["relayer"])

    @rule(name=people)
    def ask_five_times(self, name: str) -> None:
        """The work that a debit can cost a run stays bounded."""
        if self.ledger.free[name] < 5:
            return
        while len(self.ledger.requests[name]) < 4:
            self.ask(name, 1)
        args = self.world.withdrawal(name, 1)
        refusal = self.refused("TooManyRequests", self.world.escrow, "requestWithdrawal", *args, sender=self["relayer"])
        assert refusal.values == (self[name], 4)

    @rule(name=people)
    def receiver_of_no_use(self, name: str) -> None:
        for to in ("0x" + "00" * 20, self.world.escrow.address):
            args = self.world.withdrawal(name, 1, to)
            self.refused("ReceiverInvalid", self.world.escrow, "requestWithdrawal", *args, sender=self["relayer"])
