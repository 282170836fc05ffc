"""A deployed community on the in-process chain: contracts, people with keys, and the moves that most tests make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_utils.crypto import keccak

from grid.domain.merkle import MerkleTree, leaf_hash
from grid.domain.rows import Row, pack_row
from tests.evm import signing
from tests.evm.chain import Chain, Deployed, Receipt
from tests.evm.signing import Person

DAY = 86_400
TOKEN = 1_000_000
FIRST_DAY = 25_000
"""A fixed day in the future: every date, and with it every byte that is signed or stored, is the same in each run."""

BOND = 1_000_000 * TOKEN
UNLIMITED = 2**256 - 1
ADMIN, POSTER, ANCHORER, GUARDIAN, MINTER, PANEL, METER_DATA = range(7)
SYSTEM = ("supplier", "fee", "dust", "balancing")
PANELLISTS = ("first of the panel", "second of the panel", "third of the panel")
CALLERS = ("recomputation", "disputes")
"""Keys that stand in for the two contracts, so that a test can have the escrow pay whatever it wants to try."""

ZONE = b"\x00" * 16 + keccak(text="zone")[:16]
OTHER_ZONE = b"\x00" * 16 + keccak(text="other zone")[:16]
NOBODY = "0x" + "00" * 20
NO_CHECKPOINT = {"seq": 0, "size": 0, "anchoredAt": 0, "root": b"\x00" * 32}
"""What the first checkpoint follows."""


@dataclass(frozen=True)
class Terms:
    """Times in seconds and money in token units that a community is deployed with."""

    challenge_window: int = DAY
    posting_lag: int = DAY
    correction_lag: int = 14 * DAY
    withdrawal_delay: int = 2 * DAY
    gate_lead: int = 3_600
    signer_delay: int = 3 * DAY
    fixed_sum: int = 0
    exposure_ratio: int = 1
    hold_time: int = 3 * DAY
    max_holds: int = 2
    response_time: int = DAY
    extra_time: int = DAY // 2
    meter_data_time: int = DAY
    appeal_time: int = DAY // 2
    panel_time: int = 2 * DAY
    deposit: int = 5 * TOKEN
    contest_limit: int = 50 * TOKEN
    max_slot_wh: int = 100_000
    max_open_cases: int = 4

    @property
    def of_disputes(self) -> list[int]:
        return [
            self.response_time,
            self.extra_time,
            self.meter_data_time,
            self.appeal_time,
            self.panel_time,
            self.deposit,
            self.contest_limit,
            self.max_slot_wh,
            self.max_open_cases,
        ]


@dataclass
class Log:
    """The platform's log as far as the chain sees it: leaves, and the sizes that were anchored."""

    leaves: list[bytes] = field(default_factory=list)
    anchored: list[dict[str, Any]] = field(default_factory=list)

    def grow(self, count: int) -> None:
        first = len(self.leaves)
        self.leaves += [leaf_hash(b"entry %d" % number) for number in range(first, first + count)]

    def tree(self, size: int | None = None) -> MerkleTree:
        return MerkleTree(self.leaves[:size])


