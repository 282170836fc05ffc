"""A deployed community: contracts, people with keys, and the few moves that most tests make."""

from dataclasses import dataclass, field
from typing import Any

import brownie
import signing
import trees
from brownie import web3
from eth_account import Account
from eth_utils import keccak, to_checksum_address

DAY = 86_400
TOKEN = 1_000_000
CHALLENGE_WINDOW = DAY
POSTING_LAG = DAY
CORRECTION_LAG = 14 * DAY
WITHDRAWAL_DELAY = 2 * DAY
GATE_LEAD = 3_600
POSTER, ANCHORER, GUARDIAN, MINTER, METER_DATA, PANEL = 1, 2, 3, 4, 5, 6
SYSTEM = ("supplier", "fee", "dust", "balancing")
ZONE = b"\x00" * 16 + keccak(text="zone")[:16]
ZERO32 = b"\x00" * 32


@dataclass
class Person:
    """A key and the account it stands for."""

    name: str
    key: str = ""
    address: str = ""

    def __post_init__(self) -> None:
        self.key = "0x" + keccak(text=f"test key of {self.name}").hex()
        self.address = Account.from_key(self.key).address


def row(account: str, net: int) -> bytes:
    """20 bytes of account, 12 bytes of signed net."""
    return bytes.fromhex(account[2:]) + net.to_bytes(12, "big", signed=True)


def rows_root(rows: list[bytes]) -> bytes:
    tag = keccak(text="commonwatt.ROWS.v1")
    chunks = [rows[i : i + 16] for i in range(0, len(rows), 16)]
    return trees.root([trees.leaf(tag + b"".join(chunk)) for chunk in chunks])


def moves(tx: Any) -> dict[str, int]:
    """What a run moved, by account, as its event tells it."""
    found: dict[str, int] = {}
    for word in tx.events["RunApplied"]["moves"]:
        data = bytes.fromhex(str(word)[2:])
        account = to_checksum_address(data[:20])
        found[account] = found.get(account, 0) + int.from_bytes(data[20:], "big", signed=True)
    return found


NO_CHECKPOINT = (0, 0, 0, ZERO32)


def grow(anchor: Any, previous: tuple | None, size: int, root: bytes, proof: list[bytes], world: Any) -> tuple:
    """Anchor the checkpoint after `previous`; returns the transaction and the new checkpoint."""
    seq = previous[0] + 1 if previous else 0
    tx = anchor.anchor(seq, previous or NO_CHECKPOINT, size, root, proof, {"from": world.anchorer})
    return tx, (seq, size, tx.timestamp, root)


def refused(error: str, *values: Any) -> Any:
    """Expect a custom error with these values, as Brownie spells them."""
    spelt = [repr(bytes(v)) if isinstance(v, bytes) else str(v).lower() for v in values]
    return brownie.reverts(f"{error}: {', '.join(spelt)}")


