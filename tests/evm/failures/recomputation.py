"""Recomputation: who claims, when, for which run, and with what opened."""

from dataclasses import replace
from typing import Any

from tests.evm import courts, signing
from tests.evm.casefile import (
    HASH,
    KEY,
    NOW,
    UNTIL,
    contest,
    correction,
    digest_of,
    disputes,
    honest,
    own,
    send,
    short,
    signed,
    small,
    tier0,
)  # fmt: skip
from tests.evm.failures.catalogue import Call, Catalogue, Due, word
from tests.evm.world import World
from tests.vectors.recompute_day import DAY, DAY_END, HOMES, SLOTS
from tests.vectors.recompute_runs import NO_ROWS

RECOMPUTATION = Catalogue("Recomputation")
failure, works = RECOMPUTATION.failure, RECOMPUTATION.works
ROOF = {"runKey": KEY, "sequence": 0, "point": HOMES["roof"].point, "slot": SLOTS[40], "ground": 0}


def claiming(world: World, claim: Any = None, **changes: Any) -> Call:
    statement = replace(short().statement("roof", 40), **changes)
    return tier0(world, short(), "arithmetic", "alice", statement, claim=claim)


def sign(world: World, fields: dict[str, Any] | None = None, **changes: Any) -> list[Any]:
    return signed(world, changes.pop("contract", world.others["recomputation"]), "Claim", fields or ROOF, **changes)


def invalid(world: World, claim: list[Any]) -> Due:
    """A claim whose signature is none of the account's over it."""
    digest = digest_of(world.others["recomputation"], "Claim", claim, ROOF)
    return Due(claiming(world, claim).by(world["relayer"]), (world["alice"], digest))


@works
def own_claim(world: World) -> Call:
    return claiming(world)


@works
def relayed_claim(world: World) -> Call:
    return claiming(world, sign(world)).by(world["relayer"])


@works
def delegated_claim(world: World) -> Call:
    fields = {"delegate": world["helper"], "until": NOW + 1}
    args = world.signed("alice", "Delegation", fields, world.accounts)
    world.accounts.send("setDelegation", *args, sender=world["relayer"])
    return claiming(world).by(world["helper"])


@works
def claim_in_the_last_second(world: World) -> Call:
    world.chain.travel(UNTIL - 1)
    return claiming(world)


@works
def signature_in_its_last_second(world: World) -> Call:
    claim = sign(world)
    world.chain.travel(claim[2])
    return claiming(world, claim).by(world["relayer"])


# Who

for _role in ("stranger", "bob", "poster", "anchorer", "admin", "guardian", "meter data", "first of the panel"):

    @failure(f"a claim by {_role}", "NoStanding")
    def _(world: World, role: str = _role) -> Due:
        return Due(claiming(world).by(world[role]), (world[role], world["alice"]))


@failure("a claim by a delegate whose time is over", "NoStanding")
def _(world: World) -> Due:
    call = delegated_claim(world)
    world.chain.travel(NOW + 1)
    return Due(call, (world["helper"], world["alice"]))


@failure("somebody else's slot", "NotTheAccounts")
def _(world: World) -> Due:
    return Due(claiming(world, own(world, "bob")).by(world["bob"]), (world["bob"], world["alice"]))


@failure("a claim for nobody", "NoStanding")
def _(world: World) -> Due:
    claim = ["0x" + "00" * 20, 0, 0, b""]
    return Due(claiming(world, claim), (world["alice"], claim[0]))


for _caller in ("alice", "admin", "relayer"):

    @failure(f"a fact established by {_caller}", "NotDisputes")
    def _(world: World, caller: str = _caller) -> Due:
        args = [KEY, 0, HOMES["roof"].point, SLOTS[40], world["alice"], 1, 1, 1]
        return Due(Call(world.others["recomputation"], "establish", args, world[caller]), (world[caller],))


# Signatures


@failure("an expired signature", "SignatureExpired")
def _(world: World) -> Due:
    claim = sign(world)
    world.chain.travel(claim[2] + 1)
    return Due(claiming(world, claim), (claim[2], claim[2] + 1))


@failure("a claim relayed twice", "NonceAlreadyUsed")
def _(world: World) -> Due:
    call = relayed_claim(world)
    send(call)
    return Due(call, (world["alice"], call.args[0][1]))


