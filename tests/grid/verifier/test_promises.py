"""Receipts, two sizes of the log, versions of an INTERVAL, records in the compact form, and hostile files."""

import json
import random
import resource
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from grid.domain import entries, merkle, native, notes, ocmf, receipts
from grid.domain.casefile import Case, EntryPart, RecordPart, from_json, to_json
from grid.domain.entries import EntryKind
from grid.verifier.__main__ import main
from grid.verifier.reading import MAX_BYTES
from grid.verifier.report import Outcome
from grid.verifier.verification import Trust, verify
from tests.grid.verifier import casefiles, community

ROOT = Path(__file__).parents[3]
LOG_KEY = f"--log-key={community.LOG_KEY}"


def receipt(first: int = 3, size: int = 8, index: int = 5, **changes: Any) -> dict[str, Any]:
    """A receipt of a block of the community's log."""
    leaves = [merkle.leaf_hash(data) for data in community.day().log.data[first : first + size]]
    tree = merkle.MerkleTree(leaves)
    signed = {
        "log": community.ORIGIN,
        "first": first,
        "size": size,
        "root": tree.root.hex(),
        "received_at": community.ANCHORED_AT - 600,
        "anchor_by": community.ANCHORED_AT + 3000,
    }
    key = Ed25519PrivateKey.from_private_bytes(community.LOG_SEED)
    return {
        **signed,
        "signature": key.sign(receipts.signed_bytes(**signed)).hex(),  # type: ignore[arg-type]
        "index": index,
        "leaf_hash": leaves[index - first].hex(),
        "path": [item.hex() for item in tree.inclusion_proof(index - first)],
    } | changes


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(name: str, document: Any) -> str:
        path = tmp_path / name
        path.write_text(json.dumps(document))
        return str(path)

    return write


@pytest.fixture
def case(written: Any) -> str:
    return str(written("case.json", to_json(casefiles.statement_case("ann", "ben"))))


def proven_index() -> int:
    return casefiles.statement_case("ann").entries[0].index


