"""The chain, by raw JSON-RPC: the anchored checkpoint and the posted run."""

import json
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any

from grid.domain.casefile import RunPart
from grid.domain.entries import run_key
from grid.domain.keccak import keccak256
from grid.verifier.evidence import Evidence
from grid.verifier.report import CheckFailed, NotInFile, require

TIMEOUT_SECONDS = 20
MAX_ANSWER_BYTES = 8_000_000

IS_ANCHORED = "isAnchored((uint64,uint64,uint64,bytes32))"
IS_POSTED = "isPosted((bytes32,uint32,uint16,bytes32,uint16,bytes32,uint64,bytes32,uint8),bytes32)"


class Rpc:
    """Read-only calls to one Ethereum node."""

    def __init__(self, url: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise CheckFailed(f"{url} is not an http or https address")
        self._url = url

    def chain_id(self) -> int:
        """Return the chain's id."""
        return int.from_bytes(self._ask("eth_chainId", []), "big")

    def block_number(self) -> int:
        """Return the number of the newest block."""
        return int.from_bytes(self._ask("eth_blockNumber", []), "big")

    def words(self, contract: bytes, signature: str, *arguments: bytes, count: int) -> list[bytes]:
        """Call a view function with 32-byte arguments; return its `count` result words."""
        data = keccak256(signature.encode())[:4] + b"".join(arguments)
        call = {"to": "0x" + contract.hex(), "data": "0x" + data.hex()}
        answer = self._ask("eth_call", [call, "latest"])
        require(len(answer) == 32 * count, f"no contract at 0x{contract.hex()} that knows {signature}")
        return [answer[start : start + 32] for start in range(0, len(answer), 32)]

    def _ask(self, method: str, parameters: list[Any]) -> bytes:
        """Return a result of hex digits."""
        result = self.ask(method, parameters)
        if not isinstance(result, str):
            raise CheckFailed(f"{self._url} answered {method} by {json.dumps(result)[:200]}")
        digits = result.removeprefix("0x")
        try:
            return bytes.fromhex(digits.zfill(len(digits) + len(digits) % 2))
        except ValueError:
            raise CheckFailed(f"{self._url} answered {method} by {result[:200]!r}") from None

    def ask(self, method: str, parameters: list[Any]) -> Any:
        """Return the result of any method. Raises CheckFailed when the node does not answer or refuses."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).encode()
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
                answer = json.loads(response.read(MAX_ANSWER_BYTES))
        except (urllib.error.URLError, OSError, HTTPException, ValueError, RecursionError) as error:
            raise CheckFailed(f"{self._url} did not answer {method}: {error}") from None
        if not isinstance(answer, dict) or answer.get("result") is None:
            raise CheckFailed(f"{self._url} refused {method}: {json.dumps(answer)[:300]}")
        return answer["result"]


def check_chain(evidence: Evidence, *, url: str | None, record_anchor: bytes | None, settlement: bytes | None) -> None:
    """Check the checkpoint and the run on chain; the addresses given replace those of the file."""
    case, report = evidence.case, evidence.report
    anchored, posted = "checkpoint is anchored on chain", "run is posted on chain"
    if url is None or case.chain is None:
        why = "no --rpc given" if url is None else "the file names no contracts"
        report.not_checked(anchored, why)
        if case.run is not None:
            report.not_checked(posted, why)
        return
    chain_id = case.chain.chain_id
    with report.check(f"the node serves chain {chain_id}"):
        found = Rpc(url).chain_id()
        require(found == chain_id, f"it serves chain {found}")
    if record_anchor is None or (case.run is not None and settlement is None):
        report.not_checked(
            "the contracts are the right ones",
            "the addresses are the file's own; give yours by --record-anchor and --settlement",
        )
    anchor = record_anchor or case.chain.record_anchor
    with report.check(anchored):
        _check_anchor(evidence, Rpc(url), anchor)
    if case.run is not None:
        with report.check(posted):
            _check_posted(Rpc(url), case.run, settlement or case.chain.settlement, anchor)


def _check_anchor(evidence: Evidence, rpc: Rpc, contract: bytes) -> None:
    seq, anchored_at = evidence.case.seq, evidence.case.anchored_at
    if seq is None or anchored_at is None:
        raise NotInFile("the file's checkpoint is not anchored yet")
    if not evidence.root:
        raise NotInFile("the checkpoint's signature did not pass its check")
    arguments = _word(seq), _word(evidence.size), _word(anchored_at), evidence.root
    (known,) = rpc.words(contract, IS_ANCHORED, *arguments, count=1)
    require(
        known == _word(1),
        f"no checkpoint {seq} of size {evidence.size} and root {evidence.root.hex()} was anchored at {anchored_at}",
    )


def _check_posted(rpc: Rpc, run: RunPart, settlement: bytes, anchor: bytes) -> None:
    (linked,) = rpc.words(settlement, "recordAnchor()", count=1)
    require(linked[12:] == anchor, f"it relies on another RecordAnchor, 0x{linked[12:].hex()}")
    (known,) = rpc.words(settlement, IS_POSTED, *run_words(run), count=1)
    key = run_key(run.zone, run.day).hex()
    require(known == _word(1), f"run {key}, sequence {run.sequence}, is not posted with these roots")


def run_words(run: RunPart) -> list[bytes]:
    """Return abi.encode(RunInput, rowsRoot), word by word."""
    words = [run.zone, _word(run.day), _word(run.sequence), run.points_root, _word(run.point_count)]
    return [*words, run.headers_root, _word(run.checkpoint), run.profile_hash, _word(run.mode), run.rows_root]


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")
