"""Runs: a whole day is settled once, to the unit, from what the log says."""

from collections import defaultdict

import pytest
from django.db import Error, connection, transaction
from structlog.testing import capture_logs

from grid.domain.statements import Line
from grid.market.models import Auction, Fill
from grid.metering.models import Interval
from grid.pricing.models import Profile
from grid.records import queries as records
from grid.sentinel.models import Flag, Hold, Rule
from grid.settlement.models import PointStatement, RunRow, RunState, SettlementRun
from grid.settlement.queries import statements
from grid.settlement.services import runs
from tests.grid.settlement.day import AFTER, TRADED, live, metered, trade
from tests.grid.street import DAY, FIRST, SYSTEM, Home, Street, at_slot
from tests.rights import owner

IMPORT, EXPORT, FEE = 300_000, 80_000, 30_000


@pytest.fixture
def settled(street: Street) -> SettlementRun:
    live(street)
    assert runs.compute_due(zone=street.zone, now=AFTER) == 1
    return SettlementRun.objects.get()


def pay(imported: int, exported: int, bought: int, sold: int, local: int) -> tuple[int, int, int]:
    """A slot of one home in thousandths: (everything, the fee in it, the supplier's part of it)."""
    fee = bought * FEE
    missing, left = imported - bought, exported - sold
    supplier = -missing * IMPORT if missing > 0 else -missing * EXPORT
    supplier += left * EXPORT if left > 0 else left * IMPORT
    return sold * local - bought * local - fee + supplier, fee, supplier


def traded(home: Home) -> dict[int, tuple[int, int]]:
    """Bought and sold Wh by offset, from the fills alone."""
    found: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for fill in Fill.objects.filter(order__point=home.point).select_related("order"):
        quantity = (fill.quantity_wh, 0) if fill.order.side == 0 else (0, fill.quantity_wh)
        found[fill.order.slot - FIRST] = quantity
    return found


def test_every_row_is_what_the_meters_fills_and_prices_say(street: Street, settled: SettlementRun) -> None:
    nets, fees, supplied = {}, 0, 0
    for home in street.homes:
        fills = traded(home)
        nets[home.account.address] = 0
        for offset in range(96):
            total, fee, supplier = pay(*metered(home, offset), *fills[offset], 150_000)
            nets[home.account.address] += total // 1000
            fees, supplied = fees + fee, supplied + supplier
    rows = {row.address: row.day_net for row in settled.rows.all()}
    members = {address: net for address, net in rows.items() if address in nets}
    assert members == nets
    assert sum(rows.values()) == 0
    assert rows[SYSTEM["balancing"]] == 0
    assert rows[SYSTEM["fee"]] == fees // 1000
    # The supplier's part is exact but for less than a unit, which goes to the dust.
    assert abs(rows[SYSTEM["supplier"]] * 1000 + supplied) < 1000
    assert 0 <= rows[SYSTEM["dust"]] == settled.dust <= 96 * 3
    assert settled.bought_wh == settled.sold_wh > 0


def test_rows_stand_in_posting_order(street: Street, settled: SettlementRun) -> None:
    addresses = [row.address for row in settled.rows.order_by("position")]
    assert addresses == sorted(home.account.address for home in street.homes) + list(SYSTEM.values())
    owners = [row.account_id for row in settled.rows.order_by("position")]
    assert owners[3:] == [None] * 4
    assert None not in owners[:3]


def test_lines_open_to_their_root_and_cite_the_log(street: Street, settled: SettlementRun) -> None:
    for statement in settled.statements.all():
        lines = statements.lines_of(statement)
        assert [line.slot for line in lines] == list(range(FIRST, FIRST + 96))
        assert lines[-1].running_total == statement.day_net == sum(line.amount for line in lines)
        for line in lines[::19]:
            cited = records.entry(line.interval_index).fields
            assert (cited["slot"], cited["importWh"], cited["exportWh"]) == (
                line.slot,
                line.import_wh,
                line.export_wh,
            )
            assert cited["point"] == statement.point.word
            assert line.interval_index < settled.log_size


def test_slots_without_an_auction_are_residual_supply_that_cites_no_price(
    street: Street, settled: SettlementRun
) -> None:
    for offset, header in enumerate(statements.headers_of(settled)):
        auction = Auction.objects.filter(slot=header.slot).first()
        assert (auction is not None) == (offset in TRADED)
        if auction:
            assert (header.auction_index, header.price_index) == (auction.log_index, auction.signal.log_index)
        else:
            assert (header.auction_index, header.price_index, header.local_price) == (None, None, 0)
            assert (header.bought_wh, header.sold_wh) == (0, 0)
        assert (header.import_price, header.export_price, header.fee_price) == (IMPORT, EXPORT, FEE)
        assert header.feeder_wh == header.member_import_wh - header.member_export_wh


