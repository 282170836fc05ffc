"""The street as the platform sees it: signed, numbered, chained, and never lost or doubled by a crash."""

import gzip
import json
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import coincurve
import httpx
import numpy as np
import pytest

from grid.domain import ocmf
from grid.domain.keccak import keccak256
from grid.simulator import live
from grid.simulator.client import MAX_RECORDS, ClientError, MeterClient
from grid.simulator.energy import Home, WattHourArray
from grid.simulator.identity import Identities
from grid.simulator.journal import JournalError
from grid.simulator.street import Street

ORIGIN = 2_000_000 - 2_000_000 % 96
IDENTITIES = Identities(b"\x05" * 32)


class TwoHomes:
    """One home uses 100 Wh a slot, the other makes 40."""

    homes = (Home("a", 17_250, 0), Home("b", 17_250, 5_000))

    def net_wh(self, slots: range) -> WattHourArray:
        return np.repeat(np.array([[100], [-40]], dtype=np.int64), len(slots), axis=1)


class Platform:
    """Answers like the device API, and keeps what it got."""

    def __init__(self) -> None:
        self.records: list[str] = []
        self.batches: list[int] = []
        self.answers: list[httpx.Response | Exception] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        records = json.loads(gzip.decompress(request.content))["records"]
        self.batches.append(len(records))
        results: list[dict[str, Any]] = []
        for record in records:
            if record in self.records:
                results.append({"status": "duplicate", "readings": 1})
            else:
                self.records.append(record)
                results.append({"status": "accepted", "readings": len(ocmf.parse(record).registers)})
        return httpx.Response(200, json={"results": results})

    def by_meter(self) -> dict[str, list[ocmf.Record]]:
        parsed: dict[str, list[ocmf.Record]] = {}
        for record in map(ocmf.parse, self.records):
            parsed.setdefault(record.meter_serial, []).append(record)
        return {serial: sorted(records, key=lambda record: record.counter) for serial, records in parsed.items()}


@pytest.fixture
def platform() -> Platform:
    return Platform()


def client(platform: Platform, waits: list[float] | None = None, attempts: int = 3) -> MeterClient:
    sleep = (waits if waits is not None else []).append
    return MeterClient("http://platform", transport=httpx.MockTransport(platform), sleep=sleep, attempts=attempts)


def street(
    platform: Platform, journal: Path | None = None, identities: Identities = IDENTITIES, attempts: int = 3
) -> Street:
    return Street(
        source=TwoHomes(),
        identities=identities,
        client=client(platform, attempts=attempts),
        origin_slot=ORIGIN,
        journal_path=journal,
    )


