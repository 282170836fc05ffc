"""Keys that are not in the environment: an encrypted file, and a remote signer that is not trusted."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_utils.address import to_checksum_address
from pytest_django import Settings

from grid.chain import keys, queries, signers, transactions
from grid.chain.client import Client
from grid.chain.errors import KeyRefused, SignerRefused
from grid.chain.models import ChainTx, ChainTxState
from grid.chain.services import outbox, sender
from grid.chain.transactions import Transaction
from tests.chain.support import NOW, mined, sweep

PRIVATE = b"\x2c" * 32
ADDRESS = "0x" + keys.address_of(PRIVATE).hex()
ASKED = Transaction(
    chain_id=31_337, nonce=4, priority_fee=2, max_fee=9, gas=50_000, to=b"\xe5" * 20, data=b"\x01\x02", value=0
)
ALICE = "0x" + "a1" * 20


class Web3Signer:
    """Signs for real what it is asked by `eth_signTransaction`; `spoil` changes its answer."""

    def __init__(self) -> None:
        self.private_key = PRIVATE
        self.spoil: Callable[[Transaction], Transaction] = lambda transaction: transaction
        self.answer: Callable[[str], Any] = lambda raw: {"result": raw}
        self.asked: list[dict[str, Any]] = []
        signer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert request["method"] == "eth_signTransaction"
                content = json.dumps(signer.sign(request["id"], request["params"][0])).encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def sign(self, number: int, call: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(call)
        transaction = Transaction(
            chain_id=int(call["chainId"], 16),
            nonce=int(call["nonce"], 16),
            priority_fee=int(call["maxPriorityFeePerGas"], 16),
            max_fee=int(call["maxFeePerGas"], 16),
            gas=int(call["gas"], 16),
            to=bytes.fromhex(call["to"][2:]) if "to" in call else b"",
            data=bytes.fromhex(call["data"][2:]),
            value=int(call["value"], 16),
        )
        raw = "0x" + self.spoil(transaction).sign(self.private_key).hex()
        return {"jsonrpc": "2.0", "id": number, **self.answer(raw)}


@pytest.fixture
def remote(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web3Signer]:
    signer = Web3Signer()
    settings.CHAIN_SIGNER_URL = f"http://127.0.0.1:{signer.server.server_port}"
    monkeypatch.setenv("CHAIN_ADDRESS_RELAYER", ADDRESS)
    yield signer
    signer.server.shutdown()
    signer.server.server_close()


def test_our_bytes_are_those_of_eth_account() -> None:
    ours = ASKED.sign(PRIVATE)
    theirs = Account.sign_transaction(
        {
            "chainId": 31_337, "nonce": 4, "maxPriorityFeePerGas": 2, "maxFeePerGas": 9, "gas": 50_000,
            "to": to_checksum_address("0x" + "e5" * 20), "data": "0x0102", "value": 0, "type": 2,
        },
        PRIVATE,
    )  # fmt: skip
    assert ours == bytes(theirs.raw_transaction)
    assert transactions.hash_of(ours) == "0x" + bytes(theirs.hash).hex()
    assert transactions.decode(ours) == (ASKED, keys.address_of(PRIVATE))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x02",
        b"\x01\xc0",
        b"\x02\xc0",
        b"\x02\xff\xff",
        b"\x02" + b"\xcc" + b"\x80" * 12,
        ASKED.sign(PRIVATE) + b"\0",
    ],
)
def test_other_bytes_are_no_transaction(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"transaction|signature"):
        transactions.decode(raw)


def test_the_remote_signer_signs_as_its_address(remote: Web3Signer) -> None:
    signer = signers.signer("relayer")
    assert (signer.address, keys.address("relayer")) == (ADDRESS, ADDRESS)
    assert signer.sign(ASKED) == ASKED.sign(PRIVATE)
    assert remote.asked[0]["from"].lower() == ADDRESS

    created = replace(ASKED, to=b"")
    assert signer.sign(created) == created.sign(PRIVATE)
    assert "to" not in remote.asked[1]


@pytest.mark.parametrize(
    "changed",
    [
        {"to": b"\xe6" * 20},
        {"value": 1},
        {"data": b"\x01\x03"},
        {"nonce": 5},
        {"max_fee": 10},
        {"priority_fee": 3},
        {"gas": 60_000},
        {"chain_id": 1},
    ],
)
def test_another_transaction_than_asked_is_refused(remote: Web3Signer, changed: dict[str, Any]) -> None:
    remote.spoil = lambda transaction: replace(transaction, **changed)
    with pytest.raises(SignerRefused, match=f"another transaction than asked: {next(iter(changed))}"):
        signers.signer("relayer").sign(ASKED)


def test_another_key_than_asked_is_refused(remote: Web3Signer) -> None:
    remote.private_key = b"\x2d" * 32
    with pytest.raises(SignerRefused, match=f"not as {ADDRESS}"):
        signers.signer("relayer").sign(ASKED)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"error": {"code": -32000, "message": "no key for it"}}, "no key for it"),
        ({"error": "locked"}, "locked"),
        ({}, "no reason given"),
        ({"result": "0xzz"}, "no transaction"),
        ({"result": "0x02c0"}, "answered with not an EIP-1559 transaction"),
        ({"result": 7}, "no reason given"),
    ],
)
def test_an_answer_that_is_no_signature_is_refused(remote: Web3Signer, answer: dict[str, Any], told: str) -> None:
    remote.answer = lambda raw: answer
    with pytest.raises(SignerRefused, match=told):
        signers.signer("relayer").sign(ASKED)


def test_an_answer_as_nodes_give_it_is_taken(remote: Web3Signer) -> None:
    remote.answer = lambda raw: {"result": {"raw": raw, "tx": {}}}
    assert signers.signer("relayer").sign(ASKED) == ASKED.sign(PRIVATE)


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"CHAIN_ADDRESS_RELAYER": "0x12"}, "CHAIN_ADDRESS_RELAYER is not 0x and 40"),
        ({"CHAIN_ADDRESS_RELAYER": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"}, "published"),
        ({"CHAIN_ADDRESS_RELAYER": ADDRESS, "CHAIN_KEY_RELAYER": "0x" + "22" * 32}, "unset one of them"),
        ({"CHAIN_ADDRESS_RELAYER": ADDRESS}, "set CHAIN_SIGNER_URL"),
    ],
)
def test_a_remote_address_that_cannot_be_is_refused(
    variables: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(KeyRefused, match=told):
        signers.signer("relayer")


@pytest.mark.django_db
def test_the_outbox_is_sent_by_the_remote_signer_and_waits_while_it_is_down(remote: Web3Signer, chain: Client) -> None:
    chain.call("anvil_setBalance", ADDRESS, hex(10**20))
    own = queries.contract_address("DemoToken")
    rows = [
        outbox.enqueue(
            business_key=f"approve:{at}", sender="relayer", contract="DemoToken", function="approve",
            args=[ALICE, at], now=NOW,
        )
        for at in (1, 2)
    ]  # fmt: skip
    remote.answer = lambda raw: {"error": {"message": "locked"}}
    sweep(chain)
    rows[0].refresh_from_db()
    assert (rows[0].state, rows[0].nonce) == (ChainTxState.QUEUED, None)
    assert "locked" in rows[0].error
    assert [row.business_key for row in queries.troubled(now=NOW)] == ["approve:1"]

    remote.answer = lambda raw: {"result": raw}
    sender.send_pending(now=NOW)
    mined(chain)
    sender.confirm_sent(now=NOW)

    assert set(ChainTx.objects.values_list("state", "address")) == {(ChainTxState.FINAL, ADDRESS)}
    assert queries.call("DemoToken", "allowance", ADDRESS, ALICE) == 2
    assert own


@pytest.mark.django_db
def test_a_new_key_of_a_sender_begins_with_its_own_nonce(chain: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for at, private in enumerate((b"\x61" * 32, b"\x62" * 32)):
        monkeypatch.setenv("CHAIN_KEY_RELAYER", "0x" + private.hex())
        chain.call("anvil_setBalance", keys.address("relayer"), hex(10**20))
        for step in (0, 1):
            outbox.enqueue(
                business_key=f"approve:{at}:{step}", sender="relayer", contract="DemoToken", function="approve",
                args=[ALICE, 1], now=NOW,
            )  # fmt: skip
        sweep(chain)
    assert list(ChainTx.objects.order_by("id").values_list("nonce", "state")) == [
        (0, "final"), (1, "final"), (0, "final"), (1, "final"),
    ]  # fmt: skip


@pytest.fixture
def keystore(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A keystore of the poster and the file of its password; few rounds, since opening it is not what is tested."""
    settings.DEMO = False
    path, password = tmp_path / "poster.json", tmp_path / "password"
    path.write_text(json.dumps(Account.encrypt(PRIVATE, "correct horse", kdf="pbkdf2", iterations=1_000)))
    password.write_text("correct horse\n")
    password.chmod(0o600)
    monkeypatch.setenv("CHAIN_KEYSTORE_POSTER", os.fspath(path))
    monkeypatch.setenv("CHAIN_KEYSTORE_PASSWORD_FILE", os.fspath(password))
    return path


