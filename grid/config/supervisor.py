"""`./watt up`: start everything in order, keep it running, stop it in order."""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import IO, Protocol
from urllib.parse import urlsplit

from grid import clock
from grid.config import parts
from grid.config.demo.devices import BROKER_VARIABLE
from grid.config.runtime import DataFolder, Lock, write_run_file
from grid.config.servers import external
from grid.config.servers.anvil import Anvil
from grid.config.servers.broker import Broker
from grid.config.servers.ports import claim_port
from grid.config.servers.postgres import Postgres
from grid.config.servers.processes import StartError, free_port, popen, stop, stop_all, tail
from grid.config.servers.valkey import Valkey
from grid.metering.bridge import address

DEFAULT_PORT = 8000
RETRY_SECONDS = 5.0
# Settings that reach the processes from outside; `./watt manage` in another shell needs them too.
GIVEN = (
    "DATABASE_URL", "REDIS_URL", "CHAIN_URL", "MQTT_URL", "PGHOST", "CHAIN_KEYS_FILE", "CONTRACTS_FILE",
    "CHAIN_PROFILE", "CHAIN_ID", "CHAIN_CONFIRMATIONS", "CHAIN_REORG_DEPTH", "CHAIN_MAX_FEE_WEI", "CHAIN_BUMP_SECONDS",
    "CHAIN_STALE_SECONDS", "CHAIN_LAG_BLOCKS", "CHAIN_GAS_LIMIT", "CHAIN_SIGNER_URL", "ALLOWED_HOSTS",
)  # fmt: skip
OWNER_URL = "DATABASE_OWNER_URL"


class Server(Protocol):
    process: subprocess.Popen[bytes] | None

    @property
    def env(self) -> Mapping[str, str]: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


class Stopping(Exception):
    """A signal asked us to stop."""


