"""The escrow's ledger in plain Python, written from docs/PROTOCOL.md sections 2, 4 and 5, to compare with the
contract."""

from dataclasses import dataclass, field

PAID_ALONG = 8


@dataclass
class Mandate:
    valid_from: int
    valid_to: int
    cap: int


@dataclass
class Remedy:
    """What an account was paid for a day beyond its rows; `carried` of it counts against proofs about `sequence`."""

    paid: int = 0
    carried: int = 0
    sequence: int = 0


BOND = "the bond"
"""Stands among the accounts for whom something is owed."""


@dataclass
class Ledger:
    """Balances by account name; the system accounts are given in the order supplier, fee, dust, balancing."""

    system: tuple[str, str, str, str]
    free: dict[str, int] = field(default_factory=dict)
    requests: dict[str, list[list[int]]] = field(default_factory=dict)  # [index, amount], oldest first
    next_index: dict[str, int] = field(default_factory=dict)
    receivable: dict[str, int] = field(default_factory=dict)
    owed: dict[str, int] = field(default_factory=dict)
    queue: list[list] = field(default_factory=list)  # [account, amount], oldest first
    mandates: dict[str, list[Mandate]] = field(default_factory=dict)
    pool: int = 0
    bond: int = 0
    reserved: int = 0
    deposits: int = 0
    claims: list[list] = field(default_factory=list)  # [account, amount], oldest first
    remedies: dict[tuple[int, str], Remedy] = field(default_factory=dict)  # by day and account
    held: int = 0  # tokens in the escrow

    def cap_on(self, account: str, day: int) -> int:
        covering = [m.cap for m in self.mandates.get(account, []) if m.valid_from <= day < m.valid_to]
        return covering[-1] if covering else 0

    def pending(self, account: str) -> int:
        return sum(amount for _, amount in self.requests.get(account, []))

    def liabilities(self) -> int:
        requested = sum(self.pending(account) for account in self.requests)
        return sum(self.free.values()) + requested + self.bond + self.deposits + self.pool

    def deposit(self, account: str, amount: int) -> None:
        self.held += amount
        self._add(account, amount)
        self.pay_owed(PAID_ALONG)

    def request(self, account: str, amount: int) -> None:
        index = self.next_index.get(account, 0)
        self.next_index[account] = index + 1
        self.free[account] -= amount
        self.requests.setdefault(account, []).append([index, amount])

    def close(self, account: str, index: int, executed: bool) -> int:
        amount = next(amount for i, amount in self.requests[account] if i == index)
        self.requests[account] = [r for r in self.requests[account] if r[0] != index]
        if executed:
            self.held -= amount
        else:
            self._add(account, amount)
        return amount

    def effect(self, account: str, net: int, day: int) -> int:
        """What the day does to a member: never more than the cap is taken."""
        if account in self.system or net >= 0:
            return net
        return -min(self.cap_on(account, day), -net)

    def apply_run(self, day: int, rows: dict[str, int], previous: dict[str, int] | None = None) -> None:
        """Rows in posting order: members by address, then the system accounts."""
        before = previous or {}
        effects = {a: self.effect(a, net, day) - self.effect(a, before.get(a, 0), day) for a, net in rows.items()}
        unpaid = sum(self._debit(account, -effect) for account, effect in effects.items() if effect < 0)
        shortfall = sum(effects.values()) + unpaid
        netted = sum(self._net(day, account, effects) for account in rows) if previous else 0
        cut = 0
        if shortfall > 0:
            shortfall = self._carry(shortfall, effects)
            by_bond = min(shortfall, netted)
            self._owe(BOND, by_bond)
            netted -= by_bond
            cut = shortfall - by_bond
        else:
            self.pool -= shortfall
        self.bond += netted
        self._pay_credits(effects, cut)
        self.pay_owed(PAID_ALONG)

    def pay_owed(self, limit: int) -> None:
        while self.pool and self.queue and limit:
            account, amount = self.queue[0]
            paid = min(amount, self.pool)
            self._hand_on(account, paid)
            if paid == amount:
                self.queue.pop(0)
            else:
                self.queue[0][1] -= paid
            limit -= 1
        if not self.queue and self.pool:
            supplier, fee, _, balancing = self.system
            for account in (BOND, balancing, fee):
                self._hand_on(account, min(self.owed.get(account, 0), self.pool))
            self._hand_on(supplier, self.pool)

    def _hand_on(self, account: str, amount: int) -> None:
        self.pool -= amount
        self.owed[account] = max(0, self.owed.get(account, 0) - amount)
        if account == BOND:
            self.bond += amount
        elif account == self.system[0]:
            self.free[account] = self.free.get(account, 0) + amount
        elif amount:
            self._add(account, amount)

    # Remedies

    def pay_remedy(self, day: int, sequence: int, account: str, due: int) -> int:
        """What was carried from earlier sequences or defaults counts first."""
        remedy = self._remedy(day, sequence, account)
        covered = min(remedy.carried, due)
        remedy.carried -= covered
        return self._pay(remedy, account, due - covered)

    def pay_default(self, day: int, sequence: int, account: str, total: int) -> int:
        remedy = self._remedy(day, sequence, account)
        amount = max(0, total - remedy.paid)
        remedy.carried += amount
        return self._pay(remedy, account, amount)

    def top_up(self, amount: int) -> None:
        self.held += amount
        self.bond += amount
        self.pay_claims(PAID_ALONG)

    def pay_claims(self, limit: int) -> None:
        while self.claims and self.bond and limit:
            account, amount = self.claims[0]
            part = min(amount, self.bond)
            self.bond -= part
            self._add(account, part)
            if part == amount:
                self.claims.pop(0)
            else:
                self.claims[0][1] -= part
            limit -= 1

    def take_deposit(self, account: str, amount: int) -> None:
        self.free[account] -= amount
        self.deposits += amount

    def return_deposit(self, account: str, amount: int) -> None:
        self.deposits -= amount
        self._add(account, amount)

    def _remedy(self, day: int, sequence: int, account: str) -> Remedy:
        remedy = self.remedies.setdefault((day, account), Remedy())
        if sequence > remedy.sequence:
            remedy.carried, remedy.sequence = remedy.paid, sequence
        return remedy

    def _pay(self, remedy: Remedy, account: str, amount: int) -> int:
        remedy.paid += amount
        part = 0 if self.claims else min(amount, self.bond)
        self.bond -= part
        self._add(account, part)
        if part < amount:
            self.claims.append([account, amount - part])
        return amount

    def _net(self, day: int, account: str, effects: dict[str, int]) -> int:
        """What of a correction's credit the bond has paid already goes back there."""
        remedy = self.remedies.get((day, account))
        if remedy is None or account in self.system or effects[account] <= 0:
            return 0
        back = min(effects[account], remedy.paid)
        effects[account] -= back
        remedy.paid -= back
        remedy.carried = min(remedy.carried, remedy.paid)
        return back

    # Moves

    def _add(self, account: str, amount: int) -> None:
        collected = min(amount, self.receivable.get(account, 0))
        if collected:
            self.receivable[account] -= collected
            self.pool += collected
        self.free[account] = self.free.get(account, 0) + amount - collected

    def _debit(self, account: str, duty: int) -> int:
        paid = min(duty, self.free.get(account, 0))
        self.free[account] = self.free.get(account, 0) - paid
        for request in reversed(self.requests.get(account, [])):
            part = min(duty - paid, request[1])
            request[1] -= part
            paid += part
        if account in self.requests:
            self.requests[account] = [r for r in self.requests[account] if r[1]]
        unpaid = duty - paid
        if unpaid:
            self.receivable[account] = self.receivable.get(account, 0) + unpaid
        return unpaid

    def _carry(self, shortfall: int, effects: dict[str, int]) -> int:
        supplier, fee, dust, balancing = self.system

        def cut(account: str, amount: int) -> int:
            part = min(amount, max(0, effects.get(account, 0)))
            if part:
                effects[account] -= part
            return part

        shortfall -= cut(supplier, shortfall)
        by_fee = cut(fee, shortfall)
        shortfall -= by_fee
        self._owe(fee, by_fee)
        by_balancing = cut(balancing, shortfall)
        from_balance = min(shortfall - by_balancing, self.free.get(balancing, 0))
        self.free[balancing] = self.free.get(balancing, 0) - from_balance
        shortfall -= by_balancing + from_balance
        self._owe(balancing, by_balancing + from_balance)
        return shortfall - cut(dust, shortfall)

    def _owe(self, account: str, amount: int) -> None:
        self.owed[account] = self.owed.get(account, 0) + amount

    def _pay_credits(self, effects: dict[str, int], cut: int) -> None:
        members = {a: e for a, e in effects.items() if e > 0 and a not in self.system}
        total, seen, cut_so_far = sum(members.values()), 0, 0
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
                    self._owe(account, part)
                    self.queue.append([account, part])
            self._add(account, amount)
