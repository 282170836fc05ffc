import pytest

from grid.domain import entries, merkle
from grid.domain.entries import LeafKind
from grid.domain.tariffs import tariff_leaves, tariff_tree

DAY = 20_000
LISTS = {"import_prices": [300_000] * 96, "export_prices": [80_000] * 95 + [-5], "fee_prices": [30_000] * 96}


def test_each_slot_of_the_day_has_its_leaf():
    leaves = tariff_leaves(day=DAY, **LISTS)
    assert [entries.decode(LeafKind.TARIFF_SLOT, leaf)["slot"] for leaf in leaves] == list(
        range(DAY * 96, DAY * 96 + 96)
    )
    assert entries.decode(LeafKind.TARIFF_SLOT, leaves[95])["exportPrice"] == -5


def test_a_slots_tariff_is_proven_under_the_root():
    leaves, tree = tariff_leaves(day=DAY, **LISTS), tariff_tree(day=DAY, **LISTS)
    merkle.verify_inclusion(merkle.leaf_hash(leaves[40]), 40, 96, tree.inclusion_proof(40), tree.root)


def test_a_day_of_another_length_is_refused():
    with pytest.raises(ValueError, match="fee_prices has 92"):
        tariff_leaves(day=DAY, **{**LISTS, "fee_prices": [0] * 92})
