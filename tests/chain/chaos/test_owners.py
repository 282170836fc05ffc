"""Two senders alive at once: one owns the key, and one that was overtaken while it slept changes nothing."""

import signal

import pytest
from django.db import connection, transaction

from grid.chain.locks import lock_of
from grid.chain.models import ChainAttempt, ChainTx
from tests.chain.chaos.processes import Workers, is_stopped, until
from tests.chain.chaos.worker import FENCED
from tests.chain.chaos.world import World
from tests.rights import owner


def test_two_senders_at_once_send_everything_once(real_world: World, workers: Workers) -> None:
    asked = list(range(1, 9))
    both = [workers.start(ask=asked, passes=15) for _ in range(2)]
    for process in both:
        workers.wait(process)
        assert process.returncode == 0

    real_world.ask(*asked)
    real_world.settle()
    real_world.reconcile()
    assert ChainAttempt.objects.count() == len(asked)


@pytest.mark.grid("point", ["C"], ["C", "D", "E", "F"])
def test_a_sender_that_slept_while_another_took_over_is_refused(
    real_world: World, workers: Workers, point: str
) -> None:
    """Stopped, its connection cut and with it its lock; awake again it goes on where it was."""
    asked = [3, 5]
    sleeper = workers.start(ask=asked, passes=20, point=point, signal="STOP")
    until(lambda: is_stopped(sleeper), f"the sender to stop at {point}")
    cut_connection_of("sender.relayer")
    real_world.ask(*asked)
    real_world.settle()
    real_world.reconcile()
    before = list(ChainTx.objects.order_by("id").values()), ChainAttempt.objects.count()

    sleeper.send_signal(signal.SIGCONT)
    errors = workers.wait(sleeper)

    assert sleeper.returncode == FENCED
    assert "Another process has taken over sender.relayer" in errors
    assert (list(ChainTx.objects.order_by("id").values()), ChainAttempt.objects.count()) == before
    real_world.reconcile()


def cut_connection_of(name: str) -> None:
    """End the database connection of the process that owns a name."""
    high, low = divmod(lock_of(name) % 2**64, 2**32)
    with transaction.atomic(), owner(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks"
            " WHERE locktype = 'advisory' AND classid = %s AND objid = %s",
            [high, low],
        )
        assert cursor.fetchall() == [(True,)]