@failure("a claim whose nonce was cancelled", "NonceAlreadyUsed")
def _(world: World) -> Due:
    call = relayed_claim(world)
    nonce, deadline = call.args[0][1], call.args[0][2]
    message = {"account": world["alice"], "nonce": nonce, "deadline": deadline}
    contract = world.others["recomputation"]
    signature = world.sign("alice", "NonceCancel", message, contract)
    contract.send("cancelNonce", *message.values(), signature, sender=world["relayer"])
    return Due(call, (world["alice"], nonce))


@failure("a signature by somebody else", "SignatureInvalid")
def _(world: World) -> Due:
    return invalid(world, sign(world, signer="bob"))


@failure("a signature for another chain", "SignatureInvalid")
def _(world: World) -> Due:
    return invalid(world, sign(world, chain_id=1))


@failure("a signature for another contract", "SignatureInvalid")
def _(world: World) -> Due:
    return invalid(world, sign(world, contract=world.others["disputes"]))


@failure("a signature for another version", "SignatureInvalid")
def _(world: World) -> Due:
    return invalid(world, sign(world, version=b"2"))


for _field, _value in (
    ("runKey", b"\x01" * 32), ("sequence", 1), ("point", HOMES["barn"].point), ("slot", SLOTS[41]), ("ground", 1),
):  # fmt: skip

    @failure(f"a signature for another {_field}", "SignatureInvalid")
    def _(world: World, field: str = _field, value: Any = _value) -> Due:
        return invalid(world, sign(world, ROOF | {field: value}))


for _name, _finish in (
    ("a malleated signature", signing.malleated),
    ("a signature of 64 bytes", signing.compact),
    ("a signature of 66 bytes", lambda made: made + b"\x00"),
    ("a signature of one byte", lambda made: made[:1]),
    ("a signature of zeros", lambda made: bytes(65)),
    ("a signature of ones", lambda made: b"\xff" * 65),
):

    @failure(_name, "SignatureInvalid")
    def _(world: World, finish: Any = _finish) -> Due:
        return invalid(world, sign(world, finish=finish))


@failure("another nonce than the signed one", "SignatureInvalid")
def _(world: World) -> Due:
    claim = sign(world)
    claim[1] += 1
    return invalid(world, claim)


@failure("another deadline than the signed one", "SignatureInvalid")
def _(world: World) -> Due:
    claim = sign(world)
    claim[2] = 2**256 - 1
    return invalid(world, claim)


# When, and which run


@failure("a claim as the window closes", "WindowClosed")
def _(world: World) -> Due:
    world.chain.travel(UNTIL)
    return Due(claiming(world), (UNTIL, UNTIL))


@failure("a claim on a corrected run", "RunNotLatest")
def _(world: World) -> Due:
    courts.correct(world, correction(), short())
    return Due(claiming(world), (word(KEY), 0, 1))


@failure("a claim on a run with other rows", "RunUnknown")
def _(world: World) -> Due:
    return Due(claiming(world, run=short().run._replace(rows_root=bytes(32))))


@failure("a claim on a sequence that is not posted", "RunUnknown")
def _(world: World) -> Due:
    run = short().run
    return Due(claiming(world, run=run._replace(input=run.input._replace(sequence=2**16 - 1))))


def energy(world: World, **checkpoint: int) -> Call:
    run, index = short().run, short().known.intervals["roof", 40]
    statement = replace(
        short().statement("roof", 40), run=run._replace(checkpoint=run.checkpoint._replace(**checkpoint))
    )
    return tier0(world, short(), "energy", "alice", statement, short().entry(index), [])


works(energy)


for _change in ({"seq": 3}, {"seq": 2**64 - 1}, {"size": 1}, {"size": 0}, {"anchored_at": DAY_END}):

    @failure(f"a checkpoint with {_change}", "CheckpointWrong")
    def _(world: World, change: Any = _change) -> Due:
        return Due(energy(world, **change), (change.get("seq", 4), 4))


# Openings


for _part in ("point", "line", "header"):

    @failure(f"a path of the {_part} too short", "ProofLengthWrong")
    def _(world: World, part: str = _part) -> Due:
        whole = getattr(short().statement("roof", 40), part)
        proof = whole.proof[:-1]
        changed = whole._replace(proof=proof) if hasattr(whole, "_replace") else replace(whole, proof=proof)
        return Due(claiming(world, **{part: changed}), (len(proof),))

    @failure(f"a path of the {_part} too long", "ProofLengthWrong")
    def _(world: World, part: str = _part) -> Due:
        whole = getattr(short().statement("roof", 40), part)
        proof = [*whole.proof, bytes(32)]
        changed = whole._replace(proof=proof) if hasattr(whole, "_replace") else replace(whole, proof=proof)
        return Due(claiming(world, **{part: changed}), (len(proof),))

    @failure(f"a path of the {_part} with another hash", "InclusionFailed")
    def _(world: World, part: str = _part) -> Due:
        whole = getattr(short().statement("roof", 40), part)
        proof = [bytes(32), *whole.proof[1:]]
        changed = whole._replace(proof=proof) if hasattr(whole, "_replace") else replace(whole, proof=proof)
        return Due(claiming(world, **{part: changed}))


