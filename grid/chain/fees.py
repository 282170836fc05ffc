"""What we offer for gas (EIP-1559), in wei, and never more than CHAIN_MAX_FEE_WEI."""

from dataclasses import dataclass

from django.conf import settings

from grid.chain.client import Client
from grid.chain.errors import FeeTooHigh

BUMP_PERCENT = 10
"""Nodes replace a transaction only by one that offers so much more on both fees."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The fees of a transaction: all in all, and the part that goes to the block's maker."""

    max_fee: int
    priority_fee: int


def offer(client: Client) -> Offer:
    """Return fees for the next block: twice its base fee and the node's tip; nothing where gas is free.

    Raises FeeTooHigh when the base fee alone is above the cap.
    """
    base = client.head().base_fee
    cap = settings.CHAIN_MAX_FEE_WEI
    if base > cap:
        raise FeeTooHigh(f"The base fee is {base} wei, CHAIN_MAX_FEE_WEI {cap}: waiting for it to fall.")
    tip = client.priority_fee() if base else 0
    return Offer(min(2 * base + tip, cap), min(tip, cap))


def bumped(previous: Offer, wanted: Offer) -> Offer | None:
    """Return fees that replace `previous`, at least as high as `wanted`; None when the cap leaves no room."""
    if _raised(previous.max_fee) > settings.CHAIN_MAX_FEE_WEI:
        return None
    return Offer(
        max(wanted.max_fee, _raised(previous.max_fee)), max(wanted.priority_fee, _raised(previous.priority_fee))
    )


def _raised(fee: int) -> int:
    """Return `fee` and ten per cent, rounded up, and one wei more at least."""
    return max(fee + 1, -(-fee * (100 + BUMP_PERCENT) // 100))
