"""Random histories of runs and corrections, played on the contract and on the reference ledger at once."""

from dataclasses import dataclass, field
from random import Random

from grid.domain.ledger import Cap, Ledger, System
from tests.evm import compare
from tests.evm.world import CALLERS, SYSTEM, TOKEN, World

MAX_MEMBERS = 512
SIZES = (0, 1, 2, 3, 5, 8, 16, 17, 40)
LARGE = (90, 200, MAX_MEMBERS)
LARGE_SHARE = 0.04
"""Large runs cost most of the time and find little that small ones do not."""

HOSTILE = ("0x" + "00" * 19 + "01", "0x" + "00" * 19 + "09", "0x" + "ff" * 20)
"""Precompiles and the last address: nobody's, and rows may name them all the same."""

Nets = dict[str, int]


def ledger_of(world: World) -> Ledger:
    """Return the reference of a fresh community."""
    return Ledger(
        System(*SYSTEM),
        bond_account=world.escrow.address,
        bond=world.escrow.read("bond"),
        held=world.escrow.read("totalLiabilities"),
    )


def draw_amount(random: Random) -> int:
    """Return a net's magnitude: often small, sometimes zero or beyond what any token has."""
    kind = random.randrange(20)
    if kind == 0:
        return 0
    if kind == 1:
        return random.choice((1, 2**40, 2**60, 2**84))
    return random.randrange(1, 300) if kind < 10 else random.randrange(1, 300 * TOKEN)


@dataclass
class History:
    """One community's days."""

    world: World
    random: Random
    names: list[str] = field(default_factory=list)
    runs: list[tuple[int, list[Nets]]] = field(default_factory=list)
    applied: int = 0

    def __post_init__(self) -> None:
        self.ledger = ledger_of(self.world)
        self.bond = self.ledger.bond

    def prepare(self) -> None:
        """Choose who takes part, and give some of them money, mandates and open requests."""
        world, random = self.world, self.random
        size = random.choice(LARGE if random.random() < LARGE_SHARE else SIZES)
        self.names = [f"member {number}" for number in range(size)]
        if size > 2 and random.random() < 0.5:
            own = (world.escrow.address, world.token.address, world.settlement.address)
            self.names[-3:] = random.sample((*HOSTILE, *own), 3)
        # A system account may give a mandate like anybody; its rows are no member's and know no cap.
        signing = [*(name for name in self.names if not name.startswith("0x")), *SYSTEM]
        for name in (*self.names, *SYSTEM):
            if random.random() < 0.7:
                self._deposit(name, random.randrange(1, 400) * random.choice((1, TOKEN)))
        for name in signing:
            first = world.today - random.randrange(0, 5)
            while random.random() < 0.6:
                end = first + random.randrange(1, 6)
                cap = min(draw_amount(random), 2**88 - 1)
                if first > world.escrow.read("lastRunDay"):
                    world.register(name, cap, first, end)
                    self.ledger.mandates[name].append(Cap(first, end, cap))
                first = end + random.randrange(0, 2)
            for _ in range(random.randrange(0, 4)):
                free = self.ledger.free[name]
                if free:
                    amount = random.randrange(1, free + 1)
                    world.request(name, amount)
                    self.ledger.request(name, amount)

    def _deposit(self, name: str, amount: int) -> None:
        self.world.fund(name, amount)
        self.ledger.deposit(name, amount)

    def _rows(self, members: Nets) -> Nets:
        """Posting order; the supplier makes the sum zero."""
        random, world = self.random, self.world
        rows = {name: members[name] for name in sorted(members, key=world.__getitem__)}
        fee = random.choice((0, random.randrange(0, 100), random.randrange(0, 100 * TOKEN)))
        dust = random.randrange(0, 97)
        balancing = random.choice((0, 0, random.randrange(-200 * TOKEN, 200 * TOKEN)))
        rows |= {"supplier": -sum(rows.values()) - fee - dust - balancing, "fee": fee, "dust": dust}
        return rows | {"balancing": balancing}

    def _draw_members(self, share: float) -> Nets:
        sign = (1, -1, -1)
        return {
            name: draw_amount(self.random) * self.random.choice(sign)
            for name in self.names
            if self.random.random() < share
        }

    def post(self) -> None:
        """A new day's run."""
        self.world.travel_days(1)
        day = self.world.today - 1
        rows = self._rows(self._draw_members(0.8))
        self.world.post(rows, day=day)
        self.ledger.apply_run(day, day, rows)
        self.runs.append((day, [rows]))
        self.applied += 1

    def correct(self) -> None:
        """A correction of one of the days so far."""
        day, sequences = self.random.choice(self.runs)
        previous = sequences[-1]
        members = {name: net for name, net in previous.items() if name not in SYSTEM}
        rows = self._rows(members | self._draw_members(0.4))
        self.world.correct(rows, previous, sequence=len(sequences), day=day)
        self.ledger.apply_run(day, day, rows, previous)
        sequences.append(rows)
        self.applied += 1

    def remedy(self) -> None:
        """Pay remedies and defaults about the latest sequence of a day, as the contracts of disputes may."""
        random, world = self.random, self.world
        day, sequences = random.choice(self.runs)
        for name in random.sample(self.names, min(2, len(self.names))):
            function, pay = random.choice(
                (("payRemedy", self.ledger.pay_remedy), ("payDefault", self.ledger.pay_default))
            )
            amount, sequence = draw_amount(random), len(sequences) - 1
            args = [world.run_key(day), sequence, world[name], amount]
            paid = world.escrow.send(function, *args, sender=world[random.choice(CALLERS)]).answer
            assert paid == pay(day, sequence, name, amount)
        if self.ledger.bond < self.bond:  # posting needs the claims paid and a bond that carries any run
            amount = self.ledger.outstanding() + self.bond + random.randrange(1, 9 * TOKEN)
            world.escrow.send("topUpBond", amount, sender=world["admin"])
            self.ledger.top_up_bond(amount)

    def meanwhile(self) -> None:
        """What others do between two runs."""
        random = self.random
        if self.runs and random.random() < 0.5:
            self.remedy()
        for name in random.sample([*self.names, *SYSTEM], min(4, len(self.names) + 4)):
            if random.random() < 0.5:
                self._deposit(name, draw_amount(random) % (500 * TOKEN) + 1)
        if random.random() < 0.4:
            limit = random.choice((0, 1, 3, 100))
            self.world.escrow.send("payOwed", limit, sender=self.world["stranger"])
            self.ledger.pay_owed(limit)

    def check(self) -> None:
        """Contract and reference agree about every account and every pot."""
        names = sorted({*self.names, *SYSTEM})
        assert compare.of_contract(self.world, names) == compare.of_ledger(self.ledger, names)
        for (day, name), remedy in self.ledger.remedies.items():
            assert isinstance(day, int)
            assert self.world.escrow.read("remedyOf", self.world.run_key(day), self.world[name]) == remedy.paid


def play(world: World, random: Random, most: int) -> int:
    """Play one history of 1 to 6 runs, at most `most`, comparing after each; return how many were applied."""
    history = History(world, random)
    history.prepare()
    history.check()
    for _ in range(min(most, random.randrange(1, 7))):
        if history.runs and random.random() < 0.5:
            history.correct()
        else:
            history.post()
        history.check()
        history.meanwhile()
        history.check()
    return history.applied
