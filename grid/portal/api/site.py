"""The API as a whole: its routes, its refusals, and one OpenAPI 3.1 description of everything below /api/v1/.

The device endpoint and the log are plain views, because they are hot or older than the rest: `plain_paths`
describes them by hand, and a test holds the description against the views.
"""

from typing import Any

import structlog
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, AuthorizationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from grid.disputes.evidence import NotProvableYet
from grid.portal.api import accounts, plain_paths, points
from grid.portal.api.auth import Session, Token
from grid.portal.api.problems import MEDIA_TYPE, Refused, problem_response
from grid.records.errors import Erased, LogDamaged, NotInLog

log = structlog.get_logger()

DESCRIPTION = (
    "Readings, statements, proofs and consents of Commonwatt. Sign in with a personal token "
    "(Authorization: Bearer cwt_...), made on the page 'Access'. Errors are RFC 9457 problems with a stable code. "
    "Energy is Wh, prices are micro-currency per kWh, money has six decimals, slots are quarter hours of UTC."
)


class Api(NinjaAPI):
    """The API whose description also names the plain views."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """Return the whole description."""
        document = super().get_openapi_schema(**options)
        for methods in document["paths"].values():
            for operation in methods.values():
                _describe_problems(operation)
                _leave_out_null(operation)
        plain_paths.add_to(document)
        return document


def _describe_problems(operation: dict[str, Any]) -> None:
    """Problems have a media type of their own."""
    for status, response in operation["responses"].items():
        content = response.get("content", {})
        if int(status) >= 400 and "application/json" in content:
            response["content"] = {MEDIA_TYPE: content["application/json"]}
            response["description"] = "Problem (RFC 9457)"


def _leave_out_null(operation: dict[str, Any]) -> None:
    """A query has no null: what may be left out is left out."""
    for parameter in operation.get("parameters", []):
        kinds = parameter["schema"].get("anyOf", [])
        said = [kind for kind in kinds if kind != {"type": "null"}]
        if len(said) == 1:
            others = {key: value for key, value in parameter["schema"].items() if key != "anyOf"}
            parameter["schema"] = {**said[0], **others}


api = Api(
    title="Commonwatt",
    version="1",
    description=DESCRIPTION,
    auth=[Token(), Session()],
    urls_namespace="api",
    docs_url=None,
    openapi_url=None,
    openapi_extra={"jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base"},
)
api.add_router("", points.router)
api.add_router("", accounts.router)


@api.exception_handler(Refused)
def _refused(request: HttpRequest, error: Refused) -> HttpResponse:
    return problem_response(error)


@api.exception_handler(AuthenticationError)
def _not_signed_in(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return problem_response(Refused("not-signed-in", "No token or session, or one that has ended."))


@api.exception_handler(AuthorizationError)
def _not_allowed(request: HttpRequest, error: AuthorizationError) -> HttpResponse:
    return problem_response(Refused("missing-scope"))


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = [
        {"field": ".".join(str(part) for part in each["loc"][1:]) or "body", "detail": str(each["msg"])}
        for each in error.errors
    ]
    detail = "; ".join(f"{each['field']}: {each['detail']}" for each in fields)[:500]
    return problem_response(Refused("bad-parameter", detail, fields))


@api.exception_handler(NotProvableYet)
def _not_provable(request: HttpRequest, error: NotProvableYet) -> HttpResponse:
    return problem_response(Refused("not-provable-yet", str(error)))


@api.exception_handler(Erased)
def _erased(request: HttpRequest, error: Erased) -> HttpResponse:
    return problem_response(Refused("erased", str(error)))


@api.exception_handler(LogDamaged)
@api.exception_handler(NotInLog)
def _damaged(request: HttpRequest, error: Exception) -> HttpResponse:
    """Our own records contradict each other: said openly, and as loudly as an error of ours can be."""
    log.error("log damaged", path=request.path, detail=str(error))
    return problem_response(Refused("damaged", str(error)))


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What ninja itself refuses: a body that is no JSON."""
    return problem_response(Refused("bad-body", str(error)[:500]))


@api.exception_handler(BadRequest)
def _bad_request(request: HttpRequest, error: BadRequest) -> HttpResponse:
    return problem_response(Refused("bad-body", str(error)[:500]))


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem_response(Refused("not-found"))
