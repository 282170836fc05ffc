"""A trade reaches an open page by itself, through Valkey and the live process."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import expect

from grid.config import asgi, live
from grid.config.servers.processes import free_port, wait_until
from tests.e2e.conftest import Visitor
from tests.neighbourhood import Neighbourhood, sell_next

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SECONDS_UNTIL_SEEN = 1.5


@pytest.fixture
def stream(settings: Any) -> Iterator[str]:
    """The live process on a port of its own, here as a thread; pages are told its address."""
    port = free_port()
    config = uvicorn.Config(
        asgi.LiveApplication(), host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started, what="live process")
    settings.LIVE_URL = f"http://127.0.0.1:{port}/live/"
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    settings.CONTENT_SECURITY_POLICY = {
        "DIRECTIVES": {**directives, "connect-src": [*directives["connect-src"], settings.LIVE_URL]}
    }
    live._valkey().delete(live.LAST_KEY)
    yield settings.LIVE_URL
    server.should_exit = True
    thread.join()


def test_a_trade_is_seen_soon_after_its_commit(
    visit: Callable[..., Visitor], neighbours: Neighbourhood, stream: str
) -> None:
    visitor = visit(neighbours.people.alice)
    page = visitor.go("/")
    expect(page.locator("[data-live-text]")).to_have_text("Live")
    expect(page.locator("#fills")).not_to_contain_text("17 Jun, 15:15")
    sell_next(neighbours, 1_230)
    assert live.publish_news({"gates": 1}) == 1
    expect(page.locator("#fills tbody tr").first).to_contain_text("17 Jun, 15:15", timeout=SECONDS_UNTIL_SEEN * 1000)
    expect(page.locator("#fills tbody tr").first).to_contain_text("1.23")
    assert visitor.faults == []


def test_a_page_whose_stream_is_gone_asks_by_itself(
    visit: Callable[..., Visitor], neighbours: Neighbourhood, stream: str
) -> None:
    visitor = visit(neighbours.people.alice)
    visitor.context.route(f"{stream}**", lambda route: route.abort())
    visitor.page.clock.install()
    page = visitor.go("/")
    expect(page.locator("[data-live-text]")).to_have_text("Refreshes every 15 s")
    sell_next(neighbours, 1_230)
    page.clock.fast_forward(15_000)
    expect(page.locator("#fills tbody tr").first).to_contain_text("17 Jun, 15:15")
