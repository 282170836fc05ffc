"""Our contracts: ABI and bytecode from contracts/artifacts, addresses by chain id, calls and events as bytes.

Values travel as plain JSON here: integers as numbers, bytes and addresses as 0x text in lower case,
structs as objects by field name. So they can be stored, compared and shown as they are.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from grid.chain import abi
from grid.chain.abi import Abi
from grid.chain.errors import ContractUnknown

ARTIFACTS = Path(__file__).resolve().parents[2] / "contracts" / "artifacts"


def type_of(parameter: Abi) -> str:
    """Return a parameter's type as it stands in a signature; a struct as its members in brackets."""
    kind = str(parameter["type"])
    if kind.startswith("tuple"):
        return f"({','.join(type_of(part) for part in parameter['components'])}){kind[5:]}"
    return kind


@dataclass(frozen=True, slots=True)
class Signature:
    """A function, event or error: its name, its parameters, and the hash that names it on chain."""

    name: str
    inputs: tuple[Abi, ...]
    outputs: tuple[Abi, ...]
    hash: bytes

    @classmethod
    def of(cls, item: Abi) -> "Signature":
        inputs = tuple(item.get("inputs", ()))
        text = f"{item['name']}({','.join(type_of(part) for part in inputs)})"
        return cls(item["name"], inputs, tuple(item.get("outputs", ())), keccak(text=text))


@dataclass(frozen=True, slots=True)
class Event:
    """A decoded log of one of our contracts."""

    contract: str
    name: str
    args: dict[str, Any]


class Contract:
    """One artifact, read once per process."""

    def __init__(self, artifact: Mapping[str, Any]) -> None:
        self.name: str = artifact["contractName"]
        self.bytecode = bytes.fromhex(artifact["bytecode"].removeprefix("0x"))
        by_type: dict[str, list[Abi]] = {}
        for item in artifact["abi"]:
            by_type.setdefault(item["type"], []).append(item)
        self.constructor_inputs: tuple[Abi, ...] = tuple(
            part for item in by_type.get("constructor", ()) for part in item.get("inputs", ())
        )
        self.functions: dict[str, list[Signature]] = {}
        for item in by_type.get("function", ()):
            self.functions.setdefault(item["name"], []).append(Signature.of(item))
        events = [(item, Signature.of(item)) for item in by_type.get("event", ()) if not item.get("anonymous")]
        self.events: dict[bytes, Signature] = {signature.hash: signature for _, signature in events}
        errors = [Signature.of(item) for item in by_type.get("error", ())]
        self.errors: dict[bytes, Signature] = {signature.hash[:4]: signature for signature in errors}

    def function(self, name: str, count: int) -> Signature:
        """Return the function with this name and number of arguments. Raises ContractUnknown."""
        for signature in self.functions.get(name, ()):
            if len(signature.inputs) == count:
                return signature
        raise ContractUnknown(f"{self.name} has no function {name} with {count} arguments.")

    def selector(self, name: str) -> bytes:
        """Return the four bytes that call a function of which there is one by this name."""
        (signature,) = self.functions[name]
        return signature.hash[:4]

    def creation(self, args: Sequence[Any]) -> bytes:
        """Return the input of the transaction that creates this contract."""
        return self.bytecode + _encode(f"{self.name} constructor", self.constructor_inputs, args)

    def calldata(self, function: str, args: Sequence[Any]) -> bytes:
        """Return the input of a call. Raises ValueError that names an argument which does not fit."""
        signature = self.function(function, len(args))
        return signature.hash[:4] + _encode(f"{self.name}.{function}", signature.inputs, args)

    def returned(self, function: str, count: int, data: bytes) -> Any:
        """Return what a call answered: one value, or a list of several."""
        outputs = self.function(function, count).outputs
        values = [
            to_json(part, value)
            for part, value in zip(outputs, decode([type_of(part) for part in outputs], data), strict=True)
        ]
        return values[0] if len(values) == 1 else values

    def event(self, topics: Sequence[bytes], data: bytes) -> Event | None:
        """Decode a log, or return None for an event that is not in our ABI."""
        signature = self.events.get(topics[0]) if topics else None
        if signature is None:
            return None
        plain = [part for part in signature.inputs if not part.get("indexed")]
        values = iter(decode([type_of(part) for part in plain], data))
        indexed = iter(topics[1:])
        args: dict[str, Any] = {}
        for part in signature.inputs:
            if part.get("indexed"):
                args[part["name"]] = to_json(part, decode([type_of(part)], next(indexed))[0])
            else:
                args[part["name"]] = to_json(part, next(values))
        return Event(self.name, signature.name, args)


