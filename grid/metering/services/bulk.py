"""Meters by the hundred: a CSV is tried row by row, then applied; every row says what becomes of it.

Columns (any order, the first three needed): serial, suite, public_key, vendor, model, register_modulus_wh, point,
fuse_w, pv_peak_w, account, from_day, reversed, multiplier. `suite` is P-256 or secp256k1, keys are hex, `from_day` is
2026-11-22, `multiplier` is 40 or 3/2. With `point` (a name) the point is registered too; with `account` the binding
waits for that member's signature.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db import transaction

from grid.accounts.models import Account, User, Zone
from grid.domain import lifecycle
from grid.domain.entries import Suite
from grid.domain.lifecycle import ApplicationState
from grid.domain.ocmf import SUITE_NAMES
from grid.domain.refusals import Refused
from grid.domain.slots import DAY_SECONDS, SLOTS_PER_DAY, date_of_day, day_of_date
from grid.metering.models import Application, BulkUpload, Meter, MeterEvent, MeterEventKind, MeteringPoint, SlotClose
from grid.metering.services import proposals, registry
from grid.metering.services.claims import MAX_MODULUS, require_role
from grid.metering.services.registry import BindingTerms

MAX_BYTES = 1024 * 1024
MAX_ROWS = 5_000
NEEDED = ("serial", "suite", "public_key")
OPTIONAL = (
    "vendor", "model", "register_modulus_wh", "point", "fuse_w", "pv_peak_w", "account", "from_day", "reversed",
    "multiplier",
)  # fmt: skip
SUITES = {"p-256": Suite.P256, "secp256k1": Suite.SECP256K1} | {
    name.lower(): suite for suite, name in SUITE_NAMES.items()
}
_BOOLEANS = {"": False, "0": False, "no": False, "false": False, "1": True, "yes": True, "true": True}
_MAX_WATTS = 100_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a row. `status` is new, known (nothing to do), error, or skipped (another row is wrong)."""

    line: int
    serial: str
    status: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    serial: str
    suite: Suite
    public_key: bytes
    vendor: str
    model: str
    register_modulus_wh: int
    point: str
    fuse_w: int
    pv_peak_w: int
    account: Account | None
    from_day: int
    reversed: bool
    multiplier: tuple[int, int]


