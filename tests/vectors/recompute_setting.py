"""What the claims of recompute.json are made of: logs, the runs on them, and a claim."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from grid.domain.amounts import Quantities, line_amount
from grid.domain.entries import Mode
from tests.vectors import recompute_day as days
from tests.vectors.recompute_day import DAY_END
from tests.vectors.recompute_runs import Lie, Posted, post

DEEP_BASE, DEEP_SIZE, DEEP_STRANGERS = 5_000_000, 10_000_000, 198
NOW = DAY_END + 7_200


@dataclass(frozen=True)
class Claim:
    """One claim: the run it is about by name, and the payment in token units or the name of the error expected."""

    case: str
    function: str
    account: str
    log: str
    run: str
    posted: Posted
    arguments: Sequence[Any]
    expected: int | str
    now: int = NOW


@dataclass(frozen=True, eq=False)
class Setting:
    """A log, and the runs on it; `strangers` points stand on either side of the known ones."""

    name: str
    known: days.Known
    strangers: int = 0

    def post(self, lie: Lie | None = None) -> Posted:
        return post(self.known, replace(lie or Lie(), padding=self.strangers))

    def lacks(self, posted: Posted, home: str, place: int) -> int:
        """What a line lacks beside the honest run's."""
        return honest(self).lines[home][place].amount - posted.lines[home][place].amount

    def lacks_alone(self, posted: Posted, home: str, place: int) -> int:
        """What a line lacks beside one with the supplier alone."""
        line, header = posted.lines[home][place], posted.headers[place]
        alone = line_amount(Quantities(line.energy.imported, line.energy.exported, 0, 0), header.rates)  # type: ignore[arg-type]
        return alone - line.amount


@cache
def small() -> Setting:
    return Setting("small", days.day())


@cache
def deep() -> Setting:
    return Setting("deep", days.day(DEEP_BASE, size=DEEP_SIZE), DEEP_STRANGERS)


@cache
def shared() -> Setting:
    """Energy sharing: the local price is the signal's."""
    return Setting("sharing", days.day(mode=Mode.EX_POST))


@cache
def honest(setting: Setting) -> Posted:
    return setting.post()


WAYS: dict[str, tuple[str, Callable[..., list[Any]]]] = {
    "energy": ("energy", lambda statement, interval: [statement, interval, []]),
    "energyOfBetter": ("energy", lambda statement, interval, cited: [statement, interval, [cited]]),
    "energyOfRegisters": (
        "energyOfBinding",
        lambda statement, interval, registers, binding: [statement, interval, binding, [registers]],
    ),
    "accountOfBinding": ("energyOfBinding", lambda statement, interval, binding: [statement, interval, binding, []]),
    "trade": ("trade", lambda statement, auction, fill: [statement, auction, fill, [], []]),
    "endedHold": ("trade", lambda statement, auction, fill, others: [statement, auction, fill, others, []]),
    "falseHold": ("trade", lambda statement, auction, fill, decision: [statement, auction, fill, [], [decision]]),
    "limit": ("limit", lambda statement, order: [statement, order, []]),
    "limitOfSignal": ("limit", lambda statement, order, signal: [statement, order, [signal]]),
}
"""Ways to use a function of the contract whose last openings may be left out; others are called as they are."""


class Claims:
    """Claims on one run, collected."""

    def __init__(self, setting: Setting, run: str, posted: Posted | None = None) -> None:
        self.setting = setting
        self.run = f"{setting.name}: {run}"
        self.posted = posted or honest(setting)
        self.made: list[Claim] = []

    def add(
        self, case: str, way: str, account: str, arguments: Sequence[Any], expected: int | str, now: int = NOW
    ) -> None:
        function, arrange = WAYS.get(way, (way, lambda *given: list(given)))
        name = case if self.setting.name == "small" else f"{case} ({self.setting.name})"
        self.made.append(
            Claim(
                case=name,
                function=function,
                account=account,
                log=self.setting.name,
                run=self.run,
                posted=self.posted,
                arguments=arrange(*arguments),
                expected=expected,
                now=now,
            )
        )