def test_an_auction_anchored_after_delivery_began_is_as_if_never_held(street: Street) -> None:
    for home in street.homes:
        street.register(home)
    # The auctions of slots 41 to 44 are held in time, but anchored when the last of them has begun.
    missed = at_slot(FIRST + 40, 5)
    trade(street, lambda now: None if now == missed else street.anchor(now))
    street.measure_day(DAY, metered)
    void = Auction.objects.difference(Auction.objects.standing())
    assert sorted(auction.slot - FIRST for auction in void) == [41, 42, 43, 44]
    assert Fill.objects.filter(auction__slot=FIRST + 41).exists()
    run = runs.compute(zone=street.zone, day=DAY, now=AFTER)
    headers = statements.headers_of(run)
    for offset in (41, 42, 43, 44):
        header = headers[offset]
        assert (header.auction_index, header.price_index, header.local_price) == (None, None, 0)
        for home in street.homes:
            line = line_of(run, home, offset)
            imported, exported = metered(home, offset)
            assert (line.fill_index, line.bought_wh, line.sold_wh) == (None, 0, 0)
            assert line.amount == (exported * EXPORT - imported * IMPORT) // 1000
    assert headers[40].bought_wh == headers[40].sold_wh > 0
    assert run.bought_wh == run.sold_wh == sum(auction.volume_wh for auction in Auction.objects.standing())
    assert sum(row.day_net for row in run.rows.all()) == 0
    assert run.rows.get(address=SYSTEM["balancing"]).day_net == 0
    assert 0 <= run.dust <= 96 * 3


def test_a_day_waits_until_each_of_its_auctions_is_in_an_anchored_checkpoint(street: Street) -> None:
    for home in street.homes:
        street.register(home)
    trade(street, lambda now: street.anchor(now) if now < at_slot(FIRST + 64) else None)
    street.measure_day(DAY, metered)
    assert runs.compute_due(zone=street.zone, now=AFTER) == 0
    with pytest.raises(runs.InputMissing, match=f"auction of slot {FIRST + 65} .* in no anchored checkpoint yet"):
        runs.compute(zone=street.zone, day=DAY, now=AFTER)
    street.anchor(at_slot(FIRST + 64, 30))
    assert runs.compute_due(zone=street.zone, now=AFTER) == 1
    assert not Auction.objects.difference(Auction.objects.standing()).exists()


def test_days_before_the_community_had_rules_are_passed_over_without_a_word(street: Street) -> None:
    live(street)
    Profile.objects.update(from_day=DAY + 1)
    with capture_logs() as logged:
        assert runs.compute_due(zone=street.zone, now=AFTER) == 0
    assert logged == []
    assert not SettlementRun.objects.exists()


def test_a_repeat_settles_nothing_again(street: Street, settled: SettlementRun) -> None:
    assert runs.compute_due(zone=street.zone, now=AFTER) == 0
    assert runs.compute(zone=street.zone, day=DAY, now=AFTER) == settled
    assert (SettlementRun.objects.count(), RunRow.objects.count(), PointStatement.objects.count()) == (1, 7, 3)


def test_a_day_is_not_settled_before_its_last_slot_is_closed(street: Street) -> None:
    live(street)
    street.close(FIRST + 95)
    assert runs.compute_due(zone=street.zone, now=AFTER) == 0
    street.close(FIRST + 96)
    assert runs.compute_due(zone=street.zone, now=AFTER) == 1


def test_a_day_beyond_the_posting_lag_is_not_settled(street: Street) -> None:
    live(street)
    assert runs.compute_due(zone=street.zone, now=at_slot(FIRST + 2 * 96, 1)) == 0


def test_a_missing_interval_stops_that_day_and_is_named(street: Street) -> None:
    live(street)
    Interval.objects.filter(point=street.bob.point, slot=FIRST + 50).delete()
    assert runs.compute_due(zone=street.zone, now=AFTER) == 0
    with pytest.raises(runs.InputMissing, match=f"bob has no INTERVAL for slot {FIRST + 50} of day {DAY}"):
        runs.compute(zone=street.zone, day=DAY, now=AFTER)
    street.measure(street.bob.point, {FIRST + 50: (1, 0)})
    assert runs.compute_due(zone=street.zone, now=AFTER) == 1


