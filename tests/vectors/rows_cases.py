"""Cases of rows.json: rows as posted, their words, chunks and root."""

from typing import Any

from grid.domain import merkle, rows
from grid.domain.rows import Row


def _address(number: int) -> bytes:
    """An address that is no one's: a number spread over 20 bytes."""
    return merkle.leaf_hash(number.to_bytes(4, "big"))[:20]


def _zero_sum(count: int) -> list[Row]:
    """Rows in ascending address order whose last one makes their sum zero."""
    members = sorted(_address(number) for number in range(count - 1))
    nets = [((-1) ** place) * (place * 7919 % 1_000_003) for place in range(count - 1)]
    return [*map(Row, members, nets), Row(bytes([0xEE]) * 20, -sum(nets))]


def _case(name: str, posted: list[Row]) -> dict[str, Any]:
    words = rows.pack_rows(posted)
    chunks = rows.row_chunks(words)
    return {
        "case": name,
        "rows": [{"address": "0x" + row.address.hex(), "net": str(row.net)} for row in posted],
        "sum": str(sum(row.net for row in posted)),
        "words": ["0x" + word.hex() for word in words],
        "chunkLeafHashes": ["0x" + merkle.leaf_hash(chunk).hex() for chunk in chunks],
        "rowsRoot": "0x" + rows.rows_root(words).hex(),
    }


def document() -> dict[str, Any]:
    low, high = -(2**95), 2**95 - 1
    extremes = [Row(bytes(19) + b"\x01", low), Row(b"\xff" * 20, high), Row(b"\x80" + bytes(19), 1)]
    proof_of = rows.pack_rows(_zero_sum(100))
    tree = rows.rows_tree(proof_of)
    chunk = rows.row_chunks(proof_of)[2]
    return {
        "about": [
            "A row word is address (20 bytes) || net (int96, two's complement, token units).",
            "Chunk c is keccak256('commonwatt.ROWS.v1') || words 16c to 16c + 15; the last may be shorter.",
            "chunkLeafHashes = sha256(0x00 || chunk); rowsRoot is the RFC 6962 root over them.",
            "'proof' opens chunk 2 of 100 rows: the tree has 7 leaves.",
        ],
        "cases": [
            _case("no rows", []),
            _case("one row of nothing", [Row(b"\x11" * 20, 0)]),
            _case("minus one", [Row(b"\x11" * 20, -1), Row(b"\x22" * 20, 1)]),
            _case("extremes of int96", extremes),
            *(_case(f"{count} rows", _zero_sum(count)) for count in (4, 15, 16, 17, 32, 33, 100, 512, 516)),
        ],
        "proof": {
            "chunk": "0x" + chunk.hex(),
            "index": "2",
            "size": str(tree.size),
            "proof": ["0x" + item.hex() for item in tree.inclusion_proof(2)],
            "rowsRoot": "0x" + tree.root.hex(),
        },
    }
