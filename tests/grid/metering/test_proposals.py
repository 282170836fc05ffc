"""Bindings that wait for the member: what is signed, what it changes, and what was known before."""

from dataclasses import replace
from datetime import datetime

import pytest

from grid.accounts.models import AccountMember, AccountRight, User, Zone
from grid.domain import entries as domain
from grid.domain import typed_data
from grid.domain.entries import EntryKind, LeafKind, Suite
from grid.domain.refusals import Refused
from grid.domain.registers import Quality
from grid.metering.models import (
    Binding,
    BindingProposal,
    Exchange,
    Interval,
    Meter,
    MeterEvent,
    MeterEventKind,
    MeterState,
)
from grid.metering.queries import binding_at, intervals
from grid.metering.services import ingest, proposals, registry, slots
from grid.metering.services.proposals import Handover
from grid.metering.services.registry import BindingTerms
from grid.records import queries as log
from grid.simulator.identity import MeterIdentity, Wallet
from tests.grid.metering.conftest import DOMAIN, FIRST_DAY, FIRST_SLOT, FOUNDED, Home, at_slot
from tests.grid.metering.people import auditor, holder, operator, stranger

NOON = FIRST_SLOT + 48
WALLET = Wallet((1001).to_bytes(32, "big"))


@pytest.fixture
def olga(zone: Zone) -> User:
    return operator(zone)


@pytest.fixture
def anna(zone: Zone, alice: Home) -> User:
    """The owner of alice's account."""
    person = holder("anna", zone.community)
    account = Binding.objects.get(point=alice.point).account
    assert account is not None
    AccountMember.objects.create(account=account, user=person, right=AccountRight.OWNER)
    return person


def terms(home: Home, **changes: object) -> BindingTerms:
    known = Binding.objects.filter(point=home.point).earliest("pk")
    made = BindingTerms(point=home.point, meter=home.meter, account=known.account, from_day=FIRST_DAY + 3)
    return replace(made, **changes)  # type: ignore[arg-type]


def signed(proposal: BindingProposal) -> bytes:
    message = proposals.terms_of(proposal).message()
    return WALLET.sign_digest(typed_data.digest(DOMAIN, "Binding", message))


def sign(proposal: BindingProposal, by: User, now: datetime) -> Binding:
    return proposals.sign(proposal=proposal, co_signature=signed(proposal), by=by, now=now, domain=DOMAIN)


def send(home: Home, counter: int, registers: list[tuple[int, int, int | None]], now: datetime) -> None:
    (result,) = ingest(records=[home.record(counter, registers)], now=now)
    assert result.status == "accepted", result


def test_proposal_holds_once_the_member_signed(alice: Home, olga: User, anna: User) -> None:
    proposal = proposals.propose(terms=terms(alice, reversed=True), by=olga, now=FOUNDED)
    assert proposals.propose(terms=terms(alice, reversed=True), by=olga, now=FOUNDED) == proposal
    assert binding_at(point=alice.point.pk, day=FIRST_DAY + 3) != proposal.binding

    binding = sign(proposal, anna, FOUNDED)

    assert binding_at(point=alice.point.pk, day=FIRST_DAY + 3) == binding
    assert binding.reversed
    assert sign(proposal, anna, FOUNDED) == binding
    assert Binding.objects.filter(point=alice.point).count() == 2


