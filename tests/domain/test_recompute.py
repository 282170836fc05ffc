"""Tier 0: an honest run pays nobody, a falsified one pays its victim the difference, once, in any order."""

from dataclasses import replace
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.domain import merkle
from grid.domain.claim_errors import (
    ChunksWrong,
    ClaimRefused,
    NothingToPay,
    RowNotShown,
    RunNotLatest,
    SystemAccount,
    TotalClaimed,
)
from grid.domain.entries import Mode
from grid.domain.grounds.totals import row_net
from grid.domain.openings import Checkpoint, RowChunk, Rows, Run
from grid.domain.recompute import Ground, Recomputation
from grid.domain.remedies import RemedyLedger
from grid.domain.rows import Row, pack_rows, row_chunks, rows_root
from tests.vectors import recompute_cases as cases
from tests.vectors import recompute_day as days
from tests.vectors.recompute_claims import cut
from tests.vectors.recompute_claims_prices import at_place, order_of
from tests.vectors.recompute_day import HOMES, SLOTS, TRADED, person
from tests.vectors.recompute_runs import Lie, interval_energy, post, with_fill, with_metered, words_of
from tests.vectors.recompute_setting import NOW

FREE = [place for place in TRADED if place not in days.HELD]
NAMES = ("alice", "bob", "carol", "dave", "supplier", "eve")


@lru_cache(maxsize=12)
def known(chance, mode=Mode.EX_ANTE):
    return days.day(chance=chance, mode=mode)


@lru_cache(maxsize=12)
def honest(chance, mode=Mode.EX_ANTE):
    return post(known(chance, mode))


def contract(posted, now=NOW):
    return Recomputation(cases.chain_of(posted, now), cases.TERMS, RemedyLedger(bond=cases.BOND))


def claim(book, function, account, arguments):
    return getattr(book, cases.snake(function))(person(account), *arguments)


# An honest run.


def evidence(draw, posted, function, home, place):
    """Anything that the log and the run hold, in the shape a function takes."""
    log = posted.known
    entry = lambda indices: posted.entry(draw(st.sampled_from(sorted(indices))))  # noqa: E731
    intervals = [log.intervals[home, at] for at in (place, (place + 1) % 96)]
    intervals += [index for index in log.registers if draw(st.booleans()) and index not in log.intervals.values()]
    bindings = [*log.bindings.values(), *(log.extra[name] for name in ("loft of carol", "barn's next meter"))]
    anything = range(log.log.base, log.log.end)
    auctions = {item.index: item for item in (*log.auctions.values(), *log.extra_auctions.values())}
    statement = posted.statement(home, place)
    own = log.auctions.get(SLOTS[place])
    auction = own if own and draw(st.booleans()) else auctions[draw(st.sampled_from(sorted(auctions)))]
    fill = posted.fill(auction, draw(st.integers(0, 3)))
    any_entry = posted.any_entry(draw(st.sampled_from(anything)))
    interval = draw(st.sampled_from(intervals))
    cited, registers = [posted.any_entry(log.intervals[home, place])], [posted.registers(interval)]
    others = [posted.line(home, at) for at in days.HELD][: draw(st.integers(0, 2))]
    leaf = posted.line(home, place) if draw(st.booleans()) else posted.header(place)
    signal = log.signals[SLOTS[place]]
    seq = draw(st.integers(1, 4))
    before, first = posted.checkpoints()[seq - 1], posted.checkpoints()[seq]
    points = sorted((posted.point(draw(st.sampled_from(sorted(HOMES)))) for _ in range(draw(st.integers(1, 3)))),
                    key=lambda point: point.position)  # fmt: skip
    order = order_of(draw(st.sampled_from(["alice", "bob"])), place, follow_signal=draw(st.booleans()))
    lines = [posted.line(home, at) for at in (place - 1, place) if at >= 0]
    return {
        "arithmetic": [statement],
        "energy": [statement, posted.entry(interval), cited if draw(st.booleans()) else []],
        "energyOfBinding": [statement, posted.entry(interval), entry(bindings), draw(st.sampled_from([[], registers]))],
        "trade": [statement, posted.entry(auction.index), fill, others, [any_entry] if draw(st.booleans()) else []],
        "untraded": [statement],
        "localPrice": [statement, posted.entry(draw(st.sampled_from([signal, auction.index])))],
        "tariffPrices": [
            statement,
            posted.entry(log.tariff),
            posted.tariff_slot(place),
            draw(st.sampled_from([[], [any_entry]])),
        ],
        "limit": [statement, order, [posted.entry(signal)] if draw(st.booleans()) else []],
        "late": [statement, before, first],
        "falseEntry": [statement, posted.any_entry(own.index) if own else any_entry],
        "runningTotal": [posted.run, posted.point(home), lines],
        "dayNet": [posted.run, posted.point(home), posted.line(home, draw(st.sampled_from([place, 95])))],
        "row": [posted.run, points, posted.rows(0)],
        "malformed": [posted.run, posted.point(home), SLOTS[place], leaf, posted.rows(0)],
    }[function]


