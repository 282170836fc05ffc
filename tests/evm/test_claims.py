"""Recomputation: what a claim writes down and tells, to the last field, and where each number's limits are."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from grid.domain.openings import Rows
from grid.domain.statements import SlotPrices
from tests.evm import casefile as files
from tests.evm import courts
from tests.evm.chain import Reverted
from tests.evm.failures.catalogue import word
from tests.evm.test_recompute import by_run
from tests.evm.world import TOKEN, World, build
from tests.vectors import recompute_cases as cases
from tests.vectors.recompute_day import EXPORT, FEE, HOMES, IMPORT, SLOTS
from tests.vectors.recompute_runs import KEY, NO_ROWS, Lie, Posted, post
from tests.vectors.recompute_setting import honest, small

NONE = 2**64 - 1
ENERGY_SHOWN, TRADE_SHOWN, LOCAL_SHOWN, TARIFF_SHOWN = 1, 2, 4, 8


@pytest.fixture(scope="module")
def empty() -> World:
    return courts.empty_court()


@pytest.fixture
def court(empty: World) -> Iterator[World]:
    with files.undone(empty):
        yield empty


def standing(world: World, posted: Posted) -> Posted:
    courts.anchor(world, posted)
    courts.post(world, posted)
    world.chain.travel(files.NOW)
    return posted


def claim(world: World, posted: Posted, function: str, name: str, *opened: Any) -> Any:
    return files.send(files.tier0(world, posted, function, name, *opened))


def refused(world: World, posted: Posted, function: str, name: str, *opened: Any) -> Reverted:
    with pytest.raises(Reverted) as caught:
        claim(world, posted, function, name, *opened)
    return caught.value


def packed(energy: tuple[int, int], trade: tuple[int, int], paid: int, flags: int) -> int:
    """The first word of what has been shown, as the contract's documentation lays it out."""
    shown = 0
    for value, bits in ((energy[0], 40), (energy[1], 40), (trade[0], 40), (trade[1], 40), (paid, 80), (flags, 16)):
        shown = shown << bits | value
    return shown


def prices_word(*values: int) -> int:
    word_ = 0
    for value in values:
        word_ = word_ << 64 | value % 2**64
    return word_


def facts(world: World, home: str, place: int, name: str) -> list[int]:
    args = [KEY, 0, HOMES[home].point, SLOTS[place], world[name]]
    return [int(value) for value in world.others["recomputation"].read("factsOf", *args)]


def expected(world: World, home: str, place: int, name: str, **fields: Any) -> dict[str, Any]:
    head = {"runKey": word(KEY), "account": world[name], "point": word(HOMES[home].point), "sequence": 0}
    return head | {"slot": SLOTS[place]} | fields


def test_arithmetic_tells_and_keeps_all(court: World) -> None:
    posted = standing(court, files.short())
    done = claim(court, posted, "arithmetic", "alice", posted.statement("roof", 40))
    numbers = packed((0, 0), (0, 0), 5_000, 0)
    assert done.event("Recomputed") == expected(
        court, "roof", 40, "alice", ground=0, amount=honest(small()).lines["roof"][40].amount, due=5_000,
        numbers=numbers, prices=0,
    )  # fmt: skip
    assert facts(court, "roof", 40, "alice") == [numbers, 0]


@pytest.fixture
def liar(court: World) -> Posted:
    """A run that lies about Alice's roof in slot 42: energy, trade, local price, tariff, amount."""
    price = {"local_price": 90_001, "import_price": IMPORT + 7, "export_price": EXPORT - 11, "fee_price": FEE + 5}

    def prices(place: int, item: SlotPrices) -> SlotPrices:
        return replace(item, **price) if place in (42, 43) else item

    def line(name: str, place: int, item: Any) -> Any:
        if (name, place) != ("roof", 42):
            return item
        return replace(item, export_wh=item.export_wh - 101, sold_wh=item.sold_wh - 80, amount=item.amount - 99_000)

    return standing(court, post(small().known, Lie(line=line, prices=prices)))


