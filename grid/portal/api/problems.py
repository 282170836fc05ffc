"""Refusals of the JSON API as RFC 9457 problems. The codes are stable; /problems/<code> explains each."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Schema
from pydantic import ConfigDict, Field

from grid.metering.problems import ProblemKind

MEDIA_TYPE = "application/problem+json"

API_PROBLEMS: dict[str, ProblemKind] = {
    "not-found": ProblemKind(
        "There is nothing here for you", 404, "Check the address; what you may not read looks the same as nothing."
    ),
    "not-signed-in": ProblemKind("Nobody is signed in", 401, "Send 'Authorization: Bearer <token>', or sign in."),
    "missing-scope": ProblemKind("The token may not do this", 403, "Make a token with the scope that is named."),
    "bad-parameter": ProblemKind("A parameter is missing or malformed", 422, "Correct the fields that are named."),
    "bad-body": ProblemKind("The request's body cannot be read", 400, "Send JSON as /api/docs describes it."),
    "not-provable-yet": ProblemKind(
        "No anchored checkpoint covers it yet", 409, "Try again after the log's next checkpoint, in minutes."
    ),
    "erased": ProblemKind("The key of this data was erased", 410, "Nothing: the content is gone, its hash remains."),
    "damaged": ProblemKind(
        "What is stored does not have the hash that was published",
        500,
        "Keep what you have; the operator has to answer.",
    ),
}


class FieldProblem(Schema):
    """What is wrong with one input."""

    field: str
    detail: str


class Problem(Schema):
    """RFC 9457 problem details."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="address that explains the code, /problems/<code>")
    title: str
    status: int
    code: str
    detail: str
    remedy: str
    fields: list[FieldProblem] = []


class Refused(Exception):
    """A request that is answered by a problem."""

    def __init__(self, code: str, detail: str = "", fields: list[dict[str, str]] | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.fields = fields or []


def problem_response(refused: Refused) -> HttpResponse:
    """Return a refusal as its problem document."""
    kind = API_PROBLEMS[refused.code]
    body: dict[str, Any] = {
        "type": ProblemKind.path(refused.code),
        "title": kind.title,
        "status": kind.status,
        "code": refused.code,
        "detail": refused.detail or kind.title,
        "remedy": kind.remedy,
        "fields": refused.fields,
    }
    response = JsonResponse(body, status=kind.status, content_type=MEDIA_TYPE)
    response["Cache-Control"] = "no-store, private"
    if kind.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="commonwatt"'
    return response


def unknown(request: HttpRequest) -> HttpResponse:
    """Any address below /api/v1/ that is none."""
    return problem_response(Refused("not-found", "The API has no such address; /api/docs lists them."))
