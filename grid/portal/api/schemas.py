"""What the JSON API answers. Energy in Wh, prices in micro-currency per kWh, money in token units (6 decimals)."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, PlainSerializer, WithJsonSchema


def _sensible(at: datetime) -> datetime:
    if not 2000 <= at.year <= 2100:
        raise ValueError("the year must be from 2000 to 2100")
    return at


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_TIME = WithJsonSchema({"type": "string", "format": "date-time"})
Instant = Annotated[AwareDatetime, AfterValidator(_sensible), _TIME]
"""A moment that a caller says, with its offset."""

Moment = Annotated[datetime, PlainSerializer(_text, return_type=str), _TIME]
"""A moment in an answer, UTC."""

Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$", max_length=42)]
Cursor = Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9_-]+$")]
SlotNumber = Annotated[int, Field(ge=0, lt=2**32, description="quarter hour, unix seconds // 900")]
Limit = Annotated[int, Field(ge=1, le=1000)]


class Answer(Schema):
    """What every answer shares: no member that is not described."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class AccountOut(Answer):
    address: str
    label: str
    community: str
    currency: str
    right: str = Field(description="owner or viewer")


class Me(Answer):
    """Who the token or session belongs to, and the accounts they own or may view."""

    username: str
    name: str
    accounts: list[AccountOut]


class PointOut(Answer):
    id: UUID
    name: str
    kind: str
    zone: UUID
    time_zone: str
    account: str | None = Field(description="address of the account it is read through; none by a role")


class Points(Answer):
    items: list[PointOut]
    next_cursor: str | None


class IntervalOut(Answer):
    """Energy of one slot; `version` counts its corrections, `log_index` is its INTERVAL entry."""

    slot: int
    start: Moment
    import_wh: int
    export_wh: int
    quality: int = Field(
        description="as the log has it: ESPI's 0 valid, 7 edited, 8 and 9 estimated; 10 missing, where ESPI has none"
    )
    version: int
    log_index: int
    known_at: Moment


class Intervals(Answer):
    items: list[IntervalOut]
    next_cursor: str | None


class ForecastOut(Answer):
    slot: int
    start: Moment
    p10_wh: int
    p50_wh: int
    p90_wh: int


class Forecast(Answer):
    items: list[ForecastOut]


class StatementDay(Answer):
    """One settled UTC day of an account. `net` is positive for a credit."""

    day: date
    net: int
    sequence: int
    state: str
    log_size: int
    checkpoint: int | None = Field(description="number of the run's checkpoint in RecordAnchor")
    points: list[UUID]


class Statements(Answer):
    items: list[StatementDay]
    next_cursor: str | None


class StatementLineOut(Answer):
    slot: int
    import_wh: int
    export_wh: int
    bought_wh: int
    sold_wh: int
    local_price: int
    fee_price: int
    import_price: int
    export_price: int
    amount: int
    running_total: int
    interval_index: int
    auction_index: int | None
    hold_index: int | None


class PointStatementOut(Answer):
    point: UUID
    day: date
    sequence: int
    net: int
    lines: list[StatementLineOut]


class ConsentOut(Answer):
    id: int
    account: str
    grantee: str
    purpose: str
    data_set: str
    from_day: date
    to_day: date | None = Field(description="first day no longer covered")
    given_at: Moment
    ends_at: Moment
    revoked_at: Moment | None
    stands: bool


class Consents(Answer):
    """`given` by the caller's accounts, `received` by the caller."""

    given: list[ConsentOut]
    received: list[ConsentOut]


class AccessOut(Answer):
    by: str
    via: str
    consent: int | None
    data_set: str
    what: str
    at: Moment


class Accesses(Answer):
    items: list[AccessOut]
    next_cursor: str | None


class Contracts(Answer):
    """Addresses by the contract's name."""

    chain_id: int
    contracts: dict[str, str]


class WatchIn(Schema):
    """What a watcher found when it last looked."""

    model_config = ConfigDict(extra="forbid")

    log_size: int = Field(ge=0, lt=2**63, strict=True)
    statements: int = Field(ge=0, lt=2**31, strict=True)
    alerts: list[Annotated[str, Field(max_length=500, pattern=r"^[ -~]*$")]] = Field(default=[], max_length=20)


class WatchOut(Answer):
    account: str
    checked_at: Moment
    log_size: int
    statements: int
    alerts: list[str]


CaseFile = dict[str, Any]