@pytest.mark.parametrize("function", cases.FUNCTIONS)
@settings(max_examples=12, deadline=None)
@given(st.data())
def test_an_honest_run_never_pays_anybody(function, data):
    mode = data.draw(st.sampled_from(list(Mode)))
    posted = honest(data.draw(st.integers(0, 3)), mode)
    home = data.draw(st.sampled_from(sorted(HOMES)))
    place = data.draw(st.one_of(st.integers(0, 95), st.sampled_from([*TRADED, days.LATE, 70, 71, 72, 73])))
    account = data.draw(st.sampled_from([HOMES[home].owner] * 4 + list(NAMES)))
    book = contract(posted)
    with pytest.raises(ClaimRefused):
        claim(book, function, account, evidence(data.draw, posted, function, home, place))
    assert (book.ledger.bond, book.facts, book.claimed) == (cases.BOND, {}, set())


# One falsification.


def falsified(kind, chance, place, by):
    """Return a run with one lie, and the victim's claim: home, function, arguments."""
    log = known(chance)
    slot = SLOTS[place]
    auction = log.auctions[slot]
    if kind == "arithmetic":
        posted = post(log, cut("shed", place, by))
        return posted, "shed", "arithmetic", [posted.statement("shed", place)]
    if kind == "energy":
        index = log.intervals["flat", place]
        said = interval_energy(log, index)
        posted = post(log, with_metered("flat", place, said._replace(import_wh=said.import_wh + by)))
        return posted, "flat", "energy", [posted.statement("flat", place), posted.entry(index), []]
    if kind == "registers":
        index = log.extra["more than its registers"]
        posted = post(log, with_metered("flat", 72, interval_energy(log, index)))
        opened = [posted.entry(index), posted.entry(log.bindings["flat"]), [posted.registers(index)]]
        return posted, "flat", "energyOfBinding", [posted.statement("flat", 72), *opened]
    if kind == "trade":
        fill = auction.fills["roof"]
        posted = post(log, with_fill("roof", place, fill._replace(sold_wh=max(0, fill.sold_wh - by))))
        opened = [posted.entry(auction.index), posted.fill(auction, 0), [], []]
        return posted, "roof", "trade", [posted.statement("roof", place), *opened]
    if kind == "local price":
        posted = post(log, at_place(place, local_price=auction.price - by))
        return posted, "roof", "localPrice", [posted.statement("roof", place), posted.entry(auction.index)]
    if kind == "tariff":
        posted = post(log, at_place(place, import_price=days.IMPORT + by))
        opened = [posted.entry(log.tariff), posted.tariff_slot(place), []]
        return posted, "barn", "tariffPrices", [posted.statement("barn", place), *opened]
    raise AssertionError(kind)


