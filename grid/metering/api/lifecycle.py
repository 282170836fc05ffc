"""What a device asks for itself: to be claimed, how that went, and a new key. JSON in, JSON out; problems by RFC 9457.

`POST /api/v1/meters/claim`          {"code", "serial", "suite", "public_key", "signature", ...}  -> 202, application
`GET  /api/v1/meters/claim/<id>`     -> state: pending, approved, refused (with the reason)
`POST /api/v1/meters/keys`           {"serial", "suite", "public_key", "from_counter", "old_signature", ...}

`suite` is OCMF's name; keys and signatures are hex. There is no session: a signature by the key is what counts.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from grid import clock
from grid.domain.entries import Suite
from grid.domain.ocmf import SUITE_NAMES
from grid.domain.refusals import Refused
from grid.metering.api.throttle import seconds_to_wait
from grid.metering.models import Application
from grid.metering.problems import PROBLEMS
from grid.metering.services import claims, key_changes

MAX_BODY_BYTES = 16 * 1024
TRIES = 20
WINDOW_SECONDS = 600
_SUITES = {name: suite for suite, name in SUITE_NAMES.items()}
_CODES = {
    "claim_unknown": "claim-unknown",
    "claim_signature": "bad-signature",
    "claim_malformed": "claim-malformed",
    "claim_serial": "claim-serial",
    "key_unknown_meter": "unknown-meter",
    "key_signature": "bad-signature",
    "key_malformed": "key-malformed",
    "key_counter": "key-counter",
    "key_state": "key-state",
    "no_zone": "meter-unbound",
}


class ClaimBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a claim."""

    code: str
    serial: str
    suite: str
    public_key: str
    signature: str
    vendor: str = ""
    model: str = ""
    register_modulus_wh: int = 10**9


class KeyBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a key rotation."""

    serial: str
    suite: str
    public_key: str
    from_counter: int
    old_signature: str
    new_signature: str


class _Problem(Exception):
    def __init__(self, code: str, detail: str, *, retry_after: int = 0) -> None:
        super().__init__(detail)
        self.code, self.detail, self.retry_after = code, detail, retry_after


_decode_claim = msgspec.json.Decoder(ClaimBody).decode
_decode_key = msgspec.json.Decoder(KeyBody).decode
_encode = msgspec.json.Encoder().encode


def _answered(work: Callable[[], tuple[int, dict[str, Any]]]) -> HttpResponse:
    try:
        status, document = work()
    except _Problem as problem:
        return _problem(problem)
    except Refused as refused:
        return _problem(_Problem(_CODES[refused.code], str(refused)))
    except OperationalError:
        return _problem(_Problem("unavailable", "The database did not answer.", retry_after=2))
    response = HttpResponse(_encode(document), content_type="application/json", status=status)
    response["Cache-Control"] = "no-store"
    return response


@csrf_exempt  # A device has no session: its signature is what counts.
def claim(request: HttpRequest) -> HttpResponse:
    """Take in a device's claim."""

    def work() -> tuple[int, dict[str, Any]]:
        _method(request, "POST")
        _throttle(request, "claim")
        body: ClaimBody = _body(request, _decode_claim)
        asked = claims.Claim(
            code=body.code,
            serial=body.serial,
            suite=_suite(body.suite),
            public_key=_hex(body.public_key, "public_key"),
            signature=_hex(body.signature, "signature"),
            vendor=body.vendor,
            model=body.model,
            register_modulus_wh=body.register_modulus_wh,
        )
        return 202, _application(claims.claim(asked=asked, now=clock.now()))

    return _answered(work)


def claim_state(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Say how a claim went. The id is known to the device alone, and tells nothing but this."""

    def work() -> tuple[int, dict[str, Any]]:
        _method(request, "GET")
        _throttle(request, "claim-state")
        found = Application.objects.filter(pk=application_id, claim__isnull=False).first()
        if found is None:
            raise _Problem("claim-unknown", "There is no such claim.")
        return 200, _application(found)

    return _answered(work)


@csrf_exempt  # A device has no session: its signature is what counts.
def keys(request: HttpRequest) -> HttpResponse:
    """Let a new key follow the present one."""

    def work() -> tuple[int, dict[str, Any]]:
        _method(request, "POST")
        _throttle(request, "keys")
        body: KeyBody = _body(request, _decode_key)
        made = key_changes.rotate(
            serial=body.serial,
            suite=_suite(body.suite),
            public_key=_hex(body.public_key, "public_key"),
            from_counter=body.from_counter,
            old_signature=_hex(body.old_signature, "old_signature"),
            new_signature=_hex(body.new_signature, "new_signature"),
            now=clock.now(),
        )
        until = made.from_counter + key_changes.OVERLAP_RECORDS
        return 200, {"from_counter": made.from_counter, "old_key_until": until, "log_index": made.log_index}

    return _answered(work)


def _application(row: Application) -> dict[str, Any]:
    return {"id": str(row.pk), "serial": row.serial, "state": row.state, "reason": row.reason}


def _method(request: HttpRequest, method: str) -> None:
    if request.method != method:
        raise _Problem("method-get" if method == "GET" else "method", f"{request.method} is not served here.")


def _throttle(request: HttpRequest, what: str) -> None:
    wait = seconds_to_wait(
        what=what,
        address=request.META.get("REMOTE_ADDR", ""),
        limit=TRIES,
        window_seconds=WINDOW_SECONDS,
        now=clock.now(),
    )
    if wait:
        raise _Problem("too-many-tries", f"More than {TRIES} tries in {WINDOW_SECONDS} seconds.", retry_after=wait)


def _body(request: HttpRequest, decode: Callable[[bytes], Any]) -> Any:
    body = request.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise _Problem("too-large", f"The body is longer than {MAX_BODY_BYTES} bytes.")
    try:
        found = decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _Problem("bad-request", f"The body is not as expected: {error}") from None
    numbers = (getattr(found, name, 0) for name in ("register_modulus_wh", "from_counter"))
    texts = (value for value in msgspec.structs.asdict(found).values() if isinstance(value, str))
    if any(not -(2**63) <= number < 2**63 for number in numbers) or any("\x00" in text for text in texts):
        raise _Problem("bad-request", "A number is beyond 64 bits, or a text holds a zero byte.")
    return found


def _suite(name: str) -> Suite:
    found = _SUITES.get(name)
    if found is None:
        raise _Problem("unsupported-suite", f"suite: one of {', '.join(sorted(_SUITES))}.")
    return found


def _hex(text: str, field: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise _Problem("bad-request", f"{field} is not hexadecimal.") from None


def _problem(problem: _Problem) -> HttpResponse:
    kind = PROBLEMS[problem.code]
    body = kind.document(problem.code, problem.detail)
    response = HttpResponse(_encode(body), content_type="application/problem+json", status=kind.status)
    if kind.status == 405:
        response["Allow"] = "GET" if problem.code == "method-get" else "POST"
    if problem.retry_after:
        response["Retry-After"] = str(problem.retry_after)
    return response
