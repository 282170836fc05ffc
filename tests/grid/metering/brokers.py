"""Real MQTT brokers for tests, each a process of its own: amqtt, and Mosquitto where it is installed."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from argon2 import PasswordHasher

from grid.config.servers.processes import free_port, spawn, stop, wait_until

USER = "bridge"
PASSWORD = "p@ss:w/rd"
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)

# Only of clients with a name of their own does amqtt keep sessions.
_AMQTT = """
listeners:
  default: {{type: tcp, bind: "127.0.0.1:{port}"}}
plugins:
  amqtt.plugins.authentication.FileAuthPlugin: {{password_file: "{passwords}"}}
"""
_MOSQUITTO = """
listener {port} 127.0.0.1
allow_anonymous true
max_inflight_messages 64
"""

# Debian puts servers where an ordinary user's PATH does not look.
_mosquitto = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
KINDS = ["amqtt", *(["mosquitto"] if _mosquitto else [])]


class TestBroker:
    """A broker on a port of its own, that can be stopped and started again."""

    __test__ = False

    def __init__(self, kind: str, folder: Path) -> None:
        # amqtt forgets what was not acknowledged when the connection ends, against MQTT-4.4.0-1.
        self.redelivers = kind == "mosquitto"
        self.port = free_port()
        self._log = folder / "broker.log"
        config = folder / "broker.conf"
        if kind == "mosquitto":
            config.write_text(_MOSQUITTO.format(port=self.port))
            self._command = [str(_mosquitto), "-c", str(config)]
        else:
            passwords = folder / "passwords"
            passwords.write_text(f"{USER}:{_HASH}\n")
            config.write_text(_AMQTT.format(port=self.port, passwords=passwords))
            self._command = [str(Path(sys.executable).with_name("amqtt")), "-c", str(config)]
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, password: str = PASSWORD) -> str:
        return f"mqtt://{USER}:{quote(password, safe='')}@127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = spawn(self._command, log=self._log)
        wait_until(self._listens, what="The broker", process=self._process, log=self._log)

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process)
            self._process = None

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
