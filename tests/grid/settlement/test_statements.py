"""Statements as their owners read them: opened, proven, and closed for good with their key."""

import pytest

from grid.domain import merkle
from grid.domain.entries import LeafKind, decode
from grid.records.errors import Erased, LogDamaged
from grid.records.models import LogKey
from grid.records.queries import keys
from grid.settlement.models import PointStatement, SettlementRun
from grid.settlement.queries import statements
from grid.settlement.services import runs
from tests.grid.settlement.day import AFTER, live
from tests.grid.street import DAY, Street
from tests.rights import tamper


@pytest.fixture
def run(street: Street) -> SettlementRun:
    live(street)
    return runs.compute(zone=street.zone, day=DAY, now=AFTER)


def statement(street: Street, run: SettlementRun, name: str) -> PointStatement:
    return run.statements.get(point=getattr(street, name).point)


def test_each_line_is_proven_under_the_root_that_was_posted(street: Street, run: SettlementRun) -> None:
    mine = statement(street, run, "alice")
    leaves = [merkle.leaf_hash(leaf) for leaf in statements.line_leaves(mine)]
    tree = merkle.MerkleTree(leaves)
    merkle.verify_inclusion(leaves[50], 50, 96, tree.inclusion_proof(50), bytes(mine.lines_root))


def test_neighbours_lines_have_salts_of_their_own_keys(street: Street, run: SettlementRun) -> None:
    salts = [
        decode(LeafKind.LINE, statements.line_leaves(statement(street, run, name))[0])["salt"]
        for name in ("alice", "bob", "carol")
    ]
    assert len(set(salts)) == 3


def test_lines_are_gone_with_their_key_and_the_others_stay(street: Street, run: SettlementRun) -> None:
    LogKey.objects.filter(scope=street.bob.point.pk).delete()
    keys.forget()
    with pytest.raises(Erased):
        statements.lines_of(statement(street, run, "bob"))
    assert len(statements.lines_of(statement(street, run, "alice"))) == 96


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE settlement_pointstatement SET lines = set_byte(lines, 100, get_byte(lines, 100) # 1)",
        "UPDATE settlement_pointstatement SET lines_root = set_byte(lines_root, 0, get_byte(lines_root, 0) # 1)",
    ],
)
def test_a_changed_bit_is_noticed(street: Street, run: SettlementRun, change: str) -> None:
    tamper(change)
    with pytest.raises(LogDamaged):
        statements.lines_of(statement(street, run, "alice"))


def test_changed_headers_are_noticed(street: Street, run: SettlementRun) -> None:
    headers = bytearray(bytes(run.headers))
    headers[5] ^= 1
    run.headers = bytes(headers)
    with pytest.raises(LogDamaged):
        statements.headers_of(run)