def test_every_meter_sends_every_border_once_signed_and_chained(platform: Platform) -> None:
    homes = street(platform)
    keys = {member.meter.serial: member.meter for member in homes.roster.members}
    keys[homes.roster.feeder.serial] = homes.roster.feeder

    outcome = homes.advance((ORIGIN + 10 * 96) * 900 + 17)

    sent = platform.by_meter()
    assert set(sent) == set(keys)
    assert outcome.readings == 3 * (10 * 96 + 1) == sum(len(r.registers) for records in sent.values() for r in records)
    for serial, records in sent.items():
        assert [record.counter for record in records] == list(range(1, len(records) + 1))
        borders = [reading.at // 900 for record in records for reading in record.registers]
        assert borders == list(range(ORIGIN, ORIGIN + 10 * 96 + 1))
        assert records[0].previous is None
        for before, record in pairwise(records):
            assert record.previous == sha256(before.raw).digest()
        for record in records:
            ocmf.verify(record, keys[serial].public_key)
    assert max(platform.batches) <= MAX_RECORDS


def test_advancing_again_sends_only_what_is_new(platform: Platform) -> None:
    homes = street(platform)
    homes.advance(ORIGIN * 900)
    due = homes.slots_due((ORIGIN + 2) * 900 + 899)

    assert homes.advance((ORIGIN + 2) * 900 + 899).readings == due == 6
    assert homes.advance((ORIGIN + 2) * 900 + 899).readings == 0


def test_restart_continues_counters_and_registers(platform: Platform, tmp_path: Path) -> None:
    journal = tmp_path / "journal.json"
    street(platform, journal).advance((ORIGIN + 5) * 900)
    street(platform, journal).advance((ORIGIN + 7) * 900)

    uninterrupted = Platform()
    street(uninterrupted).advance((ORIGIN + 7) * 900)

    def registers(of: Platform) -> dict[str, list[ocmf.RegisterReading]]:
        sent = of.by_meter().items()
        return {serial: [reading for record in records for reading in record.registers] for serial, records in sent}

    assert registers(platform) == registers(uninterrupted)
    assert [record.counter for record in platform.by_meter()[IDENTITIES.meter("001", 0).serial]] == [1, 2]


def test_crash_after_sending_sends_the_same_bytes_again(platform: Platform, tmp_path: Path) -> None:
    journal = tmp_path / "journal.json"
    platform.answers = [httpx.ReadError("cut off")] * 3
    with pytest.raises(ClientError):
        street(platform, journal, attempts=1).advance(ORIGIN * 900)
    lost = json.loads(journal.read_text())["pending"]
    platform.answers = []
    platform.records += lost  # it did arrive: only the answer was lost

    outcome = street(platform, journal).advance((ORIGIN + 1) * 900)

    assert outcome.duplicates == len(lost) == 3
    assert all([r.counter for r in records] == [1, 2] for records in platform.by_meter().values())


def test_journal_of_another_street_is_refused(platform: Platform, tmp_path: Path) -> None:
    journal = tmp_path / "journal.json"
    street(platform, journal).advance(ORIGIN * 900)

    with pytest.raises(JournalError, match="other homes or keys"):
        street(platform, journal, identities=Identities(b"\x06" * 32))
    journal.write_text("{")
    with pytest.raises(JournalError, match="not a meter journal"):
        street(platform, journal)


def test_client_waits_as_long_as_it_is_told(platform: Platform) -> None:
    waits: list[float] = []
    platform.answers = [httpx.Response(503, headers={"Retry-After": "7"}), httpx.ConnectError("refused")]

    outcome = client(platform, waits).send([record_of_one_meter()])

    assert outcome.accepted == 1
    assert waits[0] == 7
    assert len(waits) == 2


def test_client_gives_up_and_says_where(platform: Platform) -> None:
    platform.answers = [httpx.ConnectError("refused")] * 3

    with pytest.raises(ClientError, match=r"http://platform.*3 times"):
        client(platform).send([record_of_one_meter()])


def test_client_does_not_repeat_a_request_that_was_refused(platform: Platform) -> None:
    platform.answers = [httpx.Response(413, text="too large")]

    with pytest.raises(ClientError, match="413 too large"):
        client(platform).send([record_of_one_meter()])


def test_refused_items_are_reported(platform: Platform) -> None:
    problem = {"type": "/problems/unknown-meter", "title": "unknown"}
    platform.answers = [httpx.Response(200, json={"results": [{"status": "rejected", "problem": problem}]})]

    assert client(platform).send([record_of_one_meter()]).problems == [problem]


def test_live_street_sends_at_slot_ends(platform: Platform) -> None:
    homes = street(platform)
    border = (ORIGIN + 4) * 900

    assert live.send_due(homes, now_unix=border + live.DELAY_SECONDS - 1) == 3 * 4
    assert live.send_due(homes, now_unix=border + live.DELAY_SECONDS) == 3
    assert live.send_due(homes, now_unix=border + 600) == 0
    assert live.seconds_to_next(border) == live.DELAY_SECONDS
    assert live.seconds_to_next(border + live.DELAY_SECONDS) == 900


def test_identities_come_from_the_seed_alone(tmp_path: Path) -> None:
    path = tmp_path / "seed"
    first, again = Identities.from_file(path), Identities.from_file(path)

    assert path.stat().st_mode & 0o077 == 0
    assert first.meter("001", 0) == again.meter("001", 0)
    assert first.wallet("a").address == again.wallet("a").address
    assert first.meter("001", 0).private_key != first.meter("002", 0).private_key
    path.write_text("short")
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        Identities.from_file(path)


def test_wallet_signature_leads_back_to_its_address() -> None:
    wallet, digest = IDENTITIES.wallet("a"), keccak256(b"message")

    signature = wallet.sign_digest(digest)

    public = coincurve.PublicKey.from_signature_and_message(
        signature[:64] + bytes([signature[64] - 27]), digest, hasher=None
    )
    assert keccak256(public.format(compressed=False)[1:])[-20:] == wallet.address


def record_of_one_meter() -> str:
    meter = IDENTITIES.meter("001", 0)
    payload = ocmf.build_payload(serial=meter.serial, counter=1, registers=[(ORIGIN * 900, 1, None)])
    signature = ocmf.sign(payload, suite=meter.suite, private_key=meter.private_key)
    return ocmf.render(payload, suite=meter.suite, signature=signature)
