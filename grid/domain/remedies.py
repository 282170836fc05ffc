"""The ledger of remedies: what disputes paid out of the bond, and what corrections take back (PROTOCOL §5).

One word per account and (zone, day). A remedy and a correction may come in either order: nothing is paid twice, and
all money here is either on an account or in the bond.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from grid.domain.claim_errors import ClaimRefused

CLAIMS_ALONG = 8
"""Bond claims that a top-up pays along."""

Owner = tuple[bytes, bytes]
"""Run key and account."""


class BondClaimsOpen(ClaimRefused):
    """Nothing is posted while claims on the bond wait: outstanding."""


class Remedy(NamedTuple):
    """What an account was paid for a day and not taken back (`paid`), the part of it that later remedies of the
    present sequence count against (`carried`), and that sequence.
    """

    paid: int = 0
    carried: int = 0
    sequence: int = 0


@dataclass(slots=True)
class RemedyLedger:
    """The bond, its claims, and the remedies. Amounts in token units.

    `received` is what reached each account, bond claims included once they are paid.
    """

    bond: int = 0
    remedies: dict[Owner, Remedy] = field(default_factory=dict)
    received: dict[bytes, int] = field(default_factory=dict)
    queue: deque[tuple[bytes, int]] = field(default_factory=deque)

    @property
    def outstanding(self) -> int:
        """What the bond owes: the sum of claims that wait."""
        return sum(amount for _, amount in self.queue)

    def paid(self, key: bytes, account: bytes) -> int:
        """Return what an account was paid for a day and not taken back."""
        return self.remedies.get((key, account), Remedy()).paid

    def pay_remedy(self, key: bytes, sequence: int, account: bytes, due: int) -> int:
        """Pay what a proof shows; return what was added to the ledger.

        What was paid under an earlier sequence and not taken back, and what a default paid, counts first.
        """
        known = self.remedies.get((key, account), Remedy())
        carried = known.paid if sequence > known.sequence else known.carried
        used = min(carried, due)
        amount = due - used
        latest = max(sequence, known.sequence)
        self.remedies[key, account] = Remedy(known.paid + amount, carried - used, latest)
        self._pay(account, amount)
        return amount

    def pay_default(self, key: bytes, sequence: int, account: bytes, total: int) -> int:
        """Raise what an account was paid for a day to `total`; return what was added. Later remedies count with it."""
        known = self.remedies.get((key, account), Remedy())
        carried = known.paid if sequence > known.sequence else known.carried
        amount = max(0, total - known.paid)
        latest = max(sequence, known.sequence)
        self.remedies[key, account] = Remedy(known.paid + amount, carried + amount, latest)
        self._pay(account, amount)
        return amount

    def net_correction(self, key: bytes, account: bytes, effect: int) -> int:
        """Return what of a correction's effect on a member reaches the account.

        A positive effect first gives back to the bond what remedies paid. Raises BondClaimsOpen while claims wait.
        """
        if self.queue:
            raise BondClaimsOpen(self.outstanding)
        known = self.remedies.get((key, account), Remedy())
        back = min(max(effect, 0), known.paid)
        paid = known.paid - back
        self.remedies[key, account] = Remedy(paid, min(known.carried, paid), known.sequence)
        self.bond += back
        rest = effect - back
        self.received[account] = self.received.get(account, 0) + rest
        return rest

    def top_up(self, amount: int) -> None:
        """Add to the bond; claims that wait are served first, up to CLAIMS_ALONG of them."""
        self.bond += amount
        self.pay_bond_claims(CLAIMS_ALONG)

    def pay_bond_claims(self, limit: int) -> None:
        """Pay claims that wait, oldest first, at most `limit` of them and as far as the bond reaches."""
        for _ in range(limit):
            if not self.queue or not self.bond:
                return
            account, amount = self.queue.popleft()
            paid = min(amount, self.bond)
            self._move(account, paid)
            if paid < amount:
                self.queue.appendleft((account, amount - paid))

    def _pay(self, account: bytes, amount: int) -> None:
        """Pay out of the bond; what it lacks waits. Whoever waits already is served before."""
        paid = 0 if self.queue else min(amount, self.bond)
        self._move(account, paid)
        if paid < amount:
            self.queue.append((account, amount - paid))

    def _move(self, account: bytes, amount: int) -> None:
        self.bond -= amount
        self.received[account] = self.received.get(account, 0) + amount
