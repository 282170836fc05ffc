from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.domain import entries, merkle, rows, statements
from grid.domain.amounts import line_milli
from grid.domain.entries import LeafKind, Mode
from grid.domain.slots import slots_of_day
from grid.domain.statements import Header, Line, LocalFill, Metered, PointDay, SlotPrices
from tests.vectors import sample_run

DAY = 20_000
SLOTS = slots_of_day(DAY)
ANN, BEN = sample_run.account("ann"), sample_run.account("ben")
TARIFF = SlotPrices(local_price=180_000, tariff_index=1, fee_price=30_000, import_price=300_000, export_price=80_000)


def point(name, account, energy=(0, 0), *, fills=None, holds=None):
    metered = [Metered(*energy, 100)] * 96
    return PointDay(bytes(31) + name, account, metered, fills or {}, holds or {})


def run(points, *, prices=None, **changes):
    inputs = {
        "zone": sample_run.ZONE,
        "day": DAY,
        "sequence": 0,
        "mode": Mode.EX_ANTE,
        "points": points,
        "prices": prices or [TARIFF] * 96,
        "feeder_wh": [0] * 96,
        "system": sample_run.SYSTEM,
        "point_key": sample_run.point_key,
        "header_key": None,
    }
    return statements.build_run(**{**inputs, **changes})


def buys(quantity, slots=SLOTS[:1]):
    return {slot: LocalFill(bytes(32), 0, quantity, 0) for slot in slots}


def sells(quantity, slots=SLOTS[:1]):
    return {slot: LocalFill(b"\x01" * 32, 1, 0, quantity) for slot in slots}


def nets(result):
    named = dict(zip(("supplier", "fee", "dust", "balancing"), result.rows[-4:], strict=True))
    return {name: row.net for name, row in named.items()}


# One slot of trade between Ann, who sells, and Ben, who buys.


def test_a_trade_moves_money_from_buyer_to_seller_and_the_fee_to_the_grid():
    result = run(
        [
            point(b"a", ANN, (0, 10), fills=sells(10)),
            point(b"b", BEN, (10, 0), fills=buys(10)),
        ],
        prices=[TARIFF] + [replace(TARIFF, import_price=0, export_price=0)] * 95,
    )
    members = {row.address: row.net for row in result.rows[:-4]}
    assert members == {ANN: 1_800, BEN: -2_100}
    assert nets(result) == {"supplier": 0, "fee": 300, "dust": 0, "balancing": 0}


def test_the_supplier_is_paid_for_what_was_not_traded():
    result = run([point(b"b", BEN, (1000, 0))])
    assert nets(result) == {"supplier": 96 * 300_000, "fee": 0, "dust": 0, "balancing": 0}


def test_an_account_with_two_points_has_two_leaves_and_one_row():
    result = run([point(b"a", ANN, (1, 0)), point(b"b", ANN, (0, 3)), point(b"c", BEN)])
    assert [item.point[-1:] for item in result.statements] == [b"a", b"b", b"c"]
    assert len(result.rows) == 2 + 4
    first, second, _ = result.statements
    assert dict(result.rows[:-4])[ANN] == first.day_net + second.day_net == 96 * (-300 + 240)


def test_members_stand_in_the_order_of_their_addresses_before_the_system():
    result = run(sample_run.points(), prices=sample_run.prices())
    addresses = [row.address for row in result.rows]
    assert addresses[:-4] == sorted(addresses[:-4])
    system = sample_run.SYSTEM
    assert addresses[-4:] == [system.supplier, system.fee, system.dust, system.balancing]


# Holds: the slot settles as residual supply, and the balancing account stands in.


def test_a_held_seller_gets_the_export_price_and_the_buyer_still_buys():
    quiet = [TARIFF] + [replace(TARIFF, import_price=0, export_price=0)] * 95
    seller = point(b"a", ANN, (0, 10), fills=sells(10), holds={SLOTS[0]: 77})
    buyer = point(b"b", BEN, (10, 0), fills=buys(10))
    result = run([seller, buyer], prices=quiet)
    assert dict(result.rows[:-4]) == {ANN: 800, BEN: -2_100}
    # Ben's 10 Wh are sold by the balancing account, which buys them from the supplier.
    assert nets(result) == {"supplier": 3_000 - 800, "fee": 300, "dust": 0, "balancing": 1_800 - 3_000}
    line = result.statements[0].lines[0]
    assert (line.hold_index, line.fill_index, line.bought_wh, line.sold_wh) == (77, 1, 0, 0)
    assert result.headers[0].mismatch_wh == -10


