"""`POST /api/v1/readings`: a batch of OCMF records in, one result for each out.

Body: {"records": ["OCMF|<payload>|<signature>", ...]}, at most 96 records and 4 MiB, JSON, plain or gzip.
Answer 200: {"results": [...]} in the same order; each has "status" (accepted, duplicate, fork, rejected)
and then "receipt", "readings", "stored", "dropped", or "problem" (RFC 9457). A request that cannot be read
at all is answered by one problem.
"""

import zlib

import msgspec
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from grid import clock
from grid.metering.api.results import result_document
from grid.metering.problems import PROBLEMS, ProblemKind
from grid.metering.services import ingest_shared

MAX_RECORDS = 96
MAX_BODY_BYTES = 4 * 1024 * 1024
RETRY_AFTER_SECONDS = 2
_GZIP = 16 + zlib.MAX_WBITS


class Readings(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request."""

    records: list[str]


class _Refused(Exception):
    """The request as a whole cannot be taken."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


_decode = msgspec.json.Decoder(Readings).decode
_encode = msgspec.json.Encoder().encode


@csrf_exempt  # A device has no session: its signature in each record is what counts.
def readings(request: HttpRequest) -> HttpResponse:
    """Take in a batch of signed records."""
    try:
        if request.method != "POST":
            raise _Refused("method", f"{request.method} is not served here")
        records = _records(request)
        results = ingest_shared(records=records, now=clock.now())
    except _Refused as refused:
        return _problem(refused)
    except OperationalError:
        # Nothing of the request was kept: sent again, it is as good as new.
        return _problem(_Refused("unavailable", "The database did not take the readings."))
    return HttpResponse(
        _encode({"results": [result_document(result) for result in results]}), content_type="application/json"
    )


def _records(request: HttpRequest) -> list[str]:
    try:
        records = _decode(_body(request)).records
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _Refused("bad-request", f"The body is not as expected: {error}") from None
    if len(records) > MAX_RECORDS:
        raise _Refused("too-large", f"{len(records)} records are more than {MAX_RECORDS}.")
    return records


def _body(request: HttpRequest) -> bytes:
    """Return the body, unpacked. Neither form may exceed the limit, whatever a header says."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not announced.isdigit() or int(announced) > MAX_BODY_BYTES:
        raise _Refused("too-large", f"The body is longer than {MAX_BODY_BYTES} bytes.")
    # Read from the stream: Django's own limit on bodies is meant for forms.
    body = request.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise _Refused("too-large", f"The body is longer than {MAX_BODY_BYTES} bytes.")
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
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


def _problem(refused: _Refused) -> HttpResponse:
    kind = PROBLEMS[refused.code]
    body = {
        "type": ProblemKind.path(refused.code),
        "title": kind.title,
        "status": kind.status,
        "detail": refused.detail,
        "remedy": kind.remedy,
    }
    response = HttpResponse(_encode(body), content_type="application/problem+json", status=kind.status)
    if kind.status == 405:
        response["Allow"] = "POST"
    if kind.status == 503:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
