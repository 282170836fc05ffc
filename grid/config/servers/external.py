"""Servers somebody else runs: wait for them with progress, or say which is missing and how to set it."""

import contextlib
import errno
import socket
import time
from collections.abc import Callable

import psycopg
import redis

from grid.config.servers.anvil import rpc
from grid.config.servers.processes import StartError
from grid.metering.bridge import address

PATIENCE = 60.0
TAKEN = "taken"
Say = Callable[[str], None]


def port_problem(host: str, port: int) -> str | None:
    """Why no server could listen there now: TAKEN, or what the system says; None when one could."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return TAKEN if error.errno == errno.EADDRINUSE else str(error.strerror)
    return None


def in_url(host: str) -> str:
    """A host as URLs spell it."""
    return f"[{host}]" if ":" in host else host


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _wait(
    name: str,
    variable: str,
    attempt: Callable[[], None],
    say: Say,
    patience: float,
    otherwise: str = "to use the embedded one",
) -> None:
    """Try until it works; raises StartError naming the variable after `patience` seconds."""
    limit = time.monotonic() + patience
    next_word = 0.0
    while True:
        try:
            attempt()
        except (OSError, ValueError, psycopg.Error, redis.RedisError) as error:
            left = limit - time.monotonic()
            if left <= 0:
                raise StartError(
                    f"The {name} of {variable} does not answer ({_one_line(error)}). Start it, correct {variable}, "
                    f"or unset {variable} {otherwise}."
                ) from None
            if time.monotonic() >= next_word:
                say(f"waiting for the {name} of {variable} ({left:.0f} s left): {_one_line(error)}")
                next_word = time.monotonic() + 5
            time.sleep(0.5)
        else:
            say(f"{name} of {variable} ready")
            return


def wait_for_database(url: str, *, say: Say, patience: float = PATIENCE) -> None:
    _wait("database", "DATABASE_URL", lambda: psycopg.connect(url, connect_timeout=3).close(), say, patience)


def wait_for_redis(url: str, *, say: Say, patience: float = PATIENCE) -> None:
    def attempt() -> None:
        redis.Redis.from_url(url, socket_connect_timeout=3).ping()

    _wait("Redis or Valkey", "REDIS_URL", attempt, say, patience)


def wait_for_chain(urls: str, *, say: Say, patience: float = PATIENCE) -> None:
    """Wait for one of the nodes whose addresses stand with commas between."""

    def attempt() -> None:
        *others, last = [url.strip() for url in urls.split(",")]
        for url in others:
            with contextlib.suppress(OSError, ValueError):
                rpc(url, "eth_chainId")
                return
        rpc(last, "eth_chainId")

    _wait("chain", "CHAIN_URL", attempt, say, patience)


def wait_for_broker(url: str, *, say: Say, patience: float = PATIENCE) -> None:
    """Whether it lets us in is for the bridge to say, which goes on trying."""
    try:
        broker = address.parse(url)
    except ValueError as error:
        raise StartError(str(error)) from None

    def attempt() -> None:
        socket.create_connection((broker.host, broker.port), timeout=3).close()

    _wait("MQTT broker", address.VARIABLE, attempt, say, patience, otherwise="to do without one")
