"""Deploying the contracts from their committed artifacts. Every step looks first, so a repeat does nothing.

Production deploys with a token that exists, and hands roles to keys of their own; the demonstration
adds its token, gives the bond and the relayer a float of it, and pays its own gas from nothing.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rlp  # type: ignore[import-untyped]
from django.conf import settings
from eth_utils.crypto import keccak

from grid.chain import contracts, devchain, keys, queries, signers
from grid.chain.client import Client
from grid.chain.contracts import Deployed
from grid.chain.errors import ChainError, ChainUnavailable, RpcError
from grid.chain.fees import offer
from grid.chain.nodes import connect
from grid.chain.services.reverts import reverted
from grid.chain.transactions import Transaction

SYSTEM_ACCOUNTS = ("supplier", "fee", "dust", "balancing")
"""The accounts of the four system rows, in posting order."""

TOKEN_UNIT = 10**6
UNLIMITED = 2**256 - 1
RECEIPT_SECONDS = 120.0

POSTER, ANCHORER, GUARDIAN, MINTER, METER_DATA, PANEL = 1, 2, 3, 4, 5, 6

PANEL_KEYS = ("panel", "panel2", "panel3")
"""Members of the demonstration's panel; in production three people with keys of their own."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the contracts are built with; seconds, and token units. The defaults are the demonstration's."""

    challenge_window: int = 86_400
    posting_lag: int = 86_400
    correction_lag: int = 14 * 86_400
    withdrawal_delay: int = 172_800
    gate_lead: int = 3_600
    signer_delay: int = 3 * 86_400
    hold_time: int = 3 * 86_400
    max_holds: int = 96
    response_time: int = 86_400
    extra_time: int = 43_200
    meter_data_time: int = 86_400
    appeal_time: int = 43_200
    panel_time: int = 2 * 86_400
    deposit: int = 5 * TOKEN_UNIT
    contest_limit: int = 50 * TOKEN_UNIT
    max_slot_wh: int = 100_000
    max_open_cases: int = 4
    fixed_sum: int = TOKEN_UNIT
    exposure_ratio: int = 1
    bond: int = 100_000 * TOKEN_UNIT
    supplier_float: int = 100_000 * TOKEN_UNIT
    balancing_float: int = 10_000 * TOKEN_UNIT
    relayer_float: int = 1_000_000 * TOKEN_UNIT


def deploy_all(
    *,
    now: datetime,
    say: Say = lambda line: None,
    parameters: Parameters | None = None,
    system_accounts: Sequence[str] | None = None,
    panel: Sequence[str] | None = None,
    token: str | None = None,
) -> dict[str, str]:
    """Bring the chain of the settings to where the platform can work on it; return addresses by name.

    Contracts, roles, and with no `token` given the demonstration's token and its floats. `say` is told
    each step. `system_accounts` (supplier, fee, dust, balancing) and the three members of the `panel` are
    by default addresses of our own keys.
    Raises ChainUnavailable, KeyRefused, or ChainError with the contract's reason.
    """
    client = connect()
    if devchain.follows_clock():
        devchain.fund(client, [keys.address(name) for name in keys.SENDERS])
    work = _Deployment(client, parameters or Parameters(), now, say)
    deployed = contracts.registry(client.chain_id)
    if not deployed or not all(client.code(found.address) for found in deployed.values()):
        accounts = system_accounts or [keys.address(name) for name in SYSTEM_ACCOUNTS]
        deployed = work.create(accounts, token)
        contracts.register(client.chain_id, deployed)
    addresses = {name: found.address for name, found in deployed.items()}
    work.grant(addresses, panel or [keys.address(name) for name in PANEL_KEYS])
    if "DemoToken" in addresses:
        work.float_demo(addresses)
    return addresses


class _Deployment:
    """Transactions of the deployer's key, each waited for."""

    def __init__(self, client: Client, parameters: Parameters, now: datetime, say: Say) -> None:
        self.client = client
        self.parameters = parameters
        self.now = now
        self.say = say
        self.offer = offer(client)
        self.nonces: dict[str, int] = {}

    def create(self, system_accounts: Sequence[str], token: str | None) -> dict[str, Deployed]:
        """Create every contract; Escrow is told the addresses of those it will serve."""
        given = self.parameters
        manager = self._create("AccessManager", [keys.address("deployer")])
        anchor = self._create("RecordAnchor", [manager.address])
        accounts = self._create("Accounts", [given.signer_delay])
        made = {"AccessManager": manager, "RecordAnchor": anchor, "Accounts": accounts}
        made["ERC7913WebAuthnVerifier"] = self._create("ERC7913WebAuthnVerifier", [])
        if token is None:
            made["DemoToken"] = self._create("DemoToken", [manager.address])
            token = made["DemoToken"].address
        next_nonce = self._nonce("deployer") + 1
        callers = [created_address(keys.address("deployer"), next_nonce + later) for later in range(3)]
        escrow = self._create(
            "Escrow",
            [
                manager.address,
                token,
                accounts.address,
                callers,
                list(system_accounts),
                given.withdrawal_delay,
                given.gate_lead,
            ],
        )
        windows = [given.challenge_window, given.posting_lag, given.correction_lag]
        made["Escrow"] = escrow
        made["Settlement"] = self._create(
            "Settlement",
            [
                manager.address,
                escrow.address,
                anchor.address,
                [*windows, given.fixed_sum, given.exposure_ratio],
            ],
        )
        made["Recomputation"] = self._create(
            "Recomputation",
            [
                accounts.address,
                escrow.address,
                made["Settlement"].address,
                anchor.address,
                callers[2],
                [given.hold_time, given.max_holds],
            ],
        )
        made["Disputes"] = self._create(
            "Disputes",
            [
                manager.address,
                accounts.address,
                escrow.address,
                made["Settlement"].address,
                anchor.address,
                made["Recomputation"].address,
                self._dispute_terms(),
            ],
        )
        return made

    def _dispute_terms(self) -> list[int]:
        given = self.parameters
        times = [given.response_time, given.extra_time, given.meter_data_time, given.appeal_time, given.panel_time]
        return [*times, given.deposit, given.contest_limit, given.max_slot_wh, given.max_open_cases]

    def grant(self, addresses: dict[str, str], panel: Sequence[str]) -> None:
        """Give each role its functions and its keys."""
        targets = [
            ("Settlement", ["postRun", "postCorrection"], POSTER),
            ("RecordAnchor", ["anchor"], ANCHORER),
            ("Escrow", ["pause", "unpause"], GUARDIAN),
            ("Disputes", ["answer"], METER_DATA),
            ("Disputes", ["vote"], PANEL),
            ("DemoToken", ["mint"], MINTER),
        ]
        senders = [("poster", POSTER), ("anchorer", ANCHORER), ("guardian", GUARDIAN), ("mdr", METER_DATA)]
        senders += [("deployer", MINTER)] if "DemoToken" in addresses else []
        holders = [(keys.address(sender), role) for sender, role in senders] + [(member, PANEL) for member in panel]
        manager = contracts.contract("AccessManager")
        calls: list[bytes] = []
        for name, functions, role in targets:
            if name in addresses:
                selectors = [contracts.contract(name).selector(function) for function in functions]
                known = queries.call_many(
                    [("AccessManager", "getTargetFunctionRole", [addresses[name], item]) for item in selectors]
                )
                if any(found != role for found in known):
                    args = [addresses[name], selectors, role]
                    calls.append(manager.calldata("setTargetFunctionRole", args))
        for holder, role in holders:
            member, _ = queries.call("AccessManager", "hasRole", role, holder)
            if not member:
                calls.append(manager.calldata("grantRole", [role, holder, 0]))
        if calls:
            self.say(f"granting roles ({len(calls)} changes)")
            self._call("deployer", "AccessManager", "multicall", [calls])

    def float_demo(self, addresses: dict[str, str]) -> None:
        """Mint the demonstration's money: the bond, the system accounts' cover, and what the relayer hands out."""
        escrow, given = addresses["Escrow"], self.parameters
        if queries.call("DemoToken", "balanceOf", keys.address("relayer")) == 0:
            self.say("minting the demonstration's money")
            self._call("deployer", "DemoToken", "mint", [keys.address("relayer"), given.relayer_float])
        for sender in ("deployer", "relayer"):
            if queries.call("DemoToken", "allowance", keys.address(sender), escrow) < UNLIMITED // 2:
                self._call(sender, "DemoToken", "approve", [escrow, UNLIMITED])
        supplier, balancing = queries.call("Escrow", "supplier"), queries.call("Escrow", "balancingAccount")
        for what, amount, present, function, args in (
            ("bond", given.bond, queries.call("Escrow", "bond"), "topUpBond", []),
            ("supplier's cover", given.supplier_float, _worth(supplier), "deposit", [supplier]),
            ("balancing account", given.balancing_float, _worth(balancing), "deposit", [balancing]),
        ):
            if present == 0 and amount:
                self.say(f"paying in the {what}")
                self._call("deployer", "DemoToken", "mint", [keys.address("deployer"), amount])
                self._call("deployer", "Escrow", function, [*args, amount])

    def _create(self, name: str, args: Sequence[Any]) -> Deployed:
        self.say(f"deploying {name}")
        receipt = self._send("deployer", None, contracts.contract(name).creation(args))
        return Deployed(receipt["contractAddress"].lower(), int(receipt["blockNumber"], 16))

    def _call(self, sender: str, contract: str, function: str, args: Sequence[Any]) -> None:
        to = contracts.address_of(contract, self.client.chain_id)
        self._send(sender, to, contracts.contract(contract).calldata(function, contracts.plain(args)))

    def _nonce(self, sender: str) -> int:
        if sender not in self.nonces:
            self.nonces[sender] = self.client.transaction_count(keys.address(sender))
        return self.nonces[sender]

    def _send(self, sender: str, to: str | None, data: bytes) -> dict[str, Any]:
        """Sign and send one transaction and wait for its receipt. Raises ChainError when it fails."""
        if devchain.follows_clock():
            devchain.set_next_time(self.client, now=self.now)
        signer = signers.signer(sender)
        call = {"from": signer.address, "data": "0x" + data.hex(), **({"to": to} if to else {})}
        try:
            estimate = self.client.gas(call)
            transaction = Transaction(
                chain_id=self.client.chain_id,
                nonce=self._nonce(sender),
                priority_fee=self.offer.priority_fee,
                max_fee=self.offer.max_fee,
                gas=min(settings.CHAIN_GAS_LIMIT, estimate + estimate // 4),
                to=bytes.fromhex(to[2:]) if to else b"",
                data=data,
            )
            raw = signer.sign(transaction)
            tx_hash = self.client.call("eth_sendRawTransaction", "0x" + raw.hex())
        except RpcError as error:
            raise reverted(error) from None
        self.nonces[sender] = self._nonce(sender) + 1
        receipt = self._receipt(tx_hash)
        if int(receipt["status"], 16) != 1:
            raise ChainError(f"The transaction {tx_hash} of {sender} failed.")
        return receipt

    def _receipt(self, tx_hash: str) -> dict[str, Any]:
        until, pause = time.monotonic() + RECEIPT_SECONDS, 0.005
        while True:
            (receipt,) = self.client.receipts([tx_hash])
            if receipt:
                return receipt
            if time.monotonic() > until:
                raise ChainUnavailable(f"{tx_hash} is in no block after {RECEIPT_SECONDS:.0f} s.")
            time.sleep(pause)
            pause = min(2 * pause, 1.0)


def _worth(address: str) -> int:
    """Return what an account has in Escrow, requested or not."""
    account = queries.escrow_account(address)
    return account.free + account.pending


def created_address(creator: str, nonce: int) -> str:
    """Return the address of the contract that `creator` makes with this nonce."""
    encoded = rlp.encode([bytes.fromhex(creator[2:]), nonce])
    return "0x" + keccak(encoded)[-20:].hex()
