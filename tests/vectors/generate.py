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
    native_cases,
    ocmf_cases,
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
    "native": native_cases.document,
    "ocmf": ocmf_cases.document,
}


LONG = frozenset({"recompute"})
"""Documents whose items stand on one line each, for they hold many proofs."""


def text(name: str) -> str:
    """Return the content of `<name>.json`."""
    document = DOCUMENTS[name]()
    if name not in LONG:
        return json.dumps(document, indent=1) + "\n"
    return "{\n" + ",\n".join(f" {json.dumps(key)}: {_items(value)}" for key, value in document.items()) + "\n}\n"


def _items(value: Any) -> str:
    """Return a member of a long document: one line for each item of a list or object."""
    if isinstance(value, dict):
        return "{\n" + ",\n".join(f"  {json.dumps(key)}: {json.dumps(item)}" for key, item in value.items()) + "\n }"
    if isinstance(value, list):
        return "[\n" + ",\n".join(f"  {json.dumps(item)}" for item in value) + "\n ]"
    return json.dumps(value)


def main() -> None:
    for name in DOCUMENTS:
        path = FOLDER / f"{name}.json"
        path.write_text(text(name))
        print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
