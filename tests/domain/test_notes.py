import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from grid.domain import notes
from grid.domain.notes import NoteError

NAME = "watt.example/log"
SEED = b"s" * 32
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32).public_key().public_bytes_raw()
BODY = notes.checkpoint_body(NAME, 1234, b"r" * 32)


@pytest.fixture
def note():
    return notes.sign_note(BODY, name=NAME, private_key=SEED)


def test_the_example_of_the_c2sp_text_verifies():
    """Key and note of the signed-note package of golang.org/x/mod, published as its example."""
    name, key = notes.parse_verifier_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    assert notes.verify_note(f"{text}\n— {name} {signature}\n", name=name, public_key=key) == text


def test_a_signed_checkpoint_is_read_back(note):
    body = notes.verify_note(note, name=NAME, public_key=PUBLIC)
    assert notes.parse_checkpoint(body) == (NAME, 1234, b"r" * 32)


def test_a_checkpoint_has_a_line_each_for_origin_size_and_root():
    assert f"{NAME}\n1234\n{base64.b64encode(b'r' * 32).decode()}\n" == BODY


@pytest.mark.parametrize("old", ["1234", "watt", "cnJy"])
def test_a_changed_text_is_refused(note, old):
    changed = note.replace(old, old[::-1], 1)
    assert changed != note
    with pytest.raises(NoteError, match="does not fit the text"):
        notes.verify_note(changed, name=NAME, public_key=PUBLIC)


def test_a_note_of_another_key_is_refused(note):
    with pytest.raises(NoteError, match="holds no signature"):
        notes.verify_note(note, name=NAME, public_key=OTHER)


def test_other_signatures_are_passed_over(note):
    witness = notes.sign_note(BODY, name="witness.example", private_key=b"o" * 32)
    both = note + witness.rpartition("\n\n")[2]
    assert notes.verify_note(both, name=NAME, public_key=PUBLIC) == BODY
    assert notes.verify_note(both, name="witness.example", public_key=OTHER) == BODY


@pytest.mark.parametrize(
    ("note", "message"),
    [
        ("", "no signatures"),
        (BODY, "no signatures"),
        (f"{BODY}\n", "no signatures|holds no"),
        (f"{BODY}\n— {NAME} AAAA", "no signatures"),
        (f"{BODY}\nno dash\n", "malformed"),
        (f"{BODY}\n— {NAME}\n", "malformed"),
        (f"{BODY}\n— {NAME} !!\n", "not base64"),
        (f"a\tb\n\n— {NAME} AAAA\n", "control characters"),
    ],
)
def test_malformed_notes_are_refused(note, message):
    with pytest.raises(NoteError, match=message):
        notes.verify_note(note, name=NAME, public_key=PUBLIC)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "origin\n",
        "origin\n5\n",
        f"origin\n05\n{base64.b64encode(bytes(32)).decode()}\n",
        f"origin\n-5\n{base64.b64encode(bytes(32)).decode()}\n",
        f"origin\n٥\n{base64.b64encode(bytes(32)).decode()}\n",
        f"origin\n5\n{base64.b64encode(bytes(31)).decode()}\n",
        "origin\n5\nnot base64!\n",
        f"origin\n5\n{base64.b64encode(bytes(32)).decode()}\n\n",
    ],
)
def test_text_that_is_no_checkpoint_is_refused(body):
    with pytest.raises(NoteError):
        notes.parse_checkpoint(body)


def test_a_verifier_key_is_read_back():
    assert notes.parse_verifier_key(notes.verifier_key(NAME, PUBLIC)) == (NAME, PUBLIC)


@pytest.mark.parametrize("text", ["", "a+b", notes.verifier_key(NAME, PUBLIC).replace(NAME, "other"), f"{NAME}+x+AAAA"])
def test_a_bad_verifier_key_is_refused(text):
    with pytest.raises(NoteError):
        notes.parse_verifier_key(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b"])
def test_a_name_that_cannot_stand_in_a_note_is_refused(name):
    with pytest.raises(NoteError, match="name"):
        notes.sign_note(BODY, name=name, private_key=SEED)


def test_a_checkpoint_of_a_wrong_root_is_not_made():
    with pytest.raises(ValueError, match="32 bytes"):
        notes.checkpoint_body(NAME, 1, bytes(31))