_STANDARD_ERRORS = (
    {"type": "error", "name": "Error", "inputs": [{"name": "message", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
)


@cache
def contract(name: str) -> Contract:
    """Return a contract by the name of its artifact. Raises ContractUnknown."""
    path = ARTIFACTS / f"{name}.json"
    if not path.is_file():
        raise ContractUnknown(f"There is no artifact {path.name}: compile the contracts (see contracts/).")
    return Contract(json.loads(path.read_text()))


@cache
def known_errors() -> dict[bytes, Signature]:
    """Return every custom error of every contract by its selector."""
    errors = {signature.hash[:4]: signature for signature in map(Signature.of, _STANDARD_ERRORS)}
    for path in sorted(ARTIFACTS.glob("*.json")):
        errors.update(contract(path.stem).errors)
    return errors


def reason(data: Any, fallback: str) -> str:
    """Return a revert as text: the custom error with its values, or `fallback` when it is not ours."""
    if not isinstance(data, str) or not data.startswith("0x") or len(data) < 10:
        return fallback
    raw = bytes.fromhex(data[2:])
    signature = known_errors().get(raw[:4])
    if signature is None:
        return f"{fallback} [{data[:10]}]"
    try:
        values = decode([type_of(part) for part in signature.inputs], raw[4:])
    except DecodingError:
        return signature.name
    named = zip(signature.inputs, values, strict=True)
    shown = ", ".join(f"{part['name']}={to_json(part, value)}" for part, value in named)
    return f"{signature.name}({shown})"


def _encode(what: str, inputs: Sequence[Abi], args: Sequence[Any]) -> bytes:
    if len(inputs) != len(args):
        raise ValueError(f"{what} takes {len(inputs)} arguments, not {len(args)}")
    try:
        return abi.encode(inputs, args)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{what}: {error}") from None


def to_json(parameter: Abi, value: Any) -> Any:
    """Return a decoded value as it is stored."""
    kind = str(parameter["type"])
    if kind.endswith("]"):
        inner = {**parameter, "type": kind[: kind.rindex("[")]}
        return [to_json(inner, item) for item in value]
    if kind == "tuple":
        parts = parameter["components"]
        return {part["name"]: to_json(part, item) for part, item in zip(parts, value, strict=True)}
    return plain(value)


def plain(value: Any) -> Any:
    """Return bytes as 0x text, and containers of them likewise; anything else unchanged."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "0x" + bytes(value).hex()
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


@dataclass(frozen=True, slots=True)
class Deployed:
    """Where a contract stands on one chain, and the block it was made in."""

    address: str
    block: int


_registry: tuple[tuple[str, int], dict[str, dict[str, Any]]] | None = None


def registry(chain_id: int) -> dict[str, Deployed]:
    """Return the contracts deployed on a chain by name; empty before `deploy_contracts`."""
    found = _read_registry().get(str(chain_id), {})
    return {name: Deployed(entry["address"], entry["block"]) for name, entry in found.items()}


def address_of(name: str, chain_id: int) -> str:
    """Return a contract's address (0x, lower case). Raises ContractUnknown."""
    found = registry(chain_id).get(name)
    if found is None:
        raise ContractUnknown(f"{name} is not deployed on chain {chain_id}: run `./watt manage deploy_contracts`.")
    return found.address


def register(chain_id: int, contracts: Mapping[str, Deployed]) -> None:
    """Write the addresses of a chain's contracts; other chains' stay. The file is replaced as a whole."""
    path: Path = settings.CONTRACTS_FILE
    everything = dict(_read_registry())
    everything[str(chain_id)] = {
        name: {"address": deployed.address, "block": deployed.block} for name, deployed in contracts.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(everything, indent=2) + "\n")
    os.replace(temporary, path)


def _read_registry() -> dict[str, dict[str, Any]]:
    global _registry
    path: Path = settings.CONTRACTS_FILE
    try:
        key = (os.fspath(path), path.stat().st_mtime_ns)
    except FileNotFoundError:
        return {}
    if _registry is None or _registry[0] != key:
        _registry = (key, json.loads(path.read_text()))
    return _registry[1]
