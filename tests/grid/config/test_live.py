"""The live stream: who may follow it, what it says, and what a reader who was away is told."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from grid.accounts import live_token
from grid.accounts.models import User
from grid.config import asgi, live
from grid.config.live import News
from tests.factories import NOW, People
from tests.neighbourhood import Neighbourhood, clear_next

ZONE = UUID(int=4)
NUMBER = int(NOW.timestamp() * 1000)
PATIENCE = 10.0


class Reader:
    """An EventSource against the application, in this process."""

    def __init__(self, query: str, **headers: str) -> None:
        self._got: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._hung_up = asyncio.Event()
        self.scope = {
            "type": "http",
            "method": "GET",
            "path": "/live/",
            "query_string": query.encode(),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        }

    async def _receive(self) -> dict[str, Any]:
        await self._hung_up.wait()
        return {"type": "http.disconnect"}

    async def open(self, application: asgi.LiveApplication) -> dict[str, Any]:
        """Send the request; returns the head of the answer."""
        self.task = asyncio.create_task(application(self.scope, self._receive, self._got.put))
        return await self.next()

    async def next(self) -> dict[str, Any]:
        return await asyncio.wait_for(self._got.get(), PATIENCE)

    async def text(self) -> str:
        return str((await self.next())["body"].decode())

    async def close(self) -> None:
        self._hung_up.set()
        await asyncio.wait_for(self.task, PATIENCE)


def run(story: Callable[[asgi.LiveApplication], Awaitable[None]]) -> None:
    """Tell a story to a fresh application."""

    async def told() -> None:
        application = asgi.LiveApplication()
        try:
            await story(application)
        finally:
            await application.hub.stop()
            await sync_to_async(connections.close_all)()

    asyncio.run(told())


def token_of(*zones: UUID) -> str:
    return live_token.issue(user=User(pk=1), zones=zones)


def headers_of(head: dict[str, Any]) -> dict[bytes, bytes]:
    return dict(head["headers"])


@pytest.mark.parametrize("query", ["", "token=", "token=forged", f"token={token_of(ZONE)[:-2]}xx"])
def test_without_a_good_token_there_is_no_stream(query: str) -> None:
    async def story(application: asgi.LiveApplication) -> None:
        head = await Reader(query).open(application)
        assert head["status"] == 403

    run(story)


def test_a_token_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_token, "MAX_AGE_SECONDS", -1)

    async def story(application: asgi.LiveApplication) -> None:
        head = await Reader(f"token={token_of(ZONE)}").open(application)
        assert head["status"] == 403

    run(story)


def test_news_of_the_own_zone_arrive_and_others_do_not() -> None:
    async def story(application: asgi.LiveApplication) -> None:
        reader = Reader(f"token={token_of(ZONE)}")
        head = await reader.open(application)
        assert head["status"] == 200
        assert headers_of(head)[b"content-type"].startswith(b"text/event-stream")
        assert headers_of(head)[b"x-accel-buffering"] == b"no"
        assert (await reader.text()).startswith(": welcome")
        application.hub.send(News(NUMBER, uuid4(), "auction").message())
        application.hub.send(News(NUMBER + 1, ZONE, "readings").message())
        assert await reader.text() == f'id: {NUMBER + 1}\ndata: {{"kind": "readings"}}\n\n'
        await reader.close()

    run(story)


def test_what_is_published_reaches_every_reader_through_valkey() -> None:
    async def story(application: asgi.LiveApplication) -> None:
        readers = [Reader(f"token={token_of(ZONE)}") for _ in range(3)]
        for reader in readers:
            await reader.open(application)
            await reader.text()
        application.hub.start()
        while live._valkey().pubsub_numsub(live.CHANNEL)[0][1] == 0:
            await asyncio.sleep(0)
        live.publish([News(NUMBER, ZONE, "run")])
        for reader in readers:
            assert json.loads((await reader.text()).splitlines()[1].removeprefix("data: ")) == {"kind": "run"}
            await reader.close()

    run(story)


def test_a_reader_who_does_not_read_is_sent_away() -> None:
    async def story(application: asgi.LiveApplication) -> None:
        queue = application.hub.join([ZONE])
        for number in range(asgi.QUEUE_SIZE + 1):
            application.hub.send(News(number, ZONE, "auction").message())
        assert queue.get_nowait() is None
        application.hub.leave([ZONE], queue)
        application.hub.send(News(1, ZONE, "auction").message())
        assert queue.empty()

    run(story)


def test_silence_is_filled_with_a_comment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "HEARTBEAT_SECONDS", 0.01)

    async def story(application: asgi.LiveApplication) -> None:
        reader = Reader(f"token={token_of(ZONE)}")
        await reader.open(application)
        await reader.text()
        assert await reader.text() == ": still here\n\n"
        await reader.close()

    run(story)


@pytest.mark.django_db(transaction=True)
def test_who_comes_back_is_told_from_the_database(neighbours: Neighbourhood) -> None:
    zone = neighbours.people.zone
    clear_next(neighbours)
    since = int((NOW - timedelta(minutes=1)).timestamp() * 1000)

    async def story(application: asgi.LiveApplication) -> None:
        for query, headers in ((f"&since={since}", {}), ("", {"last_event_id": str(since)})):
            reader = Reader(f"token={token_of(zone.id)}{query}", **headers)
            await reader.open(application)
            assert f'id: {NUMBER}\ndata: {{"kind": "auction"}}' in await reader.text()
            await reader.close()
        stranger = Reader(f"token={token_of(uuid4())}&since={since}")
        await stranger.open(application)
        assert "auction" not in await stranger.text()
        await stranger.close()

    run(story)


@pytest.mark.parametrize(
    ("origin", "allowed"), [("http://localhost:8000", True), ("https://evil.example", False), ("null", False)]
)
def test_only_our_own_pages_may_read_it(origin: str, allowed: bool) -> None:
    async def story(application: asgi.LiveApplication) -> None:
        reader = Reader(f"token={token_of(ZONE)}", origin=origin)
        head = await reader.open(application)
        assert (headers_of(head).get(b"access-control-allow-origin") == origin.encode()) is allowed
        await reader.close()

    run(story)


def test_a_pass_over_the_flow_is_news_only_where_it_did_something(neighbours: Neighbourhood) -> None:
    live._valkey().delete(live.LAST_KEY)
    assert live.publish_news({"slots": 0, "gates": 0, "checkpoint": 1}) == 0
    clear_next(neighbours)
    assert live.publish_news({"gates": 1}) == 1
    # Told once: the next pass begins after it.
    assert live.publish_news({"gates": 1}) == 0


def test_a_booked_run_is_news_for_every_zone(people: People) -> None:
    live._valkey().delete(live.LAST_KEY)
    assert live.publish_news({"posted": 1}) == 2
