"""A real Chromium, a live server, and people who are signed in."""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, sync_playwright
from pytest_django.live_server_helper import LiveServer

from grid.accounts.models import User
from grid.config import browser as chromium
from tests.grid.pages import at_noon, escrow, fresh_memory, neighbours, silent_chain

__all__ = ["at_noon", "escrow", "fresh_memory", "neighbours", "silent_chain"]

ROOT = Path(__file__).parents[2]
ARTIFACTS = ROOT / "test-artifacts"
DESKTOP, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

WATCH_POLICY = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error("CSP " + event.effectiveDirective + " " + event.blockedURI + " " + event.sample);
});
"""


@pytest.fixture(scope="session")
def bundle() -> None:
    """The script and style of the pages, built as `./watt` builds them."""
    subprocess.run(["npm", "run", "--silent", "build"], cwd=ROOT, check=True, timeout=60)
    assert finders.find("build/app.js")


@pytest.fixture(scope="package")
def browser(bundle: None) -> Iterator[Browser]:
    """One Chromium for the tests of this folder, and no longer: its event loop runs in the thread of the tests."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        started = playwright.chromium.launch(
            executable_path=chromium.get(), args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        yield started
        started.close()


@dataclass
class Visitor:
    """A person at a browser; `faults` collects console errors, script errors and policy violations."""

    server: str
    context: BrowserContext
    page: Page
    faults: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open a page of ours."""
        self.page.goto(f"{self.server}{path}")
        return self.page

    def _hear(self, message: ConsoleMessage) -> None:
        # Pages are served without the stream's process here: they say so once and fall back to asking.
        if message.type == "error" and "/live" not in message.location.get("url", ""):
            self.faults.append(f"{self.page.url}: {message.text}")

    def watch(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Visitor]]:
    """Open a browser for a person, or for nobody; options are Playwright's context options."""
    contexts: list[BrowserContext] = []

    def open_for(person: User | None = None, **options: Any) -> Visitor:
        context = browser.new_context(**({"viewport": DESKTOP, "locale": "en-GB"} | options))
        contexts.append(context)
        context.add_init_script(WATCH_POLICY)
        if person is not None:
            client = Client()
            client.force_login(person)
            value = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
        visitor = Visitor(live_server.url, context, context.new_page())
        visitor.watch()
        return visitor

    yield open_for
    for context in contexts:
        context.close()


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Keep a picture of the whole page among the test artefacts."""
    ARTIFACTS.mkdir(exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)

    return take


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """Accessibility faults of a page by axe-core; its context must bypass the content policy."""
    source = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()

    def faults(page: Page) -> list[str]:
        page.add_script_tag(content=source)
        found = page.evaluate("(tags) => axe.run(document, {runOnly: tags})", AXE_TAGS)
        return [
            f"{fault['id']}: {node['target']} {node['failureSummary']}"
            for fault in found["violations"]
            for node in fault["nodes"]
        ]

    return faults
