"""Keys that sign transactions: private, one per sender, never a published one."""

import json
from pathlib import Path

import pytest
from pytest_django import Settings

from grid.chain import keys
from grid.chain.errors import KeyRefused

ANVIL_FIRST = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"


@pytest.fixture
def keys_file(settings: Settings, tmp_path: Path) -> Path:
    settings.CHAIN_KEYS_FILE = tmp_path / "keys.json"
    return tmp_path / "keys.json"


def test_a_demonstration_makes_a_private_seed_once(keys_file: Path) -> None:
    addresses = {name: keys.address(name) for name in keys.SENDERS}

    assert len(set(addresses.values())) == len(keys.SENDERS)
    assert keys_file.stat().st_mode & 0o777 == 0o600
    assert (
        keys.address_of(keys.derive(bytes.fromhex(json.loads(keys_file.read_text())["seed"][2:]), "poster")).hex()
        == (addresses["poster"][2:])
    )


def test_production_refuses_a_missing_key_and_a_seed(keys_file: Path, settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(KeyRefused, match="CHAIN_KEY_POSTER"):
        keys.address("poster")

    keys_file.write_text(json.dumps({"seed": "0x" + "11" * 32}))
    keys_file.chmod(0o600)
    with pytest.raises(KeyRefused, match="demonstration seed"):
        keys.address("poster")


def test_a_key_of_the_file_and_of_the_environment(
    keys_file: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEMO = False
    keys_file.write_text(json.dumps({"keys": {"poster": "0x" + "22" * 32}}))
    keys_file.chmod(0o600)
    monkeypatch.setenv("CHAIN_KEY_ANCHORER", "0x" + "33" * 32)

    assert keys.key("poster").private_key == b"\x22" * 32
    assert keys.key("anchorer").private_key == b"\x33" * 32


def test_a_published_key_is_refused_always(keys_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAIN_KEY_POSTER", ANVIL_FIRST)
    with pytest.raises(KeyRefused, match="published"):
        keys.address("poster")


def test_a_file_that_others_may_read_is_refused(keys_file: Path) -> None:
    keys_file.write_text(json.dumps({"seed": "0x" + "11" * 32}))
    keys_file.chmod(0o644)
    with pytest.raises(KeyRefused, match="chmod 600"):
        keys.address("poster")


def test_a_malformed_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAIN_KEY_MDR", "0x12")
    with pytest.raises(KeyRefused, match="CHAIN_KEY_MDR is not 0x and 64"):
        keys.address("mdr")


def test_a_key_is_not_shown() -> None:
    assert "private" not in repr(keys.SigningKey(address="0x00", private_key=b"\x01" * 32))
