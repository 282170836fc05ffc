"""Group commit: many requests, few transactions, every answer its own."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError

from grid.metering.services import grouping
from grid.metering.services.checking import Batch, ItemResult
from grid.metering.services.grouping import Committer
from tests.grid.metering.conftest import FOUNDED

PATIENCE = 20


class Record:
    """What a candidate is to the committer."""

    def __init__(self, batch: Batch, name: str) -> None:
        self.batch, self.name, self.position = batch, name, 0
        self.registration = self
        self.serial = name


class Store:
    """Stands for the database: holds its first transaction until told, and fails on what it is told to."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.entered, self.go_on = threading.Event(), threading.Event()
        self.failing: dict[str, BaseException] = {}

    def __call__(self, batches: list[Batch], *, now: datetime) -> None:
        names = [candidate.name for batch in batches for candidate in batch.candidates]  # type: ignore[attr-defined]
        self.groups.append(names)
        if len(self.groups) == 1:
            self.entered.set()
            assert self.go_on.wait(PATIENCE)
        for name in names:
            if name in self.failing:
                raise self.failing[name]
        for batch in batches:
            for candidate in batch.candidates:
                batch.results[candidate.position] = ItemResult("accepted")


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    store = Store()
    monkeypatch.setattr(grouping, "store", store)
    monkeypatch.setattr(grouping, "GATHER_SECONDS", 0.0)

    class Connection:
        in_atomic_block = True

    monkeypatch.setattr(grouping, "connection", Connection())
    return store


def submitting(committer: Committer, names: list[str]) -> Callable[[], dict[str, Any]]:
    """Submit from a thread each; return what collects every request's result or error."""
    answers: dict[str, Any] = {}

    def submit(name: str) -> None:
        batch = Batch(1, FOUNDED)
        batch.candidates = [Record(batch, name)]  # type: ignore[list-item]
        try:
            committer.submit(batch)
            answers[name] = batch.in_order()[0]
        except BaseException as error:
            answers[name] = error

    threads = [threading.Thread(target=submit, args=(name,)) for name in names]
    for thread in threads:
        thread.start()

    def collect() -> dict[str, Any]:
        for thread in threads:
            thread.join(PATIENCE)
        return answers

    return collect


def together(store: Store, names: list[str]) -> dict[str, Any]:
    """One request is being committed; the others come meanwhile."""
    committer = Committer()
    first = submitting(committer, ["first"])
    assert store.entered.wait(PATIENCE)
    others = submitting(committer, names)
    while len(committer._waiting) < len(names):
        threading.Event().wait(0.001)
    store.go_on.set()
    return first() | others()


def test_who_comes_meanwhile_is_committed_together(store: Store) -> None:
    names = [f"r{number}" for number in range(20)]

    answers = together(store, names)

    assert [sorted(group) for group in store.groups] == [["first"], sorted(names)]
    assert {answer.status for answer in answers.values()} == {"accepted"}


def test_one_that_breaks_takes_no_other_along(store: Store) -> None:
    store.failing = {"bad": ValueError("a record that breaks us")}

    answers = together(store, ["good", "bad", "other"])

    assert answers["good"].status == answers["other"].status == answers["first"].status == "accepted"
    assert answers["bad"].refusal.code == "unavailable"


def test_a_database_that_is_away_is_told_to_everybody(store: Store) -> None:
    store.failing = {"one": OperationalError("server closed the connection")}

    answers = together(store, ["one", "two"])

    assert answers["first"].status == "accepted"
    assert isinstance(answers["one"], OperationalError)
    assert isinstance(answers["two"], OperationalError)


def test_a_group_has_a_size(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "GROUP_RECORDS", 3)

    answers = together(store, [f"r{number}" for number in range(7)])

    assert [len(group) for group in store.groups] == [1, 3, 3, 1]
    assert {answer.status for answer in answers.values()} == {"accepted"}


def test_a_leader_that_is_ended_leaves_nobody_waiting(store: Store) -> None:
    store.failing = {"fatal": KeyboardInterrupt()}

    answers = together(store, ["fatal", "other"])

    # Whoever of the two led was ended; the other one is told that nothing of it is known to be kept.
    assert answers["first"].status == "accepted"
    assert {type(answers["fatal"]), type(answers["other"])} == {KeyboardInterrupt, InterfaceError}
