"""The log for anyone: checkpoint, tiles, proofs, key. Mounted at /api/v1/log/.

Nothing here is secret: leaf hashes are salted. Errors are RFC 9457 problems with a stable `code`.
"""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import path
from django.views.decorators.http import require_safe

from grid.records import log_key, queries
from grid.records.errors import NotInLog

_IMMUTABLE = "public, max-age=31536000, immutable"
_BRIEF = "public, max-age=1"


class _BadParameter(ValueError):
    """A query parameter that is missing or not a number."""


def _problem(status: int, code: str, title: str, detail: str) -> JsonResponse:
    body = {"type": f"urn:commonwatt:problem:{code}", "title": title, "status": status, "code": code, "detail": detail}
    return JsonResponse(body, status=status, content_type="application/problem+json")


def _public(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A safe method, open to other origins, refusals as problems."""

    @require_safe
    @wraps(view)
    def answered(request: HttpRequest, **values: int) -> HttpResponseBase:
        try:
            answer = view(request, **values)
        except NotInLog as error:
            answer = _problem(404, "not_in_log", "Beyond the end of the log", str(error))
        except _BadParameter as error:
            answer = _problem(400, "bad_parameter", "Parameter missing or malformed", str(error))
        answer["Access-Control-Allow-Origin"] = "*"
        return answer

    return answered


def _number(request: HttpRequest, name: str, default: int | None = None) -> int:
    text = request.GET.get(name, "")
    if not text and default is not None:
        return default
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise _BadParameter(f"{name} must be a number from 0 to 10^18, for example ?{name}=0")
    return int(text)


def _signed_size() -> int:
    latest = queries.latest_signed()
    return latest.size if latest else 0


@_public
def checkpoint(request: HttpRequest) -> HttpResponseBase:
    """The newest signed checkpoint, a C2SP note."""
    latest = queries.latest_signed()
    if latest is None:
        return _problem(404, "no_checkpoint", "No checkpoint yet", "The log is empty; try again in a minute.")
    return HttpResponse(latest.note, content_type="text/plain; charset=utf-8", headers={"Cache-Control": _BRIEF})


@_public
def anchored_checkpoint(request: HttpRequest) -> HttpResponseBase:
    """The newest checkpoint that stands on chain, and where."""
    latest = queries.latest_anchored()
    if latest is None or latest.anchored_at is None or latest.chain_tx is None:
        return _problem(404, "no_checkpoint", "Nothing anchored yet", "Try again in a minute.")
    body = {
        "seq": latest.seq,
        "size": latest.size,
        "root": bytes(latest.root).hex(),
        "note": latest.note,
        "anchored_at": int(latest.anchored_at.timestamp()),
        "transaction": latest.chain_tx.tx_hash,
    }
    return JsonResponse(body, headers={"Cache-Control": _BRIEF})


@_public
def tile(request: HttpRequest, *, level: int, index: int, width: int = 256) -> HttpResponseBase:
    """The hashes of a tile, 32 bytes each; a partial one by its width, as in C2SP tlog-tiles."""
    if not 1 <= width <= 256:
        raise _BadParameter("width must be from 1 to 256")
    return HttpResponse(
        queries.tile(level, index, width),
        content_type="application/octet-stream",
        headers={"Cache-Control": _IMMUTABLE},
    )


@_public
def inclusion(request: HttpRequest) -> HttpResponseBase:
    """The audit path of entry `index` in the tree of `size` (default: the newest checkpoint's)."""
    index = _number(request, "index")
    size = _number(request, "size", _signed_size())
    found = queries.inclusion(index, size)
    body = {
        "index": index,
        "size": size,
        "root": found.root.hex(),
        "leaf_hash": found.leaf_hash.hex(),
        "proof": [item.hex() for item in found.path],
    }
    return JsonResponse(body, headers={"Cache-Control": _IMMUTABLE if "size" in request.GET else _BRIEF})


@_public
def consistency(request: HttpRequest) -> HttpResponseBase:
    """The proof that the tree of `new` (default: the newest checkpoint's) extends the tree of `old`."""
    old = _number(request, "old")
    new = _number(request, "new", _signed_size())
    proof = queries.consistency_proof(old, new)
    body = {
        "old": old,
        "new": new,
        "old_root": queries.root_of(old).hex(),
        "new_root": queries.root_of(new).hex(),
        "proof": [item.hex() for item in proof],
    }
    return JsonResponse(body, headers={"Cache-Control": _IMMUTABLE if "new" in request.GET else _BRIEF})


@_public
def key(request: HttpRequest) -> HttpResponseBase:
    """The key that signs checkpoints and receipts."""
    signer = log_key.signer()
    body = {"origin": signer.origin, "public_key": signer.public_key.hex(), "verifier_key": signer.verifier_key}
    return JsonResponse(body, headers={"Cache-Control": "public, max-age=3600"})


urlpatterns = [
    path("checkpoint", checkpoint, name="log-checkpoint"),
    path("checkpoint/anchored", anchored_checkpoint, name="log-checkpoint-anchored"),
    path("tile/<int:level>/<int:index>", tile, name="log-tile"),
    path("tile/<int:level>/<int:index>.p/<int:width>", tile, name="log-tile-partial"),
    path("proof/inclusion", inclusion, name="log-inclusion"),
    path("proof/consistency", consistency, name="log-consistency"),
    path("key", key, name="log-key"),
]
