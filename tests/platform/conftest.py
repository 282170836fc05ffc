"""A data folder that leaves nothing outside itself."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from grid.config.runtime import DataFolder


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """An empty data folder; what had to be kept elsewhere is deleted after the test."""
    path = tmp_path / "data"
    path.mkdir()
    yield path
    for place in DataFolder(path).elsewhere:
        shutil.rmtree(place, ignore_errors=True)
