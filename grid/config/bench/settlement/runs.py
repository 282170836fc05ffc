"""What a posted run costs: members known and new, creditors and debtors in turn."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from grid.config.bench.settlement.chain import DAY, Chain, Cost
from grid.config.bench.settlement.people import TOKEN, Member, register_mandate, row

SYSTEM = ("supplier", "fee", "dust", "balancingAccount")


def run_input(day: int, count: int, **changes: Any) -> dict[str, Any]:
    """A RunInput with roots of the right size; what stands under them does not change what posting costs."""
    fields = {
        "zone": _word("zone"),
        "day": day,
        "sequence": 0,
        "pointsRoot": _word("points"),
        "pointCount": count,
        "headersRoot": _word("headers"),
        "checkpoint": 0,
        "profileHash": _word("profile"),
        "mode": 0,
    }
    return {**fields, **changes}


def _word(text: str) -> bytes:
    return sha256(text.encode()).digest()


class Runs:
    """A street of members with balances, half of them with mandates, and the runs posted for them."""

    def __init__(self, chain: Chain, members: Sequence[Member]) -> None:
        from grid.chain import keys, queries

        self.chain = chain
        self.members = members
        self.poster = keys.address("poster")
        self.system = [bytes.fromhex(chain.read("Escrow", name)[2:]) for name in SYSTEM]
        self.domain = queries.eip712_domain()

    def settle_in(self) -> None:
        """Give every second member a mandate, everybody a first credit and debtors a first debit: no account is new."""
        first = self.chain.today
        for member in self.members[::2]:
            register_mandate(self.chain, self.domain, member, cap=20 * TOKEN, first=first, end=first + 90)
        credits = {member.address: 5 * TOKEN for member in self.members}
        self.post(self._next_day(), self.rows(credits, [TOKEN, 5, TOKEN]))
        debits = {member.address: TOKEN if place % 2 else -TOKEN for place, member in enumerate(self.members)}
        self.post(self._next_day(), self.rows(debits, [0, 0, 0]))

    def rows(self, nets: dict[bytes, int], system: Sequence[int]) -> list[bytes]:
        """Rows in posting order; fee, dust and balancing are given, the supplier closes the sum."""
        supplier = -sum(nets.values()) - sum(system)
        rows = [row(address, nets[address]) for address in sorted(nets)]
        return rows + [row(address, net) for address, net in zip(self.system, [supplier, *system], strict=True)]

    def usual(self, count: int) -> list[bytes]:
        """Debtors and creditors in turn, around 1.2 tokens each, no two alike."""
        nets = {
            member.address: (-1 if place % 2 == 0 else 1) * (1_234_567 + 89 * place)
            for place, member in enumerate(self.members[:count])
        }
        return self.rows(nets, [3 * TOKEN + 21, 17, 5_432])

    def post(self, day: int, rows: Sequence[bytes]) -> Cost:
        """Post an initial run."""
        return self.chain.send(self.poster, "Settlement", "postRun", [run_input(day, len(rows) - 4), rows])

    def correct(self, day: int, rows: Sequence[bytes], previous: Sequence[bytes]) -> Cost:
        """Post the first correction of a run."""
        first = run_input(day, len(previous) - 4)
        second = run_input(day, len(rows) - 4, sequence=1)
        return self.chain.send(self.poster, "Settlement", "postCorrection", [second, rows, first, previous])

    def posted(self, count: int) -> Cost:
        """What a run of known members costs."""
        return self.post(self._next_day(), self.usual(count))

    def corrected(self, count: int) -> Cost:
        """What correcting one member of such a run costs."""
        before, day = self.usual(count), self._next_day()
        self.post(day, before)
        after = list(before)
        after[0] = row(self.members[0].address, int.from_bytes(before[0][20:], "big", signed=True) + 500_000)
        supplier = int.from_bytes(before[count][20:], "big", signed=True)
        after[count] = row(self.system[0], supplier - 500_000)
        return self.correct(day, after, before)

    def all_new(self, count: int) -> Cost:
        """What a run costs whose members have never had a balance."""
        nets = {
            (number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**160).to_bytes(20, "big"): 1_234_567
            for number in range(1, count + 1)
        }
        return self.post(self._next_day(), self.rows(nets, [0, 0, 0]))

    def _next_day(self) -> int:
        """Let the day pass that the chain is in, and return it."""
        day = self.chain.today
        self.chain.travel((day + 1) * DAY + 3_600)
        return day
