"""Lies in the run itself: every tree is built again over the lie, so that arithmetic alone can tell."""

import copy

import pytest

from grid.domain import entries, merkle
from grid.domain.entries import LeafKind
from grid.domain.rows import Row, pack_rows, rows_root, unpack_row
from tests.grid.verifier import community
from tests.grid.verifier.test_cases import ANN, BOTH, change, failures, rewrite


def settle_otherwise(line=None, header=None, rows=None, leaf=None):
    """Both statements, with lines, headers, rows or Ann's point leaf replaced and all roots recomputed."""
    changed = copy.deepcopy(BOTH)
    run = changed["run"]
    if line:
        for point in run["points"]:
            point["lines"] = [line(point["position"], offset, leaf) for offset, leaf in enumerate(point["lines"])]
            root = merkle.root([merkle.leaf_hash(bytes.fromhex(leaf[2:])) for leaf in point["lines"]])
            last = entries.decode(LeafKind.LINE, bytes.fromhex(point["lines"][95][2:]))
            point["leaf"] = rewrite(point["leaf"], LeafKind.POINT, linesRoot=root, dayNet=last["runningTotal"])
    if leaf:
        run["points"][0]["leaf"] = rewrite(run["points"][0]["leaf"], LeafKind.POINT, **leaf)
    if line or leaf:
        hashes = [merkle.leaf_hash(bytes.fromhex(point["leaf"][2:])) for point in run["points"]]
        run["pointsRoot"] = "0x" + merkle.root(hashes).hex()
        for point in run["points"]:
            point["proof"] = ["0x" + hashes[1 - point["position"]].hex()]
    if header:
        run["headers"] = [header(offset, leaf) for offset, leaf in enumerate(run["headers"])]
        root = merkle.root([merkle.leaf_hash(bytes.fromhex(leaf[2:])) for leaf in run["headers"]])
        run["headersRoot"] = "0x" + root.hex()
    if rows:
        words = pack_rows([Row(*row) for row in rows([unpack_row(bytes.fromhex(row[2:])) for row in run["rows"]])])
        run["rows"] = ["0x" + word.hex() for word in words]
        run["rowsRoot"] = "0x" + rows_root(words).hex()
    return changed


def test_an_amount_other_than_the_formulas():
    def line(position, offset, data):
        if position:
            return data
        fields = entries.decode(LeafKind.LINE, bytes.fromhex(data[2:]))
        return rewrite(
            data,
            LeafKind.LINE,
            amount=fields["amount"] - (5 if offset == 3 else 0),
            runningTotal=fields["runningTotal"] - (5 if offset >= 3 else 0),
        )

    found = failures(settle_otherwise(line))
    assert "point 0: every amount is what the formula gives" in found
    assert any("is settled for the sum of its points" in what for what in found)


def test_a_running_total_that_jumps():
    def line(position, offset, data):
        fields = entries.decode(LeafKind.LINE, bytes.fromhex(data[2:]))
        total = fields["runningTotal"] + (1000 if position == 0 and offset >= 90 else 0)
        return rewrite(data, LeafKind.LINE, runningTotal=total)

    assert "point 0: running totals add up to its day net" in failures(settle_otherwise(line))


def test_a_held_slot_that_trades():
    def line(position, offset, data):
        held = position == 0 and offset == community.HELD
        return rewrite(data, LeafKind.LINE, soldWh=90) if held else data

    assert "point 0: every amount is what the formula gives" in failures(settle_otherwise(line))


def test_a_local_trade_without_a_fill():
    def line(position, offset, data):
        traded = position == 1 and offset == community.TRADED[0]
        return rewrite(data, LeafKind.LINE, fillIndex=None) if traded else data

    assert failures(settle_otherwise(line)) == ["statement 1: local trades are the fills of the AUCTIONs"]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"soldWh": 7}, "headers agree with themselves"),
        ({"feeAmount": 7}, "headers agree with themselves"),
        ({"buyDen": 1}, "headers agree with themselves"),
        ({"memberImportWh": 1}, "headers are the sums of all members' lines"),
        ({"memberExportWh": 1}, "headers are the sums of all members' lines"),
        ({"residualAmount": 10**9}, "supplier, fee, dust and balancing rows follow from the headers"),
        ({"importPrice": 1}, "tariffs of the headers are those of the TARIFF entry"),
        ({"localPrice": 1}, "local prices of the headers are those of AUCTION and DECISION entries"),
        ({"slot": 5}, "96 headers are under headersRoot"),
    ],
)
def test_a_header_that_says_something_else(fields, found):
    def header(offset, leaf):
        return rewrite(leaf, LeafKind.HEADER, **fields) if offset == 46 else leaf

    assert found in failures(settle_otherwise(header=header))


def test_rows_that_take_from_the_fee():
    def rows(posted):
        *others, supplier, fee, dust, balancing = posted
        return [*others, supplier._replace(net=supplier.net + 9), fee._replace(net=fee.net - 9), dust, balancing]

    assert failures(settle_otherwise(rows=rows)) == ["supplier, fee, dust and balancing rows follow from the headers"]


def test_rows_that_do_not_close():
    found = failures(settle_otherwise(rows=lambda posted: [posted[0]._replace(net=0), *posted[1:]]))
    assert "rows sum to zero, members in order, dust within its bound" in found


def test_system_rows_of_other_accounts():
    found = failures(settle_otherwise(rows=lambda posted: [*posted[:-1], posted[-1]._replace(address=b"\x77" * 20)]))
    assert found == ["the run's rules name its system accounts and mode"]


def test_a_run_with_no_rows():
    assert "rows are under rowsRoot" in failures(settle_otherwise(rows=lambda posted: []))


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        (("day",), community.DAY + 1, "96 headers are under headersRoot"),
        (("sequence",), 1, "point 0 is in the run, under pointsRoot"),
        (("checkpoint",), 9, "the run relies on the file's checkpoint"),
        (("mode",), 1, "the run's rules name its system accounts and mode"),
        (("profile", "windows", "hold_days"), 9, "the run's rules name its system accounts and mode"),
        (("profile", "schema"), 2, "the run's rules name its system accounts and mode"),
    ],
)
def test_a_run_input_that_is_not_the_runs(path, value, found):
    assert found in failures(change(ANN, ("run", *path), lambda _: value))