@failure("the last place a point can say", "IndexOutOfRange")
def _(world: World) -> Due:
    point = short().point("roof")._replace(position=2**64 - 2)
    return Due(claiming(world, point=point), (2**64 - 2, len(HOMES)))


@failure("a header of another slot", "InclusionFailed")
def _(world: World) -> Due:
    return Due(claiming(world, header=short().header(41)))


def lines(world: World, *places: int) -> Call:
    opened = [short().line("roof", place) for place in places]
    return tier0(world, short(), "runningTotal", "alice", short().run, short().point("roof"), opened)


@failure("a total without lines", "LinesWrong")
def _(world: World) -> Due:
    return Due(lines(world), (0,))


@failure("a total of three lines", "LinesWrong")
def _(world: World) -> Due:
    return Due(lines(world, 39, 40, 41), (3,))


@failure("a total of one line in the day", "LinesWrong")
def _(world: World) -> Due:
    return Due(lines(world, 40), (1,))


@failure("a total of lines the wrong way round", "OfAnother")
def _(world: World) -> Due:
    return Due(lines(world, 41, 40), (word(SLOTS[41].to_bytes(32, "big")), word((SLOTS[40] - 1).to_bytes(32, "big"))))


def row(world: World, *names: str, rows: Any = None) -> Call:
    points = [short().point(name) for name in names]
    return tier0(world, short(), "row", "alice", short().run, points, rows or short().rows(0))


def _ordered() -> list[str]:
    return sorted(("roof", "barn"), key=lambda name: short().point(name).position)


@failure("points in disorder", "PointsUnordered")
def _(world: World) -> Due:
    first, last = _ordered()
    positions = [short().point(name).position for name in (first, last)]
    return Due(row(world, last, first), (positions[0], positions[1]))


@failure("a point twice", "PointsUnordered")
def _(world: World) -> Due:
    first = _ordered()[0]
    position = short().point(first).position
    return Due(row(world, first, first), (position, position))


@failure("one point of two", "PointsWrong")
def _(world: World) -> Due:
    return Due(row(world, "roof"), (1, 2))


@failure("no point", "PointsWrong")
def _(world: World) -> Due:
    return Due(row(world), (0, 1))


@failure("a row of no chunks", "ChunksWrong")
def _(world: World) -> Due:
    return Due(row(world, *_ordered(), rows=NO_ROWS), (0,))


@failure("a slot of the next day", "SlotOutsideDay")
def _(world: World) -> Due:
    args = [short().run, short().point("roof"), SLOTS[95] + 1, short().line("roof", 95), NO_ROWS]
    return Due(tier0(world, short(), "malformed", "alice", *args), (SLOTS[95] + 1, DAY))


@failure("the last slot of all", "SlotOutsideDay")
def _(world: World) -> Due:
    args = [short().run, short().point("roof"), 2**32 - 1, short().line("roof", 95), NO_ROWS]
    return Due(tier0(world, short(), "malformed", "alice", *args), (2**32 - 1, DAY))


@failure("a line as it should be", "WellFormed")
def _(world: World) -> Due:
    args = [short().run, short().point("roof"), SLOTS[40], short().line("roof", 40), NO_ROWS]
    return Due(tier0(world, short(), "malformed", "alice", *args), (SLOTS[40],))


@failure("a claim that was paid", "NothingToPay")
def _(world: World) -> Due:
    call = claiming(world)
    send(call)
    amount = honest(small()).lines["roof"][40].amount
    return Due(call, (amount, amount - 5_000, 5_000))


@failure("a claim that a ruling paid", "NothingToPay")
def _(world: World) -> Due:
    number = int(send(contest(world, more=0)).answer)
    send(disputes(world, "answer", number, True, HASH, by="meter data"))
    amount = honest(small()).lines["roof"][40].amount
    return Due(claiming(world), (amount, amount - 5_000, 5_000))


@failure("a sum without a lack", "NothingToPay")
def _(world: World) -> Due:
    total = short().lines["roof"][40].running_total
    return Due(lines(world, 39, 40), (total, total, 0))
