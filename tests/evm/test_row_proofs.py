"""Whether an account has a row, and which: contract and reference agree on every account and every choice of chunks."""

from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from typing import Any

import pytest

from grid.domain import rows as packing
from grid.domain.claim_errors import ClaimRefused
from grid.domain.grounds.totals import row_net
from grid.domain.openings import Rows
from grid.domain.rows import Row, pack_rows
from tests.evm import casefile as files
from tests.evm.casefile import NO_BINDING, NO_LEAF, disputes
from tests.evm.chain import Reverted
from tests.evm.failures.catalogue import word
from tests.evm.world import World
from tests.vectors import recompute_cases as cases
from tests.vectors.recompute_day import SLOTS, SYSTEM
from tests.vectors.recompute_runs import Posted
from tests.vectors.recompute_setting import honest, small

MANDATED = [files.days.person(name) for name in cases.MANDATED]
SYSTEMS = (SYSTEM.supplier, SYSTEM.fee, SYSTEM.dust, SYSTEM.balancing)


@cache
def crowded(members: int) -> Posted:
    """The honest run with so many members in all; the supplier makes up for the nets of the others."""
    posted = honest(small())
    own = [Row(item[:20], int.from_bytes(item[20:], "big", signed=True)) for item in posted.row_words]
    others = [
        Row(sha256(f"member {number}".encode()).digest()[:20], (-1) ** number * number)
        for number in range(members - len(own) + 4)
    ]
    listed = sorted([*own[:-4], *others], key=lambda row: row.address)
    rest = sum(row.net for row in (*listed, *own[-3:]))
    words = pack_rows([*listed, own[-4]._replace(net=-rest), *own[-3:]])
    run = posted.run._replace(
        rows_root=packing.rows_root(words), input=posted.run.input._replace(point_count=max(5, members))
    )
    return files.replace(posted, row_words=words, run=run)


MEMBERS = (4, 12, 13, 14, 16, 28, 40)
"""So that the system's rows fill a chunk, begin one, are cut by one."""


@pytest.fixture(scope="module", params=MEMBERS)
def case(request: pytest.FixtureRequest) -> tuple[World, Posted]:
    posted = crowded(request.param)
    return files.posted_court(posted), posted


def accounts(posted: Posted) -> Iterator[bytes]:
    """Every account with a row, and those just beside each; the least and the greatest."""
    for item in posted.row_words:
        number = int.from_bytes(item[:20], "big")
        yield from (value.to_bytes(20, "big") for value in (number - 1, number, number + 1))
    yield from (bytes(19) + b"\x01", b"\xff" * 20)


def choices(posted: Posted) -> Iterator[Rows]:
    """No chunk, each alone, each two that follow each other, two that do not, one twice, and three."""
    count = -(-len(posted.row_words) // 16)
    yield Rows(count, ())
    for at in range(count):
        yield posted.rows(at)
        for other in range(count):
            yield posted.rows(at, other)
    yield posted.rows(*([0] * 3))


def ask(world: World, posted: Posted, account: bytes, rows: Rows) -> Any:
    """Demand for any point of an account: the row is looked at first."""
    name = "0x" + account.hex()
    run = cases.shown(posted.run)
    args = [[name, 0, 0, b""], run, bytes(32), SLOTS[3], [cases.shown(rows), NO_LEAF, NO_BINDING]]
    return files.send(disputes(world, "demand", *args, by=name))


def test_rows_and_their_absence(case: tuple[World, Posted]) -> None:
    world, posted = case
    nets = {item[:20]: int.from_bytes(item[20:], "big", signed=True) for item in posted.row_words}
    for rows in choices(posted):
        for account in accounts(posted):
            with files.undone(world):
                try:
                    net = row_net(posted.run, rows, account, SYSTEMS)
                    due: tuple[str, tuple[Any, ...]] = ("", ())
                except ClaimRefused as refused:
                    due = (type(refused).__name__, tuple(cases.shown(value) for value in refused.values))
                if due[0] or account not in nets:
                    with pytest.raises(Reverted) as caught:
                        ask(world, posted, account, rows)
                    shown = ("NothingShown", ("0x" + account.hex(), word(bytes(32))))
                    if account in SYSTEMS:
                        # Where both are wrong the contract names the chunks, the reference the account.
                        assert caught.value.name in ("SystemAccount", "ChunksWrong")
                        continue
                    assert (caught.value.name, caught.value.values) == (due if due[0] else shown)
                    continue
                assert net == nets[account]
                world.escrow.send("deposit", "0x" + account.hex(), world.terms.deposit, sender=world["admin"])
                cap = cases.CAP if account in MANDATED else 0
                told = ask(world, posted, account, rows).event("DemandMade")
                assert told["opened"]["sum"] == max(files.DEFAULT, min(-net, cap))
