"""`POST /api/v1/readings`: signed records in, one result for each out.

Body: {"records": ["OCMF|<payload>|<signature>", ...]}, JSON, plain or gzip, compact records in it as base64; or one
record of either form as application/octet-stream. Answer 200: {"results": [...]} in the same order; each has
"status" (accepted, duplicate, fork, rejected) and then "receipt", "readings", "stored", "dropped", or "problem"
(RFC 9457). A request that cannot be read at all is answered by one problem.

`Answer` knows neither Django nor WSGI: `grid.metering.api.wsgi` serves it without Django's middleware, which for a
device would do nothing but cost; the view here serves it wherever Django does.
"""

import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from typing import NamedTuple

import msgspec
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from grid import clock
from grid.metering.api.results import result_document
from grid.metering.problems import PROBLEMS
from grid.metering.services import ingest_shared, limits

MAX_RECORDS = 96
MAX_BODY_BYTES = 4 * 1024 * 1024
RETRY_AFTER_SECONDS = 2
BINARY = "application/octet-stream"
_GZIP = 16 + zlib.MAX_WBITS
_NATIVE_BASE64 = "Q1dS"
"""What the compact form's magic reads in base64."""


class Readings(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request."""

    records: list[str]


class Answer(NamedTuple):
    """What to send back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Request(NamedTuple):
    """What is asked: `read(n)` returns at most n bytes of the body."""

    method: str
    address: str
    length: str
    content_type: str
    encoding: str
    read: Callable[[int], bytes]


class _Refused(Exception):
    """The request as a whole cannot be taken."""

    def __init__(self, code: str, detail: str, *, retry_after: int = RETRY_AFTER_SECONDS) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


_decode = msgspec.json.Decoder(Readings).decode
_encode = msgspec.json.Encoder().encode


def answer(request: Request) -> Answer:
    """Take in a batch of signed records."""
    try:
        if request.method != "POST":
            raise _Refused("method", f"{request.method} is not served here")
        records = _records(request)
        wait = limits.addresses.take(request.address, len(records) or 1)
        if wait:
            raise _Refused("rate-limited", "This address sends more records than it may.", retry_after=wait)
        results = ingest_shared(records=records, now=clock.now())
    except _Refused as refused:
        return _problem(refused)
    except (OperationalError, InterfaceError):
        # Nothing of the request was kept: sent again, it is as good as new.
        return _problem(_Refused("unavailable", "The database did not take the readings."))
    headers = [("Content-Type", "application/json")]
    if any(result.refusal is not None and result.refusal.code == "rate-limited" for result in results):
        headers.append(("Retry-After", str(limits.meters.seconds_left())))
    return Answer(200, headers, _encode({"results": [result_document(result) for result in results]}))


def _records(request: Request) -> list[str | bytes]:
    body = _body(request)
    if request.content_type.partition(";")[0].strip().lower() == BINARY:
        return [body]
    try:
        records = _decode(body).records
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _Refused("bad-request", f"The body is not as expected: {error}") from None
    if len(records) > MAX_RECORDS:
        raise _Refused("too-large", f"{len(records)} records are more than {MAX_RECORDS}.")
    return [_unpacked(record) if record.startswith(_NATIVE_BASE64) else record for record in records]


def _unpacked(record: str) -> str | bytes:
    """Return a compact record's bytes; what only looks like one stays what it is, and is refused as that."""
    try:
        return b64decode(record, validate=True)
    except (Base64Error, ValueError):
        return record


def _body(request: Request) -> bytes:
    """Return the body, unpacked. Neither form may exceed the limit, whatever a header says."""
    announced = request.length or "0"
    if not (announced.isascii() and announced.isdigit()) or int(announced) > MAX_BODY_BYTES:
        raise _Refused("too-large", f"The body is longer than {MAX_BODY_BYTES} bytes.")
    body = request.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise _Refused("too-large", f"The body is longer than {MAX_BODY_BYTES} bytes.")
    encoding = request.encoding.strip().lower() or "identity"
    if encoding == "identity":
        return body
    if encoding != "gzip":
        raise _Refused("encoding", f"Content-Encoding {encoding[:40]!r} is not known here.")
    unpacker = zlib.decompressobj(_GZIP)
    try:
        unpacked = unpacker.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise _Refused("bad-request", f"The body is not gzip: {error}.") from None
    if len(unpacked) > MAX_BODY_BYTES:
        raise _Refused("too-large", f"The body is longer than {MAX_BODY_BYTES} bytes when unpacked.")
    if not unpacker.eof or unpacker.unused_data:
        raise _Refused("bad-request", "The gzip body is cut off, or something follows it.")
    return unpacked


def _problem(refused: _Refused) -> Answer:
    kind = PROBLEMS[refused.code]
    body = kind.document(refused.code, refused.detail)
    headers = [("Content-Type", "application/problem+json")]
    if kind.status == 405:
        headers.append(("Allow", "POST"))
    if kind.status in (429, 503):
        headers.append(("Retry-After", str(refused.retry_after)))
    return Answer(kind.status, headers, _encode(body))


@csrf_exempt  # A device has no session: its signature in each record is what counts.
def readings(request: HttpRequest) -> HttpResponse:
    """Serve `answer` under Django."""
    meta = request.META
    # Read from the stream: Django's own limit on bodies is meant for forms.
    made = answer(
        Request(
            method=request.method or "",
            address=limits.address(meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR", "")),
            length=meta.get("CONTENT_LENGTH") or "",
            content_type=meta.get("CONTENT_TYPE") or "",
            encoding=meta.get("HTTP_CONTENT_ENCODING") or "",
            read=request.read,
        )
    )
    response = HttpResponse(made.body, status=made.status)
    for name, value in made.headers:
        response[name] = value
    return response
