"""Deploying from the committed artifacts."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from grid.chain import contracts, deploy, keys, queries
from grid.chain.client import Client
from grid.chain.errors import ContractUnknown, RpcError
from tests.chain.support import NOW, mined


def test_every_contract_has_code_and_knows_the_others(chain: Client) -> None:
    addresses = contracts.registry(chain.chain_id)

    assert set(addresses) == {
        "AccessManager", "Accounts", "DemoToken", "Disputes", "ERC7913WebAuthnVerifier", "Escrow", "RecordAnchor",
        "Recomputation", "Settlement",
    }  # fmt: skip
    assert all(chain.code(deployed.address) for deployed in addresses.values())
    assert queries.call("Escrow", "settlement") == addresses["Settlement"].address
    assert queries.call("Settlement", "escrow") == addresses["Escrow"].address
    assert queries.call("Escrow", "token") == addresses["DemoToken"].address
    for name, known in (("recomputation", "Recomputation"), ("disputes", "Disputes")):
        assert queries.call("Escrow", name) == addresses[known].address
    assert queries.call("Disputes", "recomputation") == addresses["Recomputation"].address
    assert queries.call("Disputes", "settlement") == addresses["Settlement"].address


def test_the_demonstration_has_its_bond_and_its_cover(chain: Client) -> None:
    given = deploy.Parameters()
    system = queries.system_accounts()

    assert queries.call("Escrow", "bond") == given.bond
    assert queries.escrow_account(system["supplier"]).free == given.supplier_float
    assert queries.escrow_account(system["balancing"]).free == given.balancing_float
    assert queries.call("DemoToken", "balanceOf", keys.address("relayer")) == given.relayer_float


def test_three_members_are_the_panel_and_one_answers_for_meter_data(chain: Client) -> None:
    panel = [keys.address(name) for name in deploy.PANEL_KEYS]

    assert len(set(panel)) == 3
    for holder in panel:
        assert queries.call("AccessManager", "hasRole", deploy.PANEL, holder) == [True, 0]
    assert queries.call("AccessManager", "hasRole", deploy.METER_DATA, keys.address("mdr")) == [True, 0]
    assert queries.call("AccessManager", "hasRole", deploy.PANEL, keys.address("mdr"))[0] is False


def test_the_terms_of_disputes_are_those_on_the_protocols_page(chain: Client) -> None:
    page = (Path(__file__).parents[2] / "docs/PROTOCOL.md").read_text()
    stated = {name: int(value) for name, value in re.findall(r"^\| ([a-z_]+) \| (\d+) \|", page, re.MULTILINE)}
    given = {name: value for name, value in asdict(deploy.Parameters()).items() if name in stated}

    assert given == stated
    fixed = stated.pop("fixed_sum")
    assert list(queries.call("Disputes", "terms").values()) == list(stated.values())
    assert queries.call("Settlement", "fixedSum") == fixed


def test_a_repeat_changes_nothing(chain: Client) -> None:
    head = chain.head().number

    again = deploy.deploy_all(now=NOW)

    assert chain.head().number == head
    assert again == {name: found.address for name, found in contracts.registry(chain.chain_id).items()}


def test_a_stop_before_the_roles_is_made_up_for(chain: Client) -> None:
    manager = contracts.contract("AccessManager")
    to = contracts.address_of("AccessManager", chain.chain_id)
    revoke = manager.calldata("revokeRole", [deploy.ANCHORER, keys.address("anchorer")])
    chain.call("anvil_impersonateAccount", keys.address("deployer"))
    chain.call("eth_sendTransaction", {"from": keys.address("deployer"), "to": to, "data": "0x" + revoke.hex()})
    mined(chain)
    assert queries.call("AccessManager", "hasRole", deploy.ANCHORER, keys.address("anchorer"))[0] is False

    deploy.deploy_all(now=NOW)

    assert queries.call("AccessManager", "hasRole", deploy.ANCHORER, keys.address("anchorer"))[0] is True


def test_a_stranger_may_not_anchor(chain: Client) -> None:
    data = contracts.contract("RecordAnchor").calldata("anchor", [0, [0, 0, 0, bytes(32)], 1, bytes(32), []])
    to = contracts.address_of("RecordAnchor", chain.chain_id)

    with pytest.raises(RpcError) as refused:
        chain.call("eth_call", {"from": keys.address("relayer"), "to": to, "data": "0x" + data.hex()}, "latest")

    reason = contracts.reason(refused.value.data, "")
    assert reason == f"AccessManagedUnauthorized(caller={keys.address('relayer')})"


def test_an_undeployed_contract_names_the_remedy(chain: Client) -> None:
    with pytest.raises(ContractUnknown, match="deploy_contracts"):
        contracts.address_of("Escrow", 1)
