"""How a watcher speaks: one JSON line for each event on the standard output, and hooks for alerts."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any

HOOK_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Voice:
    """Writes lines; alerts also go to a web address or to a command's standard input, when they are given."""

    write: Callable[[str], None]
    now: Callable[[], float]
    webhook: str | None = None
    command: Sequence[str] = ()

    def say(self, kind: str, text: str, **more: Any) -> None:
        """Write what happened."""
        self.write(json.dumps(self._line("info", kind, text, more)))

    def warn(self, kind: str, text: str, **more: Any) -> None:
        """Write what could not be done, and is tried again."""
        self.write(json.dumps(self._line("warning", kind, text, more)))

    def alert(self, kind: str, text: str, **more: Any) -> None:
        """Write what does not hold, and call the hooks. A hook that fails is said and stops nothing."""
        line = self._line("alert", kind, text, more)
        self.write(json.dumps(line))
        body = json.dumps(line).encode()
        if self.webhook is not None:
            try:
                request = urllib.request.Request(self.webhook, body, {"Content-Type": "application/json"})
                with urllib.request.urlopen(request, timeout=HOOK_SECONDS):
                    pass
            except (urllib.error.URLError, OSError, HTTPException, ValueError) as error:
                self.warn("hook", f"the webhook did not take the alert: {error}")
        if self.command:
            try:
                done = subprocess.run(self.command, input=body, timeout=HOOK_SECONDS, check=False, capture_output=True)
                if done.returncode:
                    self.warn(
                        "hook",
                        f"the command ended with {done.returncode}: {done.stderr[-300:].decode(errors='replace')}",
                    )
            except (OSError, subprocess.TimeoutExpired) as error:
                self.warn("hook", f"the command did not take the alert: {error}")

    def _line(self, level: str, kind: str, text: str, more: dict[str, Any]) -> dict[str, Any]:
        at = datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"time": at, "level": level, "kind": kind, "text": text, **more}
