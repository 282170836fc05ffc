"""Several nodes: one serves a pass, and one that fails, lags or lies is left."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from grid.chain import nodes, queries
from grid.chain.client import Client
from grid.chain.errors import ChainUnavailable, WrongChain
from grid.chain.models import ChainTx, ChainTxState
from grid.chain.services import outbox, sender
from tests.chain.proxy import Proxy
from tests.chain.support import NOW, mined

ALICE = "0x" + "a1" * 20
CHAIN = 31_337


@pytest.fixture
def two(chain: Client, settings: Settings) -> Iterator[tuple[Proxy, Proxy]]:
    """Two ways to the chain, the first of them preferred."""
    both = Proxy(chain.url), Proxy(chain.url)
    settings.CHAIN_URL = f"{both[0].url}, {both[1].url}"
    settings.CHAIN_ID = CHAIN
    settings.CHAIN_FOLLOWS_CLOCK = False
    yield both
    for proxy in both:
        proxy.stop()


@pytest.fixture
def three(two: tuple[Proxy, Proxy], chain: Client, settings: Settings) -> Iterator[tuple[Proxy, Proxy, Proxy]]:
    third = Proxy(chain.url)
    settings.CHAIN_URL += f",{third.url}"
    yield (*two, third)
    third.stop()


@pytest.fixture
def now(chain: Client) -> datetime:
    """The time of the newest block."""
    return datetime.fromtimestamp(chain.head().timestamp, UTC)


def other_chain(method: str, params: list[Any], result: Any) -> Any:
    return "0x1" if method == "eth_chainId" else result


def old_head(method: str, params: list[Any], result: Any) -> Any:
    if method == "eth_getBlockByNumber" and params[0] == "latest":
        return {**result, "timestamp": hex(int(result["timestamp"], 16) - 3_600)}
    return result


def low_head(method: str, params: list[Any], result: Any) -> Any:
    if method == "eth_getBlockByNumber" and params[0] == "latest":
        return {**result, "number": "0x2"}
    return result


def other_hash(method: str, params: list[Any], result: Any) -> Any:
    if method == "eth_getBlockByNumber" and result:
        return {**result, "hash": "0x" + "ee" * 32}
    return result


def no_block(method: str, params: list[Any], result: Any) -> Any:
    return {"number": "later"} if method == "eth_getBlockByNumber" else result


def test_the_first_node_serves_while_it_is_fit(two: tuple[Proxy, Proxy], now: datetime) -> None:
    for _ in range(3):
        assert nodes.connect(now=now).url == two[0].url
    assert nodes.connect().url == two[0].url


@pytest.mark.parametrize("lie", [other_chain, old_head, low_head, no_block])
def test_a_node_that_lies_is_left_and_the_other_one_is_remembered(
    two: tuple[Proxy, Proxy], now: datetime, lie: Any
) -> None:
    two[0].change = lie
    assert nodes.connect(now=now).url == two[1].url
    two[0].change = lambda method, params, result: result

    assert nodes.connect(now=now).url == two[1].url
    assert nodes.connect(now=now + timedelta(seconds=59)).url == two[1].url
    assert nodes.connect().url == two[1].url


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"{}"),
        (503, b"busy"),
        (429, b"{}"),
        (200, b"{not json"),
        (200, b"[]"),
        (200, b'"yes"'),
        (200, b'{"id": 1, "jsonrpc": "2.0"}'),
        (200, b'[{"id": 0, "result": "?"}, {"id": 1, "result": 7}]'),
        (0, b""),
    ],
)
def test_a_node_that_fails_is_left(two: tuple[Proxy, Proxy], now: datetime, answer: tuple[int, bytes]) -> None:
    two[0].answer = answer
    assert nodes.connect(now=now).url == two[1].url


def test_a_node_that_fails_in_a_pass_is_left_by_the_next_one(two: tuple[Proxy, Proxy], now: datetime) -> None:
    client = nodes.connect(now=now)
    two[0].answer = (500, b"")
    with pytest.raises(ChainUnavailable, match=f":{two[0].server.server_port} does not answer"):
        client.head()
    assert nodes.connect().url == two[1].url
    assert nodes.connect(now=now).url == two[1].url


def test_a_node_that_comes_back_takes_over_when_the_other_one_fails(two: tuple[Proxy, Proxy], now: datetime) -> None:
    two[0].answer = (500, b"")
    assert nodes.connect(now=now).url == two[1].url
    two[0].answer, two[1].answer = None, (500, b"")
    assert nodes.connect(now=now).url == two[0].url


def test_no_node_fit_says_why_of_each(two: tuple[Proxy, Proxy], now: datetime) -> None:
    two[0].change, two[1].change = other_chain, old_head
    with pytest.raises(WrongChain, match=r"it serves chain 1, not 31337.*its newest block \d+ is 3600 s old"):
        nodes.connect(now=now)


def test_two_nodes_with_two_histories_stop_the_work(two: tuple[Proxy, Proxy], now: datetime) -> None:
    two[1].change = other_hash
    with pytest.raises(WrongChain, match="disagree about block"):
        nodes.connect(now=now)


def test_a_majority_of_three_nodes_decides_about_the_history(three: tuple[Proxy, Proxy, Proxy], now: datetime) -> None:
    three[0].change = other_hash
    assert nodes.connect(now=now).url == three[1].url


def test_an_invented_height_is_forgotten(two: tuple[Proxy, Proxy], now: datetime) -> None:
    two[0].change = lambda method, params, result: (
        {**result, "number": "0xffffff"} if params[:1] == ["latest"] and isinstance(result, dict) else result
    )
    assert nodes.connect(now=now).url == two[0].url
    two[0].answer = (500, b"")
    with pytest.raises(WrongChain, match="it is at block"):
        nodes.connect(now=now)
    later = now + timedelta(minutes=11)
    two[1].change = lambda method, params, result: (
        {**result, "timestamp": hex(int(later.timestamp()))} if params[:1] == ["latest"] else result
    )
    assert nodes.connect(now=later).url == two[1].url


def test_several_nodes_need_the_chains_number(two: tuple[Proxy, Proxy], settings: Settings, now: datetime) -> None:
    settings.CHAIN_ID = 0
    with pytest.raises(WrongChain, match="CHAIN_ID"):
        nodes.connect(now=now)


def test_a_single_node_is_looked_at_too(chain: Client, settings: Settings, now: datetime) -> None:
    settings.CHAIN_FOLLOWS_CLOCK = False
    settings.CHAIN_STALE_SECONDS = 30
    assert nodes.connect(now=now + timedelta(seconds=30)).url == chain.url
    with pytest.raises(WrongChain, match="is 31 s old"):
        nodes.connect(now=now + timedelta(seconds=31))
    settings.CHAIN_ID = 10
    with pytest.raises(WrongChain, match="it serves chain 31337, not 10"):
        nodes.connect(now=now)


def test_a_password_in_an_address_is_not_told() -> None:
    client = Client("http://me:secret@127.0.0.1:9/key")
    with pytest.raises(ChainUnavailable) as error:
        client.head()
    assert "127.0.0.1:9" in str(error.value)
    assert "secret" not in str(error.value)
    assert "/key" not in str(error.value)


@pytest.mark.django_db
def test_one_pass_asks_one_node(two: tuple[Proxy, Proxy], now: datetime, chain: Client) -> None:
    """Only the look at the nodes reaches the second one; the work is all the first one's."""
    outbox.enqueue(business_key="d", sender="relayer", contract="Escrow", function="deposit", args=[ALICE, 5], now=NOW)
    nodes.connect(now=now)
    two[0].asked.clear()
    two[1].asked.clear()

    assert sender.send_pending(now=now) == 1

    assert set(two[1].asked) == {"eth_chainId", "eth_getBlockByNumber"}
    assert "eth_sendRawTransaction" in two[0].asked


@pytest.mark.django_db
def test_the_outbox_goes_on_by_another_node(two: tuple[Proxy, Proxy], now: datetime, chain: Client) -> None:
    row = outbox.enqueue(
        business_key="d", sender="relayer", contract="Escrow", function="deposit", args=[ALICE, 5], now=NOW
    )
    two[0].lose = lambda method: method == "eth_sendRawTransaction"
    with pytest.raises(ChainUnavailable):
        sender.send_pending(now=now)

    mined(chain)
    sender.send_pending(now=now)
    sender.confirm_sent(now=now)

    row.refresh_from_db()
    assert (row.state, ChainTx.objects.count()) == (ChainTxState.FINAL, 1)
    assert queries.escrow_account(ALICE).free == 5
    assert "eth_sendRawTransaction" in two[1].asked
