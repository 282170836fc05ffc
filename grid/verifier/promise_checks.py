"""Promises of the log: a receipt, and whether the log kept it; two checkpoints, and whether one log signed both."""

from datetime import UTC, datetime
from typing import Any

from grid.domain import merkle, notes, receipts
from grid.domain.receipts import Receipt
from grid.verifier.evidence import Evidence
from grid.verifier.report import CheckFailed, NotInFile, Report, require


def check_receipt(document: Any, report: Report, *, log_key: str | None) -> Receipt | None:
    """Check a receipt by itself: signed by the log that is known, and its leaf in the block it promises."""
    what = "receipt is signed by the log's key, and its leaf is in the block"
    if log_key is None:
        report.not_checked(what, "a receipt does not name its key: give the log's by --log-key")
        return None
    receipt: Receipt | None = None
    with report.check(what):
        name, key = notes.parse_verifier_key(log_key)
        receipt = receipts.verify(document, public_key=key, log=name)
    return receipt


def check_promise(receipt: Receipt, evidence: Evidence) -> None:
    """Check a receipt's promise against a case: its leaf at its index, anchored in time."""
    case, report = evidence.case, evidence.report
    index = receipt["index"]
    with report.check(f"the log holds the receipt's leaf at index {index}"):
        part = next((each for each in case.entries if each.index == index), None)
        if part is None or index not in evidence.entries:
            raise NotInFile(f"entry {index} is not proven by the case file")
        found = merkle.leaf_hash(part.data).hex()
        require(found == receipt["leaf_hash"], f"it holds {found}, the receipt promised {receipt['leaf_hash']}")
    with report.check("the receipt's entry was anchored in time"):
        if case.anchored_at is None:
            raise NotInFile("the case file's checkpoint is not anchored; a later case file tells")
        if index >= evidence.size:
            raise NotInFile("the case file's checkpoint does not cover it")
        late = case.anchored_at > receipt["anchor_by"]
        if late:
            # An earlier checkpoint may have covered it: the file proves an upper bound only.
            raise NotInFile(
                f"this checkpoint was anchored at {_moment(case.anchored_at)}, after {_moment(receipt['anchor_by'])}; "
                "an earlier one may have covered it"
            )


def check_extension(document: Any, report: Report, *, size: int | None = None, root: bytes = b"") -> None:
    """Check that a log's later tree extends its earlier one; with a size and root, that these are the later tree's.

    `document` is the log's answer: old, new, old_root, new_root, proof.
    """
    with report.check(_extension_of(document)):
        old, new, old_root, new_root, proof = _extension(document)
        merkle.verify_consistency(old, old_root, new, new_root, proof)
    if size is None:
        report.not_checked("the two roots are the log's", "the file holds no signature: compare them with checkpoints")
        return
    with report.check("the later tree is the case file's"):
        old, new, old_root, new_root, proof = _extension(document)
        require((new, new_root) == (size, root), f"it is of {new} entries and root {new_root.hex()}")


def _extension_of(document: Any) -> str:
    old, new = document.get("old"), document.get("new")
    return f"the log of {_shown(new)} entries extends the log of {_shown(old)}"


def _extension(document: Any) -> tuple[int, int, bytes, bytes, list[bytes]]:
    try:
        proof = [bytes.fromhex(item) for item in document["proof"]]
        roots = bytes.fromhex(document["old_root"]), bytes.fromhex(document["new_root"])
        sizes = document["old"], document["new"]
    except (KeyError, TypeError, ValueError):
        raise CheckFailed("it is not old, new, old_root, new_root and proof in hex digits") from None
    if not all(isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**63 for number in sizes):
        raise CheckFailed("a size is no number of entries")
    if any(len(item) != merkle.HASH_SIZE for item in (*proof, *roots)):
        raise CheckFailed("a hash does not have 32 bytes")
    return *sizes, *roots, proof


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, int) else "?"


def _moment(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, OSError, ValueError):
        return str(seconds)
