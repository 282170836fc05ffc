"""Case files from the database: a reading or a statement with everything that proves it (PROTOCOL §8)."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q

from grid.chain import queries as chain
from grid.chain.errors import ChainError
from grid.disputes.tiles import AuditPaths
from grid.domain import auctions, casefile, clearing, entries, envelopes, merkle, native, ocmf, rows, tariffs
from grid.domain.casefile import (
    Case,
    ChainPart,
    EntryPart,
    FillPart,
    PointPart,
    RecordPart,
    RegistersPart,
    RunPart,
    TariffPart,
)
from grid.domain.entries import LeafKind, Mode
from grid.domain.lines import Header, Line
from grid.domain.signers import address_bytes
from grid.domain.slots import month_of_day
from grid.domain.units import PricePerKWh, WattHours
from grid.market.models import Fill
from grid.metering.models import Binding, Envelope, Interval, MeterKey
from grid.metering.queries import interval_versions, raw_record
from grid.pricing.models import TariffDay
from grid.records import log_key
from grid.records import queries as records
from grid.records.models import Checkpoint
from grid.records.queries import LogEntry, keys
from grid.settlement.models import PointStatement, SettlementRun
from grid.settlement.queries import statements as lines


class NotProvableYet(Exception):
    """The log has no checkpoint that covers what is to be proven; the message says what is awaited."""


def interval_case(*, interval: Interval) -> dict[str, Any]:
    """Return the case file of one reading: its INTERVAL, those it superseded, and what they follow from.

    That is the BINDING and, of each version that has registers, their opening, the signed records they cite and
    the KEYs of these. Raises NotProvableYet while no checkpoint covers it, Erased when its key is gone.
    """
    versions = records.entries([row.log_index for row in interval_versions(interval)])
    checkpoint = _covering(interval.log_index + 1)
    registers = [_registers(entry) for entry in versions if entry.document is not None]
    signed = [_record(envelope) for envelope in _envelopes(registers)]
    others = {index for record in signed for index in (record.reading, record.key)}
    others |= {index for entry in versions if isinstance(index := entry.fields["bindingIndex"], int)}
    case = _case(
        f"Reading of point {interval.point_id}, slot {interval.slot}, version {interval.version}",
        checkpoint,
        [*versions, *records.entries(sorted(others))],
        records=signed,
        registers=registers,
    )
    return casefile.to_json(case)


def statement_case(*, statement: PointStatement) -> dict[str, Any]:
    """Return the case file of a point's statement, with the other points of its account in the run.

    Raises NotProvableYet before the run has a checkpoint, Erased when a key of the account's points is gone.
    """
    run = statement.run
    if run.checkpoint is None:
        raise NotProvableYet(f"The run of day {run.day} waits for an anchored checkpoint of the log.")
    headers, header_leaves = lines.headers_of(run), lines.header_leaves(run)
    own = list(run.statements.filter(account=statement.account).order_by("position"))
    leaves = [lines.line_leaves(item) for item in own]
    cited = [Line.from_leaf(leaf) for part in leaves for leaf in part]
    intervals = records.entries(sorted({line.interval_index for line in cited}))
    registers = [_registers(entry) for entry in intervals]
    signed = [_record(envelope) for envelope in _envelopes(registers)]
    others = {index for header in headers for index in _header_indices(header)}
    others |= {entry.index for entry in _superseded(intervals)}
    others |= {line.hold_index for line in cited if line.hold_index is not None}
    others |= {index for entry in intervals if isinstance(index := entry.fields["bindingIndex"], int)}
    others |= _bindings(own, run.day, run.checkpoint.size)
    others |= {index for record in signed for index in (record.reading, record.key)}
    if run.profile.log_index is not None:
        others.add(run.profile.log_index)
    case = _case(
        f"Settlement of {statement.account.address} for day {run.day}, sequence {run.sequence}",
        run.checkpoint,
        [*intervals, *records.entries(sorted(others))],
        records=signed,
        registers=registers,
        fills=_fills(run, [item.point_id for item in own], headers),
        tariffs=_tariffs(run),
        run=_run(run, own, leaves, header_leaves),
    )
    return casefile.to_json(case)


def _covering(size: int) -> Checkpoint:
    """Return the first anchored checkpoint of at least this size, else the newest signed one."""
    checkpoint = records.anchored_checkpoint_covering(size) or records.latest_signed()
    if checkpoint is None or checkpoint.size < size:
        raise NotProvableYet(f"No checkpoint covers the log's first {size} entries yet.")
    return checkpoint


def _case(title: str, checkpoint: Checkpoint, logged: Sequence[LogEntry], **parts: Any) -> Case:
    paths = AuditPaths(checkpoint.size)
    return Case(
        title=title,
        verifier_key=log_key.signer().verifier_key,
        note=checkpoint.note,
        seq=checkpoint.seq if checkpoint.anchored_at else None,
        anchored_at=int(checkpoint.anchored_at.timestamp()) if checkpoint.anchored_at else None,
        entries=[EntryPart(entry.index, entry.kind, entry.leaf, paths.path(entry.index)) for entry in logged],
        chain=_chain(),
        **parts,
    )


def _chain() -> ChainPart | None:
    """Return where our contracts stand; None while there is no chain to ask."""
    try:
        return ChainPart(
            chain_id=chain.eip712_domain().chain_id,
            record_anchor=address_bytes(chain.contract_address("RecordAnchor")),
            settlement=address_bytes(chain.contract_address("Settlement")),
        )
    except ChainError:
        return None


def _signed(raw: bytes, public_key: bytes) -> bool:
    try:
        ocmf.verify(envelopes.parse(raw), public_key)
    except ocmf.BadSignature:
        return False
    return True


def _record(envelope: Envelope) -> RecordPart:
    """Return a signed record with the key that was good for its counter."""
    good = MeterKey.objects.filter(
        Q(to_counter__isnull=True) | Q(to_counter__gt=envelope.counter),
        meter=envelope.meter_id,
        from_counter__lte=envelope.counter,
    )
    keys = list(good.order_by("-from_counter", "-pk"))
    if envelope.log_index is None or not keys:
        raise NotProvableYet(f"Record {envelope.counter} or its key is not in the log.")
    raw = raw_record(envelope.log_index)
    # While a new key follows an old one, both are good: the one that signed is shown.
    key = next((each for each in keys[:-1] if _signed(raw, bytes(each.public_key))), keys[-1])
    if key.log_index is None:
        raise NotProvableYet(f"Record {envelope.counter} or its key is not in the log.")
    compact = raw.startswith(native.MAGIC)
    return RecordPart(
        envelope.log_index,
        None if compact else raw.decode(),
        bytes(key.public_key),
        key.log_index,
        raw if compact else None,
    )


def _registers(interval: LogEntry) -> RegistersPart:
    """Return the opening of an interval's registers, kept as its document."""
    if interval.document is None:
        raise NotProvableYet(f"INTERVAL {interval.index} has no opening of its registers.")
    return RegistersPart(interval.index, interval.document)


