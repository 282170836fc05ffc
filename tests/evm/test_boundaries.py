"""The last value that is allowed, beside the first one that is not (which the catalogue of failures has)."""

import pytest

from grid.domain.rows import rows_root
from tests.evm import signing
from tests.evm.chain import Reverted
from tests.evm.world import DAY, OTHER_ZONE, TOKEN, ZONE, Terms, World, build, members, row

MOST = 2**95 - 1


@pytest.fixture(scope="module")
def community() -> World:
    made = build()
    members(made, "alice", "bob")
    return made


def requests(world: World, name: str) -> list[tuple[int, int]]:
    return [(item["index"], item["amount"]) for item in world.escrow.read("withdrawalsOf", world[name])]


# Escrow


def test_the_ledger_counts_to_its_end(world: World) -> None:
    world.fund("carol", MOST - world.escrow.read("totalLiabilities"))
    assert world.escrow.read("totalLiabilities") == MOST
    assert world.token.read("balanceOf", world.escrow.address) == MOST


def test_a_message_counts_in_the_second_of_its_deadline(world: World) -> None:
    args = world.withdrawal("alice", 1)
    world.chain.travel(args[4])
    world.escrow.send("requestWithdrawal", *args, sender=world["stranger"])


@pytest.mark.parametrize("nonce", [0, 1, 255, 256, 257, 2**256 - 1])
def test_a_nonce_spends_nothing_but_itself(world: World, nonce: int) -> None:
    message = {"account": world["carol"], "nonce": nonce, "deadline": world.chain.time}
    world.escrow.send(
        "cancelNonce", *message.values(), world.sign("carol", "NonceCancel", message), sender=world["bob"]
    )
    others = {0, 1, 2, 254, 255, 256, 257, 258, 511, 512, 2**256 - 2, 2**256 - 1}
    assert {other for other in others if world.escrow.read("nonceUsed", world["carol"], other)} == {nonce}
    assert not world.escrow.read("nonceUsed", world["dora"], nonce)


def test_the_whole_balance_can_leave_when_its_delay_is_over(world: World) -> None:
    index = world.request("alice", 500 * TOKEN).answer
    assert world.free("alice") == 0
    world.chain.travel(world.chain.time + world.terms.withdrawal_delay)
    world.escrow.send("executeWithdrawal", world["alice"], index, sender=world["stranger"])
    assert world.token.read("balanceOf", world["alice"]) == 500 * TOKEN
    assert world.escrow.read("pendingOf", world["alice"]) == 0


def test_requests_keep_their_order_when_one_in_the_middle_goes(world: World) -> None:
    for amount in (10, 20, 30, 40):
        world.request("alice", amount)
    world.cancel("alice", 1)
    assert requests(world, "alice") == [(0, 10), (2, 30), (3, 40)]
    world.request("alice", 50)
    assert requests(world, "alice") == [(0, 10), (2, 30), (3, 40), (4, 50)]
    world.cancel("alice", 4)
    world.cancel("alice", 0)
    assert requests(world, "alice") == [(2, 30), (3, 40)]
    assert world.escrow.read("pendingOf", world["alice"]) == 70


def test_a_request_says_where_and_when(world: World) -> None:
    args = world.withdrawal("alice", 7, world["bob"])
    world.escrow.send("requestWithdrawal", *args, sender=world["stranger"])
    (found,) = world.escrow.read("withdrawalsOf", world["alice"])
    ready = world.chain.time + world.terms.withdrawal_delay
    assert found == {"to": world["bob"], "amount": 7, "readyAt": ready, "index": 0}


def test_debts_shrink_the_newest_request_first(world: World) -> None:
    for amount in (300, 100, 60, 40):
        world.request("bob", amount * TOKEN)
    world.post({"bob": -90 * TOKEN})
    assert requests(world, "bob") == [(0, 300 * TOKEN), (1, 100 * TOKEN), (2, 10 * TOKEN)]
    world.travel_days(1)
    world.post({"bob": -10 * TOKEN})
    assert requests(world, "bob") == [(0, 300 * TOKEN), (1, 100 * TOKEN)]
    assert world.escrow.read("pendingOf", world["bob"]) == 400 * TOKEN
    assert world.escrow.read("receivableOf", world["bob"]) == 0


def test_each_of_many_mandates_covers_its_own_days(world: World) -> None:
    first = world.today + 1
    spans = [(first, 2), (first + 2, 1), (first + 5, 3), (first + 8, 1), (first + 20, 2), (first + 30, 4)]
    for number, (start, length) in enumerate(spans):
        world.register("carol", 100 + number, start, start + length)
    for day in range(first - 2, first + 40):
        covering = [100 + number for number, (start, length) in enumerate(spans) if start <= day < start + length]
        assert world.escrow.read("capOn", world["carol"], day) == sum(covering)
    assert world.escrow.read("mandateCount", world["carol"]) == len(spans)