@dataclass
class World:
    """Contracts by name, and who may do what with them."""

    chain: Chain
    terms: Terms
    manager: Deployed
    anchor: Deployed
    accounts: Deployed
    token: Deployed
    escrow: Deployed
    settlement: Deployed
    others: dict[str, Deployed] = field(default_factory=dict)
    log: Log = field(default_factory=Log)
    nonce: int = 0

    # People

    def person(self, name: str) -> Person:
        return Person(name)

    def __getitem__(self, name: str) -> str:
        """Return the address of a person, or an address as it is."""
        return name if name.startswith("0x") else person(name).address

    @property
    def today(self) -> int:
        return self.chain.time // DAY

    def travel_days(self, days: int) -> None:
        """Go to noon of a later day."""
        self.chain.travel((self.today + days) * DAY + DAY // 2)

    # Money

    def fund(self, name: str, amount: int) -> Receipt:
        """Deposit on somebody's account, paid by the admin."""
        return self.escrow.send("deposit", self[name], amount, sender=self["admin"])

    def free(self, name: str) -> int:
        return int(self.escrow.read("balanceOf", self[name]))

    # Signed messages

    def sign(self, name: str, kind: str, message: Mapping[str, Any], contract: Deployed | None = None) -> bytes:
        digest = (contract or self.escrow).digest_of(signing.struct_hash(kind, message))
        return person(name).sign(digest)

    def fresh(self) -> tuple[int, int]:
        """An unused nonce and a deadline in an hour."""
        self.nonce += 1
        return self.nonce, self.chain.time + 3_600

    def signed(self, name: str, kind: str, fields: Mapping[str, Any], contract: Deployed | None = None) -> list[Any]:
        """Return account, fields, nonce, deadline and signature of a message, as most functions take them."""
        nonce, deadline = self.fresh()
        message = {"account": self[name], **fields, "nonce": nonce, "deadline": deadline}
        return [*message.values(), self.sign(name, kind, message, contract)]

    def mandate(self, name: str, cap: int, first: int, end: int, **changes: Any) -> list[Any]:
        """Arguments of registerMandate."""
        nonce, deadline = self.fresh()
        message = {
            "account": self[name],
            "validFromDay": first,
            "validToDay": end,
            "capPerDay": cap,
            "terms": signing.struct_hash("MandateTerms", signing.DEMO_TERMS),
            "nonce": nonce,
            "deadline": deadline,
        } | changes
        return [list(message.values()), self.sign(name, "Mandate", message)]

    def register(self, name: str, cap: int, first: int, end: int) -> Receipt:
        return self.escrow.send("registerMandate", *self.mandate(name, cap, first, end), sender=self["relayer"])

    def end_mandate(self, name: str, index: int, end: int) -> Receipt:
        args = self.signed(name, "MandateEnd", {"mandateIndex": index, "endDay": end})
        return self.escrow.send("endMandate", *args, sender=self["relayer"])

    def withdrawal(self, name: str, amount: int, to: str | None = None) -> list[Any]:
        """Arguments of requestWithdrawal."""
        return self.signed(name, "Withdrawal", {"to": to or self[name], "amount": amount})

    def request(self, name: str, amount: int) -> Receipt:
        return self.escrow.send("requestWithdrawal", *self.withdrawal(name, amount), sender=self["relayer"])

    def cancel(self, name: str, index: int) -> Receipt:
        args = self.signed(name, "WithdrawalCancel", {"index": index})
        return self.escrow.send("cancelWithdrawal", *args, sender=self["relayer"])

    def permit(self, owner: str, amount: int, nonce: int = 0) -> tuple[int, bytes]:
        """Deadline and signature of an EIP-2612 permit to the escrow."""
        deadline = self.chain.time + 3_600
        message = {
            "owner": self[owner],
            "spender": self.escrow.address,
            "value": amount,
            "nonce": nonce,
            "deadline": deadline,
        }
        digest = self.token.digest_of(signing.struct_hash("Permit", message), b"Commonwatt Demo Euro")
        return deadline, person(owner).sign(digest)

    # The log

    def anchor_entries(self, count: int, **changes: Any) -> Receipt:
        """Append entries to the log and anchor them; `changes` alter what is sent, not what is proven."""
        args = self.next_checkpoint(count) | changes
        done = self.anchor.send("anchor", *args.values(), sender=self["anchorer"])
        self.log.anchored.append(
            {"seq": args["seq"], "size": args["size"], "anchoredAt": self.chain.time, "root": args["root"]}
        )
        return done

    def next_checkpoint(self, count: int) -> dict[str, Any]:
        """Append entries to the log and return the arguments that anchor them."""
        log, old = self.log, len(self.log.leaves)
        log.grow(count)
        tree = log.tree()
        return {
            "seq": len(log.anchored),
            "previous": log.anchored[-1] if log.anchored else NO_CHECKPOINT,
            "size": old + count,
            "root": tree.root,
            "proof": tree.consistency_proof(old) if old else [],
        }

    def included(self, checkpoint: Mapping[str, Any], leaf: bytes, index: int, proof: Sequence[bytes]) -> bool:
        """Return whether the chain finds the leaf under an anchored checkpoint. Raises Reverted."""
        return bool(self.anchor.read("verifyInclusion", checkpoint, leaf, index, list(proof)))

    # Runs

    def rows(self, nets: Mapping[str, int]) -> list[bytes]:
        """Rows by name in posting order; the supplier's net balances the sum unless it is given."""
        nets = dict(nets)
        nets.setdefault("supplier", -sum(nets.values()))
        members = sorted((self[name], net) for name, net in nets.items() if name not in SYSTEM)
        rows = [row(account, net) for account, net in members]
        return rows + [row(self[name], nets.get(name, 0)) for name in SYSTEM]

    def run(self, rows: Sequence[bytes], **changes: Any) -> dict[str, Any]:
        """RunInput of yesterday's initial run, fields changed by name."""
        return {
            "zone": ZONE,
            "day": self.today - 1,
            "sequence": 0,
            "pointsRoot": keccak(text="points"),
            "pointCount": max(1, len(rows) - len(SYSTEM)),
            "headersRoot": keccak(text="headers"),
            "checkpoint": 0,
            "profileHash": keccak(text="profile"),
            "mode": 0,
        } | changes

    def post(self, nets: Mapping[str, int], **changes: Any) -> Receipt:
        rows = self.rows(nets)
        return self.settlement.send("postRun", self.run(rows, **changes), rows, sender=self["poster"])

    def correction(
        self, nets: Mapping[str, int], previous: Mapping[str, int], sequence: int, **changes: Any
    ) -> list[Any]:
        """Arguments of postCorrection."""
        rows, old = self.rows(nets), self.rows(previous)
        return [
            self.run(rows, sequence=sequence, **changes),
            rows,
            self.run(old, sequence=sequence - 1, **changes),
            old,
        ]

    def correct(
        self, nets: Mapping[str, int], previous: Mapping[str, int], sequence: int = 1, **changes: Any
    ) -> Receipt:
        args = self.correction(nets, previous, sequence, **changes)
        return self.settlement.send("postCorrection", *args, sender=self["poster"])

    def run_key(self, day: int, zone: bytes = ZONE) -> bytes:
        return bytes.fromhex(self.settlement.read("runKeyOf", zone, day)[2:])


def person(name: str) -> Person:
    return _people.setdefault(name, Person(name))


_people: dict[str, Person] = {}


def row(account: str, net: int) -> bytes:
    return pack_row(Row(bytes.fromhex(account[2:]), net))


class _Creator:
    """Creates contracts from one account, so that the address of a later one is known before."""

    def __init__(self, chain: Chain, sender: str) -> None:
        self.chain, self.sender, self.nonce = chain, sender, 0

    def create(self, contract: str, *args: Any) -> Deployed:
        made = self.chain.create(contract, args, self.sender)
        assert made.address == self.later(0), "the creator's nonce is another"
        self.nonce += 1
        return made

    def later(self, steps: int) -> str:
        """Return the address of the contract that is created `steps` creations from now."""
        return "0x" + keccak(rlp.encode([bytes.fromhex(self.sender[2:]), self.nonce + steps]))[-20:].hex()


def build(
    *,
    terms: Terms | None = None,
    token: str | None = None,
    time: int = FIRST_DAY * DAY + DAY // 2,
    chain: Chain | None = None,
    deployer: str = "admin",
    bond: int = BOND,
    courts: bool = False,
    log: bool = True,
    token_rules: bool = False,
) -> World:
    """Deploy a community as the deployment script does; `token` names a mock instead of the demonstration's token.

    Without `courts`, keys stand in for Recomputation and Disputes; with `token_rules` the token does, and holds the
    admin's and the guardian's role. Without `log` no checkpoint is anchored yet.
    """
    terms = terms or Terms()
    chain = chain or Chain(time)
    admin = person(deployer).address
    creator = _Creator(chain, admin)
    manager = creator.create("AccessManager", admin)
    anchor = creator.create("RecordAnchor", manager.address)
    accounts = creator.create("Accounts", terms.signer_delay)
    money = creator.create(token) if token else creator.create("DemoToken", manager.address)
    callers = [creator.later(2), creator.later(3)] if courts else [person(name).address for name in CALLERS]
    if token_rules:
        callers = [money.address, money.address]
    escrow = creator.create(
        "Escrow",
        manager.address,
        money.address,
        accounts.address,
        [creator.later(1), *callers],
        [person(name).address for name in SYSTEM],
        terms.withdrawal_delay,
        terms.gate_lead,
    )
    settlement = creator.create(
        "Settlement",
        manager.address,
        escrow.address,
        anchor.address,
        [terms.challenge_window, terms.posting_lag, terms.correction_lag, terms.fixed_sum, terms.exposure_ratio],
    )
    world = World(chain, terms, manager, anchor, accounts, money, escrow, settlement)
    if courts:
        near = [accounts.address, escrow.address, settlement.address, anchor.address]
        limits = [terms.hold_time, terms.max_holds]
        recomputation = creator.create("Recomputation", *near, callers[1], limits)
        disputes = creator.create("Disputes", manager.address, *near, recomputation.address, terms.of_disputes)
        world.others = {"recomputation": recomputation, "disputes": disputes}
    _grant(world, admin, minter=token is None)
    if token_rules:
        for role in (ADMIN, GUARDIAN):
            manager.send("grantRole", role, money.address, 0, sender=admin)
    money.send("mint", admin, 2**100, sender=admin)
    money.send("approve", escrow.address, UNLIMITED, sender=admin)
    if bond:
        escrow.send("topUpBond", bond, sender=admin)
    if log:
        world.anchor_entries(1)
    return world


def _grant(world: World, admin: str, *, minter: bool) -> None:
    """Give each role its functions and its key."""
    roles = [
        (world.settlement, ("postRun", "postCorrection"), POSTER),
        (world.anchor, ("anchor",), ANCHORER),
        (world.escrow, ("pause", "unpause"), GUARDIAN),
    ]
    roles += [(world.token, ("mint",), MINTER)] if minter else []
    if world.others:
        roles += [(world.others["disputes"], ("answer",), METER_DATA), (world.others["disputes"], ("vote",), PANEL)]
    for target, functions, role in roles:
        selectors = [target.contract.selector(function) for function in functions]
        world.manager.send("setTargetFunctionRole", target.address, selectors, role, sender=admin)
    holders = {POSTER: world["poster"], ANCHORER: world["anchorer"], GUARDIAN: world["guardian"]}
    if world.others:
        world.manager.send("grantRole", METER_DATA, world["meter data"], 0, sender=admin)
        for name in PANELLISTS:
            world.manager.send("grantRole", PANEL, world[name], 0, sender=admin)
    for role, holder in (holders | ({MINTER: admin} if minter else {})).items():
        world.manager.send("grantRole", role, holder, 0, sender=admin)


def members(world: World, *names: str, amount: int = 500 * TOKEN, cap: int = 100 * TOKEN) -> None:
    """Give each a balance and a mandate that covers the next year."""
    for name in names:
        world.fund(name, amount)
        world.register(name, cap, world.today - 10, world.today + 365)


__all__ = ["World", "build", "members", "person", "replace", "row"]
