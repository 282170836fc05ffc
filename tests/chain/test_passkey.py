"""A passkey as the signer of an account, on a chain with the P-256 precompile and OpenZeppelin's own verifier."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from grid.chain import contracts, keys, queries, signing
from grid.chain.client import Client
from grid.chain.errors import RpcError
from grid.domain.passkeys import ORDER, assertion_signature, signer_bytes
from grid.domain.signers import account_id, address_bytes, address_text
from grid.domain.typed_data import Message, digest, struct_hash
from tests.chain.support import NOW
from tests.passkeys import BACKED_UP, USER_PRESENT, USER_VERIFIED, Assertion, Passkey

pytestmark = pytest.mark.django_db

PHONE = Passkey(0xC0FFEE)
OTHER = Passkey(0xBEEF)
TOKEN = 10**6
RECEIVER = b"\x77" * 20
PRECOMPILE = "0x" + "0100".rjust(40, "0")
TERMS: Message = {
    "buyCeiling": 250_000,
    "sellFloor": 110_000,
    "followSignal": True,
    "maxBuyWhPerDay": 12_000,
    "maxSellWhPerDay": 8_000,
}


class Member:
    """An account on the chain of the test, and a relayer that sends what its signer signed."""

    def __init__(self, chain: Client) -> None:
        self.chain = chain
        self.relayer = keys.address("relayer")
        chain.call("anvil_impersonateAccount", self.relayer)
        verifier = address_bytes(queries.contract_address("ERC7913WebAuthnVerifier"))
        self.signer = signer_bytes(verifier, PHONE.public_key)
        self.account = account_id(self.signer)

    def time(self) -> int:
        return self.chain.head().timestamp

    def call(self, contract: str, function: str, args: list[Any]) -> dict[str, Any]:
        """One call from the relayer, as JSON-RPC takes it."""
        data = contracts.contract(contract).calldata(function, contracts.plain(args))
        to = queries.contract_address(contract)
        return {"from": self.relayer, "to": to, "data": "0x" + data.hex()}

    def send(self, contract: str, function: str, args: list[Any]) -> int:
        """Have a call mined, and return the gas it used."""
        call = self.call(contract, function, args)
        tx_hash = self.chain.call("eth_sendTransaction", {**call, "gas": hex(1_000_000)})
        receipt = None
        while receipt is None:
            (receipt,) = self.chain.receipts([tx_hash])
        assert receipt["status"] == "0x1"
        return int(receipt["gasUsed"], 16)

    def refusal(self, contract: str, function: str, args: list[Any]) -> str:
        """The error with which a call would be refused."""
        with pytest.raises(RpcError) as refused:
            self.chain.call("eth_call", self.call(contract, function, args), "latest")
        return contracts.reason(refused.value.data, "no reason").partition("(")[0]

    def digest(self, kind: str, message: Message, contract: str = "Escrow") -> bytes:
        return digest(queries.eip712_domain(contract), kind, message)

    def withdrawal(self, amount: int = 5 * TOKEN, nonce: int = 1) -> Message:
        fields = {"account": self.account, "to": RECEIVER, "amount": amount, "nonce": nonce}
        return {**fields, "deadline": self.time() + 3_600}

    def travel(self, seconds: int) -> None:
        self.chain.call("evm_setNextBlockTimestamp", self.time() + seconds)
        self.chain.call("evm_mine")


def packed(assertion: Assertion) -> bytes:
    return assertion_signature(
        authenticator_data=assertion.authenticator_data,
        client_data=assertion.client_data,
        signature=assertion.signature,
    )


@pytest.fixture
def member(chain: Client) -> Member:
    """An enrolled passkey with 100 tokens in Escrow."""
    member = Member(chain)
    member.send("Accounts", "enrol", [member.signer])
    member.send("Escrow", "deposit", [address_text(member.account), 100 * TOKEN])
    return member


def test_the_precompile_is_there(chain: Client) -> None:
    """EIP-7951: one word for a valid signature, nothing for any other input."""
    assert chain.call("eth_call", {"to": PRECOMPILE, "data": "0x" + "00" * 160}, "latest") == "0x"


def test_the_verifier_is_openzeppelins_own() -> None:
    assert contracts.contract("ERC7913WebAuthnVerifier").functions.keys() == {"verify"}


def test_a_withdrawal_is_signed_relayed_and_paid(member: Member) -> None:
    message = member.withdrawal()
    signature = packed(PHONE.get(member.digest("Withdrawal", message)))
    member.send("Escrow", "requestWithdrawal", [*message.values(), signature])
    assert queries.escrow_account(address_text(member.account)).pending == 5 * TOKEN
    assert member.refusal("Escrow", "requestWithdrawal", [*message.values(), signature]) == "NonceAlreadyUsed"
    assert member.refusal("Escrow", "executeWithdrawal", [address_text(member.account), 0]) == "WithdrawalNotReady"

    member.travel(queries.call("Escrow", "withdrawalDelay"))
    member.send("Escrow", "executeWithdrawal", [address_text(member.account), 0])
    assert queries.call("DemoToken", "balanceOf", address_text(RECEIVER)) == 5 * TOKEN
    assert queries.escrow_account(address_text(member.account)).free == 95 * TOKEN


def test_a_mandate_is_signed_and_relayed(member: Member) -> None:
    today = member.time() // 86_400
    message: Message = {
        "account": member.account,
        "validFromDay": today + 1,
        "validToDay": today + 366,
        "capPerDay": 10 * TOKEN,
        "terms": TERMS,
        "nonce": 2,
        "deadline": member.time() + 3_600,
    }
    signature = packed(PHONE.get(member.digest("Mandate", message)))
    terms_hash = struct_hash("MandateTerms", TERMS)
    sent = {("termsHash" if name == "terms" else name): value for name, value in message.items()} | {
        "termsHash": terms_hash
    }
    member.send("Escrow", "registerMandate", [sent, signature])
    assert queries.call("Escrow", "capOn", address_text(member.account), today + 1) == 10 * TOKEN


def test_backed_up_passkeys_are_taken(member: Member) -> None:
    """A synchronised passkey says that it is eligible for backup and backed up."""
    message = member.withdrawal()
    flags = USER_PRESENT | USER_VERIFIED | 0x08 | BACKED_UP
    signature = packed(PHONE.get(member.digest("Withdrawal", message), flags=flags))
    member.send("Escrow", "requestWithdrawal", [*message.values(), signature])


def flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def high_s(signature: bytes) -> bytes:
    """The same signature with the other s."""
    s = int.from_bytes(signature[32:64], "big")
    return signature[:32] + (ORDER - s).to_bytes(32, "big") + signature[64:]


ALTERED: dict[str, Callable[[bytes], bytes]] = {
    "other challenge": lambda signed: packed(PHONE.get(bytes(32))),
    "type of a registration": lambda signed: packed(PHONE.get(signed, kind="webauthn.create")),
    "user not present": lambda signed: packed(PHONE.get(signed, flags=USER_VERIFIED)),
    "user not verified": lambda signed: packed(PHONE.get(signed, flags=USER_PRESENT)),
    "backed up but not eligible": lambda signed: packed(PHONE.get(signed, flags=0x15)),
    "wrong key": lambda signed: packed(OTHER.get(signed)),
    "flags changed after signing": lambda signed: packed(
        replace(PHONE.get(signed), authenticator_data=PHONE.get(signed, flags=0x0D).authenticator_data)
    ),
    "counter changed after signing": lambda signed: packed(
        replace(PHONE.get(signed), authenticator_data=PHONE.get(signed, counter=8).authenticator_data)
    ),
    "challenge changed after signing": lambda signed: packed(
        replace(PHONE.get(bytes(32)), client_data=PHONE.get(signed).client_data)
    ),
    "short authenticator data": lambda signed: packed(
        replace(PHONE.get(signed), authenticator_data=PHONE.get(signed).authenticator_data[:36])
    ),
    "r changed": lambda signed: flip(packed(PHONE.get(signed)), 31),
    "s changed": lambda signed: flip(packed(PHONE.get(signed)), 63),
    "high s": lambda signed: high_s(packed(PHONE.get(signed))),
    "place of the challenge": lambda signed: flip(packed(PHONE.get(signed)), 95),
    "place of the type": lambda signed: flip(packed(PHONE.get(signed)), 127),
    "no offset": lambda signed: flip(packed(PHONE.get(signed)), 128),
    "cut off": lambda signed: packed(PHONE.get(signed))[:-64],
    "empty": lambda signed: b"",
    "zeros": lambda signed: bytes(400),
    "a wallet's": lambda signed: signing.sign_digest(b"\x07" * 32, signed),
}


@pytest.mark.parametrize("how", ALTERED)
def test_each_altered_field_is_refused(member: Member, how: str) -> None:
    message = member.withdrawal()
    signed = member.digest("Withdrawal", message)
    altered = ALTERED[how](signed)
    assert member.refusal("Escrow", "requestWithdrawal", [*message.values(), altered]) == "SignatureInvalid"
    assert not signing.verify(member.account, signed, altered, now=NOW)
    assert signing.verify(member.account, signed, packed(PHONE.get(signed)), now=NOW)


def test_what_the_authenticator_signed_is_for_one_message(member: Member) -> None:
    message = member.withdrawal()
    signature = packed(PHONE.get(member.digest("Withdrawal", message)))
    for name, other in (("to", b"\x78" * 20), ("amount", 6 * TOKEN), ("nonce", 9), ("deadline", member.time() + 10**6)):
        changed = {**message, name: other}
        assert member.refusal("Escrow", "requestWithdrawal", [*changed.values(), signature]) == "SignatureInvalid"


@pytest.mark.parametrize("key", [PHONE.public_key[1:64], flip(PHONE.public_key[1:], 63), bytes(64)], ids=str)
def test_a_key_that_is_no_point_signs_nothing(member: Member, key: bytes) -> None:
    """It can be enrolled, as anything can that commits to itself; no account can be handed to it."""
    odd = member.signer[:20] + key
    member.send("Accounts", "enrol", [odd])
    signed = member.digest("Withdrawal", member.withdrawal())
    assert not signing.verify(account_id(odd), signed, packed(PHONE.get(signed)), now=NOW)

    message: Message = {"account": member.account, "newSigner": odd, "nonce": 3, "deadline": member.time() + 3_600}
    by = packed(PHONE.get(member.digest("SignerChange", message, "Accounts")))
    assert member.refusal("Accounts", "requestSignerChange", [*message.values(), by, by]) == "NewSignerInvalid"


def test_a_wallet_hands_its_account_to_a_passkey(member: Member) -> None:
    """Before and after, what is accepted here is what the contract accepts."""
    key = b"\x07" * 32
    wallet = keys.address_of(key)
    message: Message = {"account": wallet, "newSigner": member.signer, "nonce": 1, "deadline": member.time() + 3_600}
    signed = member.digest("SignerChange", message, "Accounts")
    by_wallet, by_phone = signing.sign_digest(key, signed), packed(PHONE.get(signed))
    assert signing.verify(wallet, signed, by_wallet, now=NOW)
    assert not signing.verify(wallet, signed, by_phone, now=NOW)

    member.send("Accounts", "requestSignerChange", [*message.values(), by_wallet, by_phone])
    member.travel(queries.call("Accounts", "signerDelay"))
    assert signing.verify(wallet, signed, by_wallet, now=NOW)
    member.send("Accounts", "executeSignerChange", [address_text(wallet)])
    assert not signing.verify(wallet, signed, by_wallet, now=NOW)
    assert signing.verify(wallet, signed, by_phone, now=NOW)


def test_a_second_passkey_recovers_the_account(member: Member) -> None:
    laptop = signer_bytes(member.signer[:20], OTHER.public_key)
    setting: Message = {"account": member.account, "recovery": laptop, "nonce": 4, "deadline": member.time() + 3_600}
    by_phone = packed(PHONE.get(member.digest("RecoverySetting", setting, "Accounts")))
    member.send("Accounts", "setRecovery", [*setting.values(), by_phone])

    message: Message = {"account": member.account, "newSigner": laptop, "nonce": 5, "deadline": member.time() + 3_600}
    by_laptop = packed(OTHER.get(member.digest("Recovery", message, "Accounts")))
    member.send("Accounts", "requestRecovery", [*message.values(), by_laptop, by_laptop])
    member.travel(queries.call("Accounts", "signerDelay"))
    member.send("Accounts", "executeRecovery", [address_text(member.account)])

    withdrawal = member.withdrawal()
    signed = member.digest("Withdrawal", withdrawal)
    refused = [*withdrawal.values(), packed(PHONE.get(signed))]
    assert member.refusal("Escrow", "requestWithdrawal", refused) == "SignatureInvalid"
    member.send("Escrow", "requestWithdrawal", [*withdrawal.values(), packed(OTHER.get(signed))])


def test_gas_of_a_relayed_withdrawal(member: Member, capsys: pytest.CaptureFixture[str]) -> None:
    """The first request of an account, and the next one."""
    used = []
    for nonce in (1, 2):
        message = member.withdrawal(nonce=nonce)
        signature = packed(PHONE.get(member.digest("Withdrawal", message)))
        used.append(member.send("Escrow", "requestWithdrawal", [*message.values(), signature]))
    with capsys.disabled():
        print(f"\nrelayed passkey withdrawal: {used[0]} gas, the next {used[1]}")
    assert used[1] < used[0] < 170_000
