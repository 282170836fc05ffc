"""The watcher beside the real platform: a lived day by the services, read through the API with a token."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from grid.accounts.models import WatchReport
from grid.accounts.services import issue_token
from grid.chain import queries as chain_queries
from grid.records.models import Checkpoint
from grid.verifier.watch import __main__ as command
from grid.verifier.watch.platform import Platform, PlatformError
from tests.grid.disputes.conftest import LivedDay, chain, lived, street
from tests.grid.street import DAY, FIRST, at_slot
from tests.rights import tamper

__all__ = ["chain", "lived", "street"]

NAMES = ("RecordAnchor", "Settlement", "Escrow", "Accounts", "Recomputation", "Disputes")
LATER = at_slot(FIRST + 200)


class InProcess(Platform):
    """The platform's own views instead of a network."""

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        client = Client(headers={"Authorization": f"Bearer {self._token}"})
        answer = client.get(path) if body is None else client.post(path, body, "application/json")
        if answer.status_code >= 400:
            raise PlatformError(f"{path}: {answer.status_code}", answer.status_code, answer.json().get("code", ""))
        return bytes(answer.content)


@pytest.fixture
def watch(lived: LivedDay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    monkeypatch.setattr(chain_queries, "contract_address", lambda name: f"0x{NAMES.index(name) + 0xAA:02x}" + "00" * 19)
    monkeypatch.setattr(command, "Platform", InProcess)
    monkeypatch.setattr("grid.clock.now", lambda: LATER)
    alice, scopes = lived.street.alice.user, ["read", "cases", "watch"]
    _, secret = issue_token(user=alice, name="w", scopes=scopes, days=9, now=LATER - timedelta(hours=1))
    (tmp_path / "token").write_text(secret)

    def look(*options: str) -> tuple[int, list[dict[str, Any]]]:
        words = ["https://energy.example", "--once", f"--token-file={tmp_path}/token", f"--state={tmp_path}/s.json"]
        code = command.main([*words, *options], now=LATER.timestamp)
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return look


def alerts(events: list[dict[str, Any]]) -> list[str]:
    return [event["text"] for event in events if event["level"] == "alert"]


def test_beside_the_honest_platform(watch: Any, lived: LivedDay) -> None:
    code, events = watch()
    assert (code, alerts(events)) == (0, [])
    assert [event["text"] for event in events if event["kind"] == "statement"] == [
        f"{lived.street.alice.account.address}, {DAY_TEXT}, sequence 0: everything holds"
    ]
    report = WatchReport.objects.get(account=lived.street.alice.account)
    assert (report.statements, report.alerts, report.log_size) == (1, [], lived.checkpoint.size)


DAY_TEXT = at_slot(DAY * 96).date().isoformat()


def test_a_changed_row_is_found_and_shown_in_the_portal(watch: Any, lived: LivedDay) -> None:
    row = lived.run.rows.get(address=lived.street.alice.account.address)
    tamper(f"UPDATE settlement_runrow SET day_net = day_net - 5 WHERE id = {row.pk}")
    code, events = watch()
    assert code == 1
    assert any("rows are under rowsRoot" in text for text in alerts(events))
    client = Client()
    client.force_login(lived.street.alice.user)
    page = client.get(f"/accounts/{lived.street.alice.account.address}/access/").content.decode()
    assert "rows are under rowsRoot" in page


def test_a_changed_price_is_found(watch: Any, lived: LivedDay) -> None:
    tamper(f"UPDATE settlement_settlementrun SET headers = set_byte(headers, 63, 9) WHERE id = {lived.run.pk}")
    code, events = watch()
    assert code == 1
    assert any("its own record is damaged" in text for text in alerts(events)), "the platform notices it too"


def test_a_log_that_grew_is_followed(watch: Any, lived: LivedDay) -> None:
    assert watch()[0] == 0
    lived.street.measure(lived.street.bob.point, {FIRST + 300: (5, 0)})
    lived.street.anchor(LATER)
    assert Checkpoint.objects.count() > 1
    code, events = watch()
    assert (code, alerts(events)) == (0, [])
    assert events[-1]["log_size"] == Checkpoint.objects.latest("size").size


def test_a_stranger_has_nothing_to_watch(watch: Any, lived: LivedDay, tmp_path: Path) -> None:
    _, secret = issue_token(user=lived.street.mallory, name="w", scopes=["read", "cases"], days=9, now=LATER)
    (tmp_path / "token").write_text(secret)
    code, events = watch(f"--account={lived.street.alice.account.address}")
    assert code == 2
    assert "404" in events[-1]["text"]
