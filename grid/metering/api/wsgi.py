"""The device API as a WSGI application of its own, in front of Django: the hot path.

Django's middleware serves people: sessions, languages, pages. What of it a device needs is here: HTTPS where the
settings ask for it (left to Django, which redirects), and the header against sniffing.
"""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from django.conf import settings

from grid.metering.api.readings import Request, answer
from grid.metering.services import limits

PATH = "/api/v1/readings"
_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

Environ = dict[str, Any]
Start = Callable[..., Any]
Application = Callable[[Environ, Start], Iterable[bytes]]


def in_front_of(django: Application) -> Application:
    """Return an application that answers devices itself and leaves everything else to Django."""
    only_https = getattr(settings, "SECURE_SSL_REDIRECT", False)

    def application(environ: Environ, start_response: Start) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != PATH or (only_https and environ.get("HTTP_X_FORWARDED_PROTO") != "https"):
            return django(environ, start_response)
        made = answer(
            Request(
                method=environ.get("REQUEST_METHOD", ""),
                address=limits.address(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", "")),
                length=environ.get("CONTENT_LENGTH") or "",
                content_type=environ.get("CONTENT_TYPE") or "",
                encoding=environ.get("HTTP_CONTENT_ENCODING") or "",
                read=environ["wsgi.input"].read,
            )
        )
        headers = [*made.headers, ("Content-Length", str(len(made.body))), ("X-Content-Type-Options", "nosniff")]
        start_response(_LINES[made.status], headers)
        return (made.body,)

    return application