def _superseded(intervals: Sequence[LogEntry]) -> Iterator[LogEntry]:
    """Yield the INTERVALs that these and their predecessors superseded."""
    cited = {index for entry in intervals if isinstance(index := entry.fields["supersedes"], int)}
    while cited:
        older = records.entries(sorted(cited))
        yield from older
        cited = {index for entry in older if isinstance(index := entry.fields["supersedes"], int)}


def _envelopes(registers: Iterable[RegistersPart]) -> list[Envelope]:
    """Return the records that opened registers cite, in log order."""
    cited: set[int] = set()
    for part in registers:
        fields = entries.decode(LeafKind.REGISTERS, part.data)
        ends = fields["readingStart"], fields["readingEnd"]
        cited |= {index for index in ends if isinstance(index, int)}
    found = Envelope.objects.filter(log_index__in=cited).select_related("meter")
    return list(found.order_by("log_index"))


def _bindings(own: Collection[PointStatement], day: int, size: int) -> set[int]:
    """Return the BINDINGs of the points that cover a day: of these the one with the highest index counts."""
    found = Binding.objects.filter(
        Q(to_day__isnull=True) | Q(to_day__gt=day),
        point__in=[item.point_id for item in own],
        from_day__lte=day,
        log_index__lt=size,
    )
    return {index for index in found.values_list("log_index", flat=True) if index is not None}


