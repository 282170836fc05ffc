"""docs/PROTOCOL.md says what the model does: its example, its tables, its bytes."""

import re
from decimal import Decimal
from pathlib import Path

from grid.domain import succession, typed_data
from grid.domain.amounts import Prices, Quantities, line_amount, line_milli, mismatch_quantities
from grid.domain.casefile import Case, ChainPart, RunPart, to_json
from grid.domain.disputes import TRANSITIONS
from grid.domain.entries import FIELDS, EntryKind, LeafKind

PAGE = (Path(__file__).parents[2] / "docs/PROTOCOL.md").read_text()
NOON = Prices(local=180_000, fee=30_000, import_=300_000, export=80_000)


def table(heading):
    """Rows of the table whose first heading cell this is, as lists of cells."""
    lines = PAGE.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            return rows
        rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return rows


def units(text):
    return int(Decimal(text) * 10**6)


def test_the_example_is_what_the_formula_gives():
    posted = {name: (cells, units(amount)) for name, *cells, amount in table("Account")}
    members = {name: [int(cell) for cell in posted[name][0]] for name in ("Ann", "Ben", "Cleo")}
    energies = {name: Quantities(*cells) for name, cells in members.items()}
    for name, energy in energies.items():
        assert line_amount(energy, NOON) == posted[name][1]
    assert sum(energy.bought for energy in energies.values()) == sum(energy.sold for energy in energies.values())
    assert posted["fee"][1] == sum(energy.bought * NOON.fee for energy in energies.values()) // 1000
    assert sum(amount for _, amount in posted.values()) == 0


def test_the_examples_supplier_alone_and_missing_delivery():
    alone = [line_amount(Quantities(*energy, 0, 0), NOON) for energy in ((0, 1000), (500, 0), (900, 0))]
    for amount in alone:
        assert f"{abs(amount) / 10**6:.3f}" in PAGE
    missing = line_amount(Quantities(0, 0, 0, 800), NOON)
    assert f"0.144 - 0.240 = {missing / 10**6:.3f}" in PAGE


def test_the_examples_hold():
    assert line_amount(Quantities(0, 1000, 0, 0), NOON) == units("0.080")
    balancing = line_milli(mismatch_quantities(-800), NOON._replace(fee=0))
    assert balancing == 1000 * (units("0.144") - units("0.240"))


def as_cell(kind):
    return ", ".join(f"{codec.name} {name}" for name, codec in FIELDS[kind])


def test_every_entry_stands_on_the_page_with_its_fields():
    assert {cells[0]: cells[1] for cells in table("Entry")} == {
        f"{int(kind)} {kind.name}": as_cell(kind) for kind in EntryKind
    }
    assert [cells[0] for cells in table("Entry of the log")] == [kind.name for kind in EntryKind]


def test_every_leaf_stands_on_the_page_with_its_fields():
    stated = {cells[0]: cells[1] for cells in table("Leaf") if cells[0] in LeafKind.__members__ and len(cells) == 3}
    assert stated == {kind.name: as_cell(kind) for kind in LeafKind}


def test_every_signed_struct_stands_on_the_page():
    assert {cells[0]: tuple(cells[1:]) for cells in table("Struct")} == {
        name: (
            ", ".join(f"{kind} {member}" for kind, member in members),
            ", ".join(typed_data.SIGNED_FOR.get(name, ("part of Mandate",))),
        )
        for name, members in typed_data.TYPES.items()
        if name != "EIP712Domain"
    }


def test_every_transition_stands_on_the_page():
    assert [tuple(cells) for cells in table("State")] == [
        (str(state), str(event), str(party), str(after)) for (state, event), (party, after) in TRANSITIONS.items()
    ]


def test_every_succession_of_signers_stands_on_the_page():
    assert [tuple(cells) for cells in table("Waits")] == [
        (str(waits), str(act), str(by), str(after)) for (waits, act), (by, after) in succession.TRANSITIONS.items()
    ]


def test_every_member_of_a_case_file_stands_on_the_page():
    zero = bytes(32)
    run = RunPart(zero, 0, 0, zero, 0, zero, 0, zero, 0, zero, [], [], [])
    document = to_json(Case("", "", "", None, None, [], run=run, chain=ChainPart(1, bytes(20), bytes(20))))
    assert [cells[0] for cells in table("Member")] == list(document)
    stated = " ".join(cells[1] for cells in table("Member"))
    assert all(f"`{name}`" in stated for part in ("log", "chain") for name in document[part])
