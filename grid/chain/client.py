"""JSON-RPC to one node: a connection pool, time limits, errors as `grid.chain.errors` draws them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from eth_hash.auto import keccak
from eth_keys.backends.coincurve import CoinCurveECCBackend
from eth_keys.main import KeyAPI
from web3 import HTTPProvider
from web3.types import RPCEndpoint

from grid.chain.errors import ChainUnavailable, RpcError, SlowCrypto

TIMEOUT_SECONDS = 10.0
BATCH_SIZE = 100
_FAST_KECCAK = ("eth_hash.backends.pysha3", "eth_hash.backends.pycryptodome")


@dataclass(frozen=True, slots=True)
class Head:
    """A block: its number, hash (0x, lower case) and time in unix seconds."""

    number: int
    hash: str
    timestamp: int
    base_fee: int


class Client:
    """A node. Every method raises ChainUnavailable when it does not answer, RpcError when it refuses."""

    def __init__(self, url: str, timeout: float = TIMEOUT_SECONDS) -> None:
        self.url = url
        self.shown = urlsplit(url).netloc.rpartition("@")[2]
        self.failed = False
        """Whether it has failed to answer since somebody last looked."""
        self._provider = HTTPProvider(url, request_kwargs={"timeout": timeout}, exception_retry_configuration=None)
        self._chain_id: int | None = None

    @property
    def chain_id(self) -> int:
        if self._chain_id is None:
            self._chain_id = self._number(self.call("eth_chainId"))
        return self._chain_id

    def probe(self) -> tuple[int, Head]:
        """Return which chain this node serves now, and its newest block."""
        chain_id, block = self.call_many([("eth_chainId", []), ("eth_getBlockByNumber", ["latest", False])])
        return self._number(chain_id), self._block(block)

    def call(self, method: str, *params: Any) -> Any:
        """Return the result of one request."""
        try:
            answer = self._provider.make_request(RPCEndpoint(method), list(params))
        except (requests.RequestException, ValueError) as error:
            raise self._unavailable(error) from None
        return self._result(method, answer)

    def call_many(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """Return the results of many requests, in order; the first refusal is raised."""
        results: list[Any] = []
        for start in range(0, len(calls), BATCH_SIZE):
            part = calls[start : start + BATCH_SIZE]
            try:
                answers = self._provider.make_batch_request([(RPCEndpoint(name), args) for name, args in part])
            except (requests.RequestException, ValueError) as error:
                raise self._unavailable(error) from None
            if not isinstance(answers, list) or len(answers) != len(part):
                raise self._nonsense(f"{len(part)} requests")
            results += [self._result(name, answer) for (name, _), answer in zip(part, answers, strict=True)]
        return results

    def _unavailable(self, error: Exception) -> ChainUnavailable:
        self.failed = True
        kind = type(error).__name__
        return ChainUnavailable(f"The chain at {self.shown} does not answer ({kind}): start it, or set CHAIN_URL.")

    def _nonsense(self, what: str) -> ChainUnavailable:
        self.failed = True
        return ChainUnavailable(f"The chain at {self.shown} answered {what} with something else.")

    def _result(self, method: str, answer: Any) -> Any:
        if not isinstance(answer, dict) or not ("result" in answer or answer.get("error")):
            raise self._nonsense(method)
        error = answer.get("error")
        if isinstance(error, dict):
            code = error.get("code")
            number = code if isinstance(code, int) else 0
            raise RpcError(method, number, str(error.get("message", "")), error.get("data"))
        if error:
            raise RpcError(method, 0, str(error))
        return answer["result"]

    def _number(self, text: Any) -> int:
        try:
            return int(text, 16)
        except (TypeError, ValueError):
            raise self._nonsense("a question for a number") from None

    def head(self) -> Head:
        """Return the newest block."""
        return self._block(self.call("eth_getBlockByNumber", "latest", False))

    def block(self, number: int) -> Head | None:
        """Return a block, or None when the chain is not so long."""
        found = self.call("eth_getBlockByNumber", hex(number), False)
        return self._block(found) if found else None

    def blocks(self, numbers: Sequence[int]) -> list[Head | None]:
        """Return several blocks by number; None for one that does not exist."""
        found = self.call_many([("eth_getBlockByNumber", [hex(number), False]) for number in numbers])
        return [self._block(block) if block else None for block in found]

    def receipts(self, hashes: Sequence[str]) -> list[dict[str, Any] | None]:
        """Return the receipts of transactions; None for one that is not in a block."""
        return self.call_many([("eth_getTransactionReceipt", [tx_hash]) for tx_hash in hashes])

    def transaction_count(self, address: str) -> int:
        """Return how many transactions of `address` are in blocks: its next nonce as the chain sees it."""
        return self.transaction_count_at(address, "latest")

    def transaction_count_at(self, address: str, block: str) -> int:
        """Return how many transactions of `address` there are up to a block, given as hexadecimal number or tag."""
        return self._number(self.call("eth_getTransactionCount", address, block))

    def priority_fee(self) -> int:
        """Return the tip the node suggests, wei per gas."""
        return self._number(self.call("eth_maxPriorityFeePerGas"))

    def gas(self, call: dict[str, Any]) -> int:
        """Return the gas a call needs on top of what is pending."""
        return self._number(self.call("eth_estimateGas", call, "pending"))

    def known(self, hashes: Sequence[str]) -> set[str]:
        """Return which transactions the node has, in a block or waiting for one."""
        found = self.call_many([("eth_getTransactionByHash", [tx_hash]) for tx_hash in hashes])
        return {tx_hash for tx_hash, transaction in zip(hashes, found, strict=True) if transaction}

    def code(self, address: str) -> bytes:
        """Return the code at an address; empty where there is no contract."""
        return bytes.fromhex(self.call("eth_getCode", address, "latest")[2:])

    def _block(self, found: Any) -> Head:
        try:
            return Head(
                number=int(found["number"], 16),
                hash=str(found["hash"]).lower(),
                timestamp=int(found["timestamp"], 16),
                base_fee=int(found.get("baseFeePerGas") or "0x0", 16),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise self._nonsense("a question for a block") from None


def check_fast_crypto() -> None:
    """Refuse to run on pure Python elliptic curves or an unknown Keccak. Raises SlowCrypto."""
    if not isinstance(KeyAPI().backend, CoinCurveECCBackend):
        raise SlowCrypto("eth-keys does not use coincurve: install coincurve and unset ECC_BACKEND_CLASS.")
    keccak(b"")  # eth_hash chooses its backend at the first hash
    loaded = keccak.hasher.__module__
    if loaded not in _FAST_KECCAK:
        raise SlowCrypto(f"Keccak comes from {loaded}: install pycryptodome or safe-pysha3.")