def _header_indices(header: Header) -> list[int]:
    indices = (header.tariff_index, header.price_index, header.auction_index)
    return [index for index in indices if index is not None]


def _fills(run: SettlementRun, points: Collection[UUID], headers: Sequence[Header]) -> list[FillPart]:
    """Return the own fills of the auctions that the headers cite, each with its path among the auction's fills.

    The path is made of kept leaf hashes: it needs no neighbour's key.
    """
    slots = [header.slot for header in headers if header.auction_index is not None]
    mine = Fill.objects.filter(auction__zone=run.zone, auction__slot__in=slots, order__point__in=points)
    month = month_of_day(run.day)
    opened = keys.find([(point, month) for point in points])
    return [
        _fill(run, fill, opened[fill.order.point_id, month].key)
        for fill in mine.select_related("auction", "order__point").order_by("auction__slot", "fill_index")
    ]


def _fill(run: SettlementRun, fill: Fill, key: bytes) -> FillPart:
    auction, order = fill.auction, fill.order
    leaf = auctions.fill_leaf(
        clearing.Fill(bytes(order.order_hash), clearing.Side(order.side), WattHours(fill.quantity_wh)),
        point=order.point.word,
        price=PricePerKWh(auction.price),
        zone=run.zone.word,
        slot=auction.slot,
        position=fill.fill_index,
        key=key,
    )
    tree = merkle.MerkleTree(merkle.split_hashes(bytes(auction.fill_hashes)))
    return FillPart(auction.log_index, fill.fill_index, leaf, tree.inclusion_proof(fill.fill_index))


def _tariffs(run: SettlementRun) -> list[TariffPart]:
    found = TariffDay.objects.filter(zone=run.zone, day=run.day)
    return [
        TariffPart(
            row.log_index,
            tariffs.tariff_leaves(
                day=row.day,
                import_prices=row.import_prices,
                export_prices=row.export_prices,
                fee_prices=row.fee_prices,
            ),
        )
        for row in found
    ]


def _run(
    run: SettlementRun,
    own: Sequence[PointStatement],
    line_leaves: Sequence[list[bytes]],
    header_leaves: list[bytes],
) -> RunPart:
    """Return the run as posted, with the account's points."""
    if run.checkpoint is None or run.checkpoint.seq is None:
        raise NotProvableYet(f"The run of day {run.day} waits for an anchored checkpoint of the log.")
    statements = list(run.statements.select_related("point", "account").order_by("position"))
    owned = Counter(item.account_id for item in statements)
    leaves = [_point_leaf(run, item, owned[item.account_id]) for item in statements]
    tree = merkle.MerkleTree([merkle.leaf_hash(leaf) for leaf in leaves])
    posted = [rows.Row(address_bytes(row.address), row.day_net) for row in run.rows.order_by("position")]
    return RunPart(
        zone=run.zone.word,
        day=run.day,
        sequence=run.sequence,
        points_root=bytes(run.points_root),
        point_count=run.point_count,
        headers_root=bytes(run.headers_root),
        checkpoint=run.checkpoint.seq,
        profile_hash=bytes(run.profile.sha256),
        mode=int(Mode[run.mode.upper()]),
        rows_root=bytes(run.rows_root),
        rows=rows.pack_rows(posted),
        headers=header_leaves,
        points=[
            PointPart(item.position, leaves[item.position], tree.inclusion_proof(item.position), list(lines))
            for item, lines in zip(own, line_leaves, strict=True)
        ],
        profile=run.profile.document,
    )


def _point_leaf(run: SettlementRun, item: PointStatement, account_points: int) -> bytes:
    fields: dict[str, entries.Value] = {
        "runKey": entries.run_key(run.zone.word, run.day),
        "sequence": run.sequence,
        "point": item.point.word,
        "account": address_bytes(item.account.address),
        "dayNet": item.day_net,
        "accountPoints": account_points,
        "linesRoot": bytes(item.lines_root),
    }
    return entries.encode(LeafKind.POINT, fields, bytes(item.salt))
