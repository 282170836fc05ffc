"""Who lost a name writes nothing more, whatever it still believes."""

from datetime import timedelta

import pytest

from grid.chain.client import Client
from grid.chain.errors import Fenced
from grid.chain.locks import Fence, owned
from grid.chain.models import ChainOwner, ChainTx, ChainTxState
from grid.chain.services import outbox, rows, sender
from tests.chain.support import NOW

pytestmark = pytest.mark.django_db

ALICE = "0x" + "a1" * 20


def deposit() -> ChainTx:
    return outbox.enqueue(
        business_key="deposit:1", sender="relayer", contract="Escrow", function="deposit", args=[ALICE, 1], now=NOW
    )


def test_every_owner_takes_the_next_token() -> None:
    tokens = []
    for _ in range(3):
        with owned("x") as fence:
            assert fence
            tokens.append(fence.token)
    assert tokens == [1, 2, 3]


def test_the_owner_writes_and_an_earlier_one_does_not() -> None:
    row = deposit()
    with owned("sender.relayer") as first:
        assert first
        assert rows.change(first, row, now=NOW, error="one")
        ChainOwner.objects.filter(name="sender.relayer").update(token=first.token + 1)

        with pytest.raises(Fenced, match=r"taken over sender\.relayer"):
            rows.change(first, row, now=NOW, error="two")

        assert rows.change(Fence("sender.relayer", first.token + 1), row, now=NOW, error="three")
    row.refresh_from_db()
    assert row.error == "three"


def test_a_name_nobody_owned_cannot_be_written_under() -> None:
    with pytest.raises(Fenced), Fence("nobody", 1).writing():
        pass


def test_a_row_that_changed_meanwhile_is_left_alone() -> None:
    row = deposit()
    ChainTx.objects.filter(id=row.id).update(state=ChainTxState.SIGNED)
    with owned("sender.relayer") as fence:
        assert fence
        assert not rows.change(fence, row, now=NOW + timedelta(1), error="late")
    row.refresh_from_db()
    assert (row.error, row.updated_at) == ("", NOW)


@pytest.mark.parametrize("step", ["_sign", "broadcast", "_wait", "_refuse"])
def test_a_sender_that_was_overtaken_neither_signs_nor_broadcasts(
    chain: Client, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Overtaken right before it signs, and right before it broadcasts, waits or refuses."""
    row = deposit()
    asked: list[str] = []
    real_call, real_step = Client.call, getattr(sender._Sender, step)
    monkeypatch.setattr(Client, "call", lambda self, name, *args: (asked.append(name), real_call(self, name, *args))[1])

    def overtaken(self: sender._Sender, *args: object, **kwargs: object) -> object:
        ChainOwner.objects.filter(name="sender.relayer").update(token=100)
        return real_step(self, *args, **kwargs)

    monkeypatch.setattr(sender._Sender, step, overtaken)
    if step == "_wait":
        monkeypatch.setenv("CHAIN_KEY_RELAYER", "0x12")
    if step == "_refuse":
        ChainTx.objects.update(args=[ALICE, 0])
    with pytest.raises(Fenced):
        sender.send_pending(now=NOW)

    assert "eth_sendRawTransaction" not in asked
    row.refresh_from_db()
    assert (row.state, row.attempts) == (ChainTxState.SIGNED if step == "broadcast" else ChainTxState.QUEUED, 0)
