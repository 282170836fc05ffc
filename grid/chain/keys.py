"""Keys that sign transactions: one per sender name.

A key comes from the environment (`CHAIN_KEY_POSTER=0x...`), else from an encrypted keystore file (Web3 Secret
Storage, `CHAIN_KEYSTORE_POSTER=/path`, its password in the file `CHAIN_KEYSTORE_PASSWORD_FILE` or
`CHAIN_KEYSTORE_PASSWORD_FILE_POSTER` names), else from the keys file, which holds
`{"keys": {"poster": "0x..."}}`, or in a demonstration a random seed `{"seed": "0x..."}` made on demand,
from which every name's key is derived. Keys that development tools publish are refused always. A sender whose
key a remote signer keeps has only an address here (`CHAIN_ADDRESS_POSTER`, see `grid.chain.signers`).
"""

import hmac
import json
import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from coincurve import PrivateKey
from django.conf import settings
from eth_account import Account
from eth_utils.crypto import keccak

from grid.chain.errors import KeyRefused
from grid.chain.files import create_private, is_private

SENDERS = ("deployer", "poster", "anchorer", "relayer", "guardian", "panel", "panel2", "panel3", "mdr")
"""Who signs: deployer (admin), poster of runs, anchorer of checkpoints, relayer of members' messages, ..."""

WELL_KNOWN = frozenset(
    bytes.fromhex(address)
    for address in (
        "f39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "70997970c51812dc3a010c7d01b50e0d17dc79c8",
        "3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
        "90f79bf6eb2c4f870365e785982e1f101e93b906",
        "15d34aaf54267db7d7c367839aaf71a00a2c6a65",
        "9965507d1a55bcc2695c58ba16fb37d819b0a4dc",
        "976ea74026e726554db657fa54763abd0c3a0aa9",
        "14dc79964da2c08b23698b3d3cc7ca32193d9955",
        "23618e81e3f5cdf7f54c3d65f7fbc0abf5b21e8f",
        "a0ee7a142d267c1f36714e4a8f75612f20a79720",
        "bcd4042de499d14e55001ccbb24a551f3b954096",
        "71be63f3384f5fb98995898a86b02fb2426c5788",
        "fabb0ac9d68b0b445fb7357272ff202c5651694a",
        "1cbd3b2770909d4e10f157cabc84c7264073c9ec",
        "df3e18d64bc6a983f673ab319ccae4f1a57c7097",
        "cd3b766ccdd6ae721141f452c550ca635964ce71",
        "2546bcd3c84621e976d8185a91a922ae77ecec30",
        "bda5747bfd65f08deb54cb465eb87d40e51b197e",
        "dd2fd4581271e230360230f9337d5c0430bf44c0",
        "8626f6940e2eb28930efb4cef49b2d1f2c9c1199",
    )
)
"""Addresses of "test test ... junk", the mnemonic of Hardhat and anvil: their keys are public."""

_CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A sender's key. `address` is 0x text in lower case."""

    address: str
    private_key: bytes = field(repr=False)


def key(name: str) -> SigningKey:
    """Return the key of a sender name. Raises KeyRefused: missing, malformed, readable by others, or public."""
    return _key(name, _setting("KEY", name), _setting("KEYSTORE", name), settings.CHAIN_KEYS_FILE)


def address(name: str) -> str:
    """Return the address of a sender name, 0x and lower case, wherever its key is; raises as `key`."""
    return remote_address(name) or key(name).address


def remote_address(name: str) -> str:
    """Return the address of a sender whose key the remote signer keeps; empty for a key of our own.

    Raises KeyRefused: malformed, publicly known, or both a key and an address are given.
    """
    text = _setting("ADDRESS", name).lower()
    if not text:
        return ""
    if _setting("KEY", name) or _setting("KEYSTORE", name):
        raise KeyRefused(f"{name} has an address of the remote signer and a key here: unset one of them.")
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != 20:
        raise KeyRefused(f"CHAIN_ADDRESS_{name.upper()} is not 0x and 40 hexadecimal digits.")
    return "0x" + _not_public(name, found).hex()


def _setting(kind: str, name: str) -> str:
    return os.environ.get(f"CHAIN_{kind}_{name.upper()}", "")


@cache
def _key(name: str, text: str, keystore: str, path: Path) -> SigningKey:
    if text:
        private_key = _parse(text, f"CHAIN_KEY_{name.upper()}")
    elif keystore:
        private_key = _from_keystore(name, Path(keystore))
    else:
        private_key = _from_file(name, path)
    return SigningKey(address="0x" + _not_public(name, address_of(private_key)).hex(), private_key=private_key)


def _not_public(name: str, found: bytes) -> bytes:
    if found in WELL_KNOWN:
        raise KeyRefused(f"The key of {name} is published with development tools: anyone can sign with it.")
    return found


def _from_keystore(name: str, path: Path) -> bytes:
    """Decrypt a Web3 Secret Storage file. Takes about a second, as its key derivation is meant to."""
    named = _setting("KEYSTORE_PASSWORD_FILE", name) or os.environ.get("CHAIN_KEYSTORE_PASSWORD_FILE", "")
    if not named:
        raise KeyRefused(f"{path} is encrypted: name the file of its password in CHAIN_KEYSTORE_PASSWORD_FILE.")
    for file in (path, Path(named)):
        if not file.is_file():
            raise KeyRefused(f"The keystore of {name} needs {file}, which does not exist.")
    if not is_private(Path(named)):
        raise KeyRefused(f"{named} may be read by others: chmod 600 {named}")
    try:
        return bytes(Account.decrypt(path.read_text(), Path(named).read_text().rstrip("\r\n")))
    except (ValueError, KeyError, TypeError, NotImplementedError) as error:
        raise KeyRefused(f"{path} does not open with the password in {named}: {error}") from None


def address_of(private_key: bytes) -> bytes:
    """Return the 20-byte address of a private key."""
    return keccak(PrivateKey(private_key).public_key.format(compressed=False)[1:])[-20:]


def derive(seed: bytes, name: str) -> bytes:
    """Return the demonstration key of a name: HMAC-SHA512 of the seed, reduced to the curve's order."""
    wide = int.from_bytes(hmac.digest(seed, b"commonwatt.key." + name.encode(), "sha512"), "big")
    return (wide % (_CURVE_ORDER - 1) + 1).to_bytes(32, "big")


def _from_file(name: str, path: Path) -> bytes:
    if not path.exists():
        if not settings.DEMO:
            raise KeyRefused(f"There is no key for {name}: set CHAIN_KEY_{name.upper()}, or write it to {path}.")
        create_private(path, json.dumps({"seed": "0x" + os.urandom(32).hex()}) + "\n")
    if not is_private(path):
        raise KeyRefused(f"{path} may be read by others: chmod 600 {path}")
    content = json.loads(path.read_text())
    given = content.get("keys", {}).get(name)
    if given:
        return _parse(given, f"{path}, keys.{name}")
    if "seed" not in content:
        raise KeyRefused(f"{path} has no key for {name}.")
    if not settings.DEMO:
        raise KeyRefused(f"{path} holds a demonstration seed: give every sender a key of its own.")
    return derive(_parse(content["seed"], f"{path}, seed"), name)


def _parse(text: str, source: str) -> bytes:
    try:
        private_key = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        private_key = b""
    if len(private_key) != 32:
        raise KeyRefused(f"{source} is not 0x and 64 hexadecimal digits.")
    return private_key