def test_a_mandate_is_kept_as_it_was_signed(world: World) -> None:
    first = world.today + 400
    world.register("alice", 2**88 - 1, first, first + 1)
    terms = "0x" + signing.struct_hash("MandateTerms", signing.DEMO_TERMS).hex()
    assert world.escrow.read("mandateAt", world["alice"], 1) == {
        "cap": 2**88 - 1,
        "validFrom": first,
        "validTo": first + 1,
        "registeredAt": world.chain.time,
        "termsHash": terms,
    }
    with pytest.raises(Reverted) as refused:
        world.escrow.read("mandateAt", world["alice"], 2)
    assert (refused.value.name, refused.value.values) == ("UnknownMandate", (world["alice"], 2, 2))


def test_a_mandate_may_follow_at_once(world: World) -> None:
    world.register("alice", 7, world.today + 365, world.today + 366)
    world.post({"carol": 1})
    world.register("carol", 9, world.today, world.today + 1)
    assert world.escrow.read("capOn", world["carol"], world.today) == 9


def test_mandates_end_from_the_next_gate_on(world: World) -> None:
    today = world.today
    world.chain.travel((today + 1) * DAY - world.terms.gate_lead - 1)
    world.end_mandate("alice", 0, today + 1)
    assert world.escrow.read("capOn", world["alice"], today) == 100 * TOKEN
    assert world.escrow.read("capOn", world["alice"], today + 1) == 0
    world.end_mandate("bob", 0, today + 364)
    assert world.escrow.read("capOn", world["bob"], today + 363) == 100 * TOKEN
    assert world.escrow.read("capOn", world["bob"], today + 364) == 0


def test_an_older_mandate_ends_without_the_newest(world: World) -> None:
    today = world.today
    world.register("alice", 7, today + 400, today + 410)
    world.end_mandate("alice", 0, today + 9)
    days = {today + 8: 100 * TOKEN, today + 9: 0, today + 400: 7, today + 409: 7, today + 410: 0}
    assert {day: world.escrow.read("capOn", world["alice"], day) for day in days} == days
    world.end_mandate("alice", 1, today + 400)
    days |= {today + 400: 0, today + 409: 0}
    assert {day: world.escrow.read("capOn", world["alice"], day) for day in days} == days


def test_the_spare_bond_can_leave_to_its_last_unit(world: World) -> None:
    world.post({"alice": 7 * TOKEN, "bob": -2 * TOKEN})
    world.escrow.send("reserveBond", 100, sender=world["disputes"])
    spare = world.escrow.read("bond") - 9 * TOKEN - 100
    world.escrow.send("withdrawBond", world["bob"], spare, sender=world["admin"])
    assert world.escrow.read("bond") == 9 * TOKEN + 100
    assert world.token.read("balanceOf", world["bob"]) == spare
    assert world.escrow.read("totalLiabilities") == world.token.read("balanceOf", world.escrow.address)


def test_the_bond_owes_oldest_first(world: World) -> None:
    bond = world.escrow.read("bond")
    for name, amount in (("alice", bond - 1), ("bob", 5), ("alice", 7), ("carol", 1)):
        args = (b"\x01" * 32, 0, world[name], amount if name != "alice" or amount != 7 else bond + 6)
        world.escrow.send("payRemedy", *args, sender=world["recomputation"])
    assert world.escrow.read("bondClaims")[1] == 3
    world.escrow.send("topUpBond", 3, sender=world["admin"])
    before = world.free("bob")
    assert world.escrow.read("bond") == 0
    outstanding, waiting = world.escrow.read("bondClaims")
    world.escrow.send("topUpBond", outstanding + 9, sender=world["admin"])
    assert (world.escrow.read("bondClaims"), world.escrow.read("bond"), waiting) == ([0, 0], 9, 3)
    assert world.free("bob") == before + 1


def test_eight_claims_are_paid_along_and_the_rest_on_call(world: World) -> None:
    bond = world.escrow.read("bond")
    world.escrow.send("payRemedy", b"\x09" * 32, 0, world["alice"], bond, sender=world["recomputation"])
    for number in range(11):
        args = (bytes([number]) * 32, 0, world["bob"], 1)
        world.escrow.send("payRemedy", *args, sender=world["recomputation"])
    world.escrow.send("topUpBond", 50, sender=world["admin"])
    assert world.escrow.read("bondClaims") == [3, 3]
    world.escrow.send("payBondClaims", 2, sender=world["stranger"])
    assert world.escrow.read("bondClaims") == [1, 1]
    world.escrow.send("payBondClaims", 2, sender=world["stranger"])
    assert (world.escrow.read("bondClaims"), world.escrow.read("bond")) == ([0, 0], 39)


