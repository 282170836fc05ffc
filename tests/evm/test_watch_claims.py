"""What a watcher finds in a case file is paid by the contract itself, when the account's delegate sends it.

The verifier's own ABI coder and judge make the call; the contract's compiled code takes it.
"""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from grid.chain.contracts import type_of
from grid.domain import entries, merkle, notes
from grid.domain.casefile import (
    Case,
    EntryPart,
    FillPart,
    PointPart,
    RegistersPart,
    RunPart,
    TariffPart,
    from_json,
    to_json,
)
from grid.domain.entries import EntryKind, LeafKind, run_key
from grid.verifier.watch.abi import members
from grid.verifier.watch.claims import SIGNATURES, PreparedClaim, provable
from tests.evm import casefile
from tests.evm.chain import artifact
from tests.evm.world import World
from tests.vectors.recompute_claims import cut
from tests.vectors.recompute_day import HOMES, SLOTS
from tests.vectors.recompute_runs import Lie, Posted, interval_energy, with_fill, with_metered
from tests.vectors.recompute_runs import post as build
from tests.vectors.recompute_setting import honest, small

ORIGIN = "watt.example/log"
SEED = b"\x01" * 32
KEY = notes.verifier_key(ORIGIN, Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw())


def case_of(posted: Posted, *names: str) -> Case:
    """The case file of some homes, as the platform would give it out."""
    known, run = posted.known, posted.run
    wanted = {known.tariff: EntryKind.TARIFF}
    wanted |= {index: EntryKind.INTERVAL for (name, _), index in known.intervals.items() if name in names}
    wanted |= {known.bindings[name]: EntryKind.BINDING for name in names}
    wanted |= dict.fromkeys((*known.signals.values(), *known.holds.values()), EntryKind.DECISION)
    wanted |= {auction.index: EntryKind.AUCTION for auction in known.auctions.values()}
    fills = [
        FillPart(auction.index, fill[1], auction.leaves[fill[1]], _tree(auction.leaves).inclusion_proof(fill[1]))
        for auction in known.auctions.values()
        for name, fill in auction.fills.items()
        if name in names
    ]
    head = run.input
    body = notes.checkpoint_body(ORIGIN, run.checkpoint.size, run.checkpoint.root)
    case = Case(
        title="",
        verifier_key=KEY,
        note=notes.sign_note(body, name=ORIGIN, private_key=SEED),
        seq=run.checkpoint.seq,
        anchored_at=run.checkpoint.anchored_at,
        entries=[EntryPart(at, kind, known.log.leaf(at), posted.proof(at)) for at, kind in sorted(wanted.items())],
        registers=[RegistersPart(at, known.registers[at]) for at in wanted if at in known.registers],
        fills=fills,
        tariffs=[TariffPart(known.tariff, known.tariff_leaves)],
        run=RunPart(
            zone=head.zone,
            day=head.day,
            sequence=head.sequence,
            points_root=head.points_root,
            point_count=head.point_count,
            headers_root=head.headers_root,
            checkpoint=head.checkpoint,
            profile_hash=head.profile_hash,
            mode=head.mode,
            rows_root=run.rows_root,
            rows=posted.row_words,
            headers=posted.header_leaves,
            points=[
                PointPart(point.position, _leaf(posted, name), list(point.proof), posted.line_leaves[name])
                for name, point in posted.points.items()
                if name in names
            ],
        ),
    )
    return from_json(to_json(case))


def _leaf(posted: Posted, name: str) -> bytes:
    point = posted.points[name]
    fields: dict[str, entries.Value] = {
        "runKey": run_key(posted.run.input.zone, posted.run.input.day),
        "sequence": posted.run.input.sequence,
        "point": point.point,
        "account": point.account,
        "dayNet": point.day_net,
        "accountPoints": point.account_points,
        "linesRoot": point.lines_root,
    }
    return entries.encode(LeafKind.POINT, fields, point.salt)


def _tree(leaves: list[bytes]) -> merkle.MerkleTree:
    return merkle.MerkleTree([merkle.leaf_hash(leaf) for leaf in leaves])


