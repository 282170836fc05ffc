"""A pytest plugin: the real PostgreSQL and Valkey every application test runs on.

Loaded by `-p tests.servers`, since Django reads its settings before any conftest.py.
`DATABASE_URL` and `REDIS_URL` replace the embedded ones.
"""

import os
import shutil
import tempfile
from pathlib import Path

from grid.config.servers.postgres import Postgres
from grid.config.servers.valkey import Valkey

_started: list[Postgres | Valkey] = []
_folder: Path | None = None


def _start_servers() -> None:
    """Before Django reads its settings, so at import and not in a fixture."""
    global _folder
    _folder = Path(tempfile.mkdtemp(prefix="watt-test-"))
    _folder.chmod(0o755)
    os.environ.setdefault("WATT_DEMO", "1")
    os.environ.setdefault("WATT_DATA", str(_folder / "data"))
    (_folder / "data" / "static").mkdir(parents=True)
    if "DATABASE_URL" not in os.environ:
        postgres = Postgres(data=_folder / "pg", sockets=_folder / "s", log=_folder / "pg.log", durable=False)
        postgres.start()
        _started.append(postgres)
        # The test database is made by the owner of its tables; tests then work as the platform's role.
        os.environ.update(postgres.env | postgres.owner_env | {"WATT_AS_OWNER": "1"})
    if "REDIS_URL" not in os.environ:
        valkey = Valkey(data=_folder / "valkey", sockets=_folder / "v", log=_folder / "valkey.log")
        valkey.start()
        _started.append(valkey)
        os.environ.update(valkey.env)


_start_servers()


def pytest_unconfigure() -> None:
    for server in reversed(_started):
        server.stop()
    if _folder:
        shutil.rmtree(_folder, ignore_errors=True)
