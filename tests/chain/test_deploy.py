"""Deploying from the committed artifacts."""

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


def test_the_demonstration_has_its_bond_and_its_cover(chain: Client) -> None:
    given = deploy.Parameters()
    system = queries.system_accounts()

    assert queries.call("Escrow", "bond") == given.bond
    assert queries.escrow_account(system["supplier"]).free == given.supplier_float
    assert queries.escrow_account(system["balancing"]).free == given.balancing_float
    assert queries.call("DemoToken", "balanceOf", keys.address("relayer")) == given.relayer_float


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
