"""Case files: everything needed to check a reading or a statement without database or network.

A case file is JSON (PROTOCOL §8). Bytes are 0x hex, token amounts stay inside leaves, and a meter's
signed record is its text. This module only reads and writes the form; whether it holds is for the
auditor's command to say.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from grid.domain.entries import EntryKind
from grid.domain.words import ADDRESS_SIZE, WORD

FORMAT = "commonwatt.case.v1"
T = TypeVar("T")


class CaseFileError(ValueError):
    """A file that is not a case file; the message names the place."""


@dataclass(frozen=True, slots=True)
class EntryPart:
    """A log entry and its audit path in the checkpoint's tree."""

    index: int
    kind: EntryKind
    data: bytes
    proof: list[bytes]


@dataclass(frozen=True, slots=True)
class RecordPart:
    """A signed record as the meter sent it, the READING entry that commits to it, and the meter's key.

    `text` is OCMF; a record in the compact form has `raw` instead. `key` is the index of the KEY entry.
    """

    reading: int
    text: str | None
    public_key: bytes
    key: int
    raw: bytes | None = None

    @property
    def envelope(self) -> bytes:
        """The record byte for byte."""
        return (self.text or "").encode() if self.raw is None else self.raw


@dataclass(frozen=True, slots=True)
class RegistersPart:
    """The opening of an INTERVAL's registers commitment: REGISTERS leaf data."""

    interval: int
    data: bytes


@dataclass(frozen=True, slots=True)
class FillPart:
    """A FILL leaf and its audit path in the fills tree of the AUCTION entry."""

    auction: int
    position: int
    data: bytes
    proof: list[bytes]


@dataclass(frozen=True, slots=True)
class TariffPart:
    """The 96 TARIFF_SLOT leaves of a TARIFF entry."""

    tariff: int
    leaves: list[bytes]


@dataclass(frozen=True, slots=True)
class PointPart:
    """A POINT leaf with its audit path in the points tree, and its 96 LINE leaves."""

    position: int
    leaf: bytes
    proof: list[bytes]
    lines: list[bytes]


@dataclass(frozen=True, slots=True)
class RunPart:
    """A run as posted: the input of `postRun`, the root of its rows, all row words, 96 HEADER leaves."""

    zone: bytes
    day: int
    sequence: int
    points_root: bytes
    point_count: int
    headers_root: bytes
    checkpoint: int
    profile_hash: bytes
    mode: int
    rows_root: bytes
    rows: list[bytes]
    headers: list[bytes]
    points: list[PointPart]
    profile: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ChainPart:
    """Where the run and the checkpoint stand on chain."""

    chain_id: int
    record_anchor: bytes
    settlement: bytes


@dataclass(frozen=True, slots=True)
class Case:
    """A whole case file.

    `seq` is the checkpoint's number in RecordAnchor and `anchored_at` the time of its block in unix
    seconds; both are None while it is not anchored.
    """

    title: str
    verifier_key: str
    note: str
    seq: int | None
    anchored_at: int | None
    entries: list[EntryPart]
    records: list[RecordPart] = field(default_factory=list)
    registers: list[RegistersPart] = field(default_factory=list)
    fills: list[FillPart] = field(default_factory=list)
    tariffs: list[TariffPart] = field(default_factory=list)
    run: RunPart | None = None
    chain: ChainPart | None = None


def to_json(case: Case) -> dict[str, Any]:
    """Return the JSON document of a case."""
    return {
        "format": FORMAT,
        "title": case.title,
        "log": {
            "verifierKey": case.verifier_key,
            "note": case.note,
            "seq": case.seq,
            "anchoredAt": case.anchored_at,
        },
        "entries": [
            {
                "index": part.index,
                "kind": part.kind.name,
                "data": _hex(part.data),
                "proof": _hexes(part.proof),
            }
            for part in case.entries
        ],
        "records": [
            {
                "reading": part.reading,
                "text": part.text,
                "raw": None if part.raw is None else _hex(part.raw),
                "publicKey": _hex(part.public_key),
                "key": part.key,
            }
            for part in case.records
        ],
        "registers": [{"interval": part.interval, "data": _hex(part.data)} for part in case.registers],
        "fills": [
            {
                "auction": part.auction,
                "position": part.position,
                "data": _hex(part.data),
                "proof": _hexes(part.proof),
            }
            for part in case.fills
        ],
        "tariffs": [{"tariff": part.tariff, "leaves": _hexes(part.leaves)} for part in case.tariffs],
        "run": None if case.run is None else _run_json(case.run),
        "chain": None
        if case.chain is None
        else {
            "chainId": case.chain.chain_id,
            "recordAnchor": _hex(case.chain.record_anchor),
            "settlement": _hex(case.chain.settlement),
        },
    }


def _run_json(run: RunPart) -> dict[str, Any]:
    return {
        "zone": _hex(run.zone),
        "day": run.day,
        "sequence": run.sequence,
        "pointsRoot": _hex(run.points_root),
        "pointCount": run.point_count,
        "headersRoot": _hex(run.headers_root),
        "checkpoint": run.checkpoint,
        "profileHash": _hex(run.profile_hash),
        "mode": run.mode,
        "rowsRoot": _hex(run.rows_root),
        "rows": _hexes(run.rows),
        "headers": _hexes(run.headers),
        "points": [
            {
                "position": part.position,
                "leaf": _hex(part.leaf),
                "proof": _hexes(part.proof),
                "lines": _hexes(part.lines),
            }
            for part in run.points
        ],
        "profile": run.profile,
    }


