"""The live stream: a small ASGI process beside the WSGI pages, for `/live/` only.

One subscription to Valkey per process, fanned out to a queue per reader. Server-sent events (WHATWG HTML
§9.2) with ids; a reader who comes back with the last id gets what was missed from the database. A reader
who does not keep up is sent away and comes back the same way.
"""

import asyncio
import json
import logging
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grid.config.settings")
django.setup()

import redis.asyncio  # noqa: E402
from asgiref.sync import sync_to_async  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.signing import BadSignature  # noqa: E402
from django.db import DatabaseError, close_old_connections  # noqa: E402
from django.http.request import split_domain_port, validate_host  # noqa: E402

from grid.accounts import live_token  # noqa: E402
from grid.config import live  # noqa: E402

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15.0
RETRY_SECONDS = 1.0
QUEUE_SIZE = 64
PATHS = ("/live", "/live/")


class Hub:
    """The readers of this process, by zone, and the one subscription that feeds them."""

    def __init__(self) -> None:
        self._readers: dict[UUID, set[asyncio.Queue[bytes | None]]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for queue in {queue for queues in self._readers.values() for queue in queues}:
            _offer(queue, None)

    def join(self, zones: list[UUID]) -> asyncio.Queue[bytes | None]:
        """A queue of ready-made events of these zones; None in it means: end."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE_SIZE)
        for zone in zones:
            self._readers[zone].add(queue)
        return queue

    def leave(self, zones: list[UUID], queue: asyncio.Queue[bytes | None]) -> None:
        for zone in zones:
            self._readers[zone].discard(queue)
            if not self._readers[zone]:
                del self._readers[zone]

    def send(self, message: bytes | str) -> None:
        """Hand one message of the channel to the readers of its zone."""
        item = json.loads(message)
        data = _event(item["id"], item["kind"])
        for queue in list(self._readers.get(UUID(item["zone"]), ())):
            _offer(queue, data)

    async def _follow(self) -> None:
        """Read the channel for ever; without Valkey, try again."""
        while True:
            try:
                async with redis.asyncio.from_url(settings.REDIS_URL) as client, client.pubsub() as channel:
                    await channel.subscribe(live.CHANNEL)
                    async for message in channel.listen():
                        if message["type"] == "message":
                            self.send(message["data"])
            except (redis.RedisError, OSError) as error:
                logger.warning("live channel lost: %s", error)
                await asyncio.sleep(RETRY_SECONDS)


def _offer(queue: asyncio.Queue[bytes | None], data: bytes | None) -> None:
    """Put without waiting; a full queue belongs to a reader who does not read, and is ended."""
    try:
        queue.put_nowait(data)
    except asyncio.QueueFull:
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)


def _event(number: int, kind: str) -> bytes:
    return f"id: {number}\ndata: {json.dumps({'kind': kind})}\n\n".encode()


class LiveApplication:
    """ASGI: lifespan, and GET /live/?token=..."""

    def __init__(self) -> None:
        self.hub = Hub()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.hub.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.hub.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        cors = _cors(headers.get("origin", ""))
        if scope["path"] == "/healthz":
            await _answer(send, 200, b"live", [])
        elif scope["path"] not in PATHS:
            await _answer(send, 404, b"not found", cors)
        elif scope["method"] != "GET":
            await _answer(send, 405, b"only GET", [(b"allow", b"GET"), *cors])
        else:
            await self._stream(scope, headers, cors, receive, send)

    async def _stream(
        self, scope: Scope, headers: dict[str, str], cors: list[tuple[bytes, bytes]], receive: Receive, send: Send
    ) -> None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        try:
            zones = live_token.zones_in(query.get("token", [""])[0])
        except (BadSignature, KeyError, ValueError):
            await _answer(send, 403, b"token missing, forged or too old", cors)
            return
        # Joined before the replay is read: what happens meanwhile comes twice at most, never not at all.
        queue = self.hub.join(zones)
        reader = asyncio.create_task(self._write(zones, queue, _last_id(headers, query), cors, send))
        try:
            await asyncio.wait({reader, asyncio.create_task(_gone(receive))}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            self.hub.leave(zones, queue)

    async def _write(
        self,
        zones: list[UUID],
        queue: asyncio.Queue[bytes | None],
        last_id: int,
        cors: list[tuple[bytes, bytes]],
        send: Send,
    ) -> None:
        """Head, what was missed, then events as they come and a comment where none does."""
        head = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
            *cors,
        ]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        missed = await _missed(last_id, zones) if last_id else []
        first = b": welcome\nretry: 2000\n\n" + b"".join(_event(news.id, news.kind) for news in missed)
        await _body(send, first)
        while True:
            try:
                data = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                data = b": still here\n\n"
            if data is None:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            await _body(send, data)


async def _missed(last_id: int, zones: list[UUID]) -> list[live.News]:
    """The replay. Without a database the stream goes on; the page's next refresh shows all."""

    def read() -> list[live.News]:
        close_old_connections()
        return live.news_since(last_id, zones)

    try:
        return await sync_to_async(read)()
    except DatabaseError as error:
        logger.warning("replay not readable: %s", error)
        return []


def _last_id(headers: dict[str, str], query: dict[str, list[str]]) -> int:
    """The browser's Last-Event-ID, or the page's own `since` after it opened the stream anew."""
    text = headers.get("last-event-id") or query.get("since", [""])[0]
    return int(text) if text.isdecimal() and len(text) < 20 else 0


def _cors(origin: str) -> list[tuple[bytes, bytes]]:
    """Our own pages on another port may read the stream; the token, not a cookie, says who reads."""
    host, _ = split_domain_port(origin.partition("://")[2])
    if not host or not validate_host(host, settings.ALLOWED_HOSTS):
        return []
    return [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"origin")]


async def _gone(receive: Receive) -> None:
    """Wait until the reader hangs up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def _answer(send: Send, status: int, text: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    head = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": text})


application = LiveApplication()
