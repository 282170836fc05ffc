"""A row's call as nodes are asked about it, and why a contract refuses it."""

from grid.chain import contracts
from grid.chain.client import Client
from grid.chain.errors import CallReverted, RpcError
from grid.chain.models import ChainTx
from grid.chain.services.rows import is_fill


def call_of(row: ChainTx, address: str, client: Client) -> dict[str, str]:
    """Return a row's call by an address. Raises ContractUnknown, or ValueError for arguments that do not fit."""
    if is_fill(row):
        return {"from": address, "to": address, "data": "0x"}
    return {
        "from": address,
        "to": contracts.address_of(row.contract, client.chain_id),
        "data": "0x" + contracts.contract(row.contract).calldata(row.function, row.args).hex(),
    }


def reverted(error: RpcError) -> RpcError:
    """Return CallReverted with the decoded custom error where a contract refused; else the error itself."""
    if error.code == 3 or "revert" in error.message.lower():
        return CallReverted(error, contracts.reason(error.data, error.message))
    return error


def why_failed(client: Client, row: ChainTx) -> str:
    """Return why a mined transaction failed, by calling it again on the state before its block."""
    try:
        client.call("eth_call", call_of(row, row.address, client), hex((row.block_number or 1) - 1))
    except RpcError as error:
        return str(reverted(error))
    return "Reverted in its block, not on the state before it."
