"""How one signer of an account follows another: what waits, who may move it, and when it takes effect (PROTOCOL §4).

`contracts/src/accounts` does the same; tests/evm holds both to the same answers. A refusal is named as the contract's
error. Signatures are not this module's: each act names who asks for it, and that signer is taken to have signed.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Waits(StrEnum):
    """What waits to take effect on an account."""

    NOTHING = "nothing"
    CHANGE = "change"
    RECOVERY = "recovery"
    BOTH = "both"


class Act(StrEnum):
    """What moves it."""

    CHANGE = "request_change"
    RECOVER = "request_recovery"
    CANCEL = "cancel"
    NAME = "set_recovery"
    EXECUTE_CHANGE = "execute_change"
    EXECUTE_RECOVERY = "execute_recovery"


class By(StrEnum):
    """Who may do it."""

    PRESENT = "present signer"
    RECOVERY = "recovery account"
    ANYONE = "anyone, after the delay"


TRANSITIONS: dict[tuple[Waits, Act], tuple[By, Waits]] = {
    (Waits.NOTHING, Act.CHANGE): (By.PRESENT, Waits.CHANGE),
    (Waits.NOTHING, Act.RECOVER): (By.RECOVERY, Waits.RECOVERY),
    (Waits.NOTHING, Act.NAME): (By.PRESENT, Waits.NOTHING),
    (Waits.CHANGE, Act.RECOVER): (By.RECOVERY, Waits.BOTH),
    (Waits.CHANGE, Act.CANCEL): (By.PRESENT, Waits.NOTHING),
    (Waits.CHANGE, Act.NAME): (By.PRESENT, Waits.CHANGE),
    (Waits.CHANGE, Act.EXECUTE_CHANGE): (By.ANYONE, Waits.NOTHING),
    (Waits.RECOVERY, Act.CHANGE): (By.PRESENT, Waits.BOTH),
    (Waits.RECOVERY, Act.CANCEL): (By.PRESENT, Waits.NOTHING),
    (Waits.RECOVERY, Act.NAME): (By.PRESENT, Waits.NOTHING),
    (Waits.RECOVERY, Act.EXECUTE_RECOVERY): (By.ANYONE, Waits.NOTHING),
    (Waits.BOTH, Act.CANCEL): (By.PRESENT, Waits.NOTHING),
    (Waits.BOTH, Act.NAME): (By.PRESENT, Waits.CHANGE),
    (Waits.BOTH, Act.EXECUTE_CHANGE): (By.ANYONE, Waits.RECOVERY),
    (Waits.BOTH, Act.EXECUTE_RECOVERY): (By.ANYONE, Waits.NOTHING),
}
"""(what waits, act): (who may, what waits then). An act that is not here has nothing to act on, or would overlap."""


class Refusal(Exception):
    """An act that is not allowed; `name` is the contract's error."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Waiting:
    """A signer that may take over from a unix time on."""

    signer: bytes
    ready_at: int


@dataclass(slots=True)
class Holder:
    """One account: its signer, who may recover it, what waits, and who may dispute for it until when."""

    signer: bytes
    recovery: bytes | None = None
    change: Waiting | None = None
    recovering: Waiting | None = None
    changes: int = 0
    delegates: dict[bytes, int] = field(default_factory=dict)

    @property
    def waits(self) -> Waits:
        if self.change and self.recovering:
            return Waits.BOTH
        return Waits.CHANGE if self.change else Waits.RECOVERY if self.recovering else Waits.NOTHING


class Register:
    """All accounts that are wallets or enrolled keys; an account is its 20-byte id."""

    def __init__(self, delay: int) -> None:
        self.delay = delay
        self.holders: dict[bytes, Holder] = {}

    def holder(self, account: bytes) -> Holder:
        """Return an account; one not heard of yet is a wallet's."""
        return self.holders.setdefault(account, Holder(account))

    def request_change(self, account: bytes, by: bytes, new: bytes, now: int) -> None:
        """Have another signer wait. Raises Refusal."""
        held = self._signed(account, by)
        self._check_new(held, held.change, new)
        held.change = Waiting(new, now + self.delay)

    def request_recovery(self, account: bytes, by: bytes, new: bytes, now: int) -> None:
        """Have another signer wait, by the signer of the recovery account. Raises Refusal."""
        held = self.holder(account)
        if held.recovery is None:
            raise Refusal("NoRecovery")
        self._signed(held.recovery, by)
        self._check_new(held, held.recovering, new)
        held.recovering = Waiting(new, now + self.delay)

    def cancel(self, account: bytes, by: bytes) -> None:
        """End all that waits. Raises Refusal."""
        held = self._signed(account, by)
        if held.waits is Waits.NOTHING:
            raise Refusal("NothingWaits")
        held.change = held.recovering = None

    def set_recovery(self, account: bytes, by: bytes, named: bytes | None) -> None:
        """Name the recovery account, or none; a recovery that waits ends. Raises Refusal."""
        held = self._signed(account, by)
        if named in (account, held.recovery):
            raise Refusal("RecoveryInvalid")
        held.recovery, held.recovering = named, None

    def execute_change(self, account: bytes, now: int) -> None:
        """Put the change that waits into effect; a recovery goes on waiting. Raises Refusal."""
        held = self.holder(account)
        self._succeed(held, held.change, now)
        held.change = None

    def execute_recovery(self, account: bytes, now: int) -> None:
        """Put the recovery that waits into effect; a change that waits ends. Raises Refusal."""
        held = self.holder(account)
        self._succeed(held, held.recovering, now)
        held.change = held.recovering = None

    def delegate(self, account: bytes, by: bytes, delegate: bytes, until: int, now: int) -> None:
        """Let another dispute for the account until a unix time, or no longer (0). Raises Refusal."""
        held = self._signed(account, by)
        if delegate == account or not any(delegate):
            raise Refusal("DelegateInvalid")
        if until and until <= now:
            raise Refusal("DelegationOver")
        held.delegates[delegate] = until

    def may_dispute(self, account: bytes, caller: bytes, now: int) -> bool:
        """Say whether a caller is the account's wallet, or its delegate."""
        held = self.holder(account)
        return held.signer == caller or now < held.delegates.get(caller, 0)

    def _signed(self, account: bytes, by: bytes) -> Holder:
        held = self.holder(account)
        if held.signer != by:
            raise Refusal("SignatureInvalid")
        return held

    @staticmethod
    def _check_new(held: Holder, waiting: Waiting | None, new: bytes) -> None:
        if waiting is not None:
            raise Refusal("AlreadyWaiting")
        if new == held.signer:
            raise Refusal("SignerUnchanged")

    @staticmethod
    def _succeed(held: Holder, waiting: Waiting | None, now: int) -> None:
        if waiting is None:
            raise Refusal("NothingWaits")
        if now < waiting.ready_at:
            raise Refusal("SignerNotReady")
        held.signer = waiting.signer
        held.changes += 1
        held.delegates = {}
