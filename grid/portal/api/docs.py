"""/api/docs: the OpenAPI description as a page of our own, without scripts, and as JSON for programs."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from grid.portal.api.site import api

METHODS = ("get", "post", "put", "delete", "patch")


@dataclass(frozen=True)
class Parameter:
    """One input of an operation."""

    name: str
    place: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True)
class Operation:
    """One address and method, as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    open: bool
    parameters: list[Parameter]
    responses: list[tuple[str, str, str]]


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI 3.1 document."""
    body = json.dumps(document(), indent=1)
    return HttpResponse(body, content_type="application/json", headers={"Access-Control-Allow-Origin": "*"})


@require_safe
def description(request: HttpRequest) -> HttpResponse:
    """The page."""
    found = document()
    context = {
        "section": "access",
        "info": found["info"],
        "version": found["openapi"],
        "groups": _groups(found),
        "schemas": [
            (name, json.dumps(schema, indent=2)) for name, schema in sorted(found["components"]["schemas"].items())
        ],
    }
    return render(request, "portal/api_docs.html", context)


@cache
def document() -> dict[str, Any]:
    """The description, made once."""
    made: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/")))
    return made


def _groups(found: dict[str, Any]) -> list[tuple[str, list[Operation]]]:
    groups: dict[str, list[Operation]] = {}
    for path, methods in found["paths"].items():
        for method in METHODS:
            if method in methods:
                operation = methods[method]
                groups.setdefault(operation["tags"][0], []).append(_operation(path, method, operation))
    return list(groups.items())


def _operation(path: str, method: str, operation: dict[str, Any]) -> Operation:
    parameters = [
        Parameter(
            each["name"],
            each["in"],
            _kind(each.get("schema", {})),
            each.get("required", False),
            each.get("description", "") or each.get("schema", {}).get("description", ""),
        )
        for each in operation.get("parameters", [])
    ]
    body = operation.get("requestBody", {}).get("content", {})
    parameters += [
        Parameter("body", media, _kind(content.get("schema", {})), True, "") for media, content in body.items()
    ]
    responses = [
        (status, ", ".join(answer.get("content", {})) or "-", answer.get("description", ""))
        for status, answer in sorted(operation["responses"].items())
    ]
    return Operation(
        operation["operationId"],
        method.upper(),
        path,
        operation.get("summary", ""),
        operation.get("description", ""),
        operation.get("security") == [],
        parameters,
        responses,
    )


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    kind = schema.get("format") or schema.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
