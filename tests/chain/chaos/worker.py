"""A sender in a process of its own, which a test kills or stops at a named point.

The points are those where its work can be cut (`strike` patches them in here, production code has no hooks):

    A  the row is written, its transaction not committed
    B  the row is committed, nothing is sent
    C  the sender has taken the row, nothing is signed
    D  signed and committed, not broadcast
    E  broadcast, not noted
    F  mined, not confirmed
    G  confirmed, its events not read yet

The plan (JSON, first argument): `database`; `ask` numbers to deposit; `passes`; `point` and `at`, its which
occurrence strikes; `signal` KILL or STOP.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import django

FENCED = 3


def main(plan: dict[str, Any]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grid.config.settings")
    django.setup()
    from django.db import connection, transaction

    from grid.chain.errors import Fenced
    from grid.chain.services import indexer, sender
    from tests.chain.chaos import world
    from tests.chain.support import NOW

    connection.settings_dict["NAME"] = plan["database"]
    strike = Strike(plan)
    patch(strike)
    for number in plan.get("ask", []):
        with transaction.atomic():
            world.deposit(number)
            strike.at("A")
        strike.at("B")
    try:
        for _ in range(plan.get("passes", 1)):
            sender.send_pending(now=NOW)
            sender.confirm_sent(now=NOW)
            if plan.get("point") == "G" and has_final():
                strike.at("G")
            indexer.index(now=NOW)
    except Fenced as error:
        print(error, file=sys.stderr)
        return FENCED
    return 0


class Strike:
    """Ends or stops this process at the n-th time it passes a point."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.point: str = plan.get("point", "")
        self.left: int = plan.get("at", 1)
        self.signal = getattr(signal, f"SIG{plan.get('signal', 'KILL')}")

    def at(self, point: str) -> None:
        if point != self.point:
            return
        self.left -= 1
        if self.left:
            return
        os.kill(os.getpid(), self.signal)
        if self.signal == signal.SIGSTOP:
            # Awake again. The connection was cut meanwhile; this process finds another one and goes on.
            from django.db import connection

            connection.close()


def patch(strike: Strike) -> None:
    """Let the sender pass the points C to F."""
    from grid.chain.client import Client
    from grid.chain.services import confirm, sender

    real_call = Client.call

    def call(self: Client, method: str, *params: Any) -> Any:
        if method != "eth_sendRawTransaction":
            return real_call(self, method, *params)
        strike.at("D")
        result = real_call(self, method, *params)
        strike.at("E")
        return result

    def before(point: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def patched(*args: Any, **kwargs: Any) -> Any:
            strike.at(point)
            return real(*args, **kwargs)

        return patched

    setattr(Client, "call", call)  # noqa: B010 - a patch, as a test makes it
    setattr(sender._Sender, "_sign", before("C", sender._Sender._sign))  # noqa: B010
    setattr(confirm, "_note_mined", before("F", confirm._note_mined))  # noqa: B010


def has_final() -> bool:
    from grid.chain.models import ChainTx, ChainTxState

    return ChainTx.objects.filter(state=ChainTxState.FINAL).exists()


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
