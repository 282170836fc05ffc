"""Write the JSON vectors of this folder from the model: `python -m tests.vectors.generate`.

The files are committed; tests/domain/test_vectors.py fails when they are not what the model gives, and
the contracts' tests read the same files.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.vectors import (
    entries_cases,
    merkle_cases,
    recompute_cases,
    rows_cases,
    statements_cases,
    typed_data_cases,
)

FOLDER = Path(__file__).parent

DOCUMENTS: dict[str, Callable[[], dict[str, Any]]] = {
    "merkle": merkle_cases.document,
    "rows": rows_cases.document,
    "typed_data": typed_data_cases.document,
    "entries": entries_cases.document,
    "statements": statements_cases.document,
    "recompute": recompute_cases.document,
}


def text(name: str) -> str:
    """Return the content of `<name>.json`."""
    return json.dumps(DOCUMENTS[name](), indent=1) + "\n"


def main() -> None:
    for name in DOCUMENTS:
        path = FOLDER / f"{name}.json"
        path.write_text(text(name))
        print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