def homes_of(owner: str) -> list[str]:
    return [home.name for home in HOMES.values() if home.owner == owner]


def dearer(place: int, more: int) -> Lie:
    """A header that says a higher price of the supplier."""
    return Lie(prices=lambda at, item: replace(item, import_price=item.import_price + more) if at == place else item)


def overheard(name: str, place: int, more: int) -> Lie:
    """More energy than the INTERVAL says."""
    index = small().known.intervals[name, place]
    said = interval_energy(small().known, index)
    return with_metered(name, place, said._replace(import_wh=said.import_wh + more))


LIES = {
    "arithmetic": (cut("roof", 40, 5_000), "alice", "arithmetic", 5_000),
    "energy": (overheard("flat", 30, 100), "bob", "energy", 100 * 300),
    "running total": (Lie(total_jump={("flat", 20): -700}), "bob", "runningTotal", 700),
    "day net": (Lie(net_jump={"flat": -900}), "bob", "dayNet", 900),
    "row": (Lie(row_jump={HOMES["flat"].account: -1_100}), "bob", "row", 1_100),
    "tariff": (dearer(3, 50_000), "bob", "tariffPrices", None),
}


@pytest.fixture(params=LIES.values(), ids=LIES.keys())
def lie(request: pytest.FixtureRequest) -> tuple[Lie, str, str, int | None]:
    found: tuple[Lie, str, str, int | None] = request.param
    return found


def pay(world: World, claim: PreparedClaim, sender: str) -> None:
    world.chain.send(world[sender], world.others["recomputation"].address, claim.data())


def test_a_claim_from_the_file_is_paid_to_the_account(lie: tuple[Lie, str, str, int | None]) -> None:
    told, owner, function, pays = lie
    posted = build(small().known, told)
    account = HOMES[homes_of(owner)[0]].account
    found = provable(case_of(posted, *homes_of(owner)), account)
    chosen = next(each for each in found if each.function == function)
    if pays is not None:
        assert chosen.pays == pays
    world = casefile.posted_court(posted)
    until = world.chain.time + 86_400
    world.accounts.send(
        "setDelegation",
        *world.signed(owner, "Delegation", {"delegate": world["adviser"], "until": until}, world.accounts),
        sender=world["relayer"],
    )
    before = world.free(owner)
    pay(world, chosen, "adviser")
    assert world.free(owner) == before + chosen.pays


def test_an_honest_run_gives_nothing_to_claim() -> None:
    posted = honest(small())
    for owner in sorted({home.owner for home in HOMES.values()}):
        homes = [name for name in homes_of(owner) if posted.points[name].account == HOMES[name].account]
        assert provable(case_of(posted, *homes), HOMES[homes[0]].account) == []


def test_somebody_elses_statement_gives_nothing_to_claim() -> None:
    posted = build(small().known, LIES["arithmetic"][0])
    assert provable(case_of(posted, "roof"), HOMES["flat"].account) == []


def test_a_trade_that_was_taken_away_is_claimed_by_its_fill() -> None:
    """The cited fill says what was bought; the line says less."""
    known = small().known
    slot, auction = next((slot, each) for slot, each in known.auctions.items() if "flat" in each.fills)
    place = SLOTS.index(slot)
    fill = auction.fills["flat"]
    posted = build(known, with_fill("flat", place, fill._replace(bought_wh=fill.bought_wh // 2)))
    found = provable(case_of(posted, "flat"), HOMES["flat"].account)
    lacks = small().lacks(posted, "flat", place)
    assert [(claim.function, claim.slot, claim.pays) for claim in found if claim.slot == slot] == [
        ("trade", slot, lacks)
    ]


def test_signatures_are_those_of_the_contract() -> None:
    contract = artifact("Recomputation")
    for function, signature in SIGNATURES.items():
        found = contract.function(function, len(members(signature)))
        assert f"{function}({','.join(type_of(part) for part in found.inputs)})" == function + signature
