"""Point statements: stored packed and sealed, opened with proof."""

from collections.abc import Sequence

from grid.domain import merkle
from grid.domain.entries import FIELDS, TAGS, LeafKind, run_key, salt
from grid.domain.lines import Header, Line
from grid.domain.slots import SLOTS_PER_DAY, month_of_day
from grid.domain.words import WORD
from grid.records import sealing
from grid.records.errors import Erased, LogDamaged
from grid.records.queries import keys
from grid.records.sealing import KeyHandle
from grid.settlement.models import PointStatement, SettlementRun


def pack_leaves(leaves: Sequence[bytes], *, with_salt: bool) -> bytes:
    """Return leaves of one kind without their tags (and salts, where a key gives them back), packed."""
    end = None if with_salt else -WORD
    return sealing.pack_words(b"".join(leaf[WORD:end] for leaf in leaves))


def seal_lines(key: KeyHandle, run: bytes, sequence: int, position: int, leaves: Sequence[bytes]) -> bytes:
    """Return a point's 96 LINE leaves under its log key; `run` is the run key."""
    return sealing.seal(key, _seed(run, sequence, position), pack_leaves(leaves, with_salt=False))


def line_leaves(statement: PointStatement) -> list[bytes]:
    """Return the 96 LINE leaves of a statement.

    Raises Erased when the point's key is gone, LogDamaged when they are not the leaves under its root.
    """
    run = statement.run
    owner = (statement.point_id, month_of_day(run.day))
    key = keys.find([owner]).get(owner)
    if key is None:
        raise Erased(f"The lines of {statement} were erased with their key.")
    tree = run_key(run.zone.word, run.day)
    seed = _seed(tree, run.sequence, statement.position)
    words = sealing.unpack_words(sealing.open_sealed(key, seed, bytes(statement.lines)))
    first = run.day * SLOTS_PER_DAY
    leaves = [
        TAGS["LINE"] + fields + salt(key.key, "LINE", tree=tree, sequence=run.sequence, position=first + offset)
        for offset, fields in enumerate(_split(words, len(FIELDS[LeafKind.LINE])))
    ]
    if merkle.root([merkle.leaf_hash(leaf) for leaf in leaves]) != bytes(statement.lines_root):
        raise LogDamaged(f"The lines of {statement} do not have the root that was posted.")
    return leaves


def lines_of(statement: PointStatement) -> list[Line]:
    """Return the 96 lines of a statement; raises as `line_leaves`."""
    return [Line.from_leaf(leaf) for leaf in line_leaves(statement)]


def header_leaves(run: SettlementRun) -> list[bytes]:
    """Return the 96 HEADER leaves of a run. Raises LogDamaged when they do not have its root."""
    words = sealing.unpack_words(bytes(run.headers))
    leaves = [TAGS["HEADER"] + fields for fields in _split(words, len(FIELDS[LeafKind.HEADER]) + 1)]
    if merkle.root([merkle.leaf_hash(leaf) for leaf in leaves]) != bytes(run.headers_root):
        raise LogDamaged(f"The headers of {run} do not have the root that was posted.")
    return leaves


def headers_of(run: SettlementRun) -> list[Header]:
    """Return the 96 headers of a run; raises as `header_leaves`."""
    return [Header.from_leaf(leaf) for leaf in header_leaves(run)]


def _seed(run: bytes, sequence: int, position: int) -> bytes:
    return b"lines" + run + sequence.to_bytes(2, "big") + position.to_bytes(2, "big")


def _split(words: bytes, count: int) -> list[bytes]:
    size = count * WORD
    return [words[start : start + size] for start in range(0, len(words), size)]
