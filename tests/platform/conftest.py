"""A data folder that leaves nothing outside itself."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from grid.config.runtime import DataFolder


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """An empty data folder; what root's PostgreSQL kept elsewhere is deleted after the test."""
    path = tmp_path / "data"
    path.mkdir()
    yield path
    if os.geteuid() == 0 and (path / "instance").exists():
        shutil.rmtree(DataFolder(path).postgres, ignore_errors=True)