def test_a_held_buyer_pays_the_import_price_and_the_seller_still_sells():
    quiet = [TARIFF] + [replace(TARIFF, import_price=0, export_price=0)] * 95
    seller = point(b"a", ANN, (0, 10), fills=sells(10))
    buyer = point(b"b", BEN, (10, 0), fills=buys(10), holds={SLOTS[0]: 78})
    result = run([seller, buyer], prices=quiet)
    assert dict(result.rows[:-4]) == {ANN: 1_800, BEN: -3_000}
    assert nets(result) == {"supplier": 3_000 - 800, "fee": 0, "dust": 0, "balancing": 800 - 1_800}
    assert result.headers[0].mismatch_wh == 10


def test_with_both_sides_held_nothing_is_left_to_balance():
    seller = point(b"a", ANN, (0, 10), fills=sells(10), holds={SLOTS[0]: 77})
    buyer = point(b"b", BEN, (10, 0), fills=buys(10), holds={SLOTS[0]: 78})
    assert nets(run([seller, buyer]))["balancing"] == 0


def test_a_hold_without_a_fill_changes_no_money():
    free, held = (run([point(b"a", ANN, (5, 9), holds=holds)]) for holds in ({}, {SLOTS[3]: 9}))
    assert free.rows == held.rows
    assert held.statements[0].lines[3].hold_index == 9


# Money is conserved, and dust stays within its bound, whatever the inputs.

price = st.integers(-400_000, 400_000)
slot_prices = st.builds(
    SlotPrices,
    local_price=price,
    tariff_index=st.just(1),
    fee_price=st.integers(0, 50_000),
    import_price=price,
    export_price=price,
)
watt_hours = st.integers(0, 5_000)


@st.composite
def communities(draw):
    """A few points with energy, fills and holds that need not match each other, in a few price patterns."""
    palette = draw(st.lists(slot_prices, min_size=1, max_size=3))
    points = []
    for place in range(draw(st.integers(1, 6))):
        energy = draw(st.lists(st.tuples(watt_hours, watt_hours), min_size=1, max_size=7))
        metered = [Metered(*energy[offset % len(energy)], offset) for offset in range(96)]
        quantities = draw(st.lists(st.tuples(st.booleans(), watt_hours), max_size=5))
        fills = {}
        for offset, (buying, quantity) in enumerate(quantities * 8):
            bought, sold = (quantity, 0) if buying else (0, quantity)
            fills[SLOTS[offset]] = LocalFill(bytes(32), place, bought, sold)
        holds = {SLOTS[offset]: offset for offset in draw(st.sets(st.integers(0, 95), max_size=10))}
        account = bytes([draw(st.integers(1, 3))]) * 20
        points.append(PointDay(bytes(31) + bytes([place]), account, metered, fills, holds))
    return points, [palette[offset % len(palette)] for offset in range(96)]


