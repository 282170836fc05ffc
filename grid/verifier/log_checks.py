"""The log: the checkpoint's signature, and every entry under its root."""

from grid.domain import entries, merkle, notes
from grid.verifier.evidence import Evidence
from grid.verifier.report import require


def check_log(evidence: Evidence, *, pinned_key: str | None) -> None:
    """Check the checkpoint note, then the inclusion of each entry; fills `evidence.entries`.

    Without a valid checkpoint no entry counts. `pinned_key` replaces the verifier key of the file.
    """
    case, report = evidence.case, evidence.report
    with report.check("checkpoint is signed by the log's key"):
        name, key = notes.parse_verifier_key(pinned_key or case.verifier_key)
        checkpoint = notes.parse_checkpoint(notes.verify_note(case.note, name=name, public_key=key))
        require(checkpoint.origin == name, f"it is a checkpoint of {checkpoint.origin}, not of {name}")
        evidence.size, evidence.root = checkpoint.size, checkpoint.root
    if not evidence.root:
        report.not_checked("log entries", "there is no checkpoint to check them against")
        return
    if pinned_key is None:
        report.not_checked("the log's key is the right one", "it is the file's own; give yours by --log-key")
    for part in case.entries:
        group = f"{part.kind.name} entry is in the log of {evidence.size}"
        with report.check(f"entry {part.index} ({part.kind.name}) is in the log", group=group):
            fields = entries.decode(part.kind, part.data)
            leaf = merkle.leaf_hash(part.data)
            merkle.verify_inclusion(leaf, part.index, evidence.size, part.proof, evidence.root)
            evidence.entries[part.index] = (part.kind, fields)