@dataclass
class World:
    manager: Any
    anchor: Any
    accounts: Any
    token: Any
    escrow: Any
    settlement: Any
    admin: Any
    poster: Any
    anchorer: Any
    guardian: Any
    relayer: Any
    mallory: Any  # a stranger with gas
    today: int  # UTC day number of the tests' present
    people: dict[str, Person] = field(default_factory=dict)
    nonce: int = 0
    recomputation: Any = None
    disputes: Any = None
    meter_data: Any = None
    panel: list = field(default_factory=list)
    checkpoints: list[tuple] = field(default_factory=list)  # (seq, size, anchoredAt, root) of the log's

    def person(self, name: str) -> Person:
        return self.people.setdefault(name, Person(name))

    def __getitem__(self, name: str) -> str:
        return self.person(name).address

    @property
    def system(self) -> list[str]:
        return [self[name] for name in SYSTEM]

    @property
    def domain(self) -> dict:
        return {
            "name": "Commonwatt",
            "version": "1",
            "chainId": web3.eth.chain_id,
            "verifyingContract": self.escrow.address,
        }

    # Time

    def travel(self, timestamp: int) -> None:
        """Mine a block at that block time; the next transaction follows in the same second or later."""
        web3.provider.make_request("evm_setNextBlockTimestamp", [timestamp])
        web3.provider.make_request("evm_mine", [])

    def next_at(self, timestamp: int) -> None:
        """Let the next transaction carry exactly that block time."""
        web3.provider.make_request("evm_setNextBlockTimestamp", [timestamp])

    def set_code(self, address: str, code: str) -> None:
        """Put code (0x hex) at an address, as only a development chain lets one."""
        web3.provider.make_request("anvil_setCode", [str(address), code if code.startswith("0x") else "0x" + code])

    def acting(self, contract: Any) -> Any:
        """The contract as a sender of transactions, to try alone what only it may call."""
        web3.provider.make_request("anvil_impersonateAccount", [str(contract)])
        return brownie.accounts.at(str(contract), force=True)

    def empty_bond(self, left: int = 0) -> None:
        """Take out all of the bond but `left`."""
        self.escrow.withdrawBond(self.admin, self.escrow.bond() - left, {"from": self.admin})

    def key(self, **changes: Any) -> bytes:
        """Run key of yesterday in the community's zone."""
        return bytes(self.settlement.runKeyOf(changes.get("zone", ZONE), changes.get("day", self.today - 1)))

    def time(self) -> int:
        return web3.eth.get_block("latest")["timestamp"]

    # The log

    def grow(self, size: int, root: bytes, proof: list[bytes]) -> Any:
        """Anchor the log's next checkpoint and remember it."""
        tx, checkpoint = grow(self.anchor, self.checkpoints[-1] if self.checkpoints else None, size, root, proof, self)
        self.checkpoints.append(checkpoint)
        return tx

    # Money

    def fund(self, name: str, amount: int) -> None:
        """Deposit on somebody's account, paid by the admin."""
        self.escrow.deposit(self[name], amount, {"from": self.admin})

    def free(self, name: str) -> int:
        return self.escrow.balanceOf(self[name])

    # Signed messages

    def sign(self, name: str, kind: str, message: dict, domain: dict | None = None) -> bytes:
        return signing.sign(self.person(name).key, domain or self.domain, kind, message)

    def fresh(self) -> tuple[int, int]:
        """An unused nonce and a deadline in an hour."""
        self.nonce += 1
        return self.nonce, self.time() + 3_600

    def mandate(self, name: str, cap: int, from_day: int, to_day: int, **changes: Any) -> tuple[tuple, bytes]:
        """Arguments of registerMandate; `changes` alter what is sent after signing."""
        nonce, deadline = self.fresh()
        message = {
            "account": self[name],
            "validFromDay": from_day,
            "validToDay": to_day,
            "capPerDay": cap,
            "terms": signing.DEMO_TERMS,
            "nonce": changes.pop("nonce", nonce),
            "deadline": changes.pop("deadline", deadline),
        }
        signature = self.sign(name, "Mandate", message, changes.pop("domain", None))
        sent = {**message, "terms": signing.terms_hash(signing.DEMO_TERMS), **changes}
        return tuple(sent.values()), signature

    def register(self, name: str, cap: int, from_day: int, to_day: int) -> Any:
        return self.escrow.registerMandate(*self.mandate(name, cap, from_day, to_day), {"from": self.relayer})

    def end_mandate(self, name: str, index: int, end_day: int) -> Any:
        nonce, deadline = self.fresh()
        message = {
            "account": self[name],
            "mandateIndex": index,
            "endDay": end_day,
            "nonce": nonce,
            "deadline": deadline,
        }
        return self.escrow.endMandate(*message.values(), self.sign(name, "MandateEnd", message), {"from": self.relayer})

    def withdrawal(self, name: str, to: str, amount: int, **changes: Any) -> list:
        """Arguments of requestWithdrawal."""
        nonce, deadline = self.fresh()
        message = {
            "account": self[name],
            "to": to,
            "amount": amount,
            "nonce": changes.pop("nonce", nonce),
            "deadline": changes.pop("deadline", deadline),
        }
        signature = self.sign(name, "Withdrawal", message, changes.pop("domain", None))
        return [*{**message, **changes}.values(), signature]

    def request(self, name: str, amount: int) -> Any:
        return self.escrow.requestWithdrawal(*self.withdrawal(name, self[name], amount), {"from": self.relayer})

    def cancel(self, name: str, index: int) -> Any:
        nonce, deadline = self.fresh()
        message = {"account": self[name], "index": index, "nonce": nonce, "deadline": deadline}
        return self.escrow.cancelWithdrawal(
            *message.values(), self.sign(name, "WithdrawalCancel", message), {"from": self.relayer}
        )

    # Runs

    def rows(self, nets: dict[str, int]) -> list[bytes]:
        """Rows by name, the supplier's net balancing the sum unless it is given."""
        nets = dict(nets)
        nets.setdefault("supplier", -sum(nets.values()))
        members = {self[name]: net for name, net in nets.items() if name not in SYSTEM}
        rows = [row(account, members[account]) for account in sorted(members, key=str.lower)]
        return rows + [row(self[name], nets.get(name, 0)) for name in SYSTEM]

    def run(self, rows: list[bytes], **changes: Any) -> list:
        """RunInput of yesterday's initial run, fields changed by name."""
        fields = {
            "zone": ZONE,
            "day": self.today - 1,
            "sequence": 0,
            "pointsRoot": keccak(text="points"),
            "pointCount": max(1, len(rows) - 4),
            "headersRoot": keccak(text="headers"),
            "checkpoint": 0,
            "profileHash": keccak(text="profile"),
            "mode": 0,
        }
        return list({**fields, **changes}.values())

    def post(self, nets: dict[str, int], **changes: Any) -> Any:
        rows = self.rows(nets)
        return self.settlement.postRun(self.run(rows, **changes), rows, {"from": self.poster})

    def correct(self, nets: dict[str, int], previous: dict[str, int], sequence: int = 1, **changes: Any) -> Any:
        rows, old = self.rows(nets), self.rows(previous)
        return self.settlement.postCorrection(
            self.run(rows, sequence=sequence, **changes),
            rows,
            self.run(old, sequence=sequence - 1, **changes),
            old,
            {"from": self.poster},
        )

    def assert_backed(self, *names: str) -> None:
        """Every token in the escrow has an owner among the named accounts, the bond and the pool."""
        owners = {self[name] for name in (*names, *SYSTEM)}
        balances = sum(self.escrow.balanceOf(a) + self.escrow.pendingOf(a) for a in owners)
        total = balances + self.escrow.bond() + self.escrow.depositsHeld() + self.escrow.collectionPool()[0]
        assert total == self.escrow.totalLiabilities() == self.token.balanceOf(self.escrow)
