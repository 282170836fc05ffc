"""Whole case files hold; whatever is changed in one is found, by the check that should find it."""

import copy
import json
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.domain import entries, notes, ocmf
from grid.domain.casefile import CaseFileError, from_json, to_json
from grid.domain.entries import EntryKind, LeafKind
from grid.verifier.report import Outcome
from grid.verifier.verification import Trust, verify
from tests.grid.verifier import casefiles, community


def document(*names):
    case = casefiles.statement_case(*names) if names else casefiles.reading_case()
    return to_json(case)


ANN = document("ann")
BOTH = document("ann", "ben")
READING = document()


def failures(changed):
    report = verify(from_json(changed), Trust())
    assert report.passed == (not report.count(Outcome.FAILS))
    return [result.what for result in report.results if result.outcome is Outcome.FAILS]


def first(items, **wanted):
    return next(item for item in items if all(item[name] == value for name, value in wanted.items()))


@pytest.mark.parametrize("whole", [READING, ANN, BOTH], ids=["reading", "ann", "both"])
def test_an_honest_case_holds_in_full(whole):
    report = verify(from_json(whole), Trust(log_key=community.LOG_KEY))
    assert not [str(result) for result in report.results if result.outcome is Outcome.FAILS]
    skipped = {result.what for result in report.results if result.outcome is Outcome.NOT_CHECKED}
    expected = {"checkpoint is anchored on chain", "run is posted on chain"}
    if whole is ANN:
        expected.add("headers are the sums of all members' lines")
    assert skipped <= expected
    assert report.passed


def test_the_form_is_read_back_as_it_was_written():
    case = casefiles.statement_case("ann", "ben")
    assert from_json(json.loads(json.dumps(to_json(case)))) == case


def test_the_day_holds_a_rollover_a_gap_a_hold_and_a_reversed_meter():
    """So that the honest case above means something."""
    day = community.day()
    ann, ben = day.homes["ann"], day.homes["ben"]
    assert any(energy.import_end < energy.import_start for energy in ann.energies)
    assert sum(energy.export_wh for energy in ann.energies) > sum(energy.import_wh for energy in ann.energies)
    assert [energy.slot for energy in ben.energies if energy.interpolated] == [
        community.SLOTS[45],
        community.SLOTS[46],
    ]
    held = day.run.headers[community.HELD]
    assert (held.bought_wh, held.sold_wh, held.mismatch_wh) == (90, 0, -90)


# Any byte of a case file is bound by some check: nothing can be changed unseen.