def test_what_is_shown_adds_up_claim_by_claim(court: World, liar: Posted) -> None:
    """Each ground lays its own fields over the run's and leaves the others; the last amount is the honest one."""
    known, statement = liar.known, liar.statement("roof", 42)
    auction = known.auctions[SLOTS[42]]
    interval = liar.entry(known.intervals["roof", 42])
    right, wrong = honest(small()).lines["roof"][42], liar.lines["roof"][42]
    exported, sold, local = right.export_wh, right.sold_wh, auction.price
    steps = [
        ("energy", [statement, interval, []], 1, ENERGY_SHOWN),
        ("trade", [statement, liar.entry(auction.index), liar.fill(auction, 0), [], []], 2, TRADE_SHOWN),
        ("tariffPrices", [statement, liar.entry(known.tariff), liar.tariff_slot(42), []], 3, TARIFF_SHOWN),
        ("localPrice", [statement, liar.entry(auction.index)], 3, LOCAL_SHOWN),
    ]
    paid = flags = 0
    for function, opened, ground, flag in steps:
        done = claim(court, liar, function, "alice", *opened).event("Recomputed")
        flags |= flag
        paid += done["due"]
        numbers = packed((0, exported), (0, sold) if flags & TRADE_SHOWN else (0, 0), paid, flags)
        prices = prices_word(
            local if flags & LOCAL_SHOWN else 0, *((FEE, IMPORT, EXPORT) if flags & TARIFF_SHOWN else (0, 0, 0))
        )
        assert done == expected(
            court, "roof", 42, "alice", ground=ground, amount=wrong.amount + paid, due=done["due"],
            numbers=numbers, prices=prices,
        ), function  # fmt: skip
        assert facts(court, "roof", 42, "alice") == [numbers, prices]
    assert wrong.amount + paid == right.amount
    assert court.escrow.read("remedyOf", KEY, court["alice"]) == paid


@cache
def paying() -> dict[str, Any]:
    """One claim that pays, for each function."""
    listed = [item for claims in by_run().values() for item in claims]
    return {item.function: item for item in listed if isinstance(item.expected, int) and item.log == "small"}


@pytest.mark.parametrize("function", sorted(cases.FUNCTIONS))
def test_each_function_asks_for_its_own_ground(court: World, function: str) -> None:
    """A signature over its own ground, point and slot is taken; over any other ground it is none."""
    item = paying()[function]
    courts.anchor(court, item.posted)
    courts.post(court, item.posted)
    court.chain.travel(item.now)
    head, point, slot = item.arguments[0], bytes(32), 0
    if function in ("runningTotal", "dayNet", "malformed"):
        point = item.arguments[1].point
        slot = 0 if function == "dayNet" else item.arguments[2]
        if function == "runningTotal":
            slot = int.from_bytes(slot[-1].words[0], "big")
    elif function != "row":
        point, slot = head.point.point, int.from_bytes(head.line.words[0], "big")
    fields = {"runKey": KEY, "sequence": 0, "point": point, "slot": slot}
    for ground in (*range(9), 255):
        message = fields | {"ground": ground}
        given = files.signed(court, court.others["recomputation"], "Claim", message, item.account)
        call = files.tier0(court, item.posted, function, item.account, *item.arguments, claim=given)
        with files.undone(court):
            if ground == int(cases.FUNCTIONS[function]):
                files.send(call.by(court["relayer"]))
                continue
            with pytest.raises(Reverted) as caught:
                files.send(call.by(court["relayer"]))
            assert caught.value.name == "SignatureInvalid"


TYPES = {
    "line": "uuxiiuuuunnx",
    "header": "unuunnuuuuiiuunuunnnx",
}
"""Types of the words of a line and a header: uint, index, int, 32 bytes."""
CITING = {"line": {1, 4}, "header": {2, 10, 11}}
SIZE = honest(small()).run.checkpoint.size


