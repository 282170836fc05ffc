"""A posted day before Recomputation and Disputes: valid calls, claims with a signature, and runs with edited words.

The street is that of tests/vectors: Alice's roof is short of 5,000 in slot 40; the loft was Carol's and is Dave's.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

from grid.domain import merkle
from grid.domain.openings import Entry
from tests.evm import courts, signing
from tests.evm.chain import Deployed, domain_separator
from tests.evm.failures.catalogue import Call
from tests.evm.machine.court import NO_BINDING
from tests.evm.signing import keccak
from tests.evm.world import TOKEN, World, person
from tests.vectors import recompute_cases as cases
from tests.vectors import recompute_day as days
from tests.vectors.recompute_claims import cut
from tests.vectors.recompute_day import HOMES, SLOTS
from tests.vectors.recompute_runs import KEY, Posted, _point_hashes
from tests.vectors.recompute_runs import post as build
from tests.vectors.recompute_setting import NOW, honest, small

CUT = 5_000
UNTIL = cases.POSTED_AT + cases.TERMS.challenge_window
"""When the window of the run closes."""

HASH = b"\x07" * 32
NO_LEAF = ["0x" + "00" * 32, "0x" + "00" * 20, 0, 0, "0x" + "00" * 32, "0x" + "00" * 32, 0, []]
DEFAULT = cases.TERMS.fixed_sum

Edits = Mapping[int, Mapping[int, int]]
"""Words by place of the leaf and place in it."""


@cache
def short() -> Posted:
    """The run with the cut."""
    return build(small().known, cut("roof", 40, CUT))


def posted_court(posted: Posted | None = None, **changes: Any) -> World:
    """A community on which the run stands, two hours after its day; everybody has 50 tokens."""
    posted = posted or short()
    world = courts.empty_court(**changes)
    courts.anchor(world, posted)
    courts.post(world, posted)
    world.chain.travel(NOW)
    for name in ("alice", "bob", "carol", "dave"):
        world.fund(name, 50 * TOKEN)
    return world


@contextmanager
def undone(world: World) -> Iterator[None]:
    """Whatever happens inside leaves no trace."""
    taken, nonce = world.chain.snapshot(), world.nonce
    try:
        yield
    finally:
        world.chain.restore(taken)
        world.nonce = nonce


def edited(
    posted: Posted,
    *,
    headers: Edits | None = None,
    lines: Mapping[str, Edits] | None = None,
    owners: Mapping[str, bytes] | None = None,
) -> Posted:
    """The run with words or owners replaced in its leaves, whatever they say then; roots and proofs follow."""
    header_leaves = _edit(posted.header_leaves, headers or {})
    line_leaves = {name: _edit(leaves, (lines or {}).get(name, {})) for name, leaves in posted.line_leaves.items()}
    names = sorted(posted.points, key=lambda name: posted.points[name].position)
    unproven = [posted.points[name]._replace(lines_root=_root(line_leaves[name])) for name in names]
    unproven = [
        point._replace(account=(owners or {}).get(name, point.account))
        for name, point in zip(names, unproven, strict=True)
    ]
    tree = merkle.MerkleTree(_point_hashes(unproven, KEY, posted.run.input.sequence, 0))
    points = {
        name: point._replace(proof=tree.inclusion_proof(point.position))
        for name, point in zip(names, unproven, strict=True)
    }
    given = posted.run.input._replace(points_root=tree.root, headers_root=_root(header_leaves))
    run = posted.run._replace(input=given)
    return replace(posted, run=run, header_leaves=header_leaves, line_leaves=line_leaves, points=points)


def _edit(leaves: Sequence[bytes], edits: Edits) -> list[bytes]:
    made = list(leaves)
    for place, words in edits.items():
        for at, value in words.items():
            start = 32 * (at + 1)
            word = (value % 2**256).to_bytes(32, "big")
            made[place] = made[place][:start] + word + made[place][start + 32 :]
    return made


def _root(leaves: Sequence[bytes]) -> bytes:
    return merkle.MerkleTree([merkle.leaf_hash(leaf) for leaf in leaves]).root


# Claims


def own(world: World, name: str) -> list[Any]:
    """A claim by the account itself, unsigned."""
    return [world[name], 0, 0, b""]


def signed(
    world: World,
    contract: Deployed,
    kind: str,
    fields: Mapping[str, Any],
    name: str = "alice",
    *,
    signer: str = "",
    chain_id: int = 0,
    version: bytes = b"1",
    finish: Callable[[bytes], bytes] = bytes,
) -> list[Any]:
    """A claim with a signature over the message, in the contract's domain or another."""
    nonce, deadline = world.fresh()
    message = {"account": world[name], **fields, "nonce": nonce, "deadline": deadline}
    separator = domain_separator(chain_id or world.chain.chain_id, contract.address, b"Commonwatt", version)
    digest = keccak(b"\x19\x01" + separator + signing.struct_hash(kind, message))
    return [world[name], nonce, deadline, finish(person(signer or name).sign(digest))]