@pytest.mark.parametrize("kind", ["arithmetic", "energy", "registers", "trade", "local price", "tariff"])
@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 3), st.sampled_from([place for place in TRADED if place not in days.HELD]), st.integers(1, 40_000)
)
def test_a_falsified_slot_pays_its_victim_the_difference_once(kind, chance, place, by):
    posted, home, function, arguments = falsified(kind, chance, place, by)
    book, victim = contract(posted), HOMES[home].owner
    where = 72 if kind == "registers" else place
    lacking = honest(chance).lines[home][where].amount - posted.lines[home][where].amount
    if lacking == 0:
        with pytest.raises(NothingToPay):
            claim(book, function, victim, arguments)
        return
    for stranger in NAMES:
        if stranger != victim:
            with pytest.raises(ClaimRefused):
                claim(book, function, stranger, arguments)
    assert claim(book, function, victim, arguments) == lacking > 0
    with pytest.raises(NothingToPay):
        claim(book, function, victim, arguments)
    assert book.ledger.bond == cases.BOND - lacking


@pytest.mark.parametrize("case", [item for item in cases.claims() if isinstance(item.expected, int)],
                         ids=lambda item: item.case)  # fmt: skip
def test_a_paid_claim_is_paid_once_and_to_nobody_else(case):
    book = cases.fresh(case)
    for stranger in NAMES:
        if stranger != case.account:
            with pytest.raises(ClaimRefused):
                claim(book, case.function, stranger, case.arguments)
    assert claim(book, case.function, case.account, case.arguments) == case.expected
    with pytest.raises((NothingToPay, TotalClaimed)):
        claim(book, case.function, case.account, case.arguments)
    assert book.ledger.received[person(case.account)] == case.expected


# Many falsifications, claims and corrections in any order.

LIES = ("amount", "energy", "price", "total", "net", "row")


def lying(chance, kinds):
    """A run that takes from Alice in several ways at once."""
    log = known(chance)
    index = log.intervals["roof", 35]
    said = interval_energy(log, index)
    lie = Lie()
    if "amount" in kinds:
        lie = replace(lie, line=cut("barn", 10, 777).line)
    if "energy" in kinds:
        lie = replace(lie, points=with_metered("roof", 35, said._replace(export_wh=said.export_wh - 101)).points)
    if "price" in kinds:
        lie = replace(lie, prices=at_place(42, local_price=90_001).prices)
    if "total" in kinds:
        lie = replace(lie, total_jump={("roof", 50): -70})
    if "net" in kinds:
        lie = replace(lie, net_jump={"barn": -9})
    if "row" in kinds:
        lie = replace(lie, row_jump={person("alice"): -1_234})
    return lie


def claims_of_alice(posted):
    log = posted.known
    points = sorted((posted.point(name) for name in ("roof", "barn")), key=lambda point: point.position)
    auction = log.auctions[SLOTS[42]]
    return {
        "amount": ("arithmetic", [posted.statement("barn", 10)]),
        "energy": ("energy", [posted.statement("roof", 35), posted.entry(log.intervals["roof", 35]), []]),
        "price": ("localPrice", [posted.statement("roof", 42), posted.entry(auction.index)]),
        "total": (
            "runningTotal",
            [posted.run, posted.point("roof"), [posted.line("roof", 49), posted.line("roof", 50)]],
        ),
        "net": ("dayNet", [posted.run, posted.point("barn"), posted.line("barn", 95)]),
        "row": ("row", [posted.run, points, posted.rows(0)]),
    }


def net_of(posted, name):
    return row_net(posted.run, posted.rows(0), person(name), cases.TERMS.system)


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_claims_and_corrections_in_any_order_give_what_an_honest_run_gives(data):
    chance, alice = data.draw(st.integers(0, 2)), person("alice")
    should, kinds = net_of(honest(chance), "alice"), set(LIES)
    ledger, before = RemedyLedger(bond=cases.BOND), None
    for sequence in range(data.draw(st.integers(1, 3))):
        posted = post(known(chance), lying(chance, kinds), sequence=sequence)
        if before is None:
            ledger.received[alice] = net_of(posted, "alice")
        else:
            ledger.net_correction(cases.KEY, alice, net_of(posted, "alice") - net_of(before, "alice"))
        book = Recomputation(cases.chain_of(posted, NOW), cases.TERMS, ledger)
        wanted = data.draw(st.lists(st.sampled_from(LIES), max_size=8))
        last, done = data.draw(st.booleans()), set()
        for kind in [*wanted, *LIES] if last else wanted:
            function, arguments = claims_of_alice(posted)[kind]
            if kind in kinds - done:
                claim(book, function, "alice", arguments)
                done.add(kind)
            else:
                with pytest.raises((NothingToPay, TotalClaimed)):
                    claim(book, function, "alice", arguments)
            assert ledger.received[alice] <= should
        if last:
            assert ledger.received[alice] == should
        assert ledger.received[alice] - net_of(posted, "alice") == cases.BOND - ledger.bond
        before, kinds = posted, {kind for kind in kinds if data.draw(st.booleans())}