def from_json(document: Any) -> Case:
    """Return the case of a JSON document. Raises CaseFileError that names the first wrong place."""
    top = _Reader(document, "file")
    if top.text("format") != FORMAT:
        raise CaseFileError(f"file.format is not {FORMAT}")
    log = top.part("log")
    run, chain = top.optional_part("run"), top.optional_part("chain")
    return Case(
        title=top.text("title"),
        verifier_key=log.text("verifierKey"),
        note=log.text("note"),
        seq=log.optional_number("seq"),
        anchored_at=log.optional_number("anchoredAt"),
        entries=[_entry(item) for item in top.parts("entries")],
        records=[_record(item) for item in top.parts("records")],
        registers=[RegistersPart(item.number("interval"), item.data("data")) for item in top.parts("registers")],
        fills=[
            FillPart(item.number("auction"), item.number("position"), item.data("data"), item.hashes("proof"))
            for item in top.parts("fills")
        ],
        tariffs=[TariffPart(item.number("tariff"), item.byte_list("leaves")) for item in top.parts("tariffs")],
        run=None if run is None else _run(run),
        chain=None
        if chain is None
        else ChainPart(
            chain.number("chainId"),
            chain.data("recordAnchor", ADDRESS_SIZE),
            chain.data("settlement", ADDRESS_SIZE),
        ),
    )


def _record(item: "_Reader") -> RecordPart:
    """A record as text or as bytes; files from before the compact form have no `raw`."""
    raw = item.data("raw") if item.has("raw") else None
    text = item.text("text") if raw is None else None
    return RecordPart(item.number("reading"), text, item.data("publicKey"), item.number("key"), raw)


def _entry(item: "_Reader") -> EntryPart:
    name = item.text("kind")
    if name not in EntryKind.__members__:
        raise CaseFileError(f"{item.place}.kind {name!r} is no kind of log entry")
    return EntryPart(item.number("index"), EntryKind[name], item.data("data"), item.hashes("proof"))


def _run(item: "_Reader") -> RunPart:
    profile = item.value("profile")
    if profile is not None and not isinstance(profile, dict):
        raise CaseFileError(f"{item.place}.profile is neither an object nor null")
    return RunPart(
        zone=item.data("zone", WORD),
        day=item.number("day"),
        sequence=item.number("sequence"),
        points_root=item.data("pointsRoot", WORD),
        point_count=item.number("pointCount"),
        headers_root=item.data("headersRoot", WORD),
        checkpoint=item.number("checkpoint"),
        profile_hash=item.data("profileHash", WORD),
        mode=item.number("mode"),
        rows_root=item.data("rowsRoot", WORD),
        rows=item.hashes("rows"),
        headers=item.byte_list("headers"),
        points=[
            PointPart(part.number("position"), part.data("leaf"), part.hashes("proof"), part.byte_list("lines"))
            for part in item.parts("points")
        ],
        profile=profile,
    )


class _Reader:
    """Reads the members of one JSON object, and says where it stopped."""

    def __init__(self, value: Any, place: str) -> None:
        if not isinstance(value, Mapping):
            raise CaseFileError(f"{place} is not a JSON object")
        self._value = value
        self.place = place

    def value(self, name: str) -> Any:
        if name not in self._value:
            raise CaseFileError(f"{self.place}.{name} is missing")
        return self._value[name]

    def has(self, name: str) -> bool:
        return self._value.get(name) is not None

    def text(self, name: str) -> str:
        value = self.value(name)
        if not isinstance(value, str):
            raise CaseFileError(f"{self.place}.{name} is not text")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise CaseFileError(f"{self.place}.{name} is not text: it holds half of a character") from None
        return value

    def number(self, name: str) -> int:
        value = self.value(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**64:
            raise CaseFileError(f"{self.place}.{name} is not a whole number of 64 bits")
        return value

    def optional_number(self, name: str) -> int | None:
        return None if self.value(name) is None else self.number(name)

    def data(self, name: str, size: int | None = None) -> bytes:
        return _unhex(self.value(name), f"{self.place}.{name}", size)

    def byte_list(self, name: str, size: int | None = None) -> list[bytes]:
        return self._list(name, lambda value, place: _unhex(value, place, size))

    def hashes(self, name: str) -> list[bytes]:
        return self.byte_list(name, WORD)

    def part(self, name: str) -> "_Reader":
        return _Reader(self.value(name), f"{self.place}.{name}")

    def optional_part(self, name: str) -> "_Reader | None":
        return None if self.value(name) is None else self.part(name)

    def parts(self, name: str) -> "list[_Reader]":
        return self._list(name, _Reader)

    def _list(self, name: str, read: Callable[[Any, str], T]) -> list[T]:
        value, place = self.value(name), f"{self.place}.{name}"
        if not isinstance(value, list):
            raise CaseFileError(f"{place} is not a list")
        return [read(item, f"{place}[{position}]") for position, item in enumerate(value)]


def _unhex(value: Any, place: str, size: int | None) -> bytes:
    if not isinstance(value, str) or not value.startswith("0x"):
        raise CaseFileError(f"{place} is not 0x and hex digits")
    try:
        data = bytes.fromhex(value[2:])
    except ValueError:
        raise CaseFileError(f"{place} is not 0x and hex digits") from None
    if size is not None and len(data) != size:
        raise CaseFileError(f"{place} has {len(data)} bytes instead of {size}")
    return data


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _hexes(items: Sequence[bytes]) -> list[str]:
    return [_hex(item) for item in items]
