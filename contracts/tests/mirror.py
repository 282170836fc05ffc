"""The escrow's ledger in plain Python, written from docs/PROTOCOL.md sections 2 and 4, to compare with the contract."""

from dataclasses import dataclass, field

PAID_ALONG = 8


@dataclass
class Mandate:
    valid_from: int
    valid_to: int
    cap: int


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
    held: int = 0  # tokens in the escrow

    def cap_on(self, account: str, day: int) -> int:
        covering = [m.cap for m in self.mandates.get(account, []) if m.valid_from <= day < m.valid_to]
        return covering[-1] if covering else 0

    def pending(self, account: str) -> int:
        return sum(amount for _, amount in self.requests.get(account, []))

    def liabilities(self) -> int:
        requested = sum(self.pending(account) for account in self.requests)
        return sum(self.free.values()) + requested + self.bond + self.pool

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
        cut = 0
        if shortfall > 0:
            cut = self._carry(shortfall, effects)
        else:
            self.pool -= shortfall
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
            for account in (balancing, fee):
                self._hand_on(account, min(self.owed.get(account, 0), self.pool))
            self._hand_on(supplier, self.pool)

    def _hand_on(self, account: str, amount: int) -> None:
        self.pool -= amount
        self.owed[account] = max(0, self.owed.get(account, 0) - amount)
        if account == self.system[0]:
            self.free[account] = self.free.get(account, 0) + amount
        elif amount:
            self._add(account, amount)

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
