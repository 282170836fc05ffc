import pytest

from grid.chain import queries


@pytest.fixture(autouse=True)
def no_signer_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody in these tests changes a signer, so the signatures of wallets are checked without a chain."""
    monkeypatch.setattr(queries, "signer_may_have_changed", lambda account, *, now: False)
