"""The description of the device endpoints: readings, a meter's claim, and its keys (docs/DEVICES.md)."""

from typing import Any

from grid.domain.ocmf import SUITE_NAMES
from grid.metering.api.readings import MAX_RECORDS
from grid.metering.problems import PROBLEMS, ProblemKind
from grid.portal.api.problems import MEDIA_TYPE

_COUNT = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string"}
_HEX = {"type": "string", "pattern": "^(0x)?([0-9a-fA-F]{2})+$"}
_REQUEST = ("bad-request", "too-large", "unavailable")
_OF_A_KEY = ("unsupported-suite", "bad-signature", "too-many-tries")


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: dict[str, Any], *, optional: tuple[str, ...] = (), closed: bool = False) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    described = {"type": "object", "properties": properties, "required": required}
    return described | {"additionalProperties": False} if closed else described


def _problems(*codes: str) -> dict[str, Any]:
    """Describe refusals by status, with the codes that have it. A code that is not known here is left out."""
    by_status: dict[int, list[str]] = {}
    for code in sorted(set(codes) & PROBLEMS.keys()):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    return {
        str(status): {
            "description": f"Problem (RFC 9457). Codes: {', '.join(named)}.",
            "content": {MEDIA_TYPE: {"schema": _ref("DeviceProblem")}},
        }
        for status, named in sorted(by_status.items())
    }


def _operation(
    name: str,
    summary: str,
    answer: str,
    problems: dict[str, Any],
    *,
    body: str | None = None,
    status: int = 200,
    **more: Any,
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": f"device_{name}",
        "tags": ["devices"],
        "summary": summary,
        "security": [],
        "responses": {
            str(status): {"description": "The answer", "content": {"application/json": {"schema": _ref(answer)}}},
            **problems,
        },
    }
    if body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(body)}}}
    return described | more


SCHEMAS: dict[str, Any] = {
    "DeviceRequest": _object({"records": {"type": "array", "items": _TEXT, "maxItems": MAX_RECORDS}}, closed=True),
    "DeviceAnswer": _object({"results": {"type": "array", "items": _ref("DeviceResult")}}),
    "DeviceResult": _object(
        {
            "status": {"type": "string", "enum": ["accepted", "duplicate", "fork", "rejected"]},
            "receipt": {"type": "object"},
            "readings": _COUNT,
            "stored": _COUNT,
            "dropped": {},
            "problem": _ref("DeviceProblem"),
        },
        optional=("receipt", "readings", "stored", "dropped", "problem"),
    ),
    "DeviceProblem": _object(
        {
            "type": {"type": "string", "enum": sorted(ProblemKind.path(code) for code in (*PROBLEMS, "not-found"))},
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": _TEXT,
            "remedy": _TEXT,
            "field": {"type": ["string", "null"]},
        },
        optional=("field",),
    ),
    "MeterClaim": _object(
        {
            "code": _TEXT,
            "serial": _TEXT,
            "suite": {"type": "string", "enum": sorted(SUITE_NAMES.values())},
            "public_key": _HEX,
            "signature": _HEX,
            "vendor": _TEXT,
            "model": _TEXT,
            "register_modulus_wh": {"type": "integer"},
        },
        optional=("vendor", "model", "register_modulus_wh"),
        closed=True,
    ),
    "MeterApplication": _object(
        {
            "id": {"type": "string", "format": "uuid"},
            "serial": _TEXT,
            "state": {"type": "string", "enum": ["pending", "approved", "refused"]},
            "reason": _TEXT,
        }
    ),
    "MeterKeyRotation": _object(
        {
            "serial": _TEXT,
            "suite": {"type": "string", "enum": sorted(SUITE_NAMES.values())},
            "public_key": _HEX,
            "from_counter": {"type": "integer"},
            "old_signature": _HEX,
            "new_signature": _HEX,
        },
        closed=True,
    ),
    "MeterKey": _object({"from_counter": _COUNT, "old_key_until": _COUNT, "log_index": {"type": ["integer", "null"]}}),
}

PATHS: dict[str, Any] = {
    "/api/v1/readings": {
        "post": _operation(
            "readings",
            "Signed readings of meters",
            "DeviceAnswer",
            _problems(*_REQUEST, "encoding", "rate-limited"),
            body="DeviceRequest",
            description="A batch of signed records in, one result for each out, in order. Repeating a request is "
            "harmless. The body may be packed with gzip.",
        )
    },
    "/api/v1/meters/claim": {
        "post": _operation(
            "claim",
            "A device asks to be taken in, with the code its owner was given",
            "MeterApplication",
            _problems(*_REQUEST, *_OF_A_KEY, "claim-unknown", "claim-malformed", "claim-serial", "meter-unbound"),
            body="MeterClaim",
            status=202,
        )
    },
    "/api/v1/meters/claim/{application_id}": {
        "get": _operation(
            "claim_state",
            "How a claim went",
            "MeterApplication",
            _problems("claim-unknown", "too-many-tries", "unavailable"),
            parameters=[
                {
                    "name": "application_id",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", "format": "uuid"},
                }
            ],
        )
    },
    "/api/v1/meters/keys": {
        "post": _operation(
            "keys",
            "A new key follows the present one",
            "MeterKey",
            _problems(*_REQUEST, *_OF_A_KEY, "unknown-meter", "key-malformed", "key-counter", "key-state"),
            body="MeterKeyRotation",
        )
    },
}
