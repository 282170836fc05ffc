"""The public endpoints of the log: anyone can check it with them."""

import pytest
from django.test import Client as Browser
from django.urls import include, path

from grid.domain import merkle, notes
from grid.records import log_key, queries
from grid.records.services import checkpoints
from tests.grid.records.support import NOW, grow

urlpatterns = [path("api/v1/log/", include("grid.records.api"))]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

LOG = "/api/v1/log"


@pytest.fixture
def signed_log() -> None:
    grow(600)
    checkpoints.sign_checkpoint(now=NOW)


@pytest.mark.usefixtures("signed_log")
def test_a_stranger_checks_an_entry_from_the_endpoints_alone(client: Browser) -> None:
    key = client.get(f"{LOG}/key").json()
    name, public_key = notes.parse_verifier_key(key["verifier_key"])
    note = client.get(f"{LOG}/checkpoint").content.decode()
    body = notes.parse_checkpoint(notes.verify_note(note, name=name, public_key=public_key))

    answer = client.get(f"{LOG}/proof/inclusion", {"index": 77}).json()

    proof = [bytes.fromhex(item) for item in answer["proof"]]
    merkle.verify_inclusion(bytes.fromhex(answer["leaf_hash"]), 77, body.size, proof, body.root)
    assert key["public_key"] == log_key.signer().public_key.hex()


@pytest.mark.usefixtures("signed_log")
def test_consistency_is_proven(client: Browser) -> None:
    answer = client.get(f"{LOG}/proof/consistency", {"old": 100}).json()

    proof = [bytes.fromhex(item) for item in answer["proof"]]
    merkle.verify_consistency(100, queries.root_of(100), 600, queries.root_of(600), proof)


@pytest.mark.usefixtures("signed_log")
def test_tiles_rebuild_the_root(client: Browser) -> None:
    tiles = [client.get(f"{LOG}/tile/0/{index}") for index in (0, 1)]
    partial = client.get(f"{LOG}/tile/0/2.p/88")
    data = b"".join(answer.content for answer in [*tiles, partial])

    assert merkle.root([data[start : start + 32] for start in range(0, len(data), 32)]) == queries.root_of(600)
    assert "immutable" in tiles[0]["Cache-Control"]


@pytest.mark.usefixtures("signed_log")
@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/tile/0/2", 404, "not_in_log"),
        ("/tile/9/0", 404, "not_in_log"),
        ("/tile/99999999/0", 404, "not_in_log"),
        ("/tile/0/99999999999999999999999", 404, "not_in_log"),
        ("/tile/0/2.p/0", 400, "bad_parameter"),
        ("/tile/0/2.p/257", 400, "bad_parameter"),
        ("/proof/inclusion", 400, "bad_parameter"),
        ("/proof/inclusion?index=-1", 400, "bad_parameter"),
        ("/proof/inclusion?index=1&size=nine", 400, "bad_parameter"),
        ("/proof/inclusion?index=600", 404, "not_in_log"),
        ("/proof/inclusion?index=0&size=601", 404, "not_in_log"),
        ("/proof/inclusion?index=99999999999999999999", 400, "bad_parameter"),
        ("/proof/consistency?old=601", 404, "not_in_log"),
        ("/checkpoint/anchored", 404, "no_checkpoint"),
    ],
)
def test_bad_requests_are_problems(client: Browser, address: str, status: int, code: str) -> None:
    answer = client.get(LOG + address)

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["code"] == code


def test_an_empty_log_has_no_checkpoint(client: Browser) -> None:
    assert client.get(f"{LOG}/checkpoint").json()["code"] == "no_checkpoint"
    assert client.get(f"{LOG}/proof/consistency", {"old": 0}).json()["proof"] == []


def test_writing_is_no_method(client: Browser) -> None:
    assert client.post(f"{LOG}/checkpoint").status_code == 405


@pytest.mark.usefixtures("signed_log")
@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("/tile/0/1", "immutable"),
        ("/tile/0/2.p/88", "immutable"),
        ("/proof/inclusion?index=3&size=600", "immutable"),
        ("/proof/inclusion?index=3", "max-age=1"),
        ("/proof/consistency?old=3&new=600", "immutable"),
        ("/proof/consistency?old=3", "max-age=1"),
        ("/checkpoint", "max-age=1"),
        ("/key", "max-age=3600"),
    ],
)
def test_what_never_changes_may_be_kept(client: Browser, address: str, kept: str) -> None:
    answer = client.get(LOG + address)

    assert answer.status_code == 200
    assert answer["Cache-Control"].endswith(kept)
    assert answer["Access-Control-Allow-Origin"] == "*"


def test_a_tile_is_the_same_however_the_log_grew(client: Browser) -> None:
    """Blocks of one, of many, and across tiles: level 0 shows their leaf hashes, level 1 the roots of full tiles."""
    for start, count in ((0, 1), (1, 200), (201, 60), (261, 1), (262, 300)):
        grow(count, start=start)
    tiles = [client.get(f"{LOG}/tile/0/{index}").content for index in (0, 1)]
    tiles.append(client.get(f"{LOG}/tile/0/2.p/50").content)

    hashes = merkle.split_hashes(b"".join(tiles))
    assert hashes == [queries.leaf_hash(index) for index in range(562)]
    roots = client.get(f"{LOG}/tile/1/0.p/2").content
    assert roots == merkle.root(hashes[:256]) + merkle.root(hashes[256:512])