def test_only_an_owner_signs_and_only_with_the_accounts_key(
    alice: Home, zone: Zone, olga: User, anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = proposals.propose(terms=terms(alice), by=olga, now=FOUNDED)
    viewer = holder("victor", zone.community)
    AccountMember.objects.create(account=proposal.account, user=viewer, right=AccountRight.VIEWER)
    for person in (viewer, olga, stranger()):
        with pytest.raises(Refused) as raised:
            sign(proposal, person, FOUNDED)
        assert raised.value.code == "not_allowed"
        with pytest.raises(Refused):
            proposals.decline(proposal=proposal, by=person, reason="no", now=FOUNDED)

    monkeypatch.setattr(registry.signing, "verify", lambda *_, **__: False)
    with pytest.raises(Refused) as raised:
        proposals.sign(proposal=proposal, co_signature=b"x", by=anna, now=FOUNDED, domain=DOMAIN)
    assert raised.value.code == "signature"


def test_teammate_and_stranger_propose_nothing(alice: Home, zone: Zone) -> None:
    for person in (auditor(zone), stranger()):
        with pytest.raises(Refused) as raised:
            proposals.propose(terms=terms(alice), by=person, now=FOUNDED)
        assert raised.value.code == "not_allowed"


def test_what_was_declined_or_withdrawn_is_not_signed(alice: Home, olga: User, anna: User) -> None:
    declined = proposals.propose(terms=terms(alice, reversed=True), by=olga, now=FOUNDED)
    proposals.decline(proposal=declined, by=anna, reason="it is not turned", now=FOUNDED)
    withdrawn = proposals.propose(terms=terms(alice, multiplier_num=40), by=olga, now=FOUNDED)
    proposals.withdraw(proposal=withdrawn, by=olga, now=FOUNDED)

    for proposal in (declined, withdrawn):
        with pytest.raises(Refused) as raised:
            sign(proposal, anna, FOUNDED)
        assert raised.value.code == "decided"
    assert Binding.objects.filter(point=alice.point).count() == 1


def test_meter_is_at_one_point_only(alice: Home, bob: Home, olga: User) -> None:
    with pytest.raises(Refused) as raised:
        proposals.propose(terms=terms(alice, meter=bob.meter), by=olga, now=FOUNDED)
    assert raised.value.code == "meter_elsewhere"


def test_correction_of_the_past_is_a_later_binding_and_a_next_version(
    alice: Home, zone: Zone, olga: User, anna: User
) -> None:
    send(alice, 1, [(FIRST_SLOT, 0, 0), (FIRST_SLOT + 1, 10, 3), (FIRST_SLOT + 2, 30, 3)], at_slot(FIRST_SLOT + 2))
    slots.close_due(zone=zone, now=at_slot(FIRST_SLOT + 3, 0))
    before = at_slot(FIRST_SLOT + 4)
    now = at_slot(FIRST_SLOT + 5)
    turned = terms(alice, from_day=FIRST_DAY, reversed=True)
    with pytest.raises(Refused) as raised:
        proposals.propose(terms=turned, by=olga, now=now)
    assert raised.value.code == "terms"
    with pytest.raises(Refused) as raised:
        proposals.propose(terms=turned, by=olga, now=now, correction=True)
    assert raised.value.code == "no_reason"

    proposal = proposals.propose(terms=turned, by=olga, now=now, correction=True, reason="mounted the other way")
    binding = sign(proposal, anna, now)

    point, span = alice.point.pk, {"from_slot": FIRST_SLOT, "to_slot": FIRST_SLOT + 2}
    newest = [(i.import_wh, i.export_wh, i.version) for i in intervals(points=[point], **span)]
    known = [(i.import_wh, i.export_wh, i.version) for i in intervals(points=[point], **span, known_at=before)]
    assert newest == [(3, 10, 1), (0, 20, 1)]
    assert known == [(10, 3, 0), (20, 0, 0)]
    assert binding_at(point=point, day=FIRST_DAY) == binding
    assert binding_at(point=point, day=FIRST_DAY, known_at=before) == Binding.objects.earliest("pk")
    assert binding_at(point=point, day=FIRST_DAY, known_at=at_slot(FIRST_SLOT - 1)) is None
    last = Interval.objects.get(point=alice.point, slot=FIRST_SLOT, version=1)
    assert log.decoded(last.log_index)["bindingIndex"] == binding.log_index
    assert slots.close_due(zone=zone, now=now) == 0 or Interval.objects.filter(slot=FIRST_SLOT).count() == 2


def test_going_back_to_earlier_terms_is_a_binding_of_its_own(alice: Home, olga: User, anna: User) -> None:
    there = sign(proposals.propose(terms=terms(alice, reversed=True), by=olga, now=FOUNDED), anna, FOUNDED)
    back = sign(proposals.propose(terms=terms(alice), by=olga, now=FOUNDED), anna, FOUNDED)
    again = sign(proposals.propose(terms=terms(alice, reversed=True), by=olga, now=FOUNDED), anna, FOUNDED)

    assert there.pk < back.pk < again.pk
    assert binding_at(point=alice.point.pk, day=FIRST_DAY + 3) == again


@pytest.fixture
def spare(zone: Zone, alice: Home) -> Home:
    """A registered meter that no point has, to follow alice's."""
    identity = MeterIdentity(serial="CW-spare", suite=Suite.P256, private_key=2001)
    meter = registry.register_meter(
        zone=zone, serial=identity.serial, suite=identity.suite, public_key=identity.public_key, now=FOUNDED
    )
    return Home(point=alice.point, meter=meter, identity=identity)


HANDOVER = Handover(at=NOON * 900 + 600, old_import_wh=1_070, old_export_wh=0, new_import_wh=5, new_export_wh=0)


def test_exchange_within_a_slot_loses_no_energy(alice: Home, spare: Home, zone: Zone, olga: User, anna: User) -> None:
    send(alice, 1, [(NOON - 1, 1_000, 0), (NOON, 1_050, 0)], at_slot(NOON))
    slots.close_due(zone=zone, now=at_slot(NOON + 3))
    now = at_slot(NOON + 3)
    follow = terms(alice, meter=spare.meter, from_day=FIRST_DAY)

    binding = sign(proposals.propose(terms=follow, by=olga, now=now, reason="old", handover=HANDOVER), anna, now)
    later = at_slot(NOON + 3, 60)
    send(spare, 1, [(NOON + 1, 15, 0), (NOON + 2, 45, 0)], later)
    slots.close_due(zone=zone, now=later)

    found = {
        i.slot - NOON: (i.import_wh, i.quality)
        for i in intervals(points=[alice.point.pk], from_slot=NOON - 1, to_slot=NOON + 2)
    }
    assert found == {-1: (50, Quality.VALID), 0: (20 + 10, Quality.ESTIMATED), 1: (30, Quality.VALID)}
    row = intervals(points=[alice.point.pk], from_slot=NOON, to_slot=NOON + 1).get()
    entry = log.entry(row.log_index)
    assert entry.document is not None
    registers = domain.decode(LeafKind.REGISTERS, entry.document)
    assert registers["meterStart"] != registers["meterEnd"]
    assert (registers["importStart"], registers["importEnd"]) == (1_050, 15)
    assert entry.fields["bindingIndex"] == binding.log_index
    exchange = Exchange.objects.get()
    assert log.entry(exchange.log_index).kind is EntryKind.DECISION
    old = Interval.objects.filter(point=alice.point, slot=NOON - 1).latest("version")
    assert log.decoded(old.log_index)["bindingIndex"] == exchange.old.log_index
    states = {meter.serial: meter.state for meter in Meter.objects.all()}
    assert states == {"CW-alice": MeterState.REMOVED, "CW-spare": MeterState.ACTIVE}
    assert set(MeterEvent.objects.values_list("kind", flat=True)) == {
        MeterEventKind.REMOVED,
        MeterEventKind.INSTALLED,
    }


@pytest.mark.parametrize(
    "change",
    [{"at": NOON * 900 + 9_000}, {"at": NOON * 900 - 86_400}, {"old_import_wh": -1}, {"new_import_wh": 10**9}],
)
def test_impossible_handover_is_refused(alice: Home, spare: Home, olga: User, change: dict[str, int]) -> None:
    follow = terms(alice, meter=spare.meter, from_day=FIRST_DAY)
    with pytest.raises(Refused) as raised:
        proposals.propose(
            terms=follow, by=olga, now=at_slot(NOON + 3), reason="old", handover=replace(HANDOVER, **change)
        )
    assert raised.value.code == "handover"


def test_feeders_meter_is_exchanged_without_a_member(feeder: Home, alice: Home, spare: Home, olga: User) -> None:
    follow = BindingTerms(point=feeder.point, meter=spare.meter, account=None, from_day=FIRST_DAY)

    proposal = proposals.propose(terms=follow, by=olga, now=at_slot(NOON + 3), reason="old", handover=HANDOVER)

    assert proposal.state == "signed"
    assert Exchange.objects.get().new == proposal.binding