@settings(max_examples=60, deadline=None)
@given(communities())
def test_rows_sum_to_zero_and_dust_stays_within_its_bound(community):
    points, prices = community
    result = run(points, prices=prices)
    assert sum(row.net for row in result.rows) == 0
    assert 0 <= result.dust <= 96 * len(points)
    exact = sum(
        line_milli(line.energy, header.rates)
        for item in result.statements
        for line, header in zip(item.lines, result.headers, strict=True)
    )
    members = sum(item.day_net for item in result.statements)
    assert result.dust == -((1000 * members - exact) // 1000)
    assert exact + sum(h.fee_amount - h.residual_amount for h in result.headers) + balanced(result) == 0


def balanced(result):
    """The balancing account's exact share in thousandths, from its definition in prose."""
    total = 0
    for header in result.headers:
        if header.mismatch_wh >= 0:
            total += header.mismatch_wh * (header.export_price - header.local_price)
        else:
            total += -header.mismatch_wh * (header.local_price - header.import_price)
    return total


def test_the_dust_bound_is_reached_from_below_by_the_worst_rounding():
    worst = SlotPrices(local_price=0, tariff_index=1, fee_price=0, import_price=0, export_price=999)
    result = run([point(b"a", ANN, (0, 1))], prices=[worst] * 96)
    assert result.statements[0].day_net == 0
    assert result.dust == 96
    assert nets(result)["supplier"] == -96


@settings(max_examples=30, deadline=None)
@given(communities())
def test_header_sums_are_those_of_the_lines(community):
    points, prices = community
    result = run(points, prices=prices)
    for offset, header in enumerate(result.headers):
        lines = [item.lines[offset] for item in result.statements]
        assert header.sold_wh == header.bought_wh + header.mismatch_wh
        assert header.bought_wh == sum(line.bought_wh for line in lines)
        assert header.member_import_wh == sum(line.import_wh for line in lines)
        assert header.member_export_wh == sum(line.export_wh for line in lines)
        assert header.fee_amount == header.bought_wh * header.fee_price


# Bytes: what is posted is what the leaves say.


@pytest.fixture(scope="module")
def sample():
    return statements.build_run(**sample_run.inputs())


def test_lines_and_headers_are_read_back_from_their_leaves(sample):
    for item in sample.statements:
        assert [Line.from_leaf(leaf) for leaf in item.line_leaves] == item.lines
    assert [Header.from_leaf(leaf) for leaf in sample.header_leaves] == sample.headers


def test_every_line_is_proven_up_to_the_points_root(sample):
    tree = merkle.MerkleTree([merkle.leaf_hash(item.leaf) for item in sample.statements])
    assert tree.root == sample.points_root
    for item in sample.statements:
        fields = entries.decode(LeafKind.POINT, item.leaf)
        lines = merkle.MerkleTree([merkle.leaf_hash(leaf) for leaf in item.line_leaves])
        assert fields["linesRoot"] == lines.root == item.lines_root
        assert fields["dayNet"] == item.lines[-1].running_total == item.day_net
        assert (fields["runKey"], fields["account"]) == (sample.key, item.account)


def test_rows_words_and_root_belong_together(sample):
    assert [rows.unpack_row(word) for word in sample.row_words] == sample.rows
    assert sample.rows_root == rows.rows_root(sample.row_words)


def test_running_totals_accumulate_from_the_first_amount(sample):
    for item in sample.statements:
        total = 0
        for line in item.lines:
            total += line.amount
            assert line.running_total == total


def test_the_order_of_points_does_not_matter(sample):
    shuffled = {**sample_run.inputs(), "points": sample_run.points()[::-1]}
    assert statements.build_run(**shuffled) == sample


def test_equal_lines_of_two_points_have_different_leaves():
    result = run([point(b"a", ANN, (1, 0)), point(b"b", BEN, (1, 0))])
    first, second = (item.line_leaves[0] for item in result.statements)
    assert first[:-32] == second[:-32]
    assert first[-32:] != second[-32:]


def test_headers_are_unsalted_when_public_and_salted_when_not():
    public, private = (run([point(b"a", ANN)], header_key=key) for key in (None, b"k" * 32))
    assert {leaf[-32:] for leaf in public.header_leaves} == {bytes(32)}
    assert len({leaf[-32:] for leaf in private.header_leaves}) == 96
    assert public.headers == private.headers


def test_a_correction_has_other_salts_and_the_same_money(sample):
    again = statements.build_run(**{**sample_run.inputs(), "sequence": 1})
    assert again.rows == sample.rows
    assert again.points_root != sample.points_root


# Inputs that cannot be a day of a zone.


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prices": [TARIFF] * 95}, "prices has 95"),
        ({"feeder_wh": [0] * 92}, "feeder_wh has 92"),
        ({"points": [point(b"a", ANN)] * 2}, "given twice"),
        ({"points": [point(b"a", sample_run.SYSTEM.fee)]}, "no member's"),
        ({"points": [point(b"a", bytes(20))]}, "not all of them zero"),
        ({"points": [point(b"a", b"\x01" * 19)]}, "20 bytes"),
        ({"system": replace(sample_run.SYSTEM, dust=sample_run.SYSTEM.fee)}, "four accounts"),
        ({"points": [replace(point(b"a", ANN), metered=[Metered(0, 0, 1)] * 95)]}, "metered has 95"),
        ({"points": [point(b"a", ANN, fills=buys(1, [SLOTS[0] - 1]))]}, "not of this day"),
        ({"points": [point(b"a", ANN, holds={SLOTS[95] + 1: 3})]}, "not of this day"),
        ({"points": [point(b"a", ANN, fills={SLOTS[0]: LocalFill(bytes(32), 0, 1, 1)})]}, "one of the two is 0"),
        ({"points": [point(b"a", ANN, fills=buys(-1))]}, "one of the two is 0"),
        ({"points": [point(b"a", ANN, (-1, 0))]}, r"LINE\.importWh"),
        ({"prices": [replace(TARIFF, fee_price=-1)] * 96}, r"HEADER\.feePrice"),
        ({"prices": [replace(TARIFF, buy_den=1)] * 96}, "belong to ex_post"),
    ],
)
def test_inputs_that_do_not_fit_are_named(changes, message):
    inputs = {"points": [point(b"a", ANN)], **changes}
    with pytest.raises(ValueError, match=message):
        run(**inputs)


def test_more_accounts_than_a_run_holds_are_refused():
    many = [PointDay(place.to_bytes(32, "big"), place.to_bytes(20, "big"), [], {}, {}) for place in range(1, 514)]
    with pytest.raises(ValueError, match="513 accounts"):
        run(many)