def test_a_keystore_opens_with_its_password(keystore: Path) -> None:
    assert keys.key("poster").private_key == PRIVATE
    assert keys.address("poster") == ADDRESS


def test_a_keystore_has_a_password_of_its_own(keystore: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAIN_KEYSTORE_PASSWORD_FILE", os.fspath(tmp_path / "other"))
    monkeypatch.setenv("CHAIN_KEYSTORE_PASSWORD_FILE_POSTER", os.fspath(tmp_path / "password"))
    assert keys.address("poster") == ADDRESS


def test_a_keystore_that_does_not_open_is_refused(
    keystore: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = tmp_path / "password"
    password.write_text("wrong")
    with pytest.raises(KeyRefused, match="does not open"):
        keys.key("poster")
    password.chmod(0o644)
    with pytest.raises(KeyRefused, match="chmod 600"):
        keys.key("poster")
    keystore.write_text("{}")
    password.chmod(0o600)
    with pytest.raises(KeyRefused, match="does not open"):
        keys.key("poster")
    password.unlink()
    with pytest.raises(KeyRefused, match="does not exist"):
        keys.key("poster")
    monkeypatch.delenv("CHAIN_KEYSTORE_PASSWORD_FILE")
    with pytest.raises(KeyRefused, match="CHAIN_KEYSTORE_PASSWORD_FILE"):
        keys.key("poster")


def test_a_published_key_in_a_keystore_is_refused(keystore: Path) -> None:
    published = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
    keystore.write_text(json.dumps(Account.encrypt(published, "correct horse", kdf="pbkdf2", iterations=1_000)))
    with pytest.raises(KeyRefused, match="published"):
        keys.key("poster")
