"""A platform in memory that serves Ann's statement as the API does, honest until a test changes something."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from grid.domain import merkle, notes
from grid.domain.casefile import to_json
from grid.domain.signers import address_text
from grid.domain.slots import date_of_day
from grid.verifier.watch.__main__ import main
from tests.grid.verifier import casefiles, community

ANN = address_text(community.day().homes["ann"].account)
TOKEN = "cwt_test"
NOW = 1_728_100_000


@dataclass
class Served:
    """What the platform answers; tests change it. `leaves` is the log, `case` the case file's document."""

    case: dict[str, Any] = field(default_factory=lambda: to_json(casefiles.statement_case("ann")))
    leaves: list[bytes] = field(default_factory=lambda: [merkle.leaf_hash(d) for d in community.day().log.data])
    size: int | None = None
    seed: bytes = community.LOG_SEED
    key: str = community.LOG_KEY
    listed: list[dict[str, Any]] = field(default_factory=list)
    refusals: dict[str, tuple[int, Any]] = field(default_factory=dict)
    contracts: dict[str, str] = field(default_factory=dict)
    proof: Callable[[int, int], list[str]] | None = None
    reports: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listed = [
            {
                "day": date_of_day(community.DAY).isoformat(),
                "net": 0,
                "sequence": 0,
                "state": "posted",
                "log_size": len(self.leaves),
                "checkpoint": community.SEQ,
                "points": [_uuid(community.day().homes["ann"].point)],
            }
        ]
        self.contracts = {
            "RecordAnchor": address_text(community.CHAIN.record_anchor),
            "Settlement": address_text(community.CHAIN.settlement),
            "Recomputation": "0x" + "cc" * 20,
            "Accounts": "0x" + "dd" * 20,
        }

    def note(self) -> str:
        tree = merkle.MerkleTree(self.leaves[: self.size])
        body = notes.checkpoint_body(community.ORIGIN, tree.size, tree.root)
        return notes.sign_note(body, name=community.ORIGIN, private_key=self.seed)

    def answer(self, path: str, query: dict[str, str]) -> Any:
        self.asked.append(path)
        if path in self.refusals:
            return self.refusals[path]
        statements = f"accounts/{ANN}/statements"
        if path == "log/proof/consistency":
            old, new = int(query["old"]), int(query["new"])
            made = merkle.MerkleTree(self.leaves[:new]).consistency_proof(old)
            return 200, {"proof": self.proof(old, new) if self.proof else [item.hex() for item in made]}
        known: dict[str, Any] = {
            "me": {"accounts": [{"address": ANN}]},
            "points": {"items": [{"zone": _uuid(community.ZONE)}], "next_cursor": None},
            "log/key": {"verifier_key": self.key},
            "contracts": {"chain_id": 31337, "contracts": self.contracts},
            statements: {"items": self.listed, "next_cursor": None},
            f"{statements}/{date_of_day(community.DAY)}/case-file": self.case,
        }
        if path == "log/checkpoint":
            return 200, self.note()
        return (200, known[path]) if path in known else (404, {"code": "not-found", "detail": path})


def _uuid(word: bytes) -> str:
    text = word[16:].hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


@pytest.fixture
def served() -> Served:
    return Served()


@pytest.fixture
def url(served: Served) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                return self._send(401, {"code": "not-signed-in"})
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            self._send(*served.answer(parts.path.removeprefix("/api/v1/"), query))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            path = self.path.removeprefix("/api/v1/")
            if path in served.refusals:
                return self._send(*served.refusals[path])
            served.reports.append(body)
            self._send(200, body)

        def _send(self, status: int, body: Any) -> None:
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Command:
    """The command with a state file of its own and a clock that the test moves."""

    url: str
    folder: Path
    capsys: pytest.CaptureFixture[str]
    now: float = NOW

    @property
    def state(self) -> Path:
        return self.folder / "watch.json"

    def __call__(self, *options: str) -> tuple[int, list[dict[str, Any]]]:
        """Look once; returns the exit code and the printed events."""
        token = self.folder / "token"
        token.write_text(TOKEN + "\n")
        words = [self.url, "--once", f"--token-file={token}", f"--state={self.state}", *options]
        code = main(words, now=lambda: self.now)
        return code, [json.loads(line) for line in self.capsys.readouterr().out.splitlines()]


@pytest.fixture
def watch(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(url, tmp_path, capsys)
