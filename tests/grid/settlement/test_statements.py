"""Statements as their owners read them: opened, proven, explained, and closed for good with their key."""

import pytest
from django.db import connection

from grid.domain import merkle
from grid.domain.entries import LeafKind, decode
from grid.records.errors import Erased, LogDamaged
from grid.records.models import LogKey
from grid.records.queries import keys
from grid.settlement.models import PointStatement, SettlementRun
from grid.settlement.queries import explanations, statements
from grid.settlement.services import runs
from tests.grid.settlement.day import AFTER, live, metered
from tests.grid.street import DAY, FIRST, Street


@pytest.fixture
def run(street: Street) -> SettlementRun:
    live(street)
    return runs.compute(zone=street.zone, day=DAY, now=AFTER)


def statement(street: Street, run: SettlementRun, name: str) -> PointStatement:
    return run.statements.get(point=getattr(street, name).point)


def test_an_account_sees_its_own_statements_alone(street: Street, run: SettlementRun) -> None:
    for home in street.homes:
        assert [item.point for item in statements.of_account(home.account)] == [home.point]
        assert [item.point for item in statements.of_day(home.account, DAY)] == [home.point]
    assert statements.of_day(street.alice.account, DAY + 1) == []


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


def test_a_quarter_hour_is_explained_from_its_figures(street: Street, run: SettlementRun) -> None:
    item = explanations.explained(statement(street, run, "alice"), currency="EUR")[50]
    imported, exported = metered(street.alice, 50)
    sold = item.line.sold_wh
    assert item.line.slot == FIRST + 50
    assert item.words[0] == f"The meter counted {imported / 1000:g} kWh used and {exported / 1000:g} kWh fed in."
    assert item.words[1] == f"{sold / 1000:g} kWh were sold locally at 0.15 EUR per kWh."
    rest = exported - sold
    assert item.words[2] == (
        f"{rest / 1000:g} kWh went to the supplier at 0.08 EUR per kWh."
        if rest > 0
        else f"{-rest / 1000:g} kWh sold were not fed in; the supplier stood in at 0.30 EUR per kWh."
    )


def test_a_buyers_quarter_hour_names_price_and_fee(street: Street, run: SettlementRun) -> None:
    items = explanations.explained(statement(street, run, "bob"), currency="EUR")
    item = next(item for item in items if item.line.bought_wh)
    bought = item.line.bought_wh / 1000
    assert item.words[1] == f"{bought:g} kWh were bought locally at 0.15 EUR per kWh and 0.03 grid fee."


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
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(change)
        cursor.execute("SET LOCAL session_replication_role = origin")
    with pytest.raises(LogDamaged):
        statements.lines_of(statement(street, run, "alice"))


def test_changed_headers_are_noticed(street: Street, run: SettlementRun) -> None:
    headers = bytearray(bytes(run.headers))
    headers[5] ^= 1
    run.headers = bytes(headers)
    with pytest.raises(LogDamaged):
        statements.headers_of(run)
