"""The escrow's ledger in plain Python: the reference that the contract is compared with, to the unit (PROTOCOL §4, §5).

Accounts are text (an address, or a name in tests). Amounts are token base units. Nothing here checks who may act or
when: callers ask only for what the rules allow, and the contract's refusals are tested by name.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

PAID_ALONG = 8
"""Queue entries that a run, a deposit or a top-up pays along the way."""

MOST_PAID = 2**96 - 1
"""What the ledger of remedies can count for one account and day; an absurd sum is cut to it, never refused."""

Account = str
RunKey = bytes | int
"""Whatever names a zone's day."""

Zone = bytes | None
"""Whatever names a zone; None where there is but one."""


class System(NamedTuple):
    """The system accounts in posting order."""

    supplier: Account
    fee: Account
    dust: Account
    balancing: Account


@dataclass
class Cap:
    """A mandate as far as money goes: at most `cap` a day on the days valid_from <= day < valid_to."""

    valid_from: int
    valid_to: int
    cap: int


@dataclass
class Open:
    """An entry of a queue, or an open request: what is still to be paid."""

    account: Account
    amount: int
    index: int = 0


@dataclass
class Remedy:
    """What one account was paid for a zone's day out of the bond.

    `paid` counts until a correction takes it back; `carried` is the part of it that a claim against `sequence`
    has not counted yet.
    """

    paid: int = 0
    carried: int = 0
    sequence: int = 0


def _amounts() -> dict[Account, int]:
    return defaultdict(int)