def test_a_reserve_may_exceed_the_bond(world: World) -> None:
    bond = world.escrow.read("bond")
    world.escrow.send("reserveBond", bond - 1, sender=world["disputes"])
    assert world.escrow.read("freeBond") == 1
    world.escrow.send("reserveBond", 5, sender=world["disputes"])
    assert (world.escrow.read("freeBond"), world.escrow.read("reservedBond")) == (0, bond + 4)
    world.escrow.send("releaseBond", bond + 4, sender=world["disputes"])
    assert (world.escrow.read("freeBond"), world.escrow.read("reservedBond")) == (bond, 0)


def test_a_receivable_is_collected_to_its_last_unit(world: World) -> None:
    world.register("carol", 60, world.today - 2, world.today + 5)
    world.post({"carol": -5, "alice": 5})
    for amount, left, free in ((3, 2, 0), (1, 1, 0), (4, 0, 3), (2, 0, 5)):
        world.fund("carol", amount)
        assert (world.escrow.read("receivableOf", world["carol"]), world.free("carol")) == (left, free)


def test_the_whole_balance_can_be_a_deposit(world: World) -> None:
    world.escrow.send("takeDeposit", world["alice"], 500 * TOKEN, sender=world["disputes"])
    assert (world.free("alice"), world.escrow.read("depositsHeld")) == (0, 500 * TOKEN)
    world.escrow.send("returnDeposit", world["alice"], 500 * TOKEN, sender=world["disputes"])
    assert (world.free("alice"), world.escrow.read("depositsHeld")) == (500 * TOKEN, 0)


def test_a_remedy_counts_no_further_than_its_word(world: World) -> None:
    key, most = b"\x01" * 32, 2**96 - 1
    args = (key, 0, world["alice"], 2**200)
    assert world.escrow.send("payRemedy", *args, sender=world["recomputation"]).answer == most
    assert world.escrow.send("payDefault", *args, sender=world["disputes"]).answer == 0
    assert world.escrow.read("remedyOf", key, world["alice"]) == most


# Settlement


@pytest.mark.parametrize("count", [0, 1, 12, 13, 511, 512])
def test_a_run_holds_up_to_512_members(world: World, count: int) -> None:
    rows = [row(f"0x{number:040x}", 0) for number in range(1, count + 1)] + world.rows({})
    given = world.run(rows, pointCount=count)
    event = world.settlement.send("postRun", given, rows, sender=world["poster"]).event("RunPosted")
    assert event["rowsRoot"] == "0x" + rows_root(rows).hex()
    assert world.settlement.read("isPosted", given, rows_root(rows))
    assert not world.settlement.read("isPosted", given | {"mode": 1}, rows_root(rows))


@pytest.mark.parametrize("size", [4, 15, 16, 17, 31, 32, 33, 48, 49, 100, 516])
def test_rows_are_rooted_as_the_domain_roots_them(world: World, size: int) -> None:
    rows = [row(f"0x{number:040x}", number - 50) for number in range(1, size + 1)]
    assert world.settlement.read("rowsRootOf", rows) == "0x" + rows_root(rows).hex()


@pytest.mark.parametrize(("dust", "points"), [(0, 3), (288, 3), (96, 1)])
def test_dust_reaches_both_ends(world: World, dust: int, points: int) -> None:
    nets = {"alice": 1, "bob": -1, "carol": 1} if points == 3 else {"alice": -5}
    world.post(nets | {"dust": dust}, pointCount=points)


def test_a_run_is_in_time_from_midnight_to_the_lag(world: World) -> None:
    today = world.today
    world.chain.travel((today + 1) * DAY)
    world.post({"alice": 1}, day=today)
    world.chain.travel((today + 1) * DAY + world.terms.posting_lag)
    world.post({"alice": 1}, day=today, zone=OTHER_ZONE)
    world.chain.travel((today + 1) * DAY + world.terms.posting_lag + world.terms.correction_lag)
    world.correct({"alice": 2}, {"alice": 1}, day=today)


def test_the_bond_carries_exactly_its_ratio(world: World) -> None:
    bond = world.escrow.read("bond")
    world.post({"alice": bond})
    assert (world.settlement.read("openExposure"), world.settlement.read("requiredBond")) == (bond, bond)
    world.chain.travel(world.chain.time + world.terms.challenge_window - 1)
    assert world.settlement.read("openExposure") == bond
    world.chain.travel(world.chain.time + 1)
    assert world.settlement.read("openExposure") == 0
    world.post({"alice": bond})


