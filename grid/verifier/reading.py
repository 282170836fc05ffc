"""Files from strangers: read within limits, and told apart by what they hold."""

import json
from pathlib import Path
from typing import Any

from grid.domain.casefile import Case, CaseFileError, from_json

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 32


def read(path: Path) -> Case:
    """Return the case in a file. Raises CaseFileError or OSError."""
    return from_json(read_json(path))


def read_json(path: Path) -> Any:
    """Return a file's JSON. Raises CaseFileError for what is no JSON, too large or nested too deeply; OSError."""
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise CaseFileError(f"larger than {MAX_BYTES} bytes")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CaseFileError(f"not JSON: {error}") from None
    _require_shallow(document)
    return document


def is_receipt(document: Any) -> bool:
    """Whether this is a receipt of the log, as a device gets it."""
    return isinstance(document, dict) and {"log", "leaf_hash", "anchor_by", "signature"} <= document.keys()


def is_consistency(document: Any) -> bool:
    """Whether this is an answer of the log's consistency proof."""
    return isinstance(document, dict) and {"old_root", "new_root", "proof"} <= document.keys()


def _require_shallow(document: Any) -> None:
    level, depth = [document], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise CaseFileError(f"nested more than {MAX_DEPTH} deep")
        children: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                children += value.values()
            elif isinstance(value, list):
                children += value
        level = [value for value in children if isinstance(value, dict | list)]
