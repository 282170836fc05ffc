"""Whatever is changed in what a paying claim opens, it no longer pays: each word and each hash is looked at."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.evm import casefile as files
from tests.evm import courts
from tests.evm.chain import Reverted
from tests.evm.failures.catalogue import Call
from tests.evm.failures.disputes import opened, rebut, unposted
from tests.evm.test_claims import paying
from tests.evm.test_recompute import by_run
from tests.evm.world import World
from tests.vectors import recompute_cases as cases
from tests.vectors.recompute_setting import Claim


@pytest.fixture(scope="module")
def empty() -> World:
    return courts.empty_court()


@pytest.fixture
def court(empty: World) -> Iterator[World]:
    with files.undone(empty):
        yield empty


FIXED = (0, 4, 6, 8, 10, 11, 12, 21)
"""Lengths of lists of words that the ABI fixes; paths of those lengths are changed by their hashes."""


def changes(value: Any, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Each way to change one number, one hash or one list's length."""
    if isinstance(value, bool):
        yield path, not value
    elif isinstance(value, int):
        yield path, value ^ 1
    elif isinstance(value, str):
        yield path, value[:-1] + ("0" if value[-1] != "0" else "1")
    elif isinstance(value, (list, tuple)):
        if path and all(isinstance(part, str) for part in value) and len(value) not in FIXED:
            yield path, value[:-1]
        for at, part in enumerate(value):
            yield from changes(part, (*path, at))


def replaced(value: Any, path: Sequence[int], other: Any) -> Any:
    if not path:
        return other
    made = list(value)
    made[path[0]] = replaced(value[path[0]], path[1:], other)
    return made


def listed() -> dict[str, Claim]:
    """One paying claim for each function, and those that open more."""
    more = {item.case: item for items in by_run().values() for item in items if item.case in MORE}
    return {**{f"{name} (first)": item for name, item in paying().items()}, **more}


MORE = (
    "a higher version, both opened",
    "registers of a reversed meter that counts double",
    "one hold too many",
    "a flag cited as a hold",
    "the cited INTERVAL is another kind of entry",
    "a buyer pays more than the signal",
)
UNREAD = {"arithmetic": (0, 0, 2), "runningTotal": (0, 2), "dayNet": (0, 2), "row": (0, 2)}
"""Where the run's checkpoint stands in claims that the log has no part in."""


@pytest.mark.parametrize("name", sorted([*(f"{function} (first)" for function in cases.FUNCTIONS), *MORE]))
def test_nothing_can_be_changed(court: World, name: str) -> None:
    item = listed()[name]
    courts.anchor(court, item.posted)
    courts.post(court, item.posted)
    court.chain.travel(item.now)
    call = files.tier0(court, item.posted, item.function, item.account, *item.arguments)
    with files.undone(court):
        files.send(call)
    unread = UNREAD.get(item.function)
    assert taken(court, call, 1) == ([(*unread, part) for part in range(4)] if unread else [])


def taken(world: World, call: Call, first: int) -> list[tuple[int, ...]]:
    """The changes of a call's arguments, from the first on, with which it goes through."""
    found = []
    for path, other in changes(call.args[first:]):
        data = call.contract.data(call.function, *replaced(call.args, (path[0] + first, *path[1:]), other))
        with files.undone(world):
            try:
                world.chain.send(call.sender, call.contract.address, data)
                found.append(path)
            except Reverted:
                pass
    return found


@pytest.fixture(scope="module")
def disputed() -> World:
    return files.posted_court()


LOOSE = {
    "demand": (files.demand, [(2,), *((3, 2, 0, at) for at in range(12)), (3, 2, 1)]),
    "demand by a BINDING": (files.by_binding, [(2,), (3, 1, 0), *((3, 1, at) for at in range(2, 7))]),
    "contest": (files.contest, [(1, 0), (1, 1), (1, 3)]),
    "open": (opened, []),
    "rebut": (rebut, []),
    "claimUnposted": (unposted, []),
}
"""Calls, and where they may say something else: which slots, what energy, and the part of the evidence not shown."""


@pytest.mark.parametrize("name", LOOSE)
def test_nothing_that_disputes_look_at_can_be_changed(disputed: World, name: str) -> None:
    make, loose = LOOSE[name]
    with files.undone(disputed):
        assert taken(disputed, make(disputed), 1) == loose