def leaves_of(value, path=()):
    """Paths of every hex text and signed record, apart from what only the chain can tell."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if path or name not in ("format", "title", "chain"):
                yield from leaves_of(inner, (*path, name))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from leaves_of(inner, (*path, position))
    elif isinstance(value, str) and (value.startswith("0x") or path[0] in ("records", "log")):
        yield path


PATHS = {name: list(leaves_of(whole)) for name, whole in (("reading", READING), ("ann", ANN))}


def change(whole, path, new):
    changed = copy.deepcopy(whole)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = new(place[path[-1]])
    return changed


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_changed_byte_is_found(data):
    name = data.draw(st.sampled_from(["reading", "ann", "ann", "ann"]))
    part = data.draw(st.sampled_from(sorted({path[:2] for path in PATHS[name]}, key=str)))
    path = data.draw(st.sampled_from([path for path in PATHS[name] if path[:2] == part]))

    def spoil(text):
        at = data.draw(st.integers(2 if text.startswith("0x") else 0, max(2, len(text) - 1)))
        if at >= len(text):
            return text + "00"
        digits = "0123456789abcdef"
        new = digits[(digits.index(text[at]) + data.draw(st.integers(1, 15))) % 16] if text[at] in digits else "~"
        return text[:at] + new + text[at + 1 :]

    assert failures(change(READING if name == "reading" else ANN, path, spoil))


# Each lie is named by the check that is made for it.


def rewrite(data, kind, **fields):
    """Leaf data with other fields, and the same salt."""
    raw = bytes.fromhex(data[2:])
    decoded = entries.decode(kind, raw)
    salt = decoded.pop("salt")
    return "0x" + entries.encode(kind, {**decoded, **fields}, salt).hex()


def test_a_log_signed_by_another_key():
    report = verify(from_json(ANN), Trust(log_key=notes.verifier_key(community.ORIGIN, bytes(31) + b"\x01")))
    assert [str(r) for r in report.results if r.outcome is Outcome.FAILS] == [
        "FAILS        checkpoint is signed by the log's key: note holds no signature of watt.example/log with "
        f"key id {notes.key_id(community.ORIGIN, bytes(31) + bytes([1])).hex()}"
    ]
    assert "log entries" in [r.what for r in report.results if r.outcome is Outcome.NOT_CHECKED]
    assert not report.passed


def test_an_entry_that_is_not_in_the_log():
    changed = copy.deepcopy(ANN)
    interval = first(changed["entries"], kind="INTERVAL")
    interval["data"] = rewrite(interval["data"], EntryKind.INTERVAL, importWh=5)
    assert f"entry {interval['index']} (INTERVAL) is in the log" in failures(changed)


def test_an_entry_at_another_place():
    changed = copy.deepcopy(ANN)
    interval = first(changed["entries"], kind="INTERVAL")
    interval["index"] += 1
    assert f"entry {interval['index']} (INTERVAL) is in the log" in failures(changed)


def test_a_record_that_the_meter_did_not_sign():
    changed = copy.deepcopy(READING)
    record = changed["records"][0]
    record["text"] = record["text"].replace('"RV":7', '"RV":8', 1)
    assert failures(changed) == [f"record of READING {record['reading']} is signed by a key of the log"]


def test_a_record_signed_by_a_key_that_is_not_in_the_log():
    """The operator forges reading, signature and READING entry, but the KEY entry says otherwise."""
    case = casefiles.reading_case()
    known = ocmf.parse(case.records[0].text)
    signature = ocmf.sign(known.payload, suite=known.suite, private_key=7)
    text = ocmf.render(known.payload, suite=known.suite, signature=signature)
    log = community.Log()
    home = community.day().homes["ann"]
    key = log.append(
        EntryKind.KEY,
        "ann",
        meterSerialHash=home.serial_hash,
        publicKeyHash=sha256(home.public_key).digest(),
        suite=1,
        fromCounter=1,
        toCounter=None,
    )
    reading = log.append(
        EntryKind.READING,
        "ann",
        envelopeSha256=sha256(text.encode()).digest(),
        point=home.point,
        counter=1,
        receivedAt=0,
    )
    tree, note = casefiles.checkpoint(log)
    for public_key, found in (
        (home.public_key, "does not fit the payload"),
        (ocmf.public_key_bytes(known.suite, 7), "publicKeyHash"),
    ):
        record = replace(case.records[0], text=text, reading=reading, key=key, public_key=public_key)
        parts = [log.part(index, tree) for index in (key, reading)]
        report = verify(replace(case, note=note, entries=parts, records=[record]), Trust())
        (failed,) = [r for r in report.results if r.outcome is Outcome.FAILS]
        assert found in failed.detail


def test_registers_other_than_the_committed_ones():
    changed = copy.deepcopy(ANN)
    part = changed["registers"][50]
    part["data"] = rewrite(part["data"], LeafKind.REGISTERS, importEnd=1)
    assert failures(changed) == [
        f"INTERVAL {part['interval']} has the energy of its registers",
        f"registers of INTERVAL {part['interval']} are those of the signed records",
    ]


def forge(kind, index, **fields):
    """Ann's case from a log in which one entry was written differently from the start."""
    day = community.day()
    original = day.log.data[index]
    case_before = ANN
    try:
        day.log.data[index] = bytes.fromhex(rewrite("0x" + original.hex(), kind, **fields)[2:])
        changed = to_json(casefiles.statement_case("ann"))
    finally:
        day.log.data[index] = original
    assert changed["log"]["note"] != case_before["log"]["note"]
    return changed


def test_energy_other_than_the_registers_difference():
    index = community.day().homes["ann"].intervals[60]
    found = failures(forge(EntryKind.INTERVAL, index, exportWh=999))
    assert f"INTERVAL {index} has the energy of its registers" in found
    assert "statement 0: metered energy is that of its INTERVALs, bound to its account" in found


def test_an_estimate_called_valid():
    ben = community.day().homes["ben"]
    day = community.day()
    index = ben.intervals[45]
    original = day.log.data[index]
    try:
        day.log.data[index] = bytes.fromhex(rewrite("0x" + original.hex(), EntryKind.INTERVAL, quality=0)[2:])
        found = failures(to_json(casefiles.statement_case("ben")))
    finally:
        day.log.data[index] = original
    assert found == [f"registers of INTERVAL {index} are those of the signed records"]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"account": b"\x09" * 20}, "statement 0: metered energy is that of its INTERVALs"),
        ({"zone": bytes(32)}, "statement 0: metered energy is that of its INTERVALs"),
        ({"reversed": False}, "has the energy of its registers"),
        ({"multiplierNum": 2}, "has the energy of its registers"),
        ({"meterSerialHash": bytes(32)}, "has the energy of its registers"),
        ({"fromDay": community.DAY + 1}, "has the energy of its registers"),
        ({"toDay": community.DAY}, "has the energy of its registers"),
        ({"point": bytes(32)}, "has the energy of its registers"),
    ],
)
def test_a_binding_to_another_account_meter_or_time(fields, found):
    index = community.day().homes["ann"].binding
    assert any(found in what for what in failures(forge(EntryKind.BINDING, index, **fields)))


