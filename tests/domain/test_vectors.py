"""The committed vectors are what the model gives, and the model accepts the good and refuses the bad."""

import json

import pytest

from grid.domain import entries, merkle, rows
from grid.domain.amounts import Prices, Quantities, line_amount
from grid.domain.entries import EntryKind, LeafKind
from grid.domain.merkle import ProofError
from grid.domain.rows import Row
from tests.vectors import generate


def load(name):
    return json.loads((generate.FOLDER / f"{name}.json").read_text())


def raw(text):
    return bytes.fromhex(text.removeprefix("0x"))


@pytest.mark.parametrize("name", generate.DOCUMENTS)
def test_the_committed_file_is_what_the_model_gives(name):
    committed = (generate.FOLDER / f"{name}.json").read_text()
    assert committed == generate.text(name), "run: python -m tests.vectors.generate"


def test_no_vector_file_is_without_a_generator():
    assert {path.stem for path in generate.FOLDER.glob("*.json")} == set(generate.DOCUMENTS)


def test_inclusion_vectors():
    for case in load("merkle")["inclusion"]:
        arguments = (
            raw(case["leafHash"]),
            int(case["index"]),
            int(case["size"]),
            [raw(item) for item in case["proof"]],
            raw(case["root"]),
        )
        if case["valid"]:
            merkle.verify_inclusion(*arguments)
        else:
            with pytest.raises(ProofError):
                merkle.verify_inclusion(*arguments)


def test_consistency_vectors():
    for case in load("merkle")["consistency"]:
        arguments = (
            int(case["oldSize"]),
            raw(case["oldRoot"]),
            int(case["newSize"]),
            raw(case["newRoot"]),
            [raw(item) for item in case["proof"]],
        )
        if case["valid"]:
            merkle.verify_consistency(*arguments)
        else:
            with pytest.raises(ProofError):
                merkle.verify_consistency(*arguments)


def test_merkle_vectors_hold_good_and_bad_cases_of_both_proofs():
    document = load("merkle")
    for proof in ("inclusion", "consistency"):
        counts = [sum(case["valid"] is valid for case in document[proof]) for valid in (True, False)]
        assert min(counts) > 40


def test_entry_vectors_decode_to_their_fields():
    kinds = {kind.name: kind for kind in (*EntryKind, *LeafKind)}
    seen = set()
    for case in load("entries")["cases"]:
        kind = kinds[case["kind"]]
        decoded = entries.decode(kind, raw(case["data"]))
        salt = decoded.pop("salt", None)
        assert (None if salt is None else "0x" + salt.hex()) == case["salt"]
        for name, value in decoded.items():
            shown = case["fields"][name]
            assert value == (raw(shown) if isinstance(value, bytes) else int(shown) if type(value) is int else shown)
        seen.add(kind)
    assert seen == set(kinds.values())


def test_row_vectors():
    for case in load("rows")["cases"]:
        words = rows.pack_rows([Row(raw(row["address"]), int(row["net"])) for row in case["rows"]])
        assert ["0x" + word.hex() for word in words] == case["words"]
        assert raw(case["rowsRoot"]) == merkle.root([raw(item) for item in case["chunkLeafHashes"]])


def test_amount_vectors():
    for case in load("statements")["amounts"]:
        energy = Quantities(*(int(case[name]) for name in ("importWh", "exportWh", "boughtWh", "soldWh")))
        prices = Prices(*(int(case[name]) for name in ("localPrice", "feePrice", "importPrice", "exportPrice")))
        assert line_amount(energy, prices) == int(case["amount"]) == int(case["thousandths"]) // 1000


def test_the_vectors_run_closes():
    result = load("statements")["run"]["result"]
    assert sum(int(row["net"]) for row in result["rows"]) == 0
    for point in result["points"]:
        assert sum(point["amounts"]) == int(point["dayNet"])
    assert any(mismatch < 0 for mismatch in result["mismatchWh"])
    assert any(mismatch > 0 for mismatch in result["mismatchWh"])
