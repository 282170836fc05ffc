"""`./watt bench settlement`: gas of the contracts on anvil, and speed of the chain client.

Gas is exact and the same on every machine. Beside each figure stands the least that its calldata alone would cost
(EIP-7623), and in the same table what the same would cost without netting.
"""

import sys

from grid.config.bench.reach import Reach, report
from grid.config.bench.settlement.chain import GAS_LIMIT, Chain, Cost, platform_parts
from grid.config.servers.processes import StartError

RUN_SIZES = {100: 8_600.0, 400: 7_400.0}
"""Accounts of a run, and the gas that each of them may cost."""

ANCHOR_LIMIT = 90_000.0
CLAIM_LIMIT, ARITHMETIC_LIMIT = 230_000.0, 140_000.0


def run(*, as_json: bool) -> int:
    """The `bench settlement` command. Returns 0 when every limit was kept."""
    try:
        with platform_parts():
            costs, reach = _measure()
    except StartError as error:
        print(f"watt: {error}", file=sys.stderr)
        return 1
    width = max(map(len, costs))
    print(f"{'operation':{width}} {'gas':>12} {'floor':>12} {'calldata':>10}")
    for name, cost in costs.items():
        print(f"{name:{width}} {cost.gas:12,} {cost.floor:12,} {cost.size:8,} B")
    print()
    return report("settlement", reach, as_json=as_json)


def _measure() -> tuple[dict[str, Cost], list[Reach]]:
    from grid.config.bench.settlement import python
    from grid.config.bench.settlement.claims import world

    vectors = world()
    terms = vectors["terms"]
    chain = Chain(
        started=vectors["logs"]["deep"]["checkpoints"][0]["anchoredAt"] - 3_600,
        system_accounts=list(vectors["system"].values()),
        fixed_sum=terms["fixedSum"],
        hold_time=terms["holdTime"],
        max_holds=terms["maxHolds"],
    )
    costs: dict[str, Cost] = {}
    reach = [
        *_claims(chain, vectors, costs),
        *_runs(chain, costs),
        *_anchoring(chain, costs),
        *python.measure(chain),
    ]
    return costs, reach


def _claims(chain: Chain, vectors: dict[str, object], costs: dict[str, Cost]) -> list[Reach]:
    from grid.config.bench.settlement.claims import Claims

    found = Claims(chain, vectors).measure()
    costs |= found
    arithmetic = max(cost.gas for name, cost in found.items() if name.startswith("arithmetic:"))
    return [
        Reach.at_most("gas of the costliest claim of tier 0", max(cost.gas for cost in found.values()), CLAIM_LIMIT),
        Reach.at_most("gas of a claim of plain arithmetic", arithmetic, ARITHMETIC_LIMIT),
    ]


def _runs(chain: Chain, costs: dict[str, Cost]) -> list[Reach]:
    from grid.config.bench.settlement import comparisons, passkey
    from grid.config.bench.settlement.people import street
    from grid.config.bench.settlement.runs import Runs

    reach: list[Reach] = []
    runs = Runs(chain, street(max(RUN_SIZES)))
    runs.settle_in()
    for count, limit in RUN_SIZES.items():
        cost = runs.posted(count)
        costs[f"postRun, {count} accounts with balances, half of them debtors"] = cost
        reach.append(Reach.at_most(f"gas per account in a posted run of {count}", cost.gas / count, limit))
    costs["postCorrection, 1 of 100 accounts changed"] = runs.corrected(100)
    all_new = runs.all_new(512)
    costs["postRun, 512 accounts, all new"] = all_new
    reach.append(Reach.at_most("gas of a run of 512 accounts, all new", all_new.gas, GAS_LIMIT))
    costs |= passkey.measure(chain, runs.domain, runs.members[2])
    costs["ERC-20 transfer, for comparison"] = comparisons.plain_transfer(chain)
    costs["one trade settled by itself, both signatures checked, for comparison"] = comparisons.per_trade(
        chain, runs.members[0], runs.members[1]
    )
    return reach


def _anchoring(chain: Chain, costs: dict[str, Cost]) -> list[Reach]:
    from grid.config.bench.settlement import anchoring

    hashes, cost = anchoring.measure(chain)
    costs[f"anchor at ten million entries, proof of {hashes} hashes"] = cost
    return [Reach.at_most("gas of anchoring at ten million entries", cost.gas, ANCHOR_LIMIT)]
