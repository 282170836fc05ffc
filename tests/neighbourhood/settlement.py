"""Checkpoints, the settled run of a day, and what the sentinel found."""

from datetime import datetime, timedelta

from grid.chain.models import Block, ChainTx, ChainTxState
from grid.domain.entries import Mode
from grid.domain.signers import address_bytes, address_text
from grid.domain.slots import month_of_day, slots_of_day
from grid.domain.statements import LocalFill, Metered, PointDay, SlotPrices, SystemAccounts, build_run
from grid.market.models import Auction, Fill, Side
from grid.pricing.models import Profile
from grid.records.models import Checkpoint
from grid.records.queries import log_size, root_of
from grid.records.services.keys import keys_for
from grid.sentinel.models import Flag, Hold, Rule
from grid.settlement.models import PointStatement, RunRow, RunState, SettlementRun
from grid.settlement.queries.statements import pack_leaves, seal_lines
from tests import factories
from tests.factories import NOW
from tests.neighbourhood.street import EXPORT, FEE, IMPORT, SLOT_NOW, Neighbourhood


def anchor(*, seq: int, size: int, at: datetime) -> None:
    Checkpoint.objects.create(size=size, root=root_of(size), note="note", created_at=at, seq=seq, anchored_at=at)


def checkpoints() -> None:
    """All but the last twelve entries are anchored, those are only signed."""
    size = log_size()
    anchor(seq=1, size=size - 12, at=NOW - timedelta(minutes=18))
    Checkpoint.objects.create(size=size, root=root_of(size), note="note", created_at=NOW - timedelta(minutes=2))
    Block.objects.create(number=4_211, hash="0x" + "ab" * 32, timestamp=int(NOW.timestamp()) - 9)


def settle(made: Neighbourhood, day: int) -> SettlementRun:
    """The day's run, posted on chain and open to objections."""
    zone, slots = made.people.zone, slots_of_day(day)
    owners = {home.point.word: home for home in made.homes}
    month = month_of_day(day)
    keys = keys_for(owners={(scope, month) for scope in [zone.id, *(home.point.id for home in made.homes)]}, now=NOW)
    auctions = {row.slot: row for row in Auction.objects.filter(zone=zone, slot__in=slots)}
    fills: dict[bytes, dict[int, LocalFill]] = {word: {} for word in owners}
    for fill in Fill.objects.filter(auction__in=auctions.values()).select_related("order__point"):
        order = fill.order
        bought, sold = (fill.quantity_wh, 0) if order.side == Side.BUY else (0, fill.quantity_wh)
        fills[order.point.word][order.slot] = LocalFill(bytes(order.order_hash), fill.fill_index, bought, sold)
    result = build_run(
        zone=zone.word,
        day=day,
        sequence=0,
        mode=Mode.EX_ANTE,
        points=[
            PointDay(
                word,
                address_bytes(home.account.address),
                [Metered(*made.energy[home.point][slot], 1) for slot in slots],
                fills[word],
                {},
            )
            for word, home in owners.items()
        ],
        prices=[
            SlotPrices(auctions[slot].price, 1, FEE, IMPORT, EXPORT, 1, auctions[slot].log_index) for slot in slots
        ],
        feeder_wh=[sum(energy[slot][0] - energy[slot][1] for energy in made.energy.values()) for slot in slots],
        system=SystemAccounts(*(address_bytes(address) for address in factories.SYSTEM.values())),
        point_key=lambda word: keys[owners[word].point.id, month].key,
        header_key=None,
    )
    checkpoint = Checkpoint.objects.get(seq=1)
    run = SettlementRun.objects.create(
        zone=zone,
        day=day,
        profile=Profile.objects.get(community=zone.community),
        log_size=checkpoint.size,
        checkpoint=checkpoint,
        points_root=result.points_root,
        headers_root=result.headers_root,
        rows_root=result.rows_root,
        point_count=len(result.statements),
        headers=pack_leaves(result.header_leaves, with_salt=True),
        dust=result.dust,
        bought_wh=sum(header.bought_wh for header in result.headers),
        sold_wh=sum(header.sold_wh for header in result.headers),
        state=RunState.POSTED,
        chain_tx=_transaction(),
        created_at=NOW - timedelta(hours=9),
        posted_at=NOW - timedelta(hours=8, minutes=58),
        final_at=NOW + timedelta(hours=15, minutes=2),
    )
    accounts = {home.account.address: home.account for home in made.homes}
    RunRow.objects.bulk_create(
        RunRow(
            run=run,
            position=at,
            address=address_text(row.address),
            account=accounts.get(address_text(row.address)),
            day_net=row.net,
        )
        for at, row in enumerate(result.rows)
    )
    PointStatement.objects.bulk_create(
        PointStatement(
            run=run,
            point=owners[item.point].point,
            account=owners[item.point].account,
            position=item.position,
            day_net=item.day_net,
            lines_root=item.lines_root,
            salt=item.salt,
            lines=seal_lines(keys[owners[item.point].point.id, month], result.key, 0, item.position, item.line_leaves),
        )
        for item in result.statements
    )
    return run


def _transaction() -> ChainTx:
    return ChainTx.objects.create(
        business_key="run",
        sender="poster",
        contract="Settlement",
        function="postRun",
        args=[],
        tx_hash="0x" + "5e" * 32,
        state=ChainTxState.FINAL,
        block_number=4_180,
        gas_used=318_402,
        created_at=NOW - timedelta(hours=9),
        updated_at=NOW - timedelta(hours=9),
    )


def flag_something(made: Neighbourhood) -> None:
    """One neighbour's reading is too large and held; another one's meter is silent."""
    flagged, silent = made.homes[1], made.homes[2]
    flag = Flag.objects.create(
        zone=made.people.zone,
        point=flagged.point,
        rule=Rule.OVER_CAPACITY,
        slot=SLOT_NOW - 9,
        details={"import_wh": 9_120, "limit_wh": 4_312},
        log_index=3,
        raised_at=NOW - timedelta(hours=2),
    )
    Hold.objects.create(flag=flag, point=flagged.point, slot=flag.slot, log_index=4, ends_at=NOW + timedelta(days=3))
    silent.meter.last_seen_at = NOW - timedelta(hours=5)
    silent.meter.save()
