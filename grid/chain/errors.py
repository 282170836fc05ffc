"""What can go wrong with the chain.

ChainError
  +-- ChainUnavailable     no answer, or not within the time limit: try again later
  |     +-- WrongChain     another chain id, a head too old, or nodes that contradict each other
  +-- RpcError             the node answered with an error (`code`, `message`, `data`)
  |     +-- CallReverted   a contract refused (`reason` is the decoded custom error)
  +-- KeyRefused           a signing key is missing, readable by others, or publicly known
  |     +-- SignerRefused  the remote signer does not answer, or signed something else than asked
  +-- FeeTooHigh           the chain's base fee is above CHAIN_MAX_FEE_WEI: wait
  +-- Fenced               another process has become the owner: stop, change nothing
  +-- ContractUnknown      no artifact or no registered address: run `./watt manage deploy_contracts`
  +-- SlowCrypto           a pure Python fallback would be used for signatures or Keccak
"""

from typing import Any


class ChainError(Exception):
    """Any failure of the chain client."""


class ChainUnavailable(ChainError):
    """The node does not answer; nothing is known about what it did."""


class WrongChain(ChainUnavailable):
    """The node serves another chain than the one we work on."""


class RpcError(ChainError):
    """The node refused a request."""

    def __init__(self, method: str, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{method}: {message} ({code})")
        self.method = method
        self.code = code
        self.message = message
        self.data = data


class CallReverted(RpcError):
    """A contract refused a call; `reason` names its custom error with the values in it."""

    def __init__(self, error: RpcError, reason: str) -> None:
        super().__init__(error.method, error.code, reason, error.data)
        self.reason = reason


class KeyRefused(ChainError):
    """A key that must not, or cannot, sign."""


class SignerRefused(KeyRefused):
    """A remote signer that does not sign what it was asked to sign."""


class FeeTooHigh(ChainError):
    """Gas costs more than the settings allow; nothing is signed until it costs less."""


class Fenced(ChainError):
    """This process owned a sender and does so no longer; what it wanted to write was not written."""


class ContractUnknown(ChainError):
    """A contract whose ABI or address we do not have."""


class SlowCrypto(ChainError):
    """A library that makes every signature about a hundred times slower."""
