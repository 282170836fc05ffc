"""Who puts the signature: a key of our own, or a remote signer (web3signer) that never shows it.

The remote signer is not trusted. What it returns must be the transaction that was asked for, field by field,
signed by the address that was asked: anything else is refused before it is stored, let alone broadcast.
"""

import itertools
from dataclasses import dataclass
from typing import Any, Protocol

import requests
from django.conf import settings
from eth_utils.address import to_checksum_address

from grid.chain import keys, transactions
from grid.chain.errors import KeyRefused, SignerRefused
from grid.chain.transactions import Transaction

TIMEOUT_SECONDS = 10.0
_ids = itertools.count(1)


class Signer(Protocol):
    """A sender's signature. `address` is 0x text in lower case."""

    @property
    def address(self) -> str: ...

    def sign(self, transaction: Transaction) -> bytes:
        """Return the bytes to broadcast. Raises KeyRefused when they are not to be had."""
        ...


@dataclass(frozen=True, slots=True)
class LocalSigner:
    """Signs with a key of this process."""

    key: keys.SigningKey

    @property
    def address(self) -> str:
        return self.key.address

    def sign(self, transaction: Transaction) -> bytes:
        return transaction.sign(self.key.private_key)


@dataclass(frozen=True, slots=True)
class RemoteSigner:
    """Asks a web3signer by `eth_signTransaction`."""

    address: str
    url: str

    def sign(self, transaction: Transaction) -> bytes:
        """Return the bytes to broadcast. Raises SignerRefused: no answer, an error, or another transaction."""
        raw = self._ask(transaction)
        try:
            found, signer = transactions.decode(raw)
        except ValueError as error:
            raise SignerRefused(f"The remote signer answered with {error}.") from None
        if found != transaction:
            changed = [name for name in Transaction.__slots__ if getattr(found, name) != getattr(transaction, name)]
            raise SignerRefused(f"The remote signer signed another transaction than asked: {', '.join(changed)}.")
        if "0x" + signer.hex() != self.address:
            raise SignerRefused(f"The remote signer signed as 0x{signer.hex()}, not as {self.address}.")
        return raw

    def _ask(self, transaction: Transaction) -> bytes:
        body = {
            "jsonrpc": "2.0",
            "id": next(_ids),
            "method": "eth_signTransaction",
            "params": [self._call(transaction)],
        }
        try:
            response = requests.post(self.url, json=body, timeout=TIMEOUT_SECONDS)
            response.raise_for_status()
            answer = response.json()
        except (requests.RequestException, ValueError) as error:
            raise SignerRefused(f"The remote signer does not answer ({type(error).__name__}).") from None
        result = answer.get("result") if isinstance(answer, dict) else None
        if isinstance(result, dict):  # as nodes answer; web3signer gives the bytes alone
            result = result.get("raw")
        if not isinstance(result, str):
            told = answer.get("error") if isinstance(answer, dict) else None
            told = told.get("message") if isinstance(told, dict) else told
            raise SignerRefused(f"The remote signer refuses to sign as {self.address}: {told or 'no reason given'}.")
        try:
            return bytes.fromhex(result.removeprefix("0x"))
        except ValueError:
            raise SignerRefused("The remote signer answered with something that is no transaction.") from None

    def _call(self, transaction: Transaction) -> dict[str, Any]:
        call = {
            "from": to_checksum_address(self.address),
            "gas": hex(transaction.gas),
            "maxFeePerGas": hex(transaction.max_fee),
            "maxPriorityFeePerGas": hex(transaction.priority_fee),
            "value": hex(transaction.value),
            "nonce": hex(transaction.nonce),
            "chainId": hex(transaction.chain_id),
            "data": "0x" + transaction.data.hex(),
        }
        return {**call, "to": to_checksum_address(transaction.to)} if transaction.to else call


def signer(name: str) -> Signer:
    """Return who signs for a sender name. Raises KeyRefused as `keys.key` does."""
    address = keys.remote_address(name)
    if not address:
        return LocalSigner(keys.key(name))
    if not settings.CHAIN_SIGNER_URL:
        raise KeyRefused(f"The key of {name} is with a remote signer: set CHAIN_SIGNER_URL.")
    return RemoteSigner(address, settings.CHAIN_SIGNER_URL)