class Supervisor:
    """Owns a data folder and the processes that run on it."""

    def __init__(self, folder: DataFolder, *, host: str, port: int | None, quiet: bool = False) -> None:
        self.folder = folder
        self.host = host
        self.port = port
        self.quiet = quiet
        self.began = time.monotonic()
        self.servers: dict[str, Server] = {}
        self.parts: list[parts.Part] = []
        self.env: dict[str, str] = {}
        self.told: dict[str, str] = {}
        self.owner_env: dict[str, str] = {}
        self.stopping = False
        self._lock: Lock | None = None
        self._port_claim: IO[str] | None = None
        self._retry_at: dict[str, float] = {}

    def say(self, text: str) -> None:
        if not self.quiet:
            # A terminal that is gone must not keep us from stopping in order.
            with contextlib.suppress(OSError):
                print(f"{time.monotonic() - self.began:7.1f} s  {text}", file=sys.stderr, flush=True)

    def catch_signals(self) -> None:
        """Before the first child, so that no signal can leave one behind."""

        def stop(number: int, frame: FrameType | None) -> None:
            if not self.stopping:
                self.stopping = True
                raise Stopping

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup means it
                signal.signal(number, stop)

    def open_folder(self) -> None:
        """Lock the data folder, made if need be. Raises StartError when it is in use or not usable."""
        path = self.folder.path
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = Lock(self.folder, say=self.say)
            self.folder.create()
            self.folder.run_file.unlink(missing_ok=True)  # a killed platform's
        except OSError as error:
            raise StartError(
                f"{path} cannot be used ({error.strerror}: {error.filename}): choose another folder with --data."
            ) from None

    # --- starting ---

    def start_servers(self, *, genesis: int) -> None:
        """PostgreSQL, Valkey and the chain: embedded, or waited for where an address is given."""
        log = self.folder.logs
        if "DATABASE_URL" in os.environ:
            external.wait_for_database(os.environ["DATABASE_URL"], say=self.say)
            self.owner_env = {name: os.environ[name] for name in (OWNER_URL,) if name in os.environ}
        else:
            postgres = Postgres(
                data=self.folder.postgres / "data" if os.geteuid() == 0 else self.folder.postgres,
                sockets=self.folder.sockets / "postgres",
                log=log / "postgres.log",
            )
            self._start_server("PostgreSQL", postgres)
            self.owner_env = postgres.owner_env
        if "REDIS_URL" in os.environ:
            external.wait_for_redis(os.environ["REDIS_URL"], say=self.say)
        else:
            sockets = self.folder.sockets / "valkey"
            self._start_server(
                "Valkey", Valkey(data=self.folder.path / "valkey", sockets=sockets, log=log / "valkey.log")
            )
        if "CHAIN_URL" in os.environ:
            external.wait_for_chain(os.environ["CHAIN_URL"], say=self.say)
        else:
            state = self.folder.path / "chain" / "state.json"
            self._start_server("chain", Anvil(state=state, log=log / "chain.log", genesis=genesis))

    def start_broker(self) -> None:
        """The embedded MQTT broker, unless MQTT_URL names another, which is waited for."""
        given = os.environ.get(address.VARIABLE)
        if given is not None:
            external.wait_for_broker(given, say=self.say)
            return
        port = address.PORTS["mqtt"]
        if external.port_problem(self.host, port) is not None:
            port = free_port()
        secret, log = self.folder.secret("mqtt-secret"), self.folder.logs / "broker.log"
        broker = Broker(host=self.host, port=port, secret=secret, log=log)
        self._start_server("MQTT broker", broker)
        self.told[BROKER_VARIABLE] = broker.devices

    def start_bridge(self) -> None:
        """What takes readings from the broker."""
        self.add(parts.mqtt(env=self.env, log=self.folder.logs / "mqtt.log"))

    def _start_server(self, name: str, server: Server) -> None:
        self.servers[name] = server
        server.start()
        self.told.update(server.env)
        self.say(f"{name} ready")

    def set_environment(self, *, simulated: bool) -> None:
        """What every process is told. Secrets are the folder's own."""
        self.port = self._choose_port()
        live_port = free_port()
        everywhere = self.host in ("0.0.0.0", "::")
        host = "localhost" if everywhere or self.host == "127.0.0.1" else external.in_url(self.host)
        given = {name: os.environ[name] for name in GIVEN if name in os.environ}
        self.told = given | self.told
        self.told |= {
            "DJANGO_SETTINGS_MODULE": "grid.config.settings",
            "PYTHONUNBUFFERED": "1",
            "WATT_DEMO": "1",
            "WATT_DATA": os.fspath(self.folder.path),
            "SECRET_KEY": os.environ.get("SECRET_KEY", self.folder.secret("secret-key")),
            "DATA_KEY": os.environ.get("DATA_KEY", self.folder.secret("data-key")),
            "WEB_URL": f"http://{host}:{self.port}",
            "LIVE_URL": f"http://{host}:{live_port}/live/",
            "LIVE_PORT": str(live_port),
        }
        self.told.setdefault("ALLOWED_HOSTS", "*" if everywhere else f"localhost,127.0.0.1,[::1],{host}")
        if simulated:
            self.told[clock.ENV] = os.fspath(self.folder.clock)
        # The owner of the tables is known to migrations alone.
        self.env = {name: value for name, value in (os.environ | self.told).items() if name != OWNER_URL}

    def _choose_port(self) -> int:
        """The port asked for, or 8000, or a free one when 8000 is taken and nobody insisted."""
        wanted = DEFAULT_PORT if self.port is None else self.port
        problem = external.port_problem(self.host, wanted)
        if problem not in (None, external.TAKEN):
            raise StartError(f"The page cannot be served on {self.host} port {wanted} ({problem}): see --host, --port.")
        if problem is None and self._claim(wanted):
            return wanted
        if self.port is not None:
            raise StartError(f"Port {wanted} is taken by another program: choose another with --port.")
        chosen = free_port()
        while not self._claim(chosen):
            chosen = free_port()
        self.say(f"port {wanted} is taken, the page is on port {chosen}")
        return chosen

    def _claim(self, port: int) -> bool:
        """Claim a port among platforms for as long as we live; False when another one has."""
        self._port_claim = claim_port(port)
        return self._port_claim is not None

    def run_module(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        """Run one of our modules to its end, its output among our messages. Raises StartError."""
        process = popen(parts.python("-m", *arguments), sys.stderr, env=self.env | (env or {}))
        try:
            while (code := process.poll()) is None:
                self.check()
                time.sleep(0.05)
        finally:
            stop(process)
        if code:
            raise StartError(f"{arguments[0]} failed with code {code}; the lines above say why.")

    def start_platform(self) -> None:
        """Schema and contracts, then web, live streams, workers and beat."""
        log = self.folder.logs
        assert self.port is not None  # set_environment chose it
        live_port = int(self.env["LIVE_PORT"])
        self.parts = [
            parts.web(env=self.env, log=log / "web.log", host=self.host, port=self.port),
            parts.live(env=self.env, log=log / "live.log", host=self.host, port=live_port),
            parts.worker(queue="default", env=self.env, log=log / "worker-default.log"),
            parts.worker(queue="forecast", env=self.env, log=log / "worker-forecast.log"),
            parts.beat(env=self.env, log=log / "beat.log", schedule=self.folder.path / "beat-schedule"),
        ]
        web, *others = self.parts
        web.start()
        self.run_module("grid.config.prepare", env=self.owner_env)
        self.say("database and contracts ready")
        web.wait()
        self.say(f"page ready on {self.env['WEB_URL']}")
        for part in others:
            part.start()
        self._write_run_file()

    def _write_run_file(self) -> None:
        pids = {part.name: part.process.pid for part in self.parts if part.process}
        pids |= {name: server.process.pid for name, server in self.servers.items() if server.process}
        write_run_file(
            self.folder,
            {
                "supervisor": os.getpid(),
                "url": self.env["WEB_URL"],
                "env": self.told,
                "owner": self.owner_env,
                "processes": pids,
            },
        )

    def add(self, part: parts.Part) -> None:
        self.parts.append(part)
        part.start()
        self._write_run_file()

    def restart_beat(self) -> None:
        """Beat reads the clock's speed when it starts."""
        for part in self.parts:
            if part.name == "beat":
                part.stop()
                part.start()

    # --- running ---

    def watch(self) -> None:
        """Until a signal: restart what ends, and note that we were alive."""
        beat_file = self.folder.path / "alive"
        while not self.stopping:
            self.check()
            beat_file.touch()
            time.sleep(0.25)

    def check(self) -> None:
        """Restart every server and part that has ended; parts once all of them were started."""
        for name, server in self.servers.items():
            if server.process and server.process.poll() is not None:
                self._revive(name, server, server.process.returncode)
            if isinstance(server, Anvil):
                server.keep_state()
        for part in self.parts if self.folder.run_file.exists() else []:
            if part.ended and part.process:
                code = part.process.returncode
                pause = part.plan_restart()
                self.say(f"{part.name} ended with code {code}; restarting it in {pause:.1f} s.{tail(part.log, 3)}")
            if part.process is None and time.monotonic() >= part.next_start:
                part.start()
                self._write_run_file()

    def _revive(self, name: str, server: Server, code: int) -> None:
        """Start a server again where it was; one that cannot start yet is tried again later."""
        if time.monotonic() < self._retry_at.get(name, 0.0):
            return
        self.say(f"{name} ended with code {code}; restarting it")
        try:
            server.start()
        except StartError as error:
            self._retry_at[name] = time.monotonic() + RETRY_SECONDS
            self.say(f"{error} Trying again in {RETRY_SECONDS:.0f} s.")
            server.stop()
            return
        self.say(f"{name} ready")
        if self.folder.run_file.exists():
            self._write_run_file()

    # --- stopping ---

    def stop(self) -> None:
        """In order: who writes first, who is written to last. Time stands still until the next start."""
        self.stopping = True
        if self.folder.clock.exists() and self.env.get(clock.ENV):
            os.environ[clock.ENV] = self.env[clock.ENV]
            clock.write(self.folder.clock, speed=0, sim=clock.timestamp())
        with ThreadPoolExecutor() as pool:
            for turn in sorted({part.stop_turn for part in self.parts}):
                group = [part for part in self.parts if part.stop_turn == turn]
                for part, ended in zip(group, pool.map(parts.Part.stop, group), strict=True):
                    if not ended:
                        self.say(f"{part.name} did not stop when asked to and was killed")
        for server in reversed(list(self.servers.values())):
            server.stop()
        if self._lock:
            stop_all(self._lock.leftovers())
            self.folder.run_file.unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete everything the folder kept (after `stop`)."""
        for folder in (*self.folder.elsewhere, self.folder.path):
            shutil.rmtree(folder, ignore_errors=True)


def resume_clock(folder: DataFolder, *, speed: float) -> None:
    """Let a demonstration's time go on from where the last run left it, killed or not."""
    os.environ[clock.ENV] = os.fspath(folder.clock)
    setting = clock.setting()
    if setting is None:
        return
    alive = folder.path / "alive"
    last_seen = alive.stat().st_mtime if alive.exists() else time.time()
    clock.write(folder.clock, speed=speed, sim=setting.at(max(last_seen, setting.wall)))


def check_given_urls() -> None:
    """Refuse an address that no part could use, naming the variable. Raises StartError."""
    for name, schemes in (
        ("DATABASE_URL", ("postgres", "postgresql")),
        (OWNER_URL, ("postgres", "postgresql")),
        ("REDIS_URL", ("redis", "rediss", "unix")),
        ("CHAIN_URL", ("http", "https")),
        ("MQTT_URL", ("mqtt", "mqtts")),
    ):
        value = os.environ.get(name)
        # The value itself may hold a password.
        addresses = [] if value is None else value.split(",") if name == "CHAIN_URL" else [value]
        if any(urlsplit(address.strip()).scheme not in schemes for address in addresses):
            raise StartError(f"{name} is not an address of the form {schemes[0]}://...: correct it or unset it.")


def run(options: argparse.Namespace) -> int:
    """The `up` command. Returns the exit code."""
    from grid.config import community

    check_given_urls()
    supervisor = Supervisor(DataFolder(options.data), host=options.host, port=options.port)
    supervisor.catch_signals()
    code = 0
    try:
        supervisor.open_folder()
        community.start(supervisor, options)
    except Stopping:
        pass
    except StartError as error:
        print(f"watt: {error}", file=sys.stderr)
        code = 1
    finally:
        supervisor.say("stopping")
        supervisor.stop()
        supervisor.say("stopped")
    return code
