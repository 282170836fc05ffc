"""The embedded servers after a kill in a bad moment."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from grid.config.servers import postgres as postgres_module
from grid.config.servers.anvil import DUMPED, Anvil, rpc
from grid.config.servers.postgres import Postgres
from grid.config.servers.processes import StartError, free_port, is_alive, spawn, wait_until


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Anvil]:
    anvil = Anvil(state=tmp_path / "state.json", log=tmp_path / "log", genesis=1_760_000_000)
    yield anvil
    anvil.stop()


def _kill(server: Anvil) -> None:
    assert server.process is not None
    server.process.kill()
    server.process.wait()


def _block_number(chain: Anvil) -> int:
    return int(rpc(chain.url, "eth_blockNumber"), 16)


def _age(file: Path) -> None:
    """As if it was written a while ago."""
    then = file.stat().st_mtime - 2 * DUMPED
    os.utime(file, (then, then))


def test_only_a_finished_dump_is_set_aside(chain: Anvil) -> None:
    chain.keep_state()  # none yet
    chain.state.write_text('{"whole": 1}')
    chain.keep_state()
    assert not chain.kept.exists()  # it may be being written
    _age(chain.state)
    chain.keep_state()
    assert json.loads(chain.kept.read_text()) == {"whole": 1}
    chain.state.write_text('{"cut')
    _age(chain.state)
    chain.keep_state()
    assert json.loads(chain.kept.read_text()) == {"whole": 1}


@pytest.mark.parametrize("left", [None, "", '{"block": {"number": "0x3", "bene'])
def test_a_chain_killed_while_it_wrote_goes_on_from_the_last_dump(chain: Anvil, left: str | None) -> None:
    chain.start()
    for _ in range(3):
        rpc(chain.url, "evm_mine")
    chain.stop()
    _age(chain.state)
    chain.keep_state()
    chain.start()
    assert _block_number(chain) == 3
    _kill(chain)
    chain.state.unlink(missing_ok=True)
    if left is not None:
        chain.state.write_text(left)
    chain.start()
    assert _block_number(chain) == 3


def test_a_damaged_chain_without_a_dump_is_an_error_with_its_reason(chain: Anvil) -> None:
    chain.state.write_text("{")
    with pytest.raises(StartError, match=r"(?s)chain \(anvil\): ended with code.*failed to parse"):
        chain.start()


@pytest.fixture
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    folder = tmp_path_factory.mktemp("pg", numbered=True)
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)  # PostgreSQL's user must get through when we are root
    server = Postgres(data=folder / "data", sockets=folder / "s", log=folder / "log")
    yield server
    server.stop()


def test_a_database_survives_kills_in_bad_moments(database: Postgres, tmp_path: Path) -> None:
    """Amid its creation; at work, its pid file left to name somebody else's PostgreSQL."""
    unfinished = database.data.with_name(f".{database.data.name}.unfinished")
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18")
    database.start()
    assert database.process is not None
    with database._connect(postgres_module.DATABASE) as connection:
        connection.execute("create table kept (id int)")
    database.process.kill()
    database.process.wait()
    (tmp_path / "postgres").symlink_to("/bin/sleep")
    other = spawn([tmp_path / "postgres", "300"], log=tmp_path / "other")
    pid_file = database.data / "postmaster.pid"
    pid_file.write_text(f"{other.pid}\n" + "".join(pid_file.read_text().splitlines(keepends=True)[1:]))
    wait_until(lambda: _starts(database), what="PostgreSQL")
    with database._connect(postgres_module.DATABASE) as connection:
        connection.execute("select id from kept")
    assert is_alive(other.pid)
    other.kill()
    other.wait()


def _starts(server: Postgres) -> bool:
    """What the killed one's children still hold makes the next one refuse for a moment."""
    try:
        server.start()
    except StartError:
        return False
    return True


def test_a_server_says_when_its_folder_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="too long"):
        Postgres(data=tmp_path, sockets=tmp_path / ("long" * 20), log=tmp_path / "log")


def test_the_chains_port_stays_its_own_after_a_restart(chain: Anvil) -> None:
    chain.port = free_port()
    chain.start()
    first, process = chain.url, chain.process
    assert isinstance(process, subprocess.Popen)
    _kill(chain)
    chain.start()
    assert chain.url == first
    assert chain.process is not process
