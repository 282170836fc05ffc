"""The log as it grows: every checkpoint that is seen must extend the ones before (split-view detection).

A log that shows one person one tree and another person another one has to keep its stories apart for ever. The
watcher keeps the largest checkpoint it saw, and asks for a proof that links it to each other one: the newest of the
platform, and that of each case file.
"""

from dataclasses import dataclass

from grid.domain import merkle, notes
from grid.verifier.report import CheckFailed
from grid.verifier.watch.platform import Platform
from grid.verifier.watch.state import State


@dataclass(frozen=True, slots=True)
class Seal:
    """A signed size and root."""

    size: int
    root: bytes
    note: str


def read_note(note: str, verifier_key: str) -> Seal:
    """Return what a note says. Raises CheckFailed when it is not signed by the key."""
    try:
        name, key = notes.parse_verifier_key(verifier_key)
        body = notes.parse_checkpoint(notes.verify_note(note, name=name, public_key=key))
    except ValueError as error:
        raise CheckFailed(f"the checkpoint is not signed by the log's key: {error}") from None
    if body.origin != name:
        raise CheckFailed(f"the checkpoint is of {body.origin}, not of {name}")
    return Seal(body.size, body.root, note)


def follow(platform: Platform, state: State) -> None:
    """Take the platform's newest checkpoint into the state. Raises CheckFailed, or PlatformError."""
    seal = read_note(platform.text("log/checkpoint"), state.log_key)
    link(platform, state, seal)
    if seal.size > state.size:
        state.size, state.root, state.note = seal.size, seal.root.hex(), seal.note


def link(platform: Platform, state: State, seal: Seal) -> None:
    """Require that a checkpoint and the largest one seen are of one log. Raises CheckFailed, or PlatformError."""
    if not state.size:
        return
    mine = Seal(state.size, bytes.fromhex(state.root), state.note)
    old, new = sorted((mine, seal), key=lambda each: each.size)
    if old.size == new.size:
        if old.root != new.root:
            raise CheckFailed(
                f"split view: two roots were signed for size {old.size}, {old.root.hex()} and {new.root.hex()}"
            )
        return
    answer = platform.get("log/proof/consistency", old=old.size, new=new.size)
    try:
        proof = [bytes.fromhex(item) for item in answer["proof"]]
        merkle.verify_consistency(old.size, old.root, new.size, new.root, proof)
    except (ValueError, KeyError, TypeError) as error:
        raise CheckFailed(
            f"split view: no proof that the log of {new.size} entries extends that of {old.size}: {error}"
        ) from None
