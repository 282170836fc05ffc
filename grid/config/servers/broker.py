"""An embedded MQTT broker for demonstrations: amqtt with our house rules, a process of its own.

Every user has one password, made from a secret of the data folder: the bridge's, and one for each meter's serial. A
device may publish its own readings and hear its own results, nothing else; only the bridge reads readings and writes
results. It listens on this machine alone unless `./watt up --host` says otherwise.
"""

import hmac
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote

from grid.config.servers import external, processes

BRIDGE_USER = "bridge"
BRIDGE_CLIENT = "commonwatt-bridge"
"""The bridge's name at the broker (`grid.metering.bridge.link`): nobody else may take its session over."""
PREFIX = ["grid", "v1"]
PUBLISH = "publish"


def password(secret: str, user: str) -> str:
    """Return a user's password at the broker of a data folder with this secret."""
    return hmac.new(secret.encode(), b"commonwatt.mqtt " + user.encode(), "sha256").hexdigest()[:32]


def allowed(user: str, action: str, topic: str) -> bool:
    """Whether a user may publish to, subscribe to or receive a topic."""
    levels = topic.split("/")
    if len(levels) != 5 or levels[:2] != PREFIX or "#" in topic:
        return False
    community, serial, what = levels[2:]
    if user == BRIDGE_USER:
        return what == ("ack" if action == PUBLISH else "reading")
    wanted = "reading" if action == PUBLISH else "ack"
    return unquote(serial) == user and "+" not in serial and what == wanted and bool(community)


class Broker:
    """The broker's process."""

    def __init__(self, *, host: str, port: int, secret: str, log: Path) -> None:
        self.host = host
        self.port = port
        self.log = log
        self._secret = secret
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The bridge's address."""
        login = f"{BRIDGE_USER}:{quote(password(self._secret, BRIDGE_USER), safe='')}"
        return f"mqtt://{login}@{external.in_url(self._reachable)}:{self.port}"

    @property
    def devices(self) -> str:
        """Where devices on this machine reach it, host:port."""
        return f"{external.in_url(self._reachable)}:{self.port}"

    @property
    def env(self) -> Mapping[str, str]:
        return {"MQTT_URL": self.url}

    @property
    def _reachable(self) -> str:
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)

    def start(self) -> None:
        """Start it and wait until it listens. Raises StartError."""
        bind = f"{external.in_url(self.host)}:{self.port}"
        env = os.environ | {"BROKER_SECRET": self._secret, "BROKER_BIND": bind}
        command = [sys.executable, "-m", "grid.config.servers.broker_process"]
        self.process = processes.spawn(command, log=self.log, env=env)
        processes.wait_until(self._listens, what="The MQTT broker", process=self.process, log=self.log)

    def _listens(self) -> bool:
        try:
            socket.create_connection((self._reachable, self.port), timeout=3).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        if self.process:
            processes.stop(self.process)