def test_only_the_last_sequence_is_claimed_against():
    posted = post(known(0), cut("roof", 40, 5_000))
    later = post(known(0), sequence=1)
    book = contract(posted)
    book.chain.posted.update(cases.chain_of(later, NOW).posted)
    with pytest.raises(RunNotLatest):
        book.arithmetic(person("alice"), posted.statement("roof", 40))


def test_a_ruling_is_paid_less_what_a_proof_paid_and_the_other_way_round():
    posted = post(known(0), cut("roof", 40, 5_000))
    slot = (cases.KEY, 0, HOMES["roof"].point, SLOTS[40], person("alice"))
    imported, exported = posted.lines["roof"][40].import_wh, posted.lines["roof"][40].export_wh
    book = contract(posted)
    assert book.arithmetic(person("alice"), posted.statement("roof", 40)) == 5_000
    assert book.establish(slot, (imported, exported + 10), 5_800) == 800
    assert book.establish(slot, (imported, exported + 10), 5_800) == 0
    with pytest.raises(NothingToPay):
        book.arithmetic(person("alice"), posted.statement("roof", 40))


# Rows: every account's net is shown by one chunk or two neighbours, and nothing else shows one.

SYSTEM = [bytes([250 - place]) * 20 for place in range(4)]


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(1, 240), max_size=60), st.integers(1, 240), st.data())
def test_a_row_or_its_absence_is_shown_by_its_neighbours(members, account, data):
    listed = [Row(bytes([number]) * 20, number - 100) for number in sorted(members)]
    listed += [Row(address, 7) for address in SYSTEM]
    words = pack_rows(listed)
    chunks = row_chunks(words)
    tree = merkle.MerkleTree([merkle.leaf_hash(chunk) for chunk in chunks])
    run = Run(None, rows_root(words), Checkpoint(0, 1, 0, b""))
    first = data.draw(st.integers(0, len(chunks) - 1))
    several = data.draw(st.booleans()) and first + 1 < len(chunks)
    opened = [RowChunk(words_of(chunks[at]), at, tree.inclusion_proof(at)) for at in range(first, first + 1 + several)]
    held = [row.address[0] for row in listed[16 * first : 16 * (first + len(opened))]]
    below = [number for number in sorted(members) if number < account]
    after = [number for number in sorted(members) if number > account]
    neighbours = {below[-1]} if below else set()
    neighbours.add(after[0] if after else SYSTEM[0][0])
    shown = account in held if account in members else neighbours <= set(held) and (bool(below) or first == 0)
    address = bytes([account]) * 20
    if shown:
        net = row_net(run, Rows(len(chunks), opened), address, SYSTEM)
        assert net == (account - 100 if account in members else 0)
    else:
        with pytest.raises(RowNotShown):
            row_net(run, Rows(len(chunks), opened), address, SYSTEM)


def test_system_accounts_and_chunks_apart_show_no_row():
    posted = honest(0)
    with pytest.raises(SystemAccount):
        row_net(posted.run, posted.rows(0), cases.TERMS.system[1], cases.TERMS.system)
    with pytest.raises(ChunksWrong):
        row_net(posted.run, posted.rows(0, 0), person("alice"), cases.TERMS.system)


def test_every_ground_has_vectors_that_pay_and_that_are_refused_also_on_a_deep_log():
    listed = list(cases.claims())
    for ground in Ground:
        mine = [item for item in listed if cases.FUNCTIONS[item.function] is ground]
        assert sum(isinstance(item.expected, int) for item in mine) >= 2
        assert sum(isinstance(item.expected, str) for item in mine) >= 2
        assert any(item.log == "deep" and isinstance(item.expected, int) for item in mine)
