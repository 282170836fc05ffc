"""The description of the views that django-ninja does not serve: readings of devices, and the public log."""

from typing import Any

from grid.portal.api import device_paths
from grid.portal.api.problems import MEDIA_TYPE

_HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_COUNT = {"type": "integer", "minimum": 0}
_QUERY_SIZE = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}


def add_to(document: dict[str, Any]) -> None:
    """Add paths and schemas of the plain views to an OpenAPI document."""
    document["paths"].update(PATHS)
    document["components"].setdefault("schemas", {}).update(_SCHEMAS)


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _problem() -> dict[str, Any]:
    return {"description": "Problem (RFC 9457)", "content": {MEDIA_TYPE: {"schema": _ref("LogProblem")}}}


def _json(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _query(name: str, description: str, *, required: bool) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "schema": _QUERY_SIZE,
    }


def _log(name: str, summary: str, answer: dict[str, Any], *refusals: int, **more: Any) -> dict[str, Any]:
    responses: dict[str, Any] = {"200": answer}
    responses |= {str(status): _problem() for status in refusals}
    return {
        "get": {
            "operationId": f"log_{name}",
            "tags": ["log"],
            "summary": summary,
            "security": [],
            "responses": responses,
        }
        | more
    }


def _tile_number(name: str, most: int, least: int = 0) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": least, "maximum": most}
    return {"name": name, "in": "path", "required": True, "schema": schema}


_TILE = {
    "description": "Hashes, 32 bytes each",
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}

_SCHEMAS: dict[str, Any] = {
    **device_paths.SCHEMAS,
    "LogProblem": _object(
        {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"type": "string", "enum": ["not_in_log", "bad_parameter", "no_checkpoint", "not-found"]},
            "detail": {"type": "string"},
        }
    ),
    "AnchoredCheckpoint": _object(
        {
            "seq": _COUNT,
            "size": _COUNT,
            "root": _HASH,
            "note": {"type": "string"},
            "anchored_at": _COUNT,
            "transaction": {"type": ["string", "null"]},
        }
    ),
    "InclusionProof": _object(
        {
            "index": _COUNT,
            "size": _COUNT,
            "root": _HASH,
            "leaf_hash": _HASH,
            "proof": {"type": "array", "items": _HASH},
        }
    ),
    "ConsistencyProof": _object(
        {
            "old": _COUNT,
            "new": _COUNT,
            "old_root": _HASH,
            "new_root": _HASH,
            "proof": {"type": "array", "items": _HASH},
        }
    ),
    "LogKey": _object({"origin": {"type": "string"}, "public_key": _HASH, "verifier_key": {"type": "string"}}),
}

PATHS: dict[str, Any] = {
    **device_paths.PATHS,
    "/api/v1/log/checkpoint": _log(
        "checkpoint",
        "Newest signed checkpoint (C2SP note)",
        {"description": "A signed note", "content": {"text/plain": {"schema": {"type": "string"}}}},
        404,
    ),
    "/api/v1/log/checkpoint/anchored": _log(
        "checkpoint_anchored",
        "Newest checkpoint that stands on chain",
        _json(_ref("AnchoredCheckpoint"), "The checkpoint and its transaction"),
        404,
    ),
    "/api/v1/log/tile/{level}/{index}": _log(
        "tile",
        "A whole tile of 256 hashes",
        _TILE,
        400,
        404,
        parameters=[_tile_number("level", 7), _tile_number("index", 2**50)],
    ),
    "/api/v1/log/tile/{level}/{index}.p/{width}": _log(
        "tile_partial",
        "The first hashes of a tile",
        _TILE,
        400,
        404,
        parameters=[_tile_number("level", 7), _tile_number("index", 2**50), _tile_number("width", 256, 1)],
    ),
    "/api/v1/log/proof/inclusion": _log(
        "inclusion",
        "Audit path of an entry",
        _json(_ref("InclusionProof"), "The path, lowest sibling first"),
        400,
        404,
        parameters=[
            _query("index", "log index of the entry", required=True),
            _query("size", "size of the tree; the newest checkpoint's if left out", required=False),
        ],
    ),
    "/api/v1/log/proof/consistency": _log(
        "consistency",
        "Proof that one tree extends another",
        _json(_ref("ConsistencyProof"), "The proof (RFC 6962)"),
        400,
        404,
        parameters=[
            _query("old", "size of the older tree", required=True),
            _query("new", "size of the newer tree; the newest checkpoint's if left out", required=False),
        ],
    ),
    "/api/v1/log/key": _log("key", "Key that signs checkpoints and receipts", _json(_ref("LogKey"), "The key")),
}