def trials(kind: str) -> Iterator[tuple[int, int, bool]]:
    """Place of a word, a value, and whether the leaf is malformed with it."""
    for at, of in enumerate(TYPES[kind]):
        bad = {"u": [NONE, 2**64, 2**255], "i": [NONE + 1, 2**255], "n": [2**95, -(2**95) - 1, 2**255], "x": []}[of]
        good = {"u": [NONE - 1], "i": [NONE], "n": [2**95 - 1, -(2**95)], "x": [2**256 - 1]}[of]
        if at in CITING[kind]:
            bad, good = [*bad, SIZE, NONE - 1], [SIZE - 1, *([NONE] if of == "i" else [])]
        if at == 0:
            good = []
        if kind == "header" and at in (12, 13, 14):
            bad, good = [*bad, *good], []  # the sums no longer add up
        yield from ((at, value, True) for value in bad)
        yield from ((at, value, False) for value in good)


@pytest.mark.parametrize("kind", ["line", "header"])
@pytest.mark.parametrize("part", range(2))
def test_every_word_has_its_type(court: World, kind: str, part: int) -> None:
    listed = list(enumerate(trials(kind)))[part::2]
    edits = {number % 96: {at: value} for number, (at, value, _) in listed}
    assert len(edits) == len(listed) <= 96
    made = {"lines": {"flat": edits}} if kind == "line" else {"headers": edits}
    posted = standing(court, files.edited(honest(small()), **made))
    point = posted.point("flat")
    for number, (at, value, malformed) in listed:
        place = number % 96
        leaf = posted.line("flat", place) if kind == "line" else posted.header(place)
        with files.undone(court):
            opened = [posted.run, point, SLOTS[place], leaf, NO_ROWS]
            if malformed:
                done = claim(court, posted, "malformed", "bob", *opened).event("MalformedShown")
                assert done == expected(
                    court, "flat", place, "bob", sum=files.DEFAULT, paid=files.DEFAULT
                ), (at, value)  # fmt: skip
            else:
                found = refused(court, posted, "malformed", "bob", *opened)
                assert (found.name, found.values) == ("WellFormed", (SLOTS[place],)), (at, value)


def test_a_word_that_is_none_is_refused_by_name(court: World) -> None:
    """The words of line and header that an amount is computed from."""
    lines = {place: {at: NONE} for place, at in ((1, 5), (2, 6), (3, 7), (4, 8))} | {5: {9: 2**95}}
    headers = {6: {1: 2**95}, 7: {3: NONE}, 8: {4: -(2**95) - 1}, 9: {5: 2**255}}
    posted = standing(court, files.edited(honest(small()), lines={"flat": lines}, headers=headers))
    for place, words in (lines | headers).items():
        ((_, value),) = words.items()
        found = refused(court, posted, "arithmetic", "bob", posted.statement("flat", place))
        assert (found.name, found.values) == ("WordRefused", (word((value % 2**256).to_bytes(32, "big")),)), place


def test_lines_and_headers_of_another_slot_are_named(court: World) -> None:
    lines = {5: {0: SLOTS[95] + 1}, 6: {0: NONE}, 7: {0: SLOTS[0] - 1}}
    posted = standing(court, files.edited(honest(small()), lines={"flat": lines}, headers={8: {0: SLOTS[9]}}))
    for place, error, values in (
        (5, "SlotOutsideDay", (SLOTS[95] + 1, files.days.DAY)),
        (6, "SlotOutsideDay", (NONE, files.days.DAY)),
        (7, "SlotOutsideDay", (SLOTS[0] - 1, files.days.DAY)),
        (8, "HeaderOfAnotherSlot", (SLOTS[9], SLOTS[8])),
    ):
        found = refused(court, posted, "arithmetic", "bob", posted.statement("flat", place))
        assert (found.name, found.values) == (error, values)


def test_the_debit_counts_up_to_the_cap_and_the_fixed_sum_at_least(court: World) -> None:
    """The row of Bob, who has a mandate of 100 tokens, is more than that; Dave's, who has none, costs him nothing."""
    jumps = {files.days.person("bob"): -150 * TOKEN, files.days.person("dave"): -150 * TOKEN}
    lie = Lie(row_jump=jumps, header=lambda place, item: replace(item, mismatch_wh=item.mismatch_wh + 1))
    posted = standing(court, post(small().known, lie))
    for home, name, total in (("flat", "bob", 100 * TOKEN), ("loft", "dave", files.DEFAULT)):
        opened = [posted.run, posted.point(home), SLOTS[7], posted.header(7), posted.rows(0)]
        done = claim(court, posted, "malformed", name, *opened).event("MalformedShown")
        assert done == expected(court, home, 7, name, sum=total, paid=total)
        found = refused(court, posted, "malformed", name, *opened)
        assert (found.name, found.values) == ("NothingToPay", (total, 0, total))