@pytest.mark.parametrize("fields", [{"fromCounter": 2}, {"toCounter": 1}, {"suite": 2}, {"meterSerialHash": bytes(32)}])
def test_a_key_of_another_meter_or_time(fields):
    found = failures(forge(EntryKind.KEY, community.day().homes["ann"].key, **fields))
    assert any("is signed by a key of the log" in what for what in found)


@pytest.mark.parametrize(
    ("kind", "fields", "found"),
    [
        (EntryKind.TARIFF, {"day": community.DAY + 1}, "tariffs of the headers"),
        (EntryKind.TARIFF, {"tariffRoot": bytes(32)}, "tariffs of the headers"),
        (EntryKind.AUCTION, {"price": 1}, "local prices of the headers"),
        (EntryKind.AUCTION, {"slot": 1}, "local prices of the headers"),
        (EntryKind.AUCTION, {"fillsRoot": bytes(32)}, "local trades are the fills"),
        (EntryKind.PROFILE, {"profileHash": bytes(32)}, "the run's rules are a PROFILE"),
        (EntryKind.PROFILE, {"fromDay": community.DAY + 1}, "the run's rules are a PROFILE"),
    ],
)
def test_sources_that_say_something_else(kind, fields, found):
    index = community.day().log.kinds.index(kind)
    assert any(found in what for what in failures(forge(kind, index, **fields)))


def test_a_hold_that_is_no_hold():
    line = community.day().run.statements[0].lines[community.HELD]
    found = failures(forge(EntryKind.DECISION, line.hold_index, decisionKind=3))
    assert found == ["statement 0: held slots cite a DECISION"]


def test_an_entry_of_another_kind_is_no_source():
    day = community.day()
    changed = forge(EntryKind.DECISION, day.prices[0].price_index, decisionKind=1)
    assert failures(changed) == ["local prices of the headers are those of AUCTION and DECISION entries"]


# What is left out is said, and is never called checked.


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("records", "the signed record of READING"),
        ("fills", "is not in the file"),
        ("tariffs", "the leaves of TARIFF"),
    ],
)
def test_what_is_left_out_is_not_checked(part, said):
    report = verify(from_json({**ANN, part: []}), Trust())
    assert report.passed
    assert any(said in result.detail for result in report.results if result.outcome is Outcome.NOT_CHECKED)


def test_a_case_without_entries_checks_no_source():
    report = verify(from_json({**ANN, "entries": [], "registers": [], "records": []}), Trust())
    skipped = [result.what for result in report.results if result.outcome is Outcome.NOT_CHECKED]
    for what in ("metered energy", "local trades", "held slots", "tariffs of", "local prices", "are a PROFILE"):
        assert any(what in line for line in skipped)


def test_a_case_without_its_profile_says_so():
    report = verify(from_json(change(ANN, ("run", "profile"), lambda _: None)), Trust())
    assert any("document is not in the file" in result.detail for result in report.results)
    assert report.passed


# Files that are no case files.


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("format",), "other", "file.format is not"),
        (("title",), 5, "file.title is not text"),
        (("log",), None, "file.log is not a JSON object"),
        (("log", "seq"), -1, r"file.log.seq is not a whole number"),
        (("entries",), {}, "file.entries is not a list"),
        (("entries", 3, "kind"), "WISH", r"file.entries\[3\].kind"),
        (("entries", 3, "index"), True, r"file.entries\[3\].index"),
        (("entries", 3, "data"), "12", r"file.entries\[3\].data is not 0x"),
        (("entries", 3, "proof"), ["0x12"], r"file.entries\[3\].proof\[0\] has 1 bytes"),
        (("run", "zone"), "0xzz", "file.run.zone is not 0x"),
        (("run", "profile"), [], "file.run.profile is neither"),
        (("chain", "settlement"), "0x00", "file.chain.settlement has 1 bytes"),
    ],
)
def test_a_malformed_file_is_refused_at_its_place(path, value, message):
    with pytest.raises(CaseFileError, match=message):
        from_json(change(ANN, path, lambda _: value))


def test_a_missing_member_is_named():
    with pytest.raises(CaseFileError, match=r"file\.entries is missing"):
        from_json({name: value for name, value in ANN.items() if name != "entries"})
