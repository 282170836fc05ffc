"""Real MQTT brokers for tests, each a process of its own: amqtt, and Mosquitto where it is installed."""

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from grid.config.servers.processes import free_port, spawn, stop, wait_until

_AMQTT = """
listeners:
  default: {{type: tcp, bind: "127.0.0.1:{port}"}}
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin: {{allow_anonymous: {anonymous}}}
"""
_MOSQUITTO = """
listener {port} 127.0.0.1
allow_anonymous {anonymous}
"""


class TestBroker:
    """A broker on a port of its own, that can be stopped and started again."""

    __test__ = False

    def __init__(self, kind: str, folder: Path, *, anonymous: bool = True) -> None:
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        # amqtt forgets what was not acknowledged when the connection ends, against MQTT-4.4.0-1.
        self.redelivers = kind == "mosquitto"
        self._log = folder / "broker.log"
        config = folder / "broker.conf"
        if kind == "mosquitto":
            program = shutil.which("mosquitto")
            if program is None:
                pytest.skip("mosquitto is not installed")
            config.write_text(_MOSQUITTO.format(port=self.port, anonymous=str(anonymous).lower()))
            self._command = [program, "-c", str(config)]
        else:
            config.write_text(_AMQTT.format(port=self.port, anonymous=str(anonymous).lower()))
            self._command = [str(Path(sys.executable).with_name("amqtt")), "-c", str(config)]
        self._process: subprocess.Popen[bytes] | None = None

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
