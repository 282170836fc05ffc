"""A chain in this process: deploys artifacts, sends calls at a block time the test chooses, decodes what comes back.

It is pyrevm with the platform's own ABI code (`grid.chain.contracts`) around it. Nothing is mined: each call is a
transaction of its own, at `Chain.time`. The P-256 precompile is absent, so passkeys are tested on anvil only.
"""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak
from pyrevm import EVM, BlockEnv, CfgEnv, Env, ExecutionResult

from grid.chain.contracts import Contract, Event, Signature, to_json, type_of

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = Path(os.environ.get("EVM_ARTIFACTS") or ROOT / "contracts" / "artifacts")
"""Where bytecode comes from; the mutation run names a folder of its own."""

CHAIN_ID = 31_337
GAS = 16_777_216
"""Gas of one call: what a transaction may hold at most on real chains (EIP-7825)."""

READ_GAS = 4 * GAS
"""Gas of a reading, so that a contract which never ends does end."""

_OUTPUT = re.compile(r"Revert \{ gas_used: \d+, output: 0x([0-9a-f]*) \}")
_ACCOUNT = re.compile(r"0x([0-9a-f]{40}): Account \{ info: AccountInfo \{ balance: (\d+), ")
_SLOT = re.compile(r"(\d+): StorageSlot \{ previous_or_original_value: \d+, present_value: (\d+) \}")


@cache
def artifact(name: str) -> Contract:
    """Return a contract by the name of its artifact, a mock's included."""
    for path in (ARTIFACTS / f"{name}.json", ARTIFACTS / "mocks" / f"{name}.json"):
        if path.is_file():
            return Contract(json.loads(path.read_text()))
    raise FileNotFoundError(f"no artifact {name} in {ARTIFACTS}")


