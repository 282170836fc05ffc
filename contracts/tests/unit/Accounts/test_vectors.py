"""The contracts hash every signed struct as the shared vectors say, which the Python model writes."""

import pytest
import signing
from brownie import Contract, web3
from eth_utils import to_checksum_address
from shared import vectors
from world import refused

VECTORS = vectors("typed_data")
WHERE = to_checksum_address(VECTORS["cases"][0]["domain"]["verifyingContract"])
ESCROW = {
    "MandateEnd": "endMandate",
    "Withdrawal": "requestWithdrawal",
    "WithdrawalCancel": "cancelWithdrawal",
}
ACCOUNTS = {
    "SignerChange": "requestSignerChange",
    "SignerChangeCancel": "cancelSignerChange",
    "RecoverySetting": "setRecovery",
    "Recovery": "requestRecovery",
    "Delegation": "setDelegation",
    "NonceCancel": "cancelNonce",
}
READ = {"uint": int, "address": to_checksum_address, "bytes": lambda text: bytes.fromhex(text[2:])}


def cases(kinds):
    found = [case for case in VECTORS["cases"] if case["primaryType"] in kinds and case["domain"]["chainId"] == 31337]
    assert {case["primaryType"] for case in found} == set(kinds)
    return [pytest.param(case, id=case["case"]) for case in found]


def values(case):
    """Members of the case as the ABI takes them; Brownie reads "0x" as one zero byte."""
    kinds = {member["name"]: member["type"] for member in signing.TYPES[case["primaryType"]]}
    return [READ[kinds[name].rstrip("0123456789")](value) for name, value in case["message"].items()]


def at(world, contract, name, project):
    """The contract as if it stood at the address that the vectors are signed for."""
    assert web3.eth.chain_id == 31337
    world.set_code(WHERE, web3.eth.get_code(contract.address).hex())
    return Contract.from_abi(name, WHERE, contract.abi)


@pytest.mark.parametrize("case", cases(ACCOUNTS))
def test_accounts_hash_them_so(world, project, case):
    there = at(world, world.accounts, "Accounts", project)
    kind, signer = case["primaryType"], to_checksum_address(VECTORS["signer"])
    if kind == "Recovery":
        named = next(item for item in VECTORS["cases"] if item["primaryType"] == "RecoverySetting")
        there.setRecovery(*values(named), named["signature"], {"from": world.relayer})
        signer = to_checksum_address(named["message"]["recovery"])
    bad = bytes.fromhex(case["signature"][2:-4]) + b"\x00" + bytes.fromhex(case["signature"][-2:])
    more = [b""] if kind in ("SignerChange", "Recovery") else []
    with refused("SignatureInvalid", signer, bytes.fromhex(case["digest"][2:])):
        getattr(there, ACCOUNTS[kind])(*values(case), bad, *more, {"from": world.relayer})


@pytest.mark.parametrize("case", cases(ESCROW))
def test_escrow_hashes_them_so(world, project, case):
    there = at(world, world.escrow, "Escrow", project)
    signer = to_checksum_address(VECTORS["signer"])
    with refused("SignatureInvalid", signer, bytes.fromhex(case["digest"][2:])):
        getattr(there, ESCROW[case["primaryType"]])(*values(case), b"", {"from": world.relayer})


@pytest.mark.parametrize("case", cases(["Mandate"]))
def test_escrow_hashes_mandates_so(world, project, case):
    there = at(world, world.escrow, "Escrow", project)
    message = {**case["message"], "terms": case["termsHash"]}
    fields = [value if name in ("account", "terms") else int(value) for name, value in message.items()]
    with refused("SignatureInvalid", to_checksum_address(VECTORS["signer"]), bytes.fromhex(case["digest"][2:])):
        there.registerMandate(fields, b"", {"from": world.relayer})


def test_a_signature_of_the_vectors_is_taken(world, project):
    case = next(item for item in VECTORS["cases"] if item["primaryType"] == "Delegation")
    there = at(world, world.accounts, "Accounts", project)
    there.setDelegation(*values(case), case["signature"], {"from": world.relayer})
    assert there.isDelegate(VECTORS["signer"], case["message"]["delegate"])


def test_types_that_the_tests_sign_are_those_of_the_vectors():
    for kind, members in signing.TYPES.items():
        if kind != "Permit":
            fields = ",".join(f"{member['type']} {member['name']}" for member in members)
            assert VECTORS["types"][kind]["type"].startswith(f"{kind}({fields})")
