"""Every change of state is told by its events, completely and in order."""

from typing import Any

import pytest

from tests.evm import signing
from tests.evm.chain import Receipt
from tests.evm.world import DAY, TOKEN, ZONE, World, build, members, row

Events = list[tuple[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def community() -> World:
    made = build()
    members(made, "alice", "bob")
    return made


def told(receipt: Receipt) -> Events:
    return [(event.name, event.args) for event in receipt.events if event.name not in ("Transfer", "Approval")]


def word(data: bytes) -> str:
    return "0x" + data.hex()


def move(world: World, name: str, amount: int) -> str:
    return word(row(world[name], amount))


def nonce_of(world: World, name: str = "alice") -> tuple[str, dict[str, Any]]:
    return "NonceUsed", {"account": world[name], "nonce": world.nonce}


def test_deposit(world: World) -> None:
    assert told(world.fund("alice", 7)) == [
        ("Deposited", {"account": world["alice"], "payer": world["admin"], "amount": 7})
    ]


def test_deposit_by_permit_is_its_owners(world: World) -> None:
    world.token.send("transfer", world["bob"], 7, sender=world["admin"])
    deadline, signature = world.permit("bob", 7)
    args = [world["bob"], world["bob"], 7, deadline, signature[64], signature[:32], signature[32:64]]
    done = world.escrow.send("depositWithPermit", *args, sender=world["stranger"])
    assert told(done) == [("Deposited", {"account": world["bob"], "payer": world["bob"], "amount": 7})]


def test_the_owner_may_pay_by_permit_into_another_account(world: World) -> None:
    world.token.send("transfer", world["bob"], 7, sender=world["admin"])
    deadline, signature = world.permit("bob", 7)
    args = [world["alice"], world["bob"], 7, deadline, signature[64], signature[:32], signature[32:64]]
    done = world.escrow.send("depositWithPermit", *args, sender=world["bob"])
    assert told(done) == [("Deposited", {"account": world["alice"], "payer": world["bob"], "amount": 7})]


def test_withdrawal(world: World) -> None:
    done = world.request("alice", 7)
    ready = world.chain.time + world.terms.withdrawal_delay
    request = {"account": world["alice"], "index": 0, "to": world["alice"], "amount": 7, "readyAt": ready}
    assert told(done) == [nonce_of(world), ("WithdrawalRequested", request)]
    world.chain.travel(ready)
    done = world.escrow.send("executeWithdrawal", world["alice"], 0, sender=world["stranger"])
    paid = {"account": world["alice"], "index": 0, "to": world["alice"], "amount": 7}
    assert told(done) == [("WithdrawalExecuted", paid)]


def test_withdrawal_cancelled(world: World) -> None:
    world.request("alice", 7)
    done = world.cancel("alice", 0)
    cancelled = {"account": world["alice"], "index": 0, "amount": 7}
    assert told(done) == [nonce_of(world), ("WithdrawalCancelled", cancelled)]


def test_mandates(world: World) -> None:
    first = world.today + 400
    done = world.register("alice", 7, first, first + 3)
    given = {"account": world["alice"], "mandateIndex": 1, "validFromDay": first, "validToDay": first + 3}
    terms = word(signing.struct_hash("MandateTerms", signing.DEMO_TERMS))
    registered = ("MandateRegistered", given | {"capPerDay": 7, "termsHash": terms})
    assert told(done) == [nonce_of(world), registered]
    assert done.answer == 1
    done = world.end_mandate("alice", 0, world.today + 9)
    ended = {"account": world["alice"], "mandateIndex": 0, "endDay": world.today + 9}
    assert told(done) == [nonce_of(world), ("MandateEnded", ended)]


def test_nonce_cancelled(world: World) -> None:
    done = world.escrow.send("cancelNonce", *world.signed("alice", "NonceCancel", {}), sender=world["bob"])
    given = {"account": world["alice"], "nonce": world.nonce}
    assert told(done) == [("NonceUsed", given), ("NonceCancelled", given)]


def test_pause(world: World) -> None:
    for function, event in (("pause", "Paused"), ("unpause", "Unpaused")):
        done = world.escrow.send(function, sender=world["guardian"])
        assert told(done) == [(event, {"by": world["guardian"]})]


def test_bond(world: World) -> None:
    bond = world.escrow.read("bond")
    done = world.escrow.send("topUpBond", 7, sender=world["admin"])
    assert told(done) == [("BondToppedUp", {"payer": world["admin"], "amount": 7, "bond": bond + 7})]
    done = world.escrow.send("withdrawBond", world["bob"], 9, sender=world["admin"])
    assert told(done) == [("BondWithdrawn", {"to": world["bob"], "amount": 9, "bond": bond - 2})]


def test_reserve_and_deposits(world: World) -> None:
    def send(function: str, *args: Any) -> Events:
        return told(world.escrow.send(function, *args, sender=world["disputes"]))

    assert send("reserveBond", 7) == [("BondReserved", {"amount": 7, "reserved": 7})]
    assert send("releaseBond", 5) == [("BondReleased", {"amount": 5, "reserved": 2})]
    given = {"account": world["alice"], "amount": 7}
    assert send("takeDeposit", world["alice"], 7) == [("ClaimDepositTaken", given)]
    assert send("returnDeposit", world["alice"], 7) == [("ClaimDepositReturned", given)]


def remedy(world: World, function: str, sequence: int, name: str, amount: int) -> tuple[int, Events]:
    args = (world.run_key(world.today - 1), sequence, world[name], amount)
    done = world.escrow.send(function, *args, sender=world["disputes"])
    return done.answer, told(done)


def paid(world: World, name: str, sequence: int, amount: int, total: int, carried: int) -> tuple[str, dict[str, Any]]:
    key = word(world.run_key(world.today - 1))
    given = {"runKey": key, "account": world[name], "sequence": sequence}
    return "RemedyPaid", given | {"amount": amount, "paid": total, "carried": carried}


def test_remedies_count_what_was_paid_before(world: World) -> None:
    assert remedy(world, "payRemedy", 0, "alice", 10) == (10, [paid(world, "alice", 0, 10, 10, 0)])
    assert remedy(world, "payRemedy", 0, "alice", 5) == (5, [paid(world, "alice", 0, 5, 15, 0)])
    assert remedy(world, "payDefault", 0, "alice", 20) == (5, [paid(world, "alice", 0, 5, 20, 5)])
    assert remedy(world, "payDefault", 0, "alice", 20) == (0, [paid(world, "alice", 0, 0, 20, 5)])
    assert remedy(world, "payRemedy", 0, "alice", 3) == (0, [paid(world, "alice", 0, 0, 20, 2)])
    assert remedy(world, "payRemedy", 1, "alice", 19) == (0, [paid(world, "alice", 1, 0, 20, 1)])
    assert remedy(world, "payRemedy", 1, "alice", 4) == (3, [paid(world, "alice", 1, 3, 23, 0)])
    assert remedy(world, "payRemedy", 0, "alice", 2) == (2, [paid(world, "alice", 1, 2, 25, 0)])


def test_a_claim_that_the_bond_lacks(world: World) -> None:
    bond = world.escrow.read("bond")
    answer, events = remedy(world, "payRemedy", 0, "alice", bond + 5)
    stored = ("BondClaimStored", {"account": world["alice"], "amount": 5, "outstanding": 5})
    assert (answer, events) == (bond + 5, [paid(world, "alice", 0, bond + 5, bond + 5, 0), stored])
    _, events = remedy(world, "payRemedy", 0, "bob", 2)
    assert events[1] == ("BondClaimStored", {"account": world["bob"], "amount": 2, "outstanding": 7})
    done = world.escrow.send("topUpBond", 6, sender=world["admin"])
    assert told(done) == [
        ("BondToppedUp", {"payer": world["admin"], "amount": 6, "bond": 6}),
        ("BondClaimPaid", {"account": world["alice"], "amount": 5, "outstanding": 2}),
        ("BondClaimPaid", {"account": world["bob"], "amount": 1, "outstanding": 1}),
    ]


def applied(world: World, key: str, sequence: int, moves: dict[str, int]) -> tuple[str, dict[str, Any]]:
    listed = [move(world, name, amount) for name, amount in moves.items()]
    return "RunApplied", {"runKey": key, "day": world.today - 1, "sequence": sequence, "moves": listed}


def ordered(world: World, nets: dict[str, int]) -> dict[str, int]:
    return {name: nets[name] for name in sorted(nets, key=world.__getitem__)}


def test_a_run_tells_its_claim_and_its_moves(world: World) -> None:
    nets = {"alice": -5 * TOKEN, "bob": 3 * TOKEN, "carol": 0, "fee": 7, "dust": 2}
    rows = world.rows(nets)
    given = world.run(rows, mode=1, pointCount=9)
    done = world.settlement.send("postRun", given, rows, sender=world["poster"])
    final = world.chain.time + world.terms.challenge_window
    posted, numbered, moved = told(done)
    assert numbered == ("ZoneNumbered", {"zone": "0x" + ZONE.hex(), "number": 1})
    claim = {name: word(value) if isinstance(value, bytes) else value for name, value in given.items()}
    root = world.settlement.read("rowsRootOf", rows)
    assert posted == ("RunPosted", claim | {"rowsRoot": root, "finalAt": final})
    members = ordered(world, {"alice": -5 * TOKEN, "bob": 3 * TOKEN})
    supplier = {"supplier": 2 * TOKEN - 9, "fee": 7, "dust": 2}
    key = word(world.run_key(world.today - 1))
    assert moved == applied(world, key, 0, members | supplier)


def test_what_is_not_paid_is_told(world: World) -> None:
    """Carol's cap is 60, her balance 20; the supplier, fee, balancing account and dust give way before Alice."""
    world.register("carol", 60, world.today - 2, world.today + 5)
    world.fund("carol", 20)
    world.fund("balancing", 4)
    nets = {"carol": -100, "alice": 70, "bob": 10, "supplier": 5, "fee": 6, "dust": 2, "balancing": 7}
    done = world.post(nets)
    key = word(world.run_key(world.today - 1))
    _, _, booked, *rest = told(done)
    assert booked == ("ReceivableBooked", {"account": world["carol"], "amount": 40, "total": 40})
    fee_owed = ("OwedBooked", {"account": world["fee"], "amount": 6, "total": 6})
    balancing_owed = ("OwedBooked", {"account": world["balancing"], "amount": 11, "total": 11})
    by = {"bySupplier": 5, "byFee": 6, "byBalancing": 11, "byDust": 2, "byBond": 0, "byMembers": 56}
    assert rest[:3] == [fee_owed, balancing_owed, ("ShortfallCarried", {"runKey": key} | by)]
    first, second = sorted(("alice", "bob"), key=world.__getitem__)
    shares = {"alice": 49, "bob": 7} if first == "alice" else {"bob": 7, "alice": 49}
    owed = [("OwedBooked", {"account": world[name], "amount": shares[name], "total": shares[name]}) for name in shares]
    assert rest[3:5] == owed
    credits = {"alice": 21, "bob": 3, "carol": -20}
    moves = ordered(world, credits)
    assert rest[5] == applied(world, key, 0, moves | {"balancing": -4})
    assert second in credits
    collected = told(world.fund("carol", 40))
    assert collected[1] == ("ReceivableCollected", {"account": world["carol"], "amount": 40, "total": 0})
    paid_back = {first: 40} if shares[first] >= 40 else {first: shares[first], second: 40 - shares[first]}
    remain = {name: shares[name] - amount for name, amount in paid_back.items()}
    assert collected[2:] == [
        ("OwedPaid", {"account": world[name], "amount": amount, "total": remain[name]})
        for name, amount in paid_back.items()
    ]


@pytest.mark.parametrize(("has", "steps_in"), [(1, 0), (0, 1), (1, 1), (2, 1)])
def test_single_units_are_told_and_nothing_is_not(world: World, has: int, steps_in: int) -> None:
    """Carol owes 10 and has `has`; the balancing account has `steps_in`; Alice goes without the rest."""
    world.register("carol", 60, world.today - 2, world.today + 5)
    for name, amount in (("carol", has), ("balancing", steps_in)):
        if amount:
            world.fund(name, amount)
    done = world.post({"carol": -10, "alice": 10})
    due = {"carol": -has, "alice": has + steps_in, "balancing": -steps_in}
    words = [int(word, 16) for word in done.event("RunApplied")["moves"]]
    moved = {word >> 96: (word & (2**96 - 1)) - (2**96 if word >> 95 & 1 else 0) for word in words}
    assert moved == {int(world[name], 16): amount for name, amount in due.items() if amount}


def test_a_correction_returns_what_the_bond_paid(world: World) -> None:
    before = {"alice": -5 * TOKEN, "bob": 3 * TOKEN}
    world.fund("supplier", 9 * TOKEN)
    world.post(before)
    bond = world.escrow.read("bond")
    remedy(world, "payRemedy", 0, "alice", TOKEN)
    assert world.escrow.read("bond") == bond - TOKEN
    done = world.correct({"alice": -3 * TOKEN, "bob": 3 * TOKEN}, before)
    assert world.escrow.read("bond") == bond
    key = word(world.run_key(world.today - 1))
    netted = {"runKey": key, "account": world["alice"], "amount": TOKEN, "paid": 0}
    until = world.chain.time + world.terms.challenge_window
    window, _, back, moved = told(done) if told(done)[0][0] == "WindowExtended" else [None, *told(done)]
    if window:  # only where the correction came later than the run
        assert window == ("WindowExtended", {"runKey": key, "account": world["alice"], "until": until})
    assert back == ("RemedyNetted", netted)
    assert world.escrow.read("remedyOf", key, world["alice"]) == 0
    assert moved == applied(world, key, 1, {"alice": TOKEN, "supplier": -2 * TOKEN})


def test_no_more_is_carried_than_is_left(world: World) -> None:
    """A default of 100, of which a correction took 60 back: 40 count against the next proof, not 100."""
    world.fund("supplier", 500)
    world.post({"alice": 0})
    remedy(world, "payDefault", 0, "alice", 100)
    world.correct({"alice": 60}, {"alice": 0})
    assert remedy(world, "payRemedy", 0, "alice", 50) == (10, [paid(world, "alice", 0, 10, 50, 0)])


def test_what_a_correction_cannot_return_to_the_bond_is_owed_to_it(world: World) -> None:
    """The supplier has nothing, so the bond goes without; his next deposit makes it whole before anybody else."""
    bond = world.escrow.read("bond")
    world.post({"alice": 0})
    remedy(world, "payRemedy", 0, "alice", 100)
    done = world.correct({"alice": 100}, {"alice": 0})
    (shortfall,) = [args for name, args in told(done) if name == "ShortfallCarried"]
    assert (shortfall["byBond"], shortfall["byMembers"]) == (100, 0)
    assert (world.escrow.read("bond"), world.escrow.read("owedTo", world.escrow.address)) == (bond - 100, 100)
    paid = [args for name, args in told(world.fund("supplier", 30)) if name == "OwedPaid"]
    assert paid == [{"account": world.escrow.address, "amount": 30, "total": 70}]
    world.fund("supplier", 80)
    assert (world.escrow.read("bond"), world.free("supplier")) == (bond, 10)


def test_a_surplus_goes_back_to_who_stepped_in(world: World) -> None:
    """Carol's cap is 60 of 100. Corrected to 50 she gets 10 back, and the 40 that Alice went without come home."""
    world.register("carol", 60, world.today - 2, world.today + 5)
    world.fund("carol", 100)
    before = {"carol": -100, "alice": 100}
    world.post(before)
    assert world.escrow.read("owedTo", world["alice"]) == 40
    done = world.correct({"carol": -50, "alice": 50}, before)
    key = word(world.run_key(world.today - 1))
    assert told(done)[1:] == [
        ("SurplusReturned", {"runKey": key, "amount": 40}),
        applied(world, key, 1, ordered(world, {"carol": 10, "alice": -50})),
        ("OwedPaid", {"account": world["alice"], "amount": 40, "total": 0}),
    ]


def test_a_shrunk_request_is_told(world: World) -> None:
    world.request("alice", 450 * TOKEN)
    done = world.post({"alice": -90 * TOKEN})
    shrunk = {"account": world["alice"], "index": 0, "amount": 40 * TOKEN, "remaining": 410 * TOKEN}
    assert ("WithdrawalShrunk", shrunk) in told(done)


def test_a_later_window_is_told(world: World) -> None:
    world.post({"alice": 1})
    world.chain.travel(world.chain.time + DAY)
    key, day = world.run_key(world.today - 2, ZONE), world.today - 2
    done = world.correct({"alice": 2}, {"alice": 1}, day=day)
    until = world.chain.time + world.terms.challenge_window
    assert told(done)[0] == ("WindowExtended", {"runKey": word(key), "account": world["alice"], "until": until})
    args = (key, world["bob"], until + 5)
    done = world.settlement.send("extendWindow", *args, sender=world["disputes"])
    assert told(done) == [("WindowExtended", {"runKey": word(key), "account": world["bob"], "until": until + 5})]


def test_a_checkpoint_is_told(world: World) -> None:
    done = world.anchor_entries(3)
    root = word(world.log.tree().root)
    assert told(done) == [("CheckpointAnchored", {"seq": 1, "size": 4, "root": root})]
    seq, digest = world.anchor.read("latest")
    assert (seq, digest) == (1, world.anchor.read("digestOf", 1))