def test_the_latest_version_of_an_interval_counts(street: Street) -> None:
    live(street)
    street.measure(street.bob.point, {FIRST + 50: (123_456, 7)}, version=1)
    run = runs.compute(zone=street.zone, day=DAY, now=AFTER)
    line = line_of(run, street.bob, 50)
    assert (line.import_wh, line.export_wh) == (123_456, 7)
    assert line.interval_index == Interval.objects.get(point=street.bob.point, version=1).log_index


def line_of(run: SettlementRun, home: Home, offset: int) -> Line:
    return statements.lines_of(run.statements.get(point=home.point))[offset]


def hold(street: Street, home: Home, slot: int) -> Hold:
    flag = Flag.objects.create(
        zone=street.zone,
        point=home.point,
        rule=Rule.OVER_CAPACITY,
        slot=slot,
        details={},
        log_index=1,
        raised_at=AFTER,
    )
    return Hold.objects.create(flag=flag, point=home.point, slot=slot, log_index=2, ends_at=at_slot(FIRST + 4 * 96))


def test_a_held_slot_has_no_local_quantity_and_the_balancing_account_stands_in(street: Street) -> None:
    live(street)
    fill = Fill.objects.get(order__point=street.alice.point, order__slot=FIRST + 50)
    hold(street, street.alice, FIRST + 50)
    run = runs.compute(zone=street.zone, day=DAY, now=AFTER)
    line, header = line_of(run, street.alice, 50), statements.headers_of(run)[50]
    assert (line.hold_index, line.sold_wh, line.fill_index) == (2, 0, fill.fill_index)
    imported, exported = metered(street.alice, 50)
    assert line.amount == (exported * EXPORT - imported * IMPORT) // 1000
    # What Alice would have sold is sold by the balancing account, which buys it from the supplier.
    assert header.mismatch_wh == -fill.quantity_wh
    balancing = run.rows.get(address=SYSTEM["balancing"]).day_net
    assert balancing == fill.quantity_wh * (150_000 - IMPORT) // 1000
    assert sum(row.day_net for row in run.rows.all()) == 0
    assert 0 <= run.dust <= 96 * 3


@pytest.mark.parametrize("end", ["released", "timed out"])
def test_a_hold_that_is_over_changes_nothing(street: Street, end: str) -> None:
    live(street)
    held = hold(street, street.alice, FIRST + 50)
    if end == "released":
        Hold.objects.filter(pk=held.pk).update(released_at=AFTER)
        run = runs.compute(zone=street.zone, day=DAY, now=AFTER)
    else:
        run = runs.compute(zone=street.zone, day=DAY, now=at_slot(FIRST + 4 * 96))
    assert line_of(run, street.alice, 50).sold_wh > 0


def test_a_missing_tariff_is_named(street: Street) -> None:
    street.measure_day(DAY, metered)
    with pytest.raises(runs.InputMissing, match=f"no published tariff for day {DAY}"):
        runs.compute(zone=street.zone, day=DAY, now=AFTER)


def test_a_failure_half_way_leaves_nothing(street: Street, monkeypatch) -> None:
    live(street)

    def fail(*_: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(PointStatement.objects, "bulk_create", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        runs.compute(zone=street.zone, day=DAY, now=AFTER)
    assert not SettlementRun.objects.exists()
    assert not RunRow.objects.exists()


def test_below_the_minimum_membership_headers_are_salted(street: Street, settled: SettlementRun) -> None:
    # Three homes, and the profile asks for five: nobody outside may learn the sums by trying numbers.
    salts = {leaf[-32:] for leaf in statements.header_leaves(settled)}
    assert len(salts) == 96
    assert bytes(32) not in salts


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settlement_runrow SET day_net = day_net + 1",
        "DELETE FROM settlement_runrow",
        "UPDATE settlement_pointstatement SET day_net = 0",
        "DELETE FROM settlement_pointstatement",
        "UPDATE settlement_settlementrun SET dust = 0, rows_root = points_root",
        "DELETE FROM settlement_settlementrun",
    ],
)
def test_the_database_refuses_to_change_a_run(settled: SettlementRun, statement: str) -> None:
    with (
        pytest.raises(Error, match="followed by a correction"),
        transaction.atomic(),
        owner(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    settled.refresh_from_db()
    assert settled.state == RunState.COMPUTED


def test_nothing_traded_still_settles_with_the_supplier(street: Street) -> None:
    street.signal([FIRST], 150_000)
    street.measure_day(DAY, metered)
    run = runs.compute(zone=street.zone, day=DAY, now=AFTER)
    assert (run.bought_wh, run.sold_wh) == (0, 0)
    for home in street.homes:
        expected = sum(
            (exported * EXPORT - imported * IMPORT) // 1000
            for imported, exported in (metered(home, offset) for offset in range(96))
        )
        assert run.rows.get(address=home.account.address).day_net == expected