def test_the_required_bond_is_rounded_up() -> None:
    world = build(terms=Terms(exposure_ratio=4, fixed_sum=1))
    assert world.settlement.read("fixedSum") == 1
    for amount, exposure, required in ((7, 8, 2), (2, 11, 3), (0, 12, 3), (0, 13, 4)):
        world.post({"alice": amount}, zone=bytes([exposure]) * 32)
        assert world.settlement.read("openExposure") == exposure
        assert world.settlement.read("requiredBond") == required


def test_final_runs_are_released_eight_at_a_time() -> None:
    world = build(terms=Terms(challenge_window=DAY // 2), bond=100)
    zones = [bytes([number]) * 32 for number in range(1, 40)]
    for zone in zones[:10]:
        world.post({"alice": 10}, zone=zone)
    world.travel_days(1)
    assert world.settlement.read("openExposure") == 0
    world.post({"alice": 10}, zone=zones[10])  # 8 released, two of the final ones still counted
    world.post({"alice": 80}, zone=zones[11])  # those two released
    with pytest.raises(Reverted) as refused:
        world.post({"alice": 11}, zone=zones[12])
    assert (refused.value.name, refused.value.values) == ("BondTooSmall", (101, 100))
    world.post({"alice": 10}, zone=zones[13])
    assert world.settlement.read("openExposure") == 100


def test_the_largest_exposure_that_is_counted() -> None:
    world = build(terms=Terms(exposure_ratio=2**32 - 1), bond=2**60)
    world.post({"alice": -(2**88 - 1)})
    assert world.settlement.read("openExposure") == 2**88 - 1


def test_what_is_kept_of_a_run(world: World) -> None:
    day, posted_at = world.today - 1, world.chain.time
    key = world.run_key(day)
    assert world.settlement.read("latestSequence", key) == [0, False]
    assert world.settlement.read("finalAt", key, 0) == 0
    assert not world.settlement.read("isFinal", key, 0)
    world.post({"alice": 5, "bob": -5})
    assert world.settlement.read("latestSequence", key) == [0, True]
    first_final = posted_at + world.terms.challenge_window
    kept = world.settlement.read("runOf", ZONE, day, 0)
    assert (kept["finalAt"], kept["postedAt"], kept["latest"]) == (first_final, posted_at, 0)
    world.chain.travel(first_final - 1)
    assert not world.settlement.read("isFinal", key, 0)
    world.correct({"alice": 6, "bob": -5}, {"alice": 5, "bob": -5}, day=day)
    world.chain.travel(first_final)
    assert world.settlement.read("isFinal", key, 0)
    assert not world.settlement.read("isFinal", key, 1)
    assert world.settlement.read("latestSequence", key) == [1, True]
    assert world.settlement.read("finalAt", key, 1) == first_final - 1 + world.terms.challenge_window
    assert world.escrow.read("lastRunDay") == day


def test_a_correction_opens_the_window_of_whom_it_changes(world: World) -> None:
    day = world.today - 1
    key, first = world.run_key(day), world.chain.time + world.terms.challenge_window
    nets = {"alice": 5, "bob": -5}
    world.post(nets)
    world.chain.travel(first + DAY)
    world.correct(nets | {"alice": 6, "carol": 0, "dora": 1}, nets, day=day)
    later = first + DAY + world.terms.challenge_window
    due = {"alice": later, "bob": first, "carol": first, "dora": later, "supplier": first}
    assert {name: world.settlement.read("disputableUntil", key, world[name]) for name in due} == due


def test_a_run_can_be_disputed_to_the_last_second(world: World) -> None:
    rows = world.rows({"alice": 5})
    given, until = world.run(rows), world.chain.time + world.terms.challenge_window
    world.settlement.send("postRun", given, rows, sender=world["poster"])
    key = "0x" + world.run_key(given["day"]).hex()

    def dispute(at_least: int) -> str:
        return str(world.settlement.read("requireDisputable", given, rows_root(rows), world["alice"], at_least))

    world.chain.travel(until - 1)
    assert dispute(0) == key
    world.chain.travel(until + 5)
    assert dispute(until + 6) == key
    world.settlement.send(
        "extendWindow", world.run_key(given["day"]), world["alice"], until + 9, sender=world["disputes"]
    )
    world.settlement.send(
        "extendWindow", world.run_key(given["day"]), world["alice"], until + 7, sender=world["disputes"]
    )
    world.chain.travel(until + 8)
    assert dispute(0) == key


def test_a_correction_may_cite_the_same_checkpoint(world: World) -> None:
    world.anchor_entries(3)
    world.post({"alice": 1}, checkpoint=1)
    world.correct({"alice": 2}, {"alice": 1}, checkpoint=1)


def test_modes_are_two(world: World) -> None:
    world.post({"alice": 1}, mode=0)
    world.post({"alice": 1}, mode=1, zone=OTHER_ZONE)
