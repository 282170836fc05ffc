"""Deploy all contracts to a named network and write the addresses to deployments/<chain id>.json.

The plan is a JSON file; see ``Plan`` for its keys. The key is an encrypted keystore file, its password is asked for.
Run through ``deploy.sh``:  deploy.sh --host URL --plan plan.json --keystore key.json
"""

import argparse
import getpass
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rlp
from eth_utils import keccak, to_checksum_address

ROOT = Path(__file__).resolve().parent.parent
POSTER, ANCHORER, GUARDIAN, MINTER, METER_DATA, PANEL = 1, 2, 3, 4, 5, 6
PANEL_SIZE = 3


@dataclass(frozen=True)
class Plan:
    """What a deployment fixes for good. Times in seconds, money in token base units."""

    supplier: str
    fee: str
    dust: str
    balancing: str
    poster: str
    anchorer: str
    guardian: str
    meter_data: str  # the meter-data responsible
    panel: list[str]  # three members
    token: str | None = None  # address of an existing ERC-20 with permit; a DemoToken is deployed without one
    challenge_window: int = 86_400
    posting_lag: int = 86_400
    correction_lag: int = 14 * 86_400
    withdrawal_delay: int = 2 * 86_400
    gate_lead: int = 3_600
    signer_delay: int = 3 * 86_400  # before a changed or recovered signer takes effect
    hold_time: int = 3 * 86_400  # after the day's end; then a hold ends by itself
    max_holds: int = 96  # slots of a point's day that may be held
    fixed_sum: int = 1_000_000  # least that a default or a day not posted pays an account
    exposure_ratio: int = 1
    response_time: int = 86_400  # of the operator, to open what is demanded
    extra_time: int = 43_200  # of the account after that
    meter_data_time: int = 86_400
    appeal_time: int = 43_200
    panel_time: int = 2 * 86_400
    deposit: int = 5_000_000  # returned whenever a demand ends
    contest_limit: int = 50_000_000  # most that one case pays by silence or ruling
    max_slot_wh: int = 100_000  # most energy that a contest can claim
    max_open_cases: int = 4  # of one account
    admin_delay: int = 0  # seconds that each later act of the admin must be announced before

    def __post_init__(self) -> None:
        if len(set(self.panel)) != PANEL_SIZE:
            raise ValueError(f"the panel has {PANEL_SIZE} members, not {', '.join(self.panel) or 'none'}")

    @property
    def system(self) -> list[str]:
        return [self.supplier, self.fee, self.dust, self.balancing]

    @property
    def terms(self) -> list[int]:
        return [
            self.challenge_window,
            self.posting_lag,
            self.correction_lag,
            self.fixed_sum,
            self.exposure_ratio,
        ]

    @property
    def dispute_terms(self) -> list[int]:
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
class Deployment:
    """The contracts of one deployment."""

    manager: Any
    anchor: Any
    accounts: Any
    webauthn: Any
    token: Any
    escrow: Any
    settlement: Any
    recomputation: Any
    disputes: Any

    def addresses(self) -> dict[str, str]:
        named = {
            "AccessManager": self.manager,
            "RecordAnchor": self.anchor,
            "Accounts": self.accounts,
            "ERC7913WebAuthnVerifier": self.webauthn,
            "Token": self.token,
            "Escrow": self.escrow,
            "Settlement": self.settlement,
            "Recomputation": self.recomputation,
            "Disputes": self.disputes,
        }
        return {name: str(getattr(contract, "address", contract)) for name, contract in named.items()}


def contract_address(deployer: str, nonce: int) -> str:
    """Address of the contract that the deployer creates with that transaction number."""
    return to_checksum_address(keccak(rlp.encode([bytes.fromhex(deployer[2:]), nonce]))[12:])


def deploy(project: Any, sender: Any, plan: Plan) -> Deployment:
    """Deploy in the order of docs/PROTOCOL.md and hand out the roles; `sender` is the admin."""
    by = {"from": sender}
    manager = project.AccessManager.deploy(sender, by)
    anchor = project.RecordAnchor.deploy(manager, by)
    accounts = project.Accounts.deploy(plan.signer_delay, by)
    webauthn = project.ERC7913WebAuthnVerifier.deploy(by)
    token = plan.token or project.DemoToken.deploy(manager, by)
    # Escrow and those it serves name each other; their addresses follow from the transactions to come.
    callers = [contract_address(str(sender), sender.nonce + later) for later in (1, 2, 3)]
    escrow = project.Escrow.deploy(
        manager, token, accounts, callers, plan.system, plan.withdrawal_delay, plan.gate_lead, by
    )
    settlement = project.Settlement.deploy(manager, escrow, anchor, plan.terms, by)
    recomputation = project.Recomputation.deploy(
        accounts, escrow, settlement, anchor, callers[2], [plan.hold_time, plan.max_holds], by
    )
    disputes = project.Disputes.deploy(
        manager, accounts, escrow, settlement, anchor, recomputation, plan.dispute_terms, by
    )
    grants = [
        (settlement, ["postRun", "postCorrection"], POSTER, plan.poster),
        (anchor, ["anchor"], ANCHORER, plan.anchorer),
        (escrow, ["pause", "unpause"], GUARDIAN, plan.guardian),
        (disputes, ["answer"], METER_DATA, plan.meter_data),
        (disputes, ["vote"], PANEL, *plan.panel),
    ]
    if not plan.token:
        grants.append((token, ["mint"], MINTER, str(sender)))
    for target, functions, role, *holders in grants:
        selectors = [getattr(target, name).signature for name in functions]
        manager.setTargetFunctionRole(target, selectors, role, by)
        for holder in holders:
            manager.grantRole(role, holder, 0, by)
    if plan.admin_delay:
        manager.grantRole(manager.ADMIN_ROLE(), sender, plan.admin_delay, by)
    return Deployment(manager, anchor, accounts, webauthn, token, escrow, settlement, recomputation, disputes)


def main() -> int:
    from brownie import accounts, network, project, web3
    from brownie._config import CONFIG

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", required=True, help="JSON-RPC URL of the network")
    parser.add_argument("--plan", required=True, type=Path, help="JSON file with the deployment's parameters")
    parser.add_argument("--keystore", required=True, type=Path, help="encrypted key of the deployer, who becomes admin")
    options = parser.parse_args()
    plan = Plan(**json.loads(options.plan.read_text()))
    loaded = project.load(str(ROOT), name="Commonwatt")
    CONFIG.networks["target"] = {"name": "target", "id": "target", "host": options.host, "chainid": "auto"}
    network.connect("target")
    sender = accounts.load(str(options.keystore), password=getpass.getpass("Password of the keystore: "))
    deployment = deploy(loaded, sender, plan)
    record = ROOT / "deployments" / f"{web3.eth.chain_id}.json"
    record.parent.mkdir(exist_ok=True)
    record.write_text(json.dumps(deployment.addresses(), indent=1) + "\n")
    print(f"deployed; addresses are in {record.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
