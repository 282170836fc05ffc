"""The command: what it prints, its exit codes, and its questions to a chain."""

import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from grid.domain import notes
from grid.domain.casefile import to_json
from grid.domain.keccak import keccak256
from grid.verifier.__main__ import main
from grid.verifier.chain_checks import IS_ANCHORED, IS_POSTED, run_words
from tests.grid.verifier import casefiles, community

ROOT = Path(__file__).parents[3]


def selector(signature):
    return keccak256(signature.encode())[:4].hex()


def truth(value):
    return value.to_bytes(32, "big")


class FakeNode:
    """Answers the four questions the command has, as the contracts would."""

    def __init__(self):
        case = casefiles.statement_case("ann")
        body = notes.verify_note(
            case.note, name=community.ORIGIN, public_key=notes.parse_verifier_key(case.verifier_key)[1]
        )
        checkpoint = notes.parse_checkpoint(body)
        self.chain_id = hex(community.CHAIN.chain_id)
        numbers = community.SEQ, checkpoint.size, community.ANCHORED_AT
        self.checkpoint = b"".join(number.to_bytes(32, "big") for number in numbers) + checkpoint.root
        self.anchor = community.CHAIN.record_anchor.rjust(32, b"\0")
        self.run = b"".join(run_words(case.run))
        self.deployed = True

    def answer(self, method, parameters):
        if method == "eth_chainId":
            return self.chain_id
        to, data = parameters[0]["to"], parameters[0]["data"][2:]
        arguments = bytes.fromhex(data[8:])
        known = {
            ("0x" + community.CHAIN.record_anchor.hex(), selector(IS_ANCHORED)): truth(arguments == self.checkpoint),
            ("0x" + community.CHAIN.settlement.hex(), selector("recordAnchor()")): self.anchor,
            ("0x" + community.CHAIN.settlement.hex(), selector(IS_POSTED)): truth(arguments == self.run),
        }
        return "0x" + (known.get((to, data[:8]), b"") if self.deployed else b"").hex()


@contextmanager
def served(node):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = {"jsonrpc": "2.0", "id": asked["id"], "result": node.answer(asked["method"], asked["params"])}
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def statement(tmp_path):
    path = tmp_path / "ann.json"
    path.write_text(json.dumps(to_json(casefiles.statement_case("ann"))))
    return path


@pytest.fixture
def node():
    return FakeNode()


