"""What `CHAIN_PROFILE` stands for: defaults for one kind of chain; a setting of its own may replace each of them."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, slots=True)
class ChainProfile:
    """Defaults of the chain's settings. Blocks, seconds, and wei per gas."""

    confirmations: int
    """Blocks from a transaction's own to the newest, both counted, before it counts as final."""
    reorg_depth: int
    """Confirmed blocks the chain may still drop before the market halts."""
    max_fee_wei: int
    """The most we pay for one gas, tip included."""
    bump_seconds: int
    """How long a transaction may be out before its fees are raised."""
    stale_seconds: int
    """A node whose newest block is older than this is left."""
    lag_blocks: int
    """A node that many blocks behind the highest known is left."""


PROFILES = {
    # A chain with one operator set and instant finality, such as Besu with QBFT and `zeroBaseFee`. Gas costs
    # nothing; the thousand wei are for a development chain, whose full blocks lift a base fee of nothing by one.
    "consortium": ChainProfile(
        confirmations=1, reorg_depth=0, max_fee_wei=1_000, bump_seconds=60, stale_seconds=60, lag_blocks=5
    ),
    # A public chain or rollup: fees that move, blocks that may be reorganised before they are final.
    "l2": ChainProfile(
        confirmations=12, reorg_depth=3, max_fee_wei=100 * 10**9, bump_seconds=90, stale_seconds=120, lag_blocks=20
    ),
}


def chain_profile(name: str) -> ChainProfile:
    """Return the profile of a name. Raises ImproperlyConfigured."""
    if name not in PROFILES:
        raise ImproperlyConfigured(f"CHAIN_PROFILE is {name!r}: give {' or '.join(PROFILES)}.")
    return PROFILES[name]


def at_least(minimum: int, name: str, read: Callable[..., int], default: int) -> int:
    """Return an integer setting. Raises ImproperlyConfigured when it is below `minimum`."""
    value = int(read(name, default=default))
    if value < minimum:
        raise ImproperlyConfigured(f"{name} is {value}: give {minimum} or more.")
    return value