@dataclass
class Ledger:
    """Who owns what of the tokens that the escrow holds."""

    system: System
    bond_account: Account = "bond"
    free: dict[Account, int] = field(default_factory=_amounts)
    requests: dict[Account, list[Open]] = field(default_factory=lambda: defaultdict(list))
    next_index: dict[Account, int] = field(default_factory=_amounts)
    receivable: dict[Account, int] = field(default_factory=_amounts)
    owed: dict[Account, int] = field(default_factory=_amounts)
    owed_queue: list[Open] = field(default_factory=list)
    mandates: dict[Account, list[Cap]] = field(default_factory=lambda: defaultdict(list))
    zones: dict[Account, Zone] = field(default_factory=dict)
    remedies: dict[tuple[RunKey, Account], Remedy] = field(default_factory=lambda: defaultdict(Remedy))
    claims: list[Open] = field(default_factory=list)
    pool: int = 0
    bond: int = 0
    reserved: int = 0
    deposits: int = 0
    held: int = 0

    # What is where

    def cap_on(self, account: Account, day: int) -> int:
        """Return the most that a delivery day may cost the account; 0 without a mandate for it."""
        covering = [mandate.cap for mandate in self.mandates[account] if mandate.valid_from <= day < mandate.valid_to]
        return covering[-1] if covering else 0

    def pending(self, account: Account) -> int:
        """Return the sum of the account's open withdrawal requests."""
        return sum(request.amount for request in self.requests[account])

    def liabilities(self) -> int:
        """Return the sum of everything that has an owner."""
        requested = sum(request.amount for requests in self.requests.values() for request in requests)
        return sum(self.free.values()) + requested + self.bond + self.pool + self.deposits

    def outstanding(self) -> int:
        """Return what the bond lacked for remedies and defaults."""
        return sum(claim.amount for claim in self.claims)

    # Members

    def deposit(self, account: Account, amount: int) -> None:
        """Take tokens in on an account; an outstanding receivable is collected first."""
        self.held += amount
        self._add(account, amount)
        self.pay_owed(PAID_ALONG)

    def request(self, account: Account, amount: int) -> int:
        """Move from free to pending and return the request's number."""
        index = self.next_index[account]
        self.next_index[account] += 1
        self.free[account] -= amount
        self.requests[account].append(Open(account, amount, index))
        return index

    def execute(self, account: Account, index: int) -> int:
        """Pay a request out and return its amount."""
        amount = self._close(account, index)
        self.held -= amount
        return amount

    def cancel(self, account: Account, index: int) -> int:
        """Take a request back into the free balance and return its amount."""
        amount = self._close(account, index)
        self._add(account, amount)
        return amount

    def _close(self, account: Account, index: int) -> int:
        (request,) = [request for request in self.requests[account] if request.index == index]
        self.requests[account].remove(request)
        return request.amount

    # Bond, remedies, deposits

    def top_up_bond(self, amount: int) -> None:
        """Take tokens in; what the bond lacked before is paid first."""
        self.held += amount
        self.bond += amount
        self.pay_bond_claims(PAID_ALONG)

    def withdraw_bond(self, amount: int) -> None:
        """Pay tokens out of the bond."""
        self.bond -= amount
        self.held -= amount

    def pay_remedy(self, key: RunKey, sequence: int, account: Account, due: int) -> int:
        """Pay what a claim against `sequence` is due beyond what is carried, and return what was added."""
        remedy = self._remedy(key, sequence, account)
        counted = min(remedy.carried, due)
        remedy.carried -= counted
        added = min(due - counted, MOST_PAID - remedy.paid)
        remedy.paid += added
        self._pay_from_bond(account, added)
        return added

    def pay_default(self, key: RunKey, sequence: int, account: Account, total: int) -> int:
        """Raise what an account was paid to `total`; later claims count against it. Return what was added."""
        remedy = self._remedy(key, sequence, account)
        added = min(max(0, total - remedy.paid), MOST_PAID - remedy.paid)
        remedy.paid += added
        remedy.carried += added
        self._pay_from_bond(account, added)
        return added

    def _remedy(self, key: RunKey, sequence: int, account: Account) -> Remedy:
        remedy = self.remedies[key, account]
        if sequence > remedy.sequence:
            remedy.carried, remedy.sequence = remedy.paid, sequence
        return remedy

    def _pay_from_bond(self, account: Account, amount: int) -> None:
        paid = min(amount, self.bond) if not self.claims else 0
        self.bond -= paid
        if paid:
            self._add(account, paid)
        if amount > paid:
            self.claims.append(Open(account, amount - paid))

    def pay_bond_claims(self, limit: int) -> None:
        """Pay what the bond lacked, oldest first."""
        while self.bond and self.claims and limit:
            claim = self.claims[0]
            paid = min(claim.amount, self.bond)
            claim.amount -= paid
            if not claim.amount:
                self.claims.pop(0)
            self.bond -= paid
            self._add(claim.account, paid)
            limit -= 1

    def take_deposit(self, account: Account, amount: int) -> None:
        """Hold a returnable deposit out of the free balance."""
        self.free[account] -= amount
        self.deposits += amount

    def return_deposit(self, account: Account, amount: int) -> None:
        """Give a deposit back."""
        self.deposits -= amount
        self._add(account, amount)

    # Runs

    def effect(self, account: Account, net: int, day: int, zone: Zone = None) -> int:
        """Return what a day's net does to an account.

        A member never pays more than the day's cap, and nothing to another zone than the one that debited it first.
        """
        if account in self.system or net >= 0:
            return net
        if self.zones.get(account, zone) != zone:
            return 0
        return -min(self.cap_on(account, day), -net)

    def apply_run(
        self,
        key: RunKey,
        day: int,
        rows: Mapping[Account, int],
        previous: Mapping[Account, int] | None = None,
        *,
        zone: Zone = None,
    ) -> None:
        """Apply rows in posting order: members by address, then the system accounts; a correction by its difference."""
        before = previous or {}
        effects = {
            account: self.effect(account, net, day, zone) - self.effect(account, before.get(account, 0), day, zone)
            for account, net in rows.items()
        }
        for account, effect in effects.items():
            if effect < 0 and account not in self.system:
                self.zones.setdefault(account, zone)
        unpaid = sum(self._debit(account, -effect) for account, effect in effects.items() if effect < 0)
        shortfall = sum(effects.values()) + unpaid
        if shortfall < 0:
            self.pool -= shortfall
        returned = self._return_remedies(key, effects) if previous is not None else 0
        cut = self._carry(shortfall, effects) if shortfall > 0 else 0
        by_bond = min(cut, returned)
        self.owed[self.bond_account] += by_bond
        self.bond += returned - by_bond
        self._pay_credits(effects, cut - by_bond)
        self.pay_owed(PAID_ALONG)

    def _return_remedies(self, key: RunKey, effects: dict[Account, int]) -> int:
        """What a correction gives a member is less by what the bond had paid already; return what is the bond's."""
        total = 0
        for account, effect in effects.items():
            if effect <= 0 or account in self.system or (key, account) not in self.remedies:
                continue
            remedy = self.remedies[key, account]
            returned = min(effect, remedy.paid)
            remedy.paid -= returned
            remedy.carried = min(remedy.carried, remedy.paid)
            effects[account] -= returned
            total += returned
        return total

    def pay_owed(self, limit: int) -> None:
        """Hand collected receivables on: to members oldest first, then to who stepped in for them."""
        while self.pool and self.owed_queue and limit:
            entry = self.owed_queue[0]
            paid = min(entry.amount, self.pool)
            self._hand_on(entry.account, paid)
            entry.amount -= paid
            if not entry.amount:
                self.owed_queue.pop(0)
            limit -= 1
        if not self.owed_queue and self.pool:
            for account in (self.bond_account, self.system.balancing, self.system.fee):
                self._hand_on(account, min(self.owed[account], self.pool))
            self._hand_on(self.system.supplier, self.pool)

    def _hand_on(self, account: Account, amount: int) -> None:
        self.pool -= amount
        self.owed[account] = max(0, self.owed[account] - amount)
        if account == self.system.supplier:
            self.free[account] += amount
        elif account == self.bond_account:
            self.bond += amount
        elif amount:
            self._add(account, amount)

    def _add(self, account: Account, amount: int) -> None:
        collected = min(amount, self.receivable[account])
        self.receivable[account] -= collected
        self.pool += collected
        self.free[account] += amount - collected

    def _debit(self, account: Account, duty: int) -> int:
        """Take what is owed, free balance first, then requests, newest first; return what could not be paid."""
        paid = min(duty, self.free[account])
        self.free[account] -= paid
        for request in reversed(self.requests[account]):
            part = min(duty - paid, request.amount)
            request.amount -= part
            paid += part
        self.requests[account] = [request for request in self.requests[account] if request.amount]
        self.receivable[account] += duty - paid
        return duty - paid

    def _carry(self, shortfall: int, effects: dict[Account, int]) -> int:
        """Cut system credits for a shortfall, in the waterfall's order; return what bond and members are to carry."""
        supplier, fee, dust, balancing = self.system

        def cut(account: Account, amount: int) -> int:
            part = min(amount, max(0, effects.get(account, 0)))
            effects[account] = effects.get(account, 0) - part
            return part

        shortfall -= cut(supplier, shortfall)
        by_fee = cut(fee, shortfall)
        shortfall -= by_fee
        self.owed[fee] += by_fee
        by_balancing = cut(balancing, shortfall)
        from_balance = min(shortfall - by_balancing, self.free[balancing])
        self.free[balancing] -= from_balance
        shortfall -= by_balancing + from_balance
        self.owed[balancing] += by_balancing + from_balance
        return shortfall - cut(dust, shortfall)

    def _pay_credits(self, effects: Mapping[Account, int], cut: int) -> None:
        members = {account for account, effect in effects.items() if effect > 0 and account not in self.system}
        total, seen, cut_so_far = sum(effects[account] for account in members), 0, 0
        for account, effect in effects.items():
            if effect <= 0:
                continue
            amount = effect
            if cut and account in members:
                seen += effect
                part = cut * seen // total - cut_so_far
                cut_so_far += part
                amount -= part
                if part:
                    self.owed[account] += part
                    self.owed_queue.append(Open(account, part))
            self._add(account, amount)