def test_an_honest_file_passes(statement, capsys):
    assert main([str(statement)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "Statements of ann"
    assert "holds        point 0: every amount is what the formula gives" in printed
    assert "holds        INTERVAL has the energy of its registers (96 times)" in printed
    assert "not checked  checkpoint is anchored on chain: no --rpc given" in printed
    assert printed[-1].startswith("PASSED: ")


def test_a_changed_file_fails(statement, capsys):
    document = json.loads(statement.read_text())
    document["run"]["headersRoot"] = "0x" + "00" * 32
    statement.write_text(json.dumps(document))
    assert main([str(statement)]) == 1
    printed = capsys.readouterr().out
    assert "FAILS        96 headers are under headersRoot: their root is" in printed
    assert "not checked  point 0: every amount is what the formula gives: the headers did not pass" in printed
    assert printed.splitlines()[-1].startswith("FAILED: ")


def test_the_report_as_json(statement, capsys):
    assert main([str(statement), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["passed"] is True
    assert (printed["failed"], printed["failures"]) == (0, [])
    assert printed["held"] == sum(r["times"] for r in printed["results"] if r["outcome"] == "holds") > 96
    assert {"holds", "not checked"} == {result["outcome"] for result in printed["results"]}


def test_failures_as_json(statement, capsys):
    document = json.loads(statement.read_text())
    document["run"]["headersRoot"] = "0x" + "00" * 32
    statement.write_text(json.dumps(document))
    assert main([str(statement), "--json"]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert printed["passed"] is False
    assert printed["failures"][0].startswith("96 headers are under headersRoot: their root is")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": "x"}', "\x00"])
def test_a_file_that_is_no_case_file_is_refused(tmp_path, capsys, content):
    path = tmp_path / "other.json"
    path.write_text(content)
    assert main([str(path)]) == 2
    assert str(path) in capsys.readouterr().err


def test_as_a_process_of_its_own_it_needs_neither_database_nor_framework(statement):
    """A file nested too deeply is refused too, where no library has raised the recursion limit."""
    deep = statement.with_name("deep.json")
    deep.write_text("[" * 100_000)
    for path, code, said in ((statement, 0, "PASSED"), (deep, 2, "not JSON")):
        command = [sys.executable, "-m", "grid.verifier", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={}, cwd=ROOT)
        assert (done.returncode, said in done.stdout + done.stderr) == (code, True)
    imported = "import sys, grid.verifier.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", imported], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not {"django", "web3", "celery", "psycopg", "redis"} & set(done.stdout.split())


def test_a_file_that_is_not_there_is_refused(tmp_path, capsys):
    assert main([str(tmp_path / "none.json")]) == 2
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--log-key=x", "--settlement=0x12", "--record-anchor=12"])
def test_options_that_make_no_sense_are_refused(statement, option):
    with pytest.raises(SystemExit) as stopped:
        main([str(statement), option])
    assert stopped.value.code == 2


def test_help_names_the_exit_codes(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert "Exit code 0" in capsys.readouterr().out


def test_nothing_is_left_unchecked_with_a_chain_and_known_keys(statement, node, capsys):
    case = casefiles.statement_case("ann", "ben")
    statement.write_text(json.dumps(to_json(case)))
    pins = [
        f"--log-key={community.LOG_KEY}",
        f"--record-anchor=0x{community.CHAIN.record_anchor.hex()}",
        f"--settlement=0x{community.CHAIN.settlement.hex()}",
    ]
    with served(node) as url:
        assert main([str(statement), "--rpc", url, *pins]) == 0
    printed = capsys.readouterr().out
    assert "holds        checkpoint is anchored on chain" in printed
    assert "holds        run is posted on chain" in printed
    assert "not checked " not in printed


def other_checkpoint(node):
    node.checkpoint = node.checkpoint[:-1] + bytes([node.checkpoint[-1] ^ 1])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda node: setattr(node, "chain_id", "0x1"), "it serves chain 1"),
        (other_checkpoint, "no checkpoint 4 of size"),
        (lambda node: setattr(node, "deployed", False), "no contract at"),
        (lambda node: setattr(node, "anchor", bytes(32)), "relies on another RecordAnchor"),
        (lambda node: setattr(node, "run", node.run[:-1]), "is not posted with these roots"),
    ],
)
def test_a_chain_that_says_otherwise(statement, node, capsys, spoil, said):
    spoil(node)
    with served(node) as url:
        assert main([str(statement), "--rpc", url]) == 1
    assert said in capsys.readouterr().out


def test_a_point_count_other_than_the_posted_one(statement, node, capsys):
    document = json.loads(statement.read_text())
    document["run"]["pointCount"] = 3
    statement.write_text(json.dumps(document))
    with served(node) as url:
        assert main([str(statement), "--rpc", url]) == 1
    assert "is not posted with these roots" in capsys.readouterr().out


def test_a_chain_that_does_not_answer(statement, capsys):
    assert main([str(statement), "--rpc", "http://127.0.0.1:1"]) == 1
    assert "did not answer eth_chainId" in capsys.readouterr().out


def test_an_address_that_is_no_web_address(statement, capsys):
    assert main([str(statement), "--rpc", "file:///etc/passwd"]) == 1
    assert "is not an http or https address" in capsys.readouterr().out


def test_a_checkpoint_that_is_not_anchored_yet(statement, node, capsys):
    document = json.loads(statement.read_text())
    document["log"]["seq"] = None
    statement.write_text(json.dumps(document))
    with served(node) as url:
        main([str(statement), "--rpc", url])
    assert "not checked  checkpoint is anchored on chain: the file's checkpoint is not anchored yet" in (
        capsys.readouterr().out
    )