def test_a_receipt_by_itself(written: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = written("receipt.json", receipt())
    assert main([path, LOG_KEY]) == 0
    assert "holds        receipt is signed by the log's key" in capsys.readouterr().out
    assert main([path]) == 1, "nothing could be checked without the log's key"
    assert "give the log's by --log-key" in capsys.readouterr().out


@pytest.mark.parametrize(
    "changes",
    [{"anchor_by": 1}, {"index": 6}, {"leaf_hash": "00" * 32}, {"signature": "00" * 64}, {"path": []}, {"size": "8"},
     {"log": "other"}, {"path": [3]}, {"signature": 5}],
)  # fmt: skip
def test_a_receipt_that_does_not_hold(written: Any, changes: dict[str, Any]) -> None:
    assert main([written("receipt.json", receipt() | changes), LOG_KEY]) == 1


def test_a_promise_that_was_kept(written: Any, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    index = proven_index()
    path = written("receipt.json", receipt(first=index, size=2, index=index))
    assert main([case, "--receipt", path]) == 0
    printed = capsys.readouterr().out
    assert f"holds        the log holds the receipt's leaf at index {index}" in printed
    assert "holds        the receipt's entry was anchored in time" in printed


def test_a_promise_that_was_broken(written: Any, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The log signed a receipt for one leaf and put another one there."""
    index = proven_index()
    other = merkle.leaf_hash(b"what was promised")
    tree = merkle.MerkleTree([other])
    key = Ed25519PrivateKey.from_private_bytes(community.LOG_SEED)
    signed: dict[str, Any] = {
        "log": community.ORIGIN,
        "first": index,
        "size": 1,
        "root": tree.root.hex(),
        "received_at": 1,
        "anchor_by": 2,
    }
    promised = {
        **signed,
        "signature": key.sign(receipts.signed_bytes(**signed)).hex(),
        "index": index,
        "leaf_hash": other.hex(),
        "path": [],
    }
    assert main([case, "--receipt", written("receipt.json", promised)]) == 1
    printed = capsys.readouterr().out
    assert f"FAILS        the log holds the receipt's leaf at index {index}" in printed
    assert "not checked  the receipt's entry was anchored in time: this checkpoint was anchored at" in printed


def extension(old: int, new: int) -> dict[str, Any]:
    tree = merkle.MerkleTree([merkle.leaf_hash(data) for data in community.day().log.data[:new]])
    before = merkle.MerkleTree([merkle.leaf_hash(data) for data in community.day().log.data[:old]])
    proof = [item.hex() for item in tree.consistency_proof(old)]
    return {"old": old, "new": new, "old_root": before.root.hex(), "new_root": tree.root.hex(), "proof": proof}


def test_two_sizes_of_one_log(written: Any, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    size = len(community.day().log.data)
    proof = written("since.json", extension(17, size))
    assert main([proof]) == 0
    assert f"holds        the log of {size} entries extends the log of 17" in capsys.readouterr().out
    assert main([case, "--since", proof]) == 0
    assert "holds        the later tree is the case file's" in capsys.readouterr().out
    assert main([case, "--since", written("other.json", extension(17, size - 1))]) == 1


@pytest.mark.parametrize(
    "changes",
    [{"old_root": "00" * 32}, {"proof": []}, {"proof": ["00"]}, {"old": -1}, {"new": "x"}, {"old_root": 7},
     {"old": 2**70}, {"proof": None}],
)  # fmt: skip
def test_an_extension_that_is_none(written: Any, changes: dict[str, Any]) -> None:
    assert main([written("since.json", extension(17, 40) | changes)]) == 1


def test_what_stands_beside_a_case_must_be_what_it_is_called(written: Any, case: str) -> None:
    assert main([case, "--since", written("a.json", receipt())]) == 2
    assert main([case, "--since", written("b.json", [])]) == 2
    assert main([case, "--receipt", written("c.json", [])]) == 2
    assert main([case, "--receipt", "/no/such/file"]) == 2


def with_version(**changes: entries.Value) -> Case:
    """A case in which one INTERVAL was corrected once."""
    known = community.day()
    index = known.homes["ann"].intervals[5]
    older = entries.decode(EntryKind.INTERVAL, known.log.data[index])
    salt = older.pop("salt")
    assert isinstance(salt, bytes)
    newer = {**older, "version": 1, "supersedes": index, "quality": 10, "importWh": 0, "exportWh": 0} | changes
    data = [*known.log.data, entries.encode(EntryKind.INTERVAL, newer, salt)]
    tree = merkle.MerkleTree([merkle.leaf_hash(each) for each in data])
    note = notes.sign_note(
        notes.checkpoint_body(community.ORIGIN, tree.size, tree.root),
        name=community.ORIGIN,
        private_key=community.LOG_SEED,
    )
    binding = known.homes["ann"].binding
    parts = [
        EntryPart(at, kind, data[at], tree.inclusion_proof(at))
        for at, kind in ((binding, EntryKind.BINDING), (index, EntryKind.INTERVAL), (tree.size - 1, EntryKind.INTERVAL))
    ]
    return Case("", community.LOG_KEY, note, None, None, parts)


def outcomes(case: Case) -> dict[str, Outcome]:
    return {result.what: result.outcome for result in verify(case, Trust()).results}


def test_a_version_follows_the_one_it_supersedes() -> None:
    assert outcomes(with_version())["INTERVAL is the next version of the one it supersedes"] is Outcome.HOLDS


@pytest.mark.parametrize(
    "changes", [{"version": 2}, {"supersedes": None}, {"supersedes": 0}, {"point": bytes(32)}, {"slot": 1}]
)
def test_versions_that_do_not_follow(changes: dict[str, entries.Value]) -> None:
    found = outcomes(with_version(**changes))
    what = next(what for what in found if "next version of the one it supersedes" in what)
    # An entry that is not in the file is not judged; here only the first one, which is another kind's, is such.
    assert found[what] is (Outcome.NOT_CHECKED if changes.get("supersedes") == 0 else Outcome.FAILS)


def test_a_record_in_the_compact_form() -> None:
    home = community.day().homes["ann"]
    registers = [(at, imported, exported) for at, imported, exported in home.borders()[:4]]
    payload = native.build(serial=home.serial, counter=1, suite=home.suite, registers=registers)
    signature = ocmf.sign(payload, suite=home.suite, private_key=home.private_key)
    raw = native.render(payload, signature)
    log = community.Log()
    reading = log.append(
        EntryKind.READING, "ann", envelopeSha256=sha256(raw).digest(), point=home.point, counter=1, receivedAt=5
    )
    key = log.append(
        EntryKind.KEY,
        "ann",
        meterSerialHash=home.serial_hash,
        publicKeyHash=sha256(home.public_key).digest(),
        suite=int(home.suite),
        fromCounter=1,
        toCounter=None,
    )
    tree, note = casefiles.checkpoint(log)
    parts = [log.part(reading, tree), log.part(key, tree)]
    record = RecordPart(reading, None, home.public_key, key, raw)
    case = Case("", community.LOG_KEY, note, None, None, parts, records=[record])
    assert from_json(to_json(case)) == case
    what = "signed record has a READING and a KEY in the log"
    assert outcomes(case)[what] is Outcome.HOLDS
    broken = replace(record, raw=raw[:-1] + bytes([raw[-1] ^ 1]))
    assert not verify(replace(case, records=[broken]), Trust()).passed


def test_a_file_larger_than_any_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert main([str(path)]) == 2
    assert "larger than" in capsys.readouterr().err


@pytest.mark.parametrize("inner", ["[" * 900 + "]" * 900, '{"a":' * 300 + "1" + "}" * 300])
def test_a_file_nested_too_deeply(tmp_path: Path, inner: str, capsys: pytest.CaptureFixture[str]) -> None:
    document = to_json(casefiles.statement_case("ann"))
    document["run"]["profile"] = "HERE"
    path = tmp_path / "deep.json"
    path.write_text(json.dumps(document).replace('"HERE"', inner))
    assert main([str(path)]) == 2
    assert "nested more than" in capsys.readouterr().err


def test_a_number_that_takes_long_to_read(tmp_path: Path) -> None:
    path = tmp_path / "long.json"
    path.write_text('{"format": ' + "9" * 100_000 + "}")
    assert main([str(path)]) == 2


def test_a_stranger_cannot_command_the_terminal(written: Any, capsys: pytest.CaptureFixture[str]) -> None:
    document = to_json(casefiles.statement_case("ann"))
    document["title"] = "\x1b[2Jnothing to see\r\n"
    document["log"]["note"] = "\x1b]0;x\x07"
    main([written("case.json", document)])
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert printed.startswith("?[2Jnothing to see??\n")


ODD: list[Any] = [
    None, True, -1, 0, 2**63, 2**64, 2**300, 1.5, float("nan"), "", "0x", "0x00", "0x" + "ff" * 32, [], {}, [[]],
    "\ud800", [None] * 3,
]  # fmt: skip


def test_whatever_is_put_into_a_file_it_is_judged(written: Any, request: pytest.FixtureRequest) -> None:
    """Random changes anywhere in a case file: an exit code of 0, 1 or 2, and never an exception."""
    dice = random.Random(11)
    whole = json.dumps(to_json(casefiles.statement_case("ann")))
    codes = set()
    for _ in range(3_000 if request.config.getoption("--run-deep") else 150):
        document = json.loads(whole)
        for _ in range(dice.randint(1, 3)):
            _change(document, dice)
        codes.add(main([written("case.json", document), "--json"]))
    assert {1, 2} <= codes <= {0, 1, 2}, "0 where only what proves nothing was changed, such as the title"


def _change(document: Any, dice: random.Random) -> None:
    while True:
        keys = list(document) if isinstance(document, dict) else range(len(document))
        key = dice.choice(list(keys))
        inner = document[key]
        if isinstance(inner, dict | list) and inner and dice.random() < 0.9:
            document = inner
            continue
        if isinstance(inner, str) and len(inner) > 4 and dice.random() < 0.5:
            at = dice.randrange(2, len(inner))
            document[key] = inner[:at] + dice.choice("0123456789abcdef|{}") + inner[at + 1 :]
        else:
            document[key] = dice.choice(ODD)
        return


def test_a_case_takes_less_than_a_second(case: str) -> None:
    """The whole command with its start, for two points of a day down to the signed bytes; in processor time, since
    what else the machine does is not the command's.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "grid.verifier", case], cwd=ROOT, check=True, capture_output=True, env={})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1