def upload(*, zone: Zone, name: str, content: bytes, all_or_nothing: bool, by: User, now: datetime) -> BulkUpload:
    """Try a file and keep it with its report; nothing is registered. Raises Refused: bulk_size, bulk_encoding,
    bulk_columns, bulk_rows, bulk_empty."""
    require_role(zone, by)
    if len(content) > MAX_BYTES:
        raise Refused("bulk_size", f"The file is larger than {MAX_BYTES // 1024} KiB: send it in parts.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("bulk_encoding", f"The file is not UTF-8 (byte {error.start}): save it as CSV UTF-8.") from None
    if "\x00" in text:
        raise Refused("bulk_encoding", "The file holds a zero byte: it is no text.")
    outcomes, _ = _tried(zone, text, all_or_nothing, now)
    return BulkUpload.objects.create(
        zone=zone,
        name=name[:120],
        text=text,
        all_or_nothing=all_or_nothing,
        by=by,
        at=now,
        report=[asdict(outcome) for outcome in outcomes],
    )


@transaction.atomic
def apply(*, upload: BulkUpload, by: User, now: datetime) -> BulkUpload:
    """Register what a tried file holds; applying it again changes nothing. Raises Refused: as `upload`, bulk_errors."""
    require_role(upload.zone, by)
    row = BulkUpload.objects.select_for_update(of=("self",)).select_related("zone__community").get(pk=upload.pk)
    if row.applied_at is not None:
        return row
    # The registry may have changed since the file was tried.
    outcomes, rows = _tried(row.zone, row.text, row.all_or_nothing, now)
    if row.all_or_nothing and any(outcome.status == "error" for outcome in outcomes):
        raise Refused("bulk_errors", "Rows have errors, and all or none are to be registered: correct the file.")
    for each in rows:
        _register(row.zone, each, by, now)
    row.report, row.applied_at = [asdict(outcome) for outcome in outcomes], now
    row.save(update_fields=["report", "applied_at"])
    return row


def _tried(zone: Zone, text: str, all_or_nothing: bool, now: datetime) -> tuple[list[Outcome], list[_Row]]:
    """Return what would become of each row, and the rows to register."""
    lines = list(_lines(text))
    repeated = {
        column: {
            value
            for value, count in Counter(cells[column].lower() for _, cells in lines).items()
            if value and count > 1
        }
        for column in ("serial", "public_key", "point")
    }
    keys = {meter.serial: meter for meter in _known_meters(lines)}
    accounts = {a.address: a for a in Account.objects.filter(community=zone.community_id)}
    points = set(MeteringPoint.objects.filter(zone=zone).values_list("name", flat=True))
    closed = SlotClose.objects.filter(zone=zone).values_list("next_slot", flat=True).first() or 0
    first_day = max(-(-closed // SLOTS_PER_DAY), int(now.timestamp()) // DAY_SECONDS)
    outcomes: list[Outcome] = []
    rows: list[_Row] = []
    for line, cells in lines:
        serial = cells["serial"]
        try:
            for column, values in repeated.items():
                if cells[column].lower() in values:
                    raise ValueError(f"{column}: more than one row has {cells[column][:40]}")
            row = _read(line, cells, accounts)
            status = _status(row, keys.get(serial), points, first_day)
        except ValueError as error:
            outcomes.append(Outcome(line, serial[:64], "error", str(error)))
            continue
        outcomes.append(Outcome(line, serial, status))
        if status == "new":
            rows.append(row)
    if all_or_nothing and any(outcome.status == "error" for outcome in outcomes):
        outcomes = [Outcome(o.line, o.serial, "skipped") if o.status == "new" else o for o in outcomes]
    return outcomes, rows


def _lines(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    head = text.split("\n", 1)[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        columns = [name.strip().lower() for name in next(reader, [])]
        _check_columns(columns)
        rows = 0
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            rows += 1
            if rows > MAX_ROWS:
                raise Refused("bulk_rows", f"The file has more than {MAX_ROWS} rows: send it in parts.")
            # A row that is too long or too short is told in its own line, so it is filled up and marked here.
            values = dict.fromkeys((*NEEDED, *OPTIONAL, ""), "")
            values.update((name, cell.strip()) for name, cell in zip(columns, cells, strict=False))
            values[""] = "" if len(cells) == len(columns) else f"{len(cells)} cells instead of {len(columns)}"
            yield reader.line_num, values
    except csv.Error as error:
        raise Refused("bulk_columns", f"Line {reader.line_num} is no CSV: {error}.") from None
    if rows == 0:
        raise Refused("bulk_empty", "The file has no rows.")


def _check_columns(columns: list[str]) -> None:
    missing = [name for name in NEEDED if name not in columns]
    unknown = [name[:40] for name in columns if name not in NEEDED + OPTIONAL]
    twice = [name[:40] for name, count in Counter(columns).items() if count > 1]
    for what, names in (("missing", missing), ("unknown", unknown), ("twice", twice)):
        if names:
            raise Refused("bulk_columns", f"Columns {what}: {', '.join(names)}.")


def _read(line: int, cells: dict[str, str], accounts: dict[str, Account]) -> _Row:
    """Return a row as it is meant. Raises ValueError that names the column."""
    if cells[""]:
        raise ValueError(cells[""])
    serial = cells["serial"]
    if not 1 <= len(serial) <= 64 or not serial.isprintable():
        raise ValueError("serial: 1 to 64 printable characters")
    suite = SUITES.get(cells["suite"].lower())
    if suite is None:
        raise ValueError("suite: P-256 or secp256k1")
    try:
        key = bytes.fromhex(cells["public_key"].removeprefix("0x"))
    except ValueError:
        key = b""
    if not lifecycle.is_key(suite, key):
        raise ValueError(f"public_key: no compressed point (66 hex digits) of {suite.name}")
    for column, limit in (("vendor", 64), ("model", 64), ("point", 120)):
        if len(cells[column]) > limit or not cells[column].isprintable():
            raise ValueError(f"{column}: at most {limit} printable characters")
    account = None
    if cells["account"]:
        account = accounts.get(cells["account"].lower())
        if account is None:
            raise ValueError("account: none of this community has this address")
        if not cells["point"]:
            raise ValueError("point: a binding needs a point")
    if cells["reversed"].lower() not in _BOOLEANS:
        raise ValueError("reversed: yes or no")
    return _Row(
        line=line,
        serial=serial,
        suite=suite,
        public_key=key,
        vendor=cells["vendor"],
        model=cells["model"],
        register_modulus_wh=_number(cells, "register_modulus_wh", 10**9, 1, MAX_MODULUS),
        point=cells["point"],
        fuse_w=_number(cells, "fuse_w", 0, 1 if cells["point"] else 0, _MAX_WATTS),
        pv_peak_w=_number(cells, "pv_peak_w", 0, 0, _MAX_WATTS),
        account=account,
        from_day=_day(cells, needed=account is not None),
        reversed=_BOOLEANS[cells["reversed"].lower()],
        multiplier=_multiplier(cells["multiplier"]),
    )


def _number(cells: dict[str, str], column: str, default: int, least: int, most: int) -> int:
    text = cells[column]
    value = default if not text else int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
    if not least <= value <= most:
        raise ValueError(f"{column}: a whole number from {least} to {most}")
    return value


def _day(cells: dict[str, str], *, needed: bool) -> int:
    if not cells["from_day"] and not needed:
        return 0
    try:
        return day_of_date(date.fromisoformat(cells["from_day"]))
    except ValueError:
        raise ValueError("from_day: a date like 2026-11-22") from None


def _multiplier(text: str) -> tuple[int, int]:
    parts = (text or "1").split("/")
    if len(parts) > 2 or not all(part.isascii() and part.isdigit() and len(part) < 8 for part in parts):
        raise ValueError("multiplier: like 40 or 3/2")
    num, den = int(parts[0]), int(parts[1]) if len(parts) == 2 else 1
    if not 0 < num <= registry.MAX_MULTIPLIER or not 0 < den <= registry.MAX_MULTIPLIER:
        raise ValueError(f"multiplier: both from 1 to {registry.MAX_MULTIPLIER}")
    return num, den


def _known_meters(lines: list[tuple[int, dict[str, str]]]) -> list[Meter]:
    serials = [cells["serial"] for _, cells in lines]
    return list(Meter.objects.filter(serial__in=serials).prefetch_related("keys"))


def _status(row: _Row, meter: Meter | None, points: set[str], first_day: int) -> str:
    """Return new or known. Raises ValueError for what contradicts the registry."""
    if meter is not None:
        same = any(bytes(key.public_key) == row.public_key for key in meter.keys.all())
        if not same:
            raise ValueError("serial: registered with another key")
        return "known"
    if row.point in points:
        raise ValueError("point: the zone has one of this name; bind it on its meter's page")
    if row.account is not None and row.from_day < first_day:
        raise ValueError(f"from_day: {date_of_day(first_day)} or later; slots before are closed")
    return "new"


def _register(zone: Zone, row: _Row, by: User, now: datetime) -> None:
    meter = registry.register_meter(
        zone=zone,
        serial=row.serial,
        suite=row.suite,
        public_key=row.public_key,
        vendor=row.vendor,
        model=row.model,
        register_modulus_wh=row.register_modulus_wh,
        now=now,
    )
    Application.objects.create(
        zone=zone,
        serial=row.serial,
        suite=SUITE_NAMES[row.suite],
        public_key=row.public_key,
        vendor=row.vendor,
        model=row.model,
        register_modulus_wh=row.register_modulus_wh,
        state=ApplicationState.APPROVED.value,
        asked_at=now,
        decided_at=now,
        decided_by=by,
        meter=meter,
    )
    key = meter.keys.get()
    MeterEvent.objects.create(meter=meter, kind=MeterEventKind.REGISTERED, at=now, by=by, log_index=key.log_index)
    if not row.point:
        return
    point = registry.register_point(zone=zone, name=row.point, fuse_w=row.fuse_w, pv_peak_w=row.pv_peak_w, now=now)
    if row.account is None:
        return
    terms = BindingTerms(
        point=point,
        meter=meter,
        account=row.account,
        from_day=row.from_day,
        reversed=row.reversed,
        multiplier_num=row.multiplier[0],
        multiplier_den=row.multiplier[1],
    )
    proposals.propose(terms=terms, by=by, now=now)