def totals(world: World, home: str, name: str, **fields: Any) -> dict[str, Any]:
    head = {"runKey": word(KEY), "account": world[name], "point": word(HOMES[home].point), "sequence": 0, "slot": 0}
    return head | fields


def sum_key(told: dict[str, Any], over: int) -> str:
    """What a claimed sum is remembered under: its run, what it is over, whose, where."""
    names = ("runKey", "sequence", "over", "account", "point", "slot")
    values = [
        bytes.fromhex(v[2:]) if isinstance(v, str) and len(v) == 66 else v
        for v in ({**told, "over": over}[name] for name in names)
    ]
    return word(keccak(encode(["bytes32", "uint256", "uint256", "address", "bytes32", "uint256"], values)))


def test_sums_tell_all_and_are_paid_once(court: World) -> None:
    alice = files.days.person("alice")
    lie = Lie(total_jump={("roof", 50): -70}, net_jump={"barn": -9}, row_jump={alice: -1_234})
    posted = standing(court, post(small().known, lie))
    roof, barn = posted.lines["roof"], posted.lines["barn"]
    points = sorted((posted.point(name) for name in ("roof", "barn")), key=lambda point: point.position)
    net, total = posted.point("barn").day_net, sum(point.day_net for point in points)
    zero = word(bytes(32))
    listed = [
        ("runningTotal", [posted.run, posted.point("roof"), [posted.line("roof", 49), posted.line("roof", 50)]],
         {"slot": SLOTS[50], "stated": roof[50].running_total, "summed": roof[50].running_total + 70}, 70),
        ("dayNet", [posted.run, posted.point("barn"), posted.line("barn", 95)],
         {"point": word(HOMES["barn"].point), "stated": net, "summed": barn[95].running_total}, 9),
        ("row", [posted.run, points, posted.rows(0)],
         {"point": zero, "stated": total - 1_234, "summed": total}, 1_234),
    ]  # fmt: skip
    for over, (function, opened, fields, due) in enumerate(listed, start=1):
        done = claim(court, posted, function, "alice", *opened)
        told = totals(court, "roof", "alice", due=due, paid=due, **fields)
        assert done.event("TotalRecomputed") == told
        found = refused(court, posted, function, "alice", *opened)
        assert (found.name, found.values) == ("TotalClaimed", (sum_key(told, over),))
    assert court.escrow.read("remedyOf", KEY, court["alice"]) == 70 + 9 + 1_234


@pytest.mark.parametrize("name", ["supplier", "fee", "dust", "balancing"])
def test_system_accounts_have_no_row_to_claim(court: World, name: str) -> None:
    posted = standing(court, files.edited(honest(small()), owners={"flat": files.days.person(name)}))
    found = refused(court, posted, "row", name, posted.run, [posted.point("flat")], posted.rows(0))
    assert (found.name, found.values) == ("SystemAccount", (court[name],))


def test_where_a_missing_row_would_stand(court: World) -> None:
    """An account without points has no row; the chunk shows where it would be, below, between and above the others."""
    posted = standing(court, honest(small()))
    rows = posted.rows(0)
    for chunks, error in (
        ([], "ChunksWrong"),
        ([*rows.chunks] * 2, "ChunksWrong"),
        ([*rows.chunks] * 3, "ChunksWrong"),
    ):
        points = sorted((posted.point(name) for name in ("roof", "barn")), key=lambda point: point.position)
        found = refused(court, posted, "row", "alice", posted.run, points, Rows(1, chunks))
        assert (found.name, found.values) == (error, (len(chunks),))


