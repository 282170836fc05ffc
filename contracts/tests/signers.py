"""Signers of accounts (wallets, and keys behind the test verifier) and the messages that Accounts takes."""

from dataclasses import dataclass
from typing import Any

import pytest
import signing
from brownie.exceptions import VirtualMachineError
from eth_utils import keccak, to_checksum_address
from world import DAY, Person, World

SIGNER_DELAY = 3 * DAY


def rejected(error: str) -> Any:
    """Expect a custom error, whatever its values."""
    return pytest.raises(VirtualMachineError, match=error)


@dataclass(frozen=True)
class Wallet:
    """A person's wallet as the signer of any account."""

    person: Person

    @property
    def signer(self) -> bytes:
        return bytes.fromhex(self.person.address[2:])

    @property
    def account(self) -> str:
        return self.person.address

    def sign(self, digest: bytes) -> bytes:
        return signing.sign_digest(self.person.key, digest)


@dataclass(frozen=True)
class Key:
    """A key behind a TestVerifier: its signature is keccak256(key || digest)."""

    verifier: str
    name: str

    @property
    def key(self) -> bytes:
        return keccak(text=f"test key of {self.name}")

    @property
    def signer(self) -> bytes:
        return bytes.fromhex(self.verifier[2:]) + self.key

    @property
    def account(self) -> str:
        return to_checksum_address(keccak(self.signer)[12:])

    def sign(self, digest: bytes) -> bytes:
        return keccak(self.key + digest)


Signer = Wallet | Key

FUNCTIONS = {
    "SignerChange": "requestSignerChange",
    "SignerChangeCancel": "cancelSignerChange",
    "RecoverySetting": "setRecovery",
    "Recovery": "requestRecovery",
    "Delegation": "setDelegation",
    "NonceCancel": "cancelNonce",
}


class Registry:
    """The Accounts contract of a world, and who signs what for it."""

    def __init__(self, world: World, verifier: str, contract: Any = None) -> None:
        self.world = world
        self.contract = contract or world.accounts
        self.verifier = verifier

    def wallet(self, name: str) -> Wallet:
        return Wallet(self.world.person(name))

    def key(self, name: str) -> Key:
        return Key(self.verifier, name)

    @property
    def domain(self) -> dict:
        return {**self.world.domain, "verifyingContract": self.contract.address}

    def message(self, kind: str, account: str, *values: Any) -> dict:
        """A message of that kind: its account, what stands between, a fresh nonce and a deadline in an hour."""
        names = [member["name"] for member in signing.TYPES[kind]]
        return dict(zip(names, [account, *values, *self.world.fresh()], strict=True))

    def arguments(self, kind: str, message: dict, *signers: Signer, domain: dict | None = None) -> list:
        """Arguments of the function that takes the message: its members and a signature of each signer."""
        digest = signing.digest(domain or self.domain, kind, message)
        return [*message.values(), *(signer.sign(digest) for signer in signers)]

    def send(self, kind: str, message: dict, *signers: Signer) -> Any:
        call = getattr(self.contract, FUNCTIONS[kind])
        return call(*self.arguments(kind, message, *signers), {"from": self.world.relayer})

    # One line for each act

    def change(self, account: str, by: Signer, to: Signer) -> Any:
        return self.send("SignerChange", self.message("SignerChange", account, to.signer), by, to)

    def recover(self, account: str, by: Signer, to: Signer) -> Any:
        return self.send("Recovery", self.message("Recovery", account, to.signer), by, to)

    def cancel(self, account: str, by: Signer) -> Any:
        return self.send("SignerChangeCancel", self.message("SignerChangeCancel", account), by)

    def name_recovery(self, account: str, by: Signer, recovery: bytes) -> Any:
        return self.send("RecoverySetting", self.message("RecoverySetting", account, recovery), by)

    def delegate(self, account: str, by: Signer, delegate: str, until: int) -> Any:
        return self.send("Delegation", self.message("Delegation", account, delegate, until), by)

    def wait(self) -> None:
        """Let the delay of everything that waits pass."""
        self.world.travel(self.world.time() + SIGNER_DELAY)

    def succeed(self, account: str, by: Signer, to: Signer) -> Any:
        """Change the signer and wait until it has taken effect."""
        self.change(account, by, to)
        self.wait()
        return self.contract.executeSignerChange(account, {"from": self.world.mallory})

    # What stands

    def signer(self, account: str) -> bytes:
        return bytes(self.contract.signerOf(account))

    def signs(self, signer: Signer, account: str) -> bool:
        digest = keccak(text="any message")
        return bool(self.contract.isValidSignature(account, digest, signer.sign(digest)))

    def waiting_change(self, account: str) -> tuple[bytes, int]:
        signer, ready = self.contract.waitingChange(account)
        return bytes(signer), int(ready)

    def waiting_recovery(self, account: str) -> tuple[bytes, int]:
        signer, ready = self.contract.waitingRecovery(account)
        return bytes(signer), int(ready)


NOTHING = (b"", 0)
