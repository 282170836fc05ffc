"""Cases of recompute.json: claims of tier 0 that pay, and claims that are refused, each with all it opens."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from grid.domain import merkle
from grid.domain.claim_errors import ClaimRefused
from grid.domain.grounds.prices import MandateOrder
from grid.domain.recompute import Chain, Ground, Recomputation, Terms
from grid.domain.remedies import RemedyLedger
from tests.vectors import recompute_claims, recompute_claims_market, recompute_claims_sums
from tests.vectors.recompute_day import DAY, DAY_END, SYSTEM, ZONE, person
from tests.vectors.recompute_runs import KEY, Posted, checkpoints
from tests.vectors.recompute_setting import Claim

BOND = 10**12
CAP = 100 * 10**6
MANDATED = ("alice", "bob")
POSTED_AT = DAY_END + 1_200
TERMS = Terms(
    hold_time=3 * 86_400,
    max_holds=2,
    gate_lead=3_600,
    challenge_window=86_400,
    fixed_sum=2 * 10**6,
    system=(SYSTEM.supplier, SYSTEM.fee, SYSTEM.dust, SYSTEM.balancing),
)

FUNCTIONS = {
    "arithmetic": Ground.ARITHMETIC,
    "energy": Ground.ENERGY,
    "energyOfBinding": Ground.ENERGY,
    "trade": Ground.TRADE,
    "untraded": Ground.TRADE,
    "localPrice": Ground.PRICE,
    "tariffPrices": Ground.PRICE,
    "limit": Ground.LIMIT,
    "late": Ground.VOID,
    "falseEntry": Ground.VOID,
    "runningTotal": Ground.TOTAL,
    "dayNet": Ground.TOTAL,
    "row": Ground.TOTAL,
    "malformed": Ground.MALFORMED,
}
"""Functions of the contract, and the ground that a claimant signs for each."""


def snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


def chain_of(posted: Posted, now: int) -> Chain:
    """A chain on which exactly this run and its log's checkpoints stand."""
    run = posted.run
    caps = {person(name): CAP for name in MANDATED}
    return Chain(
        now=now,
        posted={(KEY, run.input.sequence): (run.input, run.rows_root)},
        anchored=set(checkpoints(posted.known)),
        until=lambda key, account: POSTED_AT + TERMS.challenge_window,
        cap=lambda account, day_number: caps.get(account, 0),
    )


def judge(claim: Claim, contract: Recomputation) -> int | str:
    """What the model pays for a claim, or the name of the error that it refuses it with."""
    try:
        paid: int = getattr(contract, snake(claim.function))(person(claim.account), *claim.arguments)
    except ClaimRefused as refused:
        return type(refused).__name__
    return paid


def fresh(claim: Claim) -> Recomputation:
    return Recomputation(chain_of(claim.posted, claim.now), TERMS, RemedyLedger(bond=BOND))


def shown(value: Any) -> Any:
    """An opening as the contract's calldata: lists in the order of the structs, bytes in hex."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, MandateOrder):
        wish = value.mandate
        terms = [wish.buy_ceiling, wish.sell_floor, wish.follow_signal]
        terms += [wish.max_buy_wh_per_day, wish.max_sell_wh_per_day]
        head = [wish.valid_from_day, wish.valid_to_day, wish.cap_per_day, *terms, wish.nonce, wish.deadline]
        return [*head, value.side == 1, value.limit_price, value.quantity_wh]
    if is_dataclass(value) and not isinstance(value, type):
        return [shown(getattr(value, item.name)) for item in fields(value)]
    if isinstance(value, (list, tuple)):
        return [shown(item) for item in value]
    return value


def _arguments(claim: Claim) -> list[Any]:
    listed = [shown(item) for item in claim.arguments]
    if claim.function == "energyOfBinding":
        # A struct of its own around the words.
        listed[3] = [[words] for words in listed[3]]
    return listed


def _log(posted: Posted) -> dict[str, Any]:
    known = posted.known
    anchored = checkpoints(known)
    return {
        "size": anchored[-1].size,
        "checkpoints": [
            {
                "seq": item.seq,
                "size": item.size,
                "anchoredAt": item.anchored_at,
                "root": shown(item.root),
                "consistency": shown(
                    merkle.consistency_proof(anchored[item.seq - 1].size, item.size, known.log.node) if item.seq else []
                ),
            }
            for item in anchored
        ],
    }


def _run(posted: Posted, log: str) -> dict[str, Any]:
    return {"log": log, "input": shown(posted.run.input), "rowsRoot": shown(posted.run.rows_root),
            "rows": shown(posted.row_words)}  # fmt: skip


def claims() -> Iterator[Claim]:
    """All claims, in the order of their grounds as far as the modules go."""
    yield from recompute_claims.claims()
    yield from recompute_claims_market.claims()
    yield from recompute_claims_sums.claims()


def document() -> dict[str, Any]:
    logs: dict[str, Any] = {}
    runs: dict[str, Any] = {}
    cases: list[dict[str, Any]] = []
    for claim in claims():
        log, run = claim.log, claim.run
        logs.setdefault(log, _log(claim.posted))
        known = runs.setdefault(run, _run(claim.posted, log))
        assert known == _run(claim.posted, log), f"two runs are called {run}"
        found = judge(claim, fresh(claim))
        assert found == claim.expected, f"{claim.case}: {found} instead of {claim.expected}"
        pays = isinstance(claim.expected, int)
        cases.append(
            {
                "case": claim.case,
                "ground": int(FUNCTIONS[claim.function]),
                "function": claim.function,
                "account": claim.account,
                "address": shown(person(claim.account)),
                "run": run,
                "now": claim.now,
                "arguments": _arguments(claim),
                "payment": str(claim.expected) if pays else None,
                "error": None if pays else claim.expected,
            }
        )
    return {
        "about": [
            "Claims on posted runs. Every run is the first of its zone and day on a chain of its own, at postedAt.",
            "arguments are those of the contract's function after the claim: structs are lists in the order of",
            "their fields, bytes are hex. payment is in token units; a refused claim names a custom error instead.",
            "Accounts are the addresses of the keys keccak256('test key of NAME'); capped ones have a mandate of cap.",
            "Checkpoint 0 is of one leaf with the hash keccak256('log'); the others are anchored at anchoredAt.",
            "The deep log has ten million entries: all but one block of it are subtrees with made-up hashes.",
        ],
        "zone": shown(ZONE),
        "day": DAY,
        "postedAt": POSTED_AT,
        "terms": {
            "holdTime": TERMS.hold_time,
            "maxHolds": TERMS.max_holds,
            "gateLead": TERMS.gate_lead,
            "challengeWindow": TERMS.challenge_window,
            "fixedSum": TERMS.fixed_sum,
        },
        "system": dict(zip(("supplier", "fee", "dust", "balancing"), shown(TERMS.system), strict=True)),
        "cap": CAP,
        "capped": list(MANDATED),
        "logs": logs,
        "runs": runs,
        "cases": cases,
    }
