"""The process of the embedded MQTT broker: amqtt with the rules of `grid.config.servers.broker`.

`BROKER_SECRET` is its secret, `BROKER_BIND` the host:port it listens on.
"""

import asyncio
import hmac
import logging
import os
import signal

from amqtt.broker import Broker
from amqtt.contexts import Action
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from grid.config.servers.broker import BRIDGE_CLIENT, BRIDGE_USER, allowed, password

MODULE = "grid.config.servers.broker_process"


class Passwords(BaseAuthPlugin):
    """Who may log in."""

    async def authenticate(self, *, session: Session) -> bool:
        user, given = session.username or "", session.password or ""
        if isinstance(given, bytes):
            given = given.decode(errors="replace")
        if not user or not hmac.compare_digest(password(_secret(), user).encode(), given.encode()):
            return False
        # A last will would be published without asking the rules below.
        return not session.will_flag and (session.client_id == BRIDGE_CLIENT) == (user == BRIDGE_USER)


class Topics(BaseTopicPlugin):
    """Who may publish and hear what."""

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        if session is None or topic is None or action is None:
            return False
        return allowed(session.username or "", action, topic)


def _secret() -> str:
    return os.environ["BROKER_SECRET"]


async def _serve() -> None:
    listener = {"type": "tcp", "bind": os.environ["BROKER_BIND"]}
    rules: dict[str, dict[str, str]] = {f"{MODULE}.{plugin.__name__}": {} for plugin in (Passwords, Topics)}
    broker = Broker({"listeners": {"default": listener}, "plugins": rules})
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await broker.start()
    await stopping.wait()
    await broker.shutdown()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    asyncio.run(_serve())
