"""Members with keys, as many as a run takes."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from grid.config.bench.settlement.chain import Chain
from grid.domain.typed_data import TypedDomain, digest, struct_hash

TOKEN = 1_000_000
DEADLINE = 2**40
TERMS = {
    "buyCeiling": 250_000,
    "sellFloor": 110_000,
    "followSignal": True,
    "maxBuyWhPerDay": 12_000,
    "maxSellWhPerDay": 8_000,
}


@dataclass(frozen=True)
class Member:
    """One key and the account it stands for."""

    number: int

    @cached_property
    def key(self) -> bytes:
        return sha256(b"bench member %d" % self.number).digest()

    @cached_property
    def address(self) -> bytes:
        from grid.chain.keys import address_of

        return address_of(self.key)

    @property
    def account(self) -> str:
        return "0x" + self.address.hex()

    def sign(self, domain: TypedDomain, kind: str, message: dict[str, Any]) -> bytes:
        """65 bytes over a typed message."""
        return self.sign_digest(digest(domain, kind, message))

    def sign_digest(self, data: bytes) -> bytes:
        """65 bytes over a digest."""
        from grid.chain.signing import sign_digest

        return sign_digest(self.key, data)


def street(count: int) -> list[Member]:
    """That many members, ascending by account as rows are."""
    return sorted((Member(number) for number in range(count)), key=lambda member: member.address)


def register_mandate(chain: Chain, domain: TypedDomain, member: Member, *, cap: int, first: int, end: int) -> None:
    """Sign a mandate for days first <= day < end and have it relayed."""
    message = {
        "account": member.address,
        "validFromDay": first,
        "validToDay": end,
        "capPerDay": cap,
        "terms": TERMS,
        "nonce": 1,
        "deadline": DEADLINE,
    }
    sent = {**message, "account": member.account, "termsHash": struct_hash("MandateTerms", TERMS)}
    del sent["terms"]
    chain.send(member.account, "Escrow", "registerMandate", [sent, member.sign(domain, "Mandate", message)])


def row(address: bytes, net: int) -> bytes:
    """20 bytes of account, 12 bytes of signed net."""
    return address + net.to_bytes(12, "big", signed=True)
