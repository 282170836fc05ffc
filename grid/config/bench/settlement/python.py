"""How fast the chain client is: a large run encoded, signed and sent; many events read back."""

from datetime import UTC, datetime
from statistics import median

from grid.config.bench.reach import Reach
from grid.config.bench.settlement.chain import GENESIS, Chain

ACCOUNTS, POST_LIMIT, ROUNDS = 400, 100.0, 5
EVENTS, INDEX_LIMIT = 10_000, 5.0


def measure(chain: Chain) -> list[Reach]:
    """Time both; the first post of a process is left out, for it fills caches."""
    from grid.chain import measure

    measure.post_run(chain.client, accounts=ACCOUNTS)
    posts = [measure.post_run(chain.client, accounts=ACCOUNTS) for _ in range(ROUNDS)]
    now = datetime.fromtimestamp(GENESIS, UTC)
    measure.index_all(now=now)
    measure.flood(chain.client, events=EVENTS)
    found, seconds = measure.index_all(now=now)
    if found < EVENTS:
        raise RuntimeError(f"only {found} of {EVENTS} events were read back")
    return [
        Reach.at_most(
            f"ms to encode, sign and send a run of {ACCOUNTS} accounts (median of {ROUNDS})",
            1_000 * median(post.total for post in posts),
            POST_LIMIT,
        ),
        Reach.at_most(f"s to read {EVENTS:,} events back", seconds, INDEX_LIMIT),
    ]
