"""The platform's API as a watcher uses it: JSON over HTTP with a token, sent nowhere else."""

import json
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT_SECONDS = 30
MAX_ANSWER_BYTES = 64 * 1024 * 1024
_LOCAL = ("localhost", "127.0.0.1", "::1")


class PlatformError(Exception):
    """The platform did not answer, or refused; `status` is None when it did not answer at all."""

    def __init__(self, message: str, status: int | None = None, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to an address that nobody named."""

    def redirect_request(self, *arguments: Any, **options: Any) -> None:
        return None


class Platform:
    """One platform. Raises ValueError for an address that would send the token in the clear."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is not an http or https address")
        if parts.scheme == "http" and parts.hostname not in _LOCAL:
            raise ValueError(f"{url} would send the token unencrypted: use https")
        self._url = url.rstrip("/")
        self._token = token
        self._opener = urllib.request.build_opener(_NoRedirect)

    def get(self, path: str, **query: Any) -> Any:
        """Return the JSON at a path below /api/v1/. Raises PlatformError."""
        suffix = f"?{urlencode(query)}" if query else ""
        return self._json(self._ask(f"/api/v1/{path}{suffix}"), path)

    def text(self, path: str) -> str:
        """Return the text at a path below /api/v1/. Raises PlatformError."""
        try:
            return self._ask(f"/api/v1/{path}").decode()
        except UnicodeDecodeError:
            raise PlatformError(f"{path}: the answer is no text", 200) from None

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Post JSON and return the answer. Raises PlatformError."""
        return self._json(self._ask(f"/api/v1/{path}", json.dumps(body).encode()), path)

    def _json(self, body: bytes, path: str) -> Any:
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise PlatformError(f"{path}: the answer is no JSON", 200) from None

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self._url + path, body, headers)
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                found: bytes = answer.read(MAX_ANSWER_BYTES + 1)
        except urllib.error.HTTPError as error:
            raise _refusal(path, error) from None
        except (OSError, HTTPException, ValueError) as error:
            raise PlatformError(f"{self._url} did not answer: {error}") from None
        if len(found) > MAX_ANSWER_BYTES:
            raise PlatformError(f"{path}: the answer is longer than {MAX_ANSWER_BYTES} bytes", 200)
        return found


def _refusal(path: str, error: urllib.error.HTTPError) -> PlatformError:
    code = detail = ""
    try:
        problem = json.loads(error.read(100_000))
        if isinstance(problem, dict):
            code, detail = str(problem.get("code", "")), str(problem.get("detail", ""))[:300]
    except (OSError, HTTPException, ValueError, RecursionError):
        pass
    shown = f"{path}: {error.code} {code or error.reason}" + (f" ({detail})" if detail else "")
    return PlatformError(shown, error.code, code)
