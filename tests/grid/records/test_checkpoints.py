"""Checkpoints, their anchoring on a real chain, receipts, and the check of the whole log."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from grid.chain import queries as chain_queries
from grid.chain.client import Client
from grid.chain.models import ChainTx
from grid.domain import notes
from grid.records import log_key, queries
from grid.records.errors import LogDamaged
from grid.records.models import Checkpoint
from grid.records.queries import damage
from grid.records.queries.checkpoints import chain_fields
from grid.records.services import append, checkpoints
from tests.chain.support import sweep
from tests.grid.records.support import NOW, flip, grow, profile
from tests.rights import owner, tamper

pytestmark = pytest.mark.django_db


def anchor(chain: Client) -> None:
    checkpoints.sign_checkpoint(now=NOW)
    checkpoints.enqueue_anchor(now=NOW)
    sweep(chain)
    checkpoints.note_anchored(now=NOW)


def test_an_empty_log_is_not_signed() -> None:
    assert checkpoints.sign_checkpoint(now=NOW) == 0


def test_a_checkpoint_is_a_note_that_others_can_check() -> None:
    grow(5)

    assert checkpoints.sign_checkpoint(now=NOW) == 1
    assert checkpoints.sign_checkpoint(now=NOW) == 0

    (row,) = Checkpoint.objects.all()
    name, public_key = notes.parse_verifier_key(log_key.signer().verifier_key)
    body = notes.parse_checkpoint(notes.verify_note(row.note, name=name, public_key=public_key))
    assert (body.size, body.root) == (5, queries.root_of(5))


def test_a_rewritten_log_is_not_signed() -> None:
    grow(5)
    checkpoints.sign_checkpoint(now=NOW)
    tamper("UPDATE records_entryblock SET hashes = set_bit(hashes, 3 * 256, 1 - get_bit(hashes, 3 * 256))")
    grow(1, start=5)

    with pytest.raises(LogDamaged, match="first 5 entries"):
        checkpoints.sign_checkpoint(now=NOW)


def test_checkpoints_are_anchored_one_after_another(chain: Client) -> None:
    grow(5)
    anchor(chain)
    grow(300, start=5)
    anchor(chain)

    first, second = Checkpoint.objects.order_by("size")
    assert (first.seq, second.seq) == (0, 1)
    assert first.anchored_at == NOW
    assert second.anchored_at is not None
    stored = {"seq": 1, "size": 305, "anchoredAt": int(second.anchored_at.timestamp()), "root": queries.root_of(305)}
    assert chain_queries.call("RecordAnchor", "isAnchored", stored)
    assert not chain_queries.call("RecordAnchor", "isAnchored", {**stored, "size": 304})
    assert chain_queries.call("RecordAnchor", "checkpointCount") == 2


def test_one_anchoring_is_under_way_at_a_time(chain: Client) -> None:
    grow(1)
    checkpoints.sign_checkpoint(now=NOW)
    assert checkpoints.enqueue_anchor(now=NOW) == 1
    grow(1, start=1)
    checkpoints.sign_checkpoint(now=NOW)

    assert checkpoints.enqueue_anchor(now=NOW) == 0
    assert ChainTx.objects.count() == 1


def test_a_backlog_is_anchored_by_its_newest_checkpoint(chain: Client) -> None:
    for start in range(3):
        grow(1, start=start)
        checkpoints.sign_checkpoint(now=NOW)
    anchor(chain)

    assert chain_queries.call("RecordAnchor", "checkpointCount") == 1
    covering = queries.anchored_checkpoint_covering(2)
    assert covering is not None
    assert covering.size == 3
    assert queries.anchored_checkpoint_covering(4) is None


def test_a_backlog_is_anchored_in_order_after_an_outage(chain: Client) -> None:
    """The chain is silent for two hours: the log grows and is signed; then what was under way comes first."""
    grow(5)
    checkpoints.sign_checkpoint(now=NOW)
    checkpoints.enqueue_anchor(now=NOW)
    for minutes in range(30, 150, 30):  # nothing that is sent arrives
        later = NOW + timedelta(minutes=minutes)
        with transaction.atomic():
            append(entries=[profile(minutes + number) for number in range(40)], now=later)
        assert checkpoints.sign_checkpoint(now=later) == 1
        assert checkpoints.enqueue_anchor(now=later) == 0
        assert checkpoints.note_anchored(now=later) == 0
    assert ChainTx.objects.count() == 1
    assert queries.latest_anchored() is None

    for _ in range(3):  # it is back
        sweep(chain)
        checkpoints.note_anchored(now=NOW)
        checkpoints.enqueue_anchor(now=NOW)

    anchored = list(Checkpoint.objects.filter(anchored_at__isnull=False).order_by("seq").values_list("seq", "size"))
    assert anchored == [(0, 5), (1, 165)]
    assert Checkpoint.objects.filter(anchored_at__isnull=True).count() == 3
    assert chain_queries.call("RecordAnchor", "checkpointCount") == 2
    assert damage.check_anchors() == 2
    waited = [queries.anchored_checkpoint_covering(size) for size in (45, 85, 125, 165)]
    assert [found.size for found in waited if found] == [165] * 4


def test_the_contract_verifies_our_proofs(chain: Client) -> None:
    grow(300)
    anchor(chain)

    proof = queries.inclusion_proof(77, 300)
    checkpoint = chain_fields(Checkpoint.objects.get())
    for leaf, found in ((77, True), (78, False)):
        arguments = checkpoint, queries.leaf_hash(leaf), 77, proof
        assert chain_queries.call("RecordAnchor", "verifyInclusion", *arguments) is found


def test_a_signed_checkpoint_stays() -> None:
    grow(1)
    checkpoints.sign_checkpoint(now=NOW)

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Checkpoint.objects.update(size=9)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), owner():
        Checkpoint.objects.all().delete()
    Checkpoint.objects.update(anchored_at=NOW)


def test_the_check_of_a_sound_log(chain: Client) -> None:
    grow(600)
    anchor(chain)
    out = StringIO()

    call_command("verify_log", stdout=out, stderr=StringIO())

    assert "600 entries (0 erased), 2 tiles, 1 checkpoints, 1 anchored" in out.getvalue()
    assert queries.root_of(600).hex() in out.getvalue()


@pytest.mark.parametrize("size", [1, 255, 256, 513, 1_027])
def test_the_check_finds_the_root_of_any_size(size: int) -> None:
    grow(size)
    out = StringIO()

    call_command("verify_log", without_chain=True, stdout=out, stderr=StringIO())

    assert queries.root_of(size).hex() in out.getvalue()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (flip("entryblock", "data", 9, "first = 256"), "Entry 256"),
        (flip("entryblock", "hashes", 87 * 256, "first = 512"), "Entry 599"),
        (flip("entryblock", "mac", 5, "first = 256"), "entries 256 to 511"),
        ("UPDATE records_entryblock SET created_at = created_at + interval '1 us' WHERE first = 0", "0 to 255"),
        ("UPDATE records_entryblock SET size = 255 WHERE first = 256", "entries 256 to 510"),
        ("UPDATE records_entryblock SET first = 255 WHERE first = 256", "Entry 256 is missing; the next one is 255"),
        ("DELETE FROM records_entryblock WHERE first = 256", "Entry 256 is missing"),
        ("UPDATE records_tile SET root = sha256('x') WHERE index = 0", "Tile 0/0"),
        ("DELETE FROM records_tile WHERE index = 1", "Tile 0/1 is missing"),
        ("UPDATE records_checkpoint SET root = sha256('x')", "Checkpoint 600"),
        ("UPDATE records_checkpoint SET note = replace(note, '600', '601')", "Checkpoint 600"),
        ("UPDATE records_checkpoint SET created_at = created_at + interval '1 us'", "Checkpoint 600"),
        (flip("checkpoint", "mac", 5, "true"), "Checkpoint 600"),
        ("DELETE FROM records_entryblock WHERE first = 512", "Checkpoint 600 covers more than the 512"),
    ],
)
def test_the_check_names_the_first_bad_row(statement: str, found: str) -> None:
    grow(600)
    checkpoints.sign_checkpoint(now=NOW)
    tamper(statement)

    with pytest.raises(CommandError, match=found):
        call_command("verify_log", without_chain=True, stdout=StringIO(), stderr=StringIO())


def test_the_check_compares_with_the_chain(chain: Client) -> None:
    grow(3)
    anchor(chain)
    grow(1, start=3)
    checkpoints.sign_checkpoint(now=NOW)
    Checkpoint.objects.filter(size=4).update(seq=1, anchored_at=NOW)

    with pytest.raises(LogDamaged, match="Checkpoint 4 is not on chain"):
        damage.check_anchors()
    with pytest.raises(CommandError, match="Checkpoint 4 has the number 1"):
        call_command("verify_log", stdout=StringIO(), stderr=StringIO())


def test_the_check_finds_another_root_on_chain(chain: Client) -> None:
    grow(3)
    anchor(chain)
    tamper("UPDATE records_checkpoint SET size = 2")
    Checkpoint.objects.update(anchored_at=NOW)

    with pytest.raises(LogDamaged, match="Checkpoint 2 is number 0 on chain with another size"):
        damage.check_anchors()
