"""What a withdrawal costs that a passkey asks for and anyone relays, beside the same signed by a wallet."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from grid.config.bench.settlement.chain import Chain, Cost
from grid.config.bench.settlement.people import DEADLINE, TOKEN, Member
from grid.domain.passkeys import assertion_signature, signer_bytes
from grid.domain.signers import account_id, address_bytes, address_text
from grid.domain.typed_data import Message, TypedDomain, digest

SITE = "commonwatt.example"
PRESENT_AND_VERIFIED = bytes([0x05])


def measure(chain: Chain, domain: TypedDomain, wallet: Member) -> dict[str, Cost]:
    """Both make a second withdrawal request, so that no storage word is new but the request's own."""
    from grid.chain import keys

    relayer = keys.address("relayer")
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    signer = signer_bytes(address_bytes(chain.addresses["ERC7913WebAuthnVerifier"]), point)
    account = account_id(signer)
    chain.send(relayer, "Accounts", "enrol", [signer])
    found: dict[str, Cost] = {}
    for name, who, sign in (
        ("passkey", account, lambda data: _assertion(key, data)),
        ("wallet", wallet.address, wallet.sign_digest),
    ):
        chain.send(relayer, "Escrow", "deposit", [address_text(who), 100 * TOKEN])
        for nonce in (101, 102):
            message: Message = {
                "account": who,
                "to": who,
                "amount": TOKEN,
                "nonce": nonce,
                "deadline": DEADLINE,
            }
            signature = sign(digest(domain, "Withdrawal", message))
            args: list[Any] = [address_text(who), address_text(who), TOKEN, nonce, DEADLINE, signature]
            found[f"withdrawal request signed by a {name}, relayed"] = chain.send(
                relayer, "Escrow", "requestWithdrawal", args
            )
    return found


def _assertion(key: ec.EllipticCurvePrivateKey, challenge: bytes) -> bytes:
    """What an authenticator and a browser answer to a challenge, as the verifier takes it."""
    text = urlsafe_b64encode(challenge).rstrip(b"=").decode()
    fields = {"type": "webauthn.get", "challenge": text, "origin": f"https://{SITE}", "crossOrigin": False}
    client_data = json.dumps(fields, separators=(",", ":")).encode()
    data = sha256(SITE.encode()).digest() + PRESENT_AND_VERIFIED + bytes(4)
    signature = key.sign(data + sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
    return assertion_signature(authenticator_data=data, client_data=client_data, signature=signature)