@cache
def errors() -> dict[bytes, Signature]:
    """Return every custom error of every artifact by its selector."""
    standard = [
        {"name": "Error", "inputs": [{"name": "message", "type": "string"}]},
        {"name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
    ]
    found = {signature.hash[:4]: signature for signature in map(Signature.of, standard)}
    for path in sorted(ARTIFACTS.rglob("*.json")):
        found.update(artifact(path.stem).errors)
    return found


class Reverted(Exception):
    """A call that the contract refused: the custom error's name and its values in order."""

    def __init__(self, name: str, values: tuple[Any, ...], data: bytes = b"") -> None:
        super().__init__(f"{name}({', '.join(map(str, values))})")
        self.name = name
        self.values = values
        self.data = data

    @classmethod
    def of(cls, failure: RuntimeError) -> "Reverted":
        """Decode pyrevm's message: the revert data, or the reason of a halt (out of gas, invalid opcode)."""
        found = _OUTPUT.search(str(failure))
        if found is None:
            return cls("Halt", (str(failure).split("{")[0].strip(),))
        data = bytes.fromhex(found.group(1))
        signature = errors().get(data[:4])
        if signature is None:
            return cls("Unknown", ("0x" + data.hex(),), data)
        values = decode([type_of(part) for part in signature.inputs], data[4:])
        shown = tuple(to_json(part, value) for part, value in zip(signature.inputs, values, strict=True))
        return cls(signature.name, shown, data)


@dataclass(frozen=True)
class Receipt:
    """What a successful call answered, in Python values; its events; the gas it used."""

    answer: Any
    events: list[Event]
    gas: int

    def event(self, name: str) -> dict[str, Any]:
        """Return the arguments of the one event with this name."""
        (found,) = [event for event in self.events if event.name == name]
        return found.args


@dataclass
class Chain:
    """State, time and a count of the calls that were sent."""

    time: int
    chain_id: int = CHAIN_ID
    sent: int = 0
    refused: int = 0
    addresses: dict[str, "Deployed"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.evm = EVM(env=Env(cfg=CfgEnv(chain_id=self.chain_id)), gas_limit=2**62, spec_id="CANCUN")
        self.travel(self.time)

    # Time and snapshots

    def travel(self, time: int) -> None:
        """Let later calls happen at this unix time."""
        self.time = time
        self.evm.set_block_env(BlockEnv(number=1 + time // 12, timestamp=time))

    def snapshot(self) -> tuple[Any, int]:
        return self.evm.snapshot(), self.time

    def restore(self, taken: tuple[Any, int]) -> None:
        """Undo everything since the snapshot; it is used up."""
        self.evm.revert(taken[0])
        self.travel(taken[1])

    def digest(self) -> str:
        """Return a hash of every account's balance and of every storage word that is not zero."""
        text = self.evm.journal_str
        text = text[: text.index(", logs: [")]
        lines = []
        starts = list(_ACCOUNT.finditer(text))
        for found, following in zip(starts, [*starts[1:], None], strict=True):
            # Code comes before storage, and the search would take long to get through its digits.
            begin = text.index("storage: {", found.end())
            words = _SLOT.findall(text, begin, following.start() if following else len(text))
            kept = sorted((slot, value) for slot, value in words if value != "0")
            if kept or found.group(2) != "0":
                lines.append(f"{found.group(1)} {found.group(2)} {kept}")
        assert lines, "pyrevm writes its journal in another form"
        return sha256("\n".join(sorted(lines)).encode()).hexdigest()

    # Contracts

    def create(self, name: str, args: Sequence[Any], sender: str) -> "Deployed":
        """Deploy an artifact. Raises Reverted."""
        contract = artifact(name)
        self.sent += 1
        try:
            address = self.evm.deploy(sender, contract.creation(args))
        except RuntimeError as failure:
            raise Reverted.of(failure) from None
        made = Deployed(self, contract, address.lower())
        self.addresses[made.address] = made
        return made

    def send(self, sender: str, to: str, data: bytes, gas: int = GAS) -> bytes:
        """Send calldata as a transaction and return what it answered. Raises Reverted."""
        self.sent += 1
        try:
            return self.evm.message_call(sender, to, calldata=data, gas=gas)
        except RuntimeError as failure:
            self.refused += 1
            raise Reverted.of(failure) from None

    @property
    def result(self) -> ExecutionResult:
        """What pyrevm tells of the last call."""
        result = self.evm.result
        assert result is not None, "nothing was sent yet"
        return result

    def logs(self) -> list[Event]:
        """Return the decoded events of the last call, of contracts that were deployed here."""
        found = []
        for log in self.result.logs:
            made = self.addresses.get(log.address.lower())
            topics = [bytes.fromhex(topic.removeprefix("0x")) for topic in log.topics]
            event = made.contract.event(topics, bytes(log.data[1])) if made else None
            if made and event is not None:
                _require_canonical(made.contract.events[topics[0]], bytes(log.data[1]))
                found.append(event)
        return found


def _require_canonical(signature: Signature, data: bytes) -> None:
    """An event's data is what the ABI's encoder would write, to the byte: some events are encoded by hand."""
    types = [type_of(part) for part in signature.inputs if not part.get("indexed")]
    assert encode(types, decode(types, data)) == data, f"{signature.name} is encoded in another way"


def _answers(outputs: Sequence[Any], data: bytes) -> Any:
    if not outputs:
        return None
    if len(outputs) == 1 and outputs[0]["type"].startswith(("uint", "bool")) and "[" not in outputs[0]["type"]:
        value = int.from_bytes(data, "big")
        return bool(value) if outputs[0]["type"] == "bool" else value
    values = decode([type_of(part) for part in outputs], data)
    plain = [to_json(part, value) for part, value in zip(outputs, values, strict=True)]
    return plain[0] if len(plain) == 1 else plain


@dataclass(frozen=True)
class Deployed:
    """A contract at its address."""

    chain: Chain
    contract: Contract
    address: str

    def data(self, function: str, *args: Any) -> bytes:
        """Return the calldata of a call."""
        return self.contract.calldata(function, args)

    def read(self, function: str, *args: Any, sender: str = "0x" + "00" * 20) -> Any:
        """Return what a view function answers. Raises Reverted. Not counted as sent."""
        data = self.contract.calldata(function, args)
        try:
            found = self.chain.evm.message_call(sender, self.address, calldata=data, gas=READ_GAS, is_static=True)
        except RuntimeError as failure:
            raise Reverted.of(failure) from None
        return _answers(self.contract.function(function, len(args)).outputs, found)

    def send(self, function: str, *args: Any, sender: str) -> Receipt:
        """Send a call. Raises Reverted."""
        found = self.chain.send(sender, self.address, self.contract.calldata(function, args))
        outputs = self.contract.function(function, len(args)).outputs
        return Receipt(_answers(outputs, found), self.chain.logs(), self.chain.result.gas_used)

    def digest_of(self, struct_hash: bytes, name: bytes = b"Commonwatt", version: bytes = b"1") -> bytes:
        """Return the EIP-712 digest of a struct hash in this contract's domain."""
        separator = domain_separator(self.chain.chain_id, self.address, name, version)
        return keccak(b"\x19\x01" + separator + struct_hash)


_DOMAIN = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")


@cache
def domain_separator(chain_id: int, address: str, name: bytes = b"Commonwatt", version: bytes = b"1") -> bytes:
    """Return the EIP-712 domain separator of a contract, a token's included."""
    words = [_DOMAIN, keccak(name), keccak(version), chain_id.to_bytes(32, "big")]
    return keccak(b"".join(words) + bytes.fromhex(address[2:]).rjust(32, b"\x00"))