def digest_of(contract: Deployed, kind: str, claim: Sequence[Any], fields: Mapping[str, Any]) -> str:
    """The digest that a claim's account has to sign, as errors show it."""
    message = {"account": claim[0], **fields, "nonce": claim[1], "deadline": claim[2]}
    return "0x" + contract.digest_of(signing.struct_hash(kind, message)).hex()


# Calls


def tier0(world: World, posted: Posted, function: str, name: str, *opened: Any, claim: Any = None) -> Call:
    """A claim of tier 0; the claim is argument 0."""
    args = [claim or own(world, name), *courts.arguments(posted, function, opened)]
    return Call(world.others["recomputation"], function, args, world[name])


def disputes(world: World, function: str, *args: Any, by: str) -> Call:
    return Call(world.others["disputes"], function, list(args), world[by])


def demand(
    world: World,
    home: str = "roof",
    places: Sequence[int] = (3,),
    name: str = "alice",
    posted: Posted | None = None,
    **evidence: Any,
) -> Call:
    """A demand that names the point with its leaf; `evidence` replaces parts of what is shown. No home: any point."""
    posted = posted or short()
    leaf = cases.shown(posted.point(home)) if home else NO_LEAF
    shown = {"rows": cases.shown(posted.rows(0)), "leaf": leaf, "binding": NO_BINDING} | evidence
    slots = sum(SLOTS[place] << 32 * k for k, place in enumerate(places))
    point = HOMES[home].point if home else bytes(32)
    return disputes(
        world, "demand", own(world, name), cases.shown(posted.run), point, slots, list(shown.values()), by=name
    )


def binding_of(posted: Posted, index: int) -> list[Any]:
    found: Entry = posted.entry(index)
    return list(cases.shown(found))


def by_binding(world: World, places: Sequence[int] = (3,)) -> Call:
    """Carol demands for the loft, with the BINDING that was hers."""
    known = short().known
    shown = {"leaf": NO_LEAF, "binding": binding_of(short(), known.extra["loft of carol"])}
    return demand(world, "loft", places, "carol", **shown)


def opening(home: str, place: int, posted: Posted | None = None) -> list[Any]:
    """All of a slot: leaf, line, header, INTERVAL, registers, BINDING."""
    posted = posted or short()
    index = posted.known.intervals[home, place]
    binding = binding_of(posted, posted.known.bindings[home])
    shown = cases.shown
    registers = [shown(posted.registers(index))]
    head = [shown(posted.point(home)), shown(posted.line(home, place)), shown(posted.header(place))]
    return [*head, shown(posted.entry(index)), registers, binding]


def contest(
    world: World, home: str = "roof", place: int = 40, more: int = 10, *, name: str = "alice", bytes_signed: bool = True
) -> Call:
    """A contest of so much more export."""
    line = short().lines[home][place]
    statement = courts.arguments(short(), "arithmetic", [short().statement(home, place)])[0]
    finding = [line.import_wh, line.export_wh + more, HASH, bytes_signed]
    return disputes(world, "contest", own(world, name), statement, finding, by=name)


def send(call: Call) -> Any:
    """Send a call; returns its receipt."""
    return call.contract.send(call.function, *call.args, sender=call.sender)


def answered(world: World) -> int:
    """A contest that the meter-data responsible rejected."""
    number = int(send(contest(world)).answer)
    send(disputes(world, "answer", number, False, HASH, by="meter data"))
    return number


def appealed(world: World) -> int:
    """A contest before the panel."""
    number = answered(world)
    send(disputes(world, "appeal", own(world, "alice"), number, by="alice"))
    return number


@cache
def correction() -> Posted:
    """The honest run, as a later sequence."""
    return build(small().known, sequence=1)


__all__ = ["KEY", "NOW", "days", "honest", "small"]