def test_establishing_keeps_energy_and_pays_the_rest(court: World) -> None:
    posted = standing(court, files.short())
    with files.undone(court):
        claim(court, posted, "arithmetic", "alice", posted.statement("roof", 40))
        number = files.send(files.contest(court)).answer
        done = files.send(files.disputes(court, "answer", number, True, files.HASH, by="meter data"))
        line = posted.lines["roof"][40]
        energy = (line.import_wh, line.export_wh + 10)
        assert done.event("EnergyEstablished") == expected(
            court, "roof", 40, "alice", importWh=energy[0], exportWh=energy[1], due=800, paid=800
        )
        assert facts(court, "roof", 40, "alice") == [packed(energy, (0, 0), 5_800, ENERGY_SHOWN), 0]
    number = files.send(files.contest(court, more=0)).answer
    claim(court, posted, "arithmetic", "alice", posted.statement("roof", 40))
    done = files.send(files.disputes(court, "answer", number, True, files.HASH, by="meter data"))
    assert done.event("EnergyEstablished")["due"] == done.event("EnergyEstablished")["paid"] == 0


def test_the_deployments_terms_are_shown() -> None:
    world = build(terms=courts.TERMS, courts=True)
    contract = world.others["recomputation"]
    shown = [contract.read(name) for name in ("holdTime", "maxHolds", "disputes", "escrow", "settlement")]
    places = [world.others["disputes"].address, world.escrow.address, world.settlement.address]
    assert shown == [courts.TERMS.hold_time, courts.TERMS.max_holds, *places]
    assert contract.read("recordAnchor") == world.anchor.address
    assert contract.read("accounts") == world.accounts.address


def test_amounts_round_toward_minus_infinity(court: World) -> None:
    """Prices of a thousandth: one Wh more or less decides where the floor is."""
    headers = {place: {4: price} for place, price in ((3, 1), (4, -1), (5, 0), (6, 999), (7, -1_000))}
    lines = {place: {5: 1_001, 6: 0, 7: 0, 8: 0, 9: -(2**40)} for place in headers}
    posted = standing(court, files.edited(honest(small()), headers=headers, lines={"flat": lines}))
    for place, words in headers.items():
        done = claim(court, posted, "arithmetic", "bob", posted.statement("flat", place)).event("Recomputed")
        assert done["amount"] == -1_001 * words[4] // 1_000
        assert done["due"] == done["amount"] + 2**40


def test_what_was_bought_or_sold_beyond_what_was_metered(court: World) -> None:
    """All four signs of the formula, by hand."""
    edits = {3: {4: 300, 5: 80, 1: 180, 3: 30}}
    for place in (4, 5, 6):
        edits[place] = edits[3]
    energies = {3: (700, 0, 500, 0), 4: (300, 0, 500, 0), 5: (0, 700, 0, 500), 6: (0, 300, 0, 500)}
    amounts = {
        3: -(500 * 210 + 200 * 300), 4: -(500 * 210) + 200 * 80, 5: 500 * 180 + 200 * 80, 6: 500 * 180 - 200 * 300,
    }  # fmt: skip
    lines = {place: {5: e[0], 6: e[1], 7: e[2], 8: e[3], 9: -(2**40)} for place, e in energies.items()}
    posted = standing(court, files.edited(honest(small()), headers=edits, lines={"flat": lines}))
    for place, milli in amounts.items():
        done = claim(court, posted, "arithmetic", "bob", posted.statement("flat", place)).event("Recomputed")
        assert done["amount"] == milli // 1_000


def test_no_line_can_say_so_little_that_nothing_is_paid(court: World) -> None:
    """The least amount that a line can say, twice over the ledger's 80 bits: what does not fit is cut off, once."""
    posted = standing(court, files.edited(honest(small()), lines={"flat": {3: {9: -(2**95)}}}))
    done = claim(court, posted, "arithmetic", "bob", posted.statement("flat", 3)).event("Recomputed")
    assert done["due"] == 2**80 - 1
    assert facts(court, "flat", 3, "bob") == [packed((0, 0), (0, 0), 2**80 - 1, 0), 0]
