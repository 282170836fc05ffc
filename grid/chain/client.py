"""JSON-RPC to the chain: one connection pool per process, time limits, errors as `grid.chain.errors` draws them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import requests
from django.conf import settings
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
        self._provider = HTTPProvider(url, request_kwargs={"timeout": timeout}, exception_retry_configuration=None)
        self._chain_id: int | None = None

    @property
    def chain_id(self) -> int:
        if self._chain_id is None:
            self._chain_id = int(self.call("eth_chainId"), 16)
        return self._chain_id

    def call(self, method: str, *params: Any) -> Any:
        """Return the result of one request."""
        try:
            answer = self._provider.make_request(RPCEndpoint(method), list(params))
        except (requests.RequestException, ValueError) as error:
            raise self._unavailable(error) from None
        return _result(method, cast(dict[str, Any], answer))

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
                raise ChainUnavailable(f"The chain at {self.url} answered {len(part)} requests with something else.")
            results += [
                _result(name, cast(dict[str, Any], answer)) for (name, _), answer in zip(part, answers, strict=True)
            ]
        return results

    def _unavailable(self, error: Exception) -> ChainUnavailable:
        kind = type(error).__name__
        return ChainUnavailable(f"The chain at {self.url} does not answer ({kind}): start it, or set CHAIN_URL.")

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
        return int(self.call("eth_getTransactionCount", address, "latest"), 16)

    def code(self, address: str) -> bytes:
        """Return the code at an address; empty where there is no contract."""
        return bytes.fromhex(self.call("eth_getCode", address, "latest")[2:])

    @staticmethod
    def _block(found: dict[str, Any]) -> Head:
        return Head(
            number=int(found["number"], 16),
            hash=found["hash"].lower(),
            timestamp=int(found["timestamp"], 16),
            base_fee=int(found.get("baseFeePerGas") or "0x0", 16),
        )


def _result(method: str, answer: dict[str, Any]) -> Any:
    error = answer.get("error")
    if error:
        if isinstance(error, str):
            raise RpcError(method, 0, error)
        raise RpcError(method, int(error.get("code", 0)), str(error.get("message", "")), error.get("data"))
    return answer.get("result")


def connect() -> Client:
    """Return this process's client of the chain in the settings.

    Raises SlowCrypto before the first use where signatures would take the slow path.
    """
    return _connect(settings.CHAIN_URL)


@cache
def _connect(url: str) -> Client:
    check_fast_crypto()
    return Client(url)


def check_fast_crypto() -> None:
    """Refuse to run on pure Python elliptic curves or an unknown Keccak. Raises SlowCrypto."""
    if not isinstance(KeyAPI().backend, CoinCurveECCBackend):
        raise SlowCrypto("eth-keys does not use coincurve: install coincurve and unset ECC_BACKEND_CLASS.")
    keccak(b"")  # eth_hash chooses its backend at the first hash
    loaded = keccak.hasher.__module__
    if loaded not in _FAST_KECCAK:
        raise SlowCrypto(f"Keccak comes from {loaded}: install pycryptodome or safe-pysha3.")
