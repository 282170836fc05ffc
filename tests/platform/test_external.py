"""Servers of somebody else: waited for with progress, then named with what to do; and ports."""

import socket
from collections.abc import Callable

import pytest

from grid.config.servers import external
from grid.config.servers.processes import StartError, free_port
from tests.platform.support import Wall

WAITS: list[tuple[Callable[..., None], str, str]] = [
    (external.wait_for_database, "DATABASE_URL", "postgres://user:hidden@127.0.0.1:{port}/db"),
    (external.wait_for_redis, "REDIS_URL", "redis://:hidden@127.0.0.1:{port}/0"),
    (external.wait_for_chain, "CHAIN_URL", "http://127.0.0.1:{port}"),
    (external.wait_for_broker, "MQTT_URL", "mqtt://user:hidden@127.0.0.1:{port}"),
]


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    wall = Wall()
    monkeypatch.setattr(external, "time", wall)
    return wall


@pytest.mark.parametrize(("wait", "variable", "url"), WAITS)
def test_a_server_that_is_down_is_waited_for_then_named(
    wait: Callable[..., None], variable: str, url: str, wall: Wall
) -> None:
    said: list[str] = []
    with pytest.raises(StartError) as error:
        wait(url.format(port=free_port()), say=said.append, patience=12.0)
    assert wall.now == pytest.approx(1_012.0)
    assert len(said) == 3, said
    assert f"of {variable} (12 s left)" in said[0]
    message = str(error.value)
    assert f"correct {variable}" in message
    assert f"unset {variable}" in message
    assert "refused" in message
    assert "\n" not in message
    assert "hidden" not in message


def test_a_server_that_comes_up_meanwhile_is_used(chain_url: str, wall: Wall) -> None:
    said: list[str] = []
    external.wait_for_chain(chain_url, say=said.append, patience=0.0)
    assert said == ["chain of CHAIN_URL ready"]


def test_a_page_is_no_chain(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(url: str, method: str) -> None:
        raise TimeoutError

    monkeypatch.setattr(external, "rpc", refuse)
    with pytest.raises(StartError, match=r"CHAIN_URL does not answer \(TimeoutError\)"):
        external.wait_for_chain("http://example.org", say=print, patience=0.0)


def test_a_taken_port_is_known_from_one_that_cannot_be() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        assert external.port_problem("127.0.0.1", port) == external.TAKEN
    assert external.port_problem("127.0.0.1", free_port()) is None
    problem = external.port_problem("192.0.2.1", free_port())
    assert problem is not None
    assert "assign" in problem


def test_hosts_are_spelt_as_urls_spell_them() -> None:
    assert external.in_url("::1") == "[::1]"
    assert external.in_url("192.0.2.1") == "192.0.2.1"


def test_an_address_of_a_broker_that_cannot_be_read_is_not_waited_for(wall: Wall) -> None:
    with pytest.raises(StartError, match=r"MQTT_URL must be of the form mqtt://.*: the host is missing") as error:
        external.wait_for_broker("mqtt://user:hidden@", say=print)
    assert wall.now == 1_000.0
    assert "hidden" not in str(error.value)
