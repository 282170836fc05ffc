"""Several nodes of one chain: one of them serves a whole pass, and a node that lies or fails is left.

`connect(now=...)` begins a pass. It looks at the nodes, leaves those that serve another chain, lag behind or
contradict the others, and returns one client; everything in the pass asks that client. Where it fails,
the pass fails with it, and the next one begins with another node: answers are never mixed.
"""

from collections import Counter
from datetime import datetime, timedelta
from functools import cache

import structlog
from django.conf import settings

from grid import clock
from grid.chain.client import Client, Head, check_fast_crypto
from grid.chain.errors import ChainError, ChainUnavailable, WrongChain

log = structlog.get_logger()

LEFT_FOR = timedelta(seconds=60)
"""How long a node that was left is not asked again while another one serves."""

REMEMBERED_FOR = timedelta(minutes=10)
"""How long the highest head seen counts, should the node that showed it have invented it."""


class Nodes:
    """The nodes of one CHAIN_URL, and the one of them that serves now."""

    def __init__(self, urls: tuple[str, ...]) -> None:
        self.clients = [Client(url) for url in urls]
        self.serving = self.clients[0]
        self.left: dict[str, tuple[datetime, str]] = {}
        self._highest = 0
        self._seen_at: datetime | None = None

    def current(self) -> Client:
        """Return the serving node without asking it; another one where it has failed."""
        if self.serving.failed and len(self.clients) > 1:
            at = self.clients.index(self.serving)
            for client in self.clients[at + 1 :] + self.clients[:at]:
                if self._is_ours(client):
                    self._serve(client)
                    break
        return self.serving

    def choose(self, *, now: datetime) -> Client:
        """Return the node for a pass, looked at now. Raises WrongChain or ChainUnavailable when none is fit."""
        if len(self.clients) == 1 and not settings.CHAIN_ID and not stale_seconds():
            return self.serving
        if len(self.clients) > 1 and not settings.CHAIN_ID:
            raise WrongChain("CHAIN_URL names several nodes: say in CHAIN_ID which chain they are to serve.")
        asked = [client for client in self.clients if not self._is_left(client, now)] or self.clients
        heads = self._heads(asked, now=now)
        if not heads and asked is not self.clients:
            heads = self._heads([client for client in self.clients if client not in asked], now=now)
        fit = self._agreeing(self._near(heads, now=now), now=now)
        if not fit:
            raise self._none_fit()
        if self.serving not in fit:
            self._serve(fit[0])
        self.serving.failed = False
        return self.serving

    def _is_left(self, client: Client, now: datetime) -> bool:
        since = self.left.get(client.url)
        return since is not None and timedelta(0) <= now - since[0] < LEFT_FOR

    def _leave(self, client: Client, why: str, *, now: datetime) -> None:
        log.warning("node left", node=client.shown, reason=why)
        self.left[client.url] = (now, why)

    def _serve(self, client: Client) -> None:
        log.warning("another node serves", node=client.shown, before=self.serving.shown)
        self.serving = client

    def _is_ours(self, client: Client) -> bool:
        try:
            chain_id, head = client.probe()
        except ChainError:
            return False
        client.failed = False
        return chain_id == settings.CHAIN_ID and head.number + settings.CHAIN_LAG_BLOCKS >= self._highest

    def _heads(self, clients: list[Client], *, now: datetime) -> dict[Client, Head]:
        """Return the heads of the nodes that answer, serve our chain and have a young block."""
        found: dict[Client, Head] = {}
        for client in clients:
            if client.failed and len(self.clients) > 1 and client.url not in self.left:
                client.failed = False
                self._leave(client, "it did not answer", now=now)
                continue
            try:
                chain_id, head = client.probe()
            except ChainError as error:
                self._leave(client, str(error), now=now)
                continue
            age = int(now.timestamp()) - head.timestamp
            if settings.CHAIN_ID and chain_id != settings.CHAIN_ID:
                self._leave(client, f"it serves chain {chain_id}, not {settings.CHAIN_ID}", now=now)
            elif stale_seconds() and age > stale_seconds():
                self._leave(client, f"its newest block {head.number} is {age} s old", now=now)
            else:
                found[client] = head
                self.left.pop(client.url, None)
        return found

    def _near(self, heads: dict[Client, Head], *, now: datetime) -> dict[Client, Head]:
        """Leave nodes that are behind the highest head known."""
        if self._seen_at is not None and now - self._seen_at > REMEMBERED_FOR:
            self._highest = 0
        top = max((head.number for head in heads.values()), default=0)
        if top >= self._highest:
            self._highest, self._seen_at = top, now
        lag = settings.CHAIN_LAG_BLOCKS
        for client, head in list(heads.items()):
            if len(self.clients) > 1 and head.number + lag < self._highest:
                self._leave(client, f"it is at block {head.number}, the chain at {self._highest}", now=now)
                del heads[client]
        return heads

    def _agreeing(self, heads: dict[Client, Head], *, now: datetime) -> list[Client]:
        """Return the nodes of the majority about one confirmed block. Raises WrongChain when there is none."""
        if len(heads) < 2:
            return list(heads)
        number = max(0, min(head.number for head in heads.values()) - settings.CHAIN_CONFIRMATIONS)
        hashes: dict[Client, str] = {}
        for client in heads:
            try:
                block = client.block(number)
            except ChainError as error:
                self._leave(client, str(error), now=now)
                continue
            hashes[client] = block.hash if block else ""
        said = Counter(hashes.values()).most_common()
        if len(said) > 1 and said[0][1] == said[1][1]:
            raise WrongChain(f"The nodes of CHAIN_URL disagree about block {number}: nothing is sent until they agree.")
        for client, found in hashes.items():
            if found != said[0][0]:
                self._leave(client, f"it has another block {number} than most", now=now)
        return [client for client, found in hashes.items() if found == said[0][0]]

    def _none_fit(self) -> ChainUnavailable:
        told = "; ".join(
            f"{client.shown}: {self.left[client.url][1]}" for client in self.clients if client.url in self.left
        )
        return WrongChain(f"No node of CHAIN_URL is fit to be asked ({told}).")


def stale_seconds() -> int:
    """Return how old a node's newest block may be; 0 where age says nothing, as the time of one side is simulated."""
    simulated = settings.CHAIN_FOLLOWS_CLOCK or clock.setting() is not None
    return 0 if simulated else int(settings.CHAIN_STALE_SECONDS)


def urls(text: str) -> tuple[str, ...]:
    """Return the addresses in a CHAIN_URL."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def connect(*, now: datetime | None = None) -> Client:
    """Return this process's client of the chain in the settings; with `now`, looked at for a pass of work.

    Raises SlowCrypto before the first use where signatures would take the slow path; with `now` also
    WrongChain or ChainUnavailable when no node is fit to be asked.
    """
    nodes = _nodes(settings.CHAIN_URL)
    return nodes.current() if now is None else nodes.choose(now=now)


@cache
def _nodes(text: str) -> Nodes:
    check_fast_crypto()
    return Nodes(urls(text))
