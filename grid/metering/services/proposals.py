"""Bindings before they hold: an operator proposes, the member co-signs what is shown, byte for byte (PROTOCOL §1).

A proposal with a handover is the exchange of a meter. A correction reaches into closed slots: their intervals
are derived again under it, as next versions, and what was known before stays to be asked for.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import transaction

from grid.accounts.models import User
from grid.accounts.queries import may_act
from grid.domain import lifecycle
from grid.domain.entries import DecisionKind, EntryKind
from grid.domain.lifecycle import ProposalState, Step, StepRefused
from grid.domain.profile import canonical
from grid.domain.refusals import Refused
from grid.domain.slots import DAY_SECONDS, SLOT_SECONDS, SLOTS_PER_DAY, day_of, month_of_day
from grid.domain.typed_data import TypedDomain
from grid.metering.errors import MeteringError
from grid.metering.models import Binding, BindingProposal, Exchange, Meter, MeterEvent, MeterEventKind, MeterState
from grid.metering.queries.bindings import binding_at, bindings_of
from grid.metering.services import rederiving, registry
from grid.metering.services.claims import require_reason, require_role
from grid.metering.services.registry import BindingTerms
from grid.records.queries import log_size
from grid.records.services import NewEntry, append

CORRECTION_DAYS = 100
"""How far back a correction may reach: no run can be corrected after that."""
EXCHANGE_DAYS = 31
"""How long ago an exchange may have been."""


@dataclass(frozen=True, slots=True)
class Handover:
    """Registers read by hand when a meter was exchanged, Wh, at a unix second."""

    at: int
    old_import_wh: int
    old_export_wh: int
    new_import_wh: int
    new_export_wh: int

    def document(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__slots__}


@transaction.atomic
def propose(
    *,
    terms: BindingTerms,
    by: User,
    now: datetime,
    reason: str = "",
    correction: bool = False,
    handover: Handover | None = None,
) -> BindingProposal:
    """Keep a binding for the member to sign; the same open one is returned again. A feeder's holds at once.

    Raises Refused: not_allowed, terms, no_reason (corrections and exchanges), meter_state, meter_elsewhere,
    correction_days, handover.
    """
    require_role(terms.point.zone, by)
    text = require_reason(reason) if correction or handover else reason.strip()[:500]
    today = int(now.timestamp()) // DAY_SECONDS
    try:
        registry.check_terms(terms, correction=correction or handover is not None)
    except MeteringError as error:
        raise Refused("terms", str(error)) from None
    if terms.meter.state not in (MeterState.ACTIVE, MeterState.REMOVED):
        raise Refused("meter_state", f"Meter {terms.meter} is {terms.meter.state}.")
    if terms.from_day < today - CORRECTION_DAYS:
        raise Refused("correction_days", f"from_day lies more than {CORRECTION_DAYS} days back.")
    other = bindings_of(meters=[terms.meter.pk]).of_meter(terms.meter.pk, max(terms.from_day, today))
    if other is not None and other.point_id != terms.point.pk:
        current = binding_at(point=other.point_id, day=max(terms.from_day, today))
        if current is not None and current.meter_id == terms.meter.pk:
            raise Refused("meter_elsewhere", f"Meter {terms.meter} is at {current.point} then.")
    if handover is not None:
        _check_handover(terms, handover, now)
    fields = {
        "point": terms.point,
        "meter": terms.meter,
        "account": terms.account,
        "from_day": terms.from_day,
        "to_day": terms.to_day,
        "reversed": terms.reversed,
        "multiplier_num": terms.multiplier_num,
        "multiplier_den": terms.multiplier_den,
        "correction": correction,
        "handover": handover.document() if handover else None,
    }
    wanted = {name: value for name, value in fields.items() if value is not None}
    absent = {f"{name}__isnull": True for name, value in fields.items() if value is None}
    known = BindingProposal.objects.filter(state=ProposalState.OPEN, **wanted, **absent).first()
    if known is not None:
        return known
    made = BindingProposal.objects.create(**fields, reason=text, proposed_by=by, proposed_at=now)
    if terms.account is None:
        sign(proposal=made, co_signature=b"", by=by, now=now)
        made.refresh_from_db()
    return made


def terms_of(proposal: BindingProposal) -> BindingTerms:
    """Return what the member signs."""
    return BindingTerms(
        point=proposal.point,
        meter=proposal.meter,
        account=proposal.account,
        from_day=proposal.from_day,
        to_day=proposal.to_day,
        reversed=proposal.reversed,
        multiplier_num=proposal.multiplier_num,
        multiplier_den=proposal.multiplier_den,
    )


@transaction.atomic
def sign(
    *, proposal: BindingProposal, co_signature: bytes, by: User, now: datetime, domain: TypedDomain | None = None
) -> Binding:
    """Let a proposal hold by the member's EIP-712 signature; signing again returns the binding.

    Raises Refused: not_allowed, decided, signature, terms. ChainError when the chain has to be asked and is away.
    """
    row = BindingProposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    if row.account is not None and not may_act(row.account, by):
        raise Refused("not_allowed", "Only an owner of the account may sign for it.")
    if row.state == ProposalState.SIGNED and row.binding is not None:
        return row.binding
    if row.state != ProposalState.OPEN:
        raise Refused("decided", f"This proposal was {row.state}: ask the operator for another one.")
    late = row.correction or row.handover is not None
    try:
        binding = registry.bind(terms=terms_of(row), co_signature=co_signature, now=now, domain=domain, correction=late)
    except MeteringError as error:
        raise Refused("signature" if "co_signature" in str(error) else "terms", str(error)) from None
    row.state, row.decided_by, row.decided_at, row.binding = ProposalState.SIGNED, by, now, binding
    row.save(update_fields=["state", "decided_by", "decided_at", "binding"])
    if row.handover is not None:
        _exchange(row, binding, Handover(**row.handover), now)
    if late:
        rederiving.rederive(point=row.point, from_slot=binding.from_day * SLOTS_PER_DAY, now=now)
    return binding


@transaction.atomic
def decline(*, proposal: BindingProposal, by: User, reason: str, now: datetime) -> BindingProposal:
    """The member does not sign, and says why. Raises Refused."""
    if proposal.account is None or not may_act(proposal.account, by):
        raise Refused("not_allowed", "Only an owner of the account may decline for it.")
    return _close(proposal, ProposalState.DECLINED, by, require_reason(reason), now)


@transaction.atomic
def withdraw(*, proposal: BindingProposal, by: User, now: datetime) -> BindingProposal:
    """The operator takes a proposal back. Raises Refused."""
    require_role(proposal.point.zone, by)
    return _close(proposal, ProposalState.WITHDRAWN, by, proposal.reason, now)


def _close(proposal: BindingProposal, state: ProposalState, by: User, reason: str, now: datetime) -> BindingProposal:
    row = BindingProposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    if row.state == state:
        return row
    if row.state != ProposalState.OPEN:
        raise Refused("decided", f"This proposal was {row.state} already.")
    row.state, row.decided_by, row.decided_at, row.reason = state, by, now, reason
    row.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    return row


def _check_handover(terms: BindingTerms, handover: Handover, now: datetime) -> None:
    second = int(now.timestamp())
    if not second - EXCHANGE_DAYS * DAY_SECONDS < handover.at <= second:
        raise Refused("handover", f"at: the exchange was in the last {EXCHANGE_DAYS} days.")
    if handover.at // DAY_SECONDS != terms.from_day:
        raise Refused("handover", "from_day: the day of the exchange (UTC).")
    old = binding_at(point=terms.point.pk, day=terms.from_day)
    if old is None or old.meter_id == terms.meter.pk:
        raise Refused("handover", "The point has no other meter on that day that this one could follow.")
    moduli = (old.meter.register_modulus_wh, terms.meter.register_modulus_wh)
    pairs = (
        (handover.old_import_wh, handover.old_export_wh),
        (handover.new_import_wh, handover.new_export_wh),
    )
    for pair, modulus in zip(pairs, moduli, strict=True):
        if not all(0 <= register < modulus for register in pair):
            raise Refused("handover", f"A register is not between 0 and {modulus - 1} Wh.")


def _exchange(row: BindingProposal, binding: Binding, handover: Handover, now: datetime) -> None:
    """Log the exchange, keep its registers, and note it at both meters."""
    old = Binding.objects.filter(point=row.point, pk__lt=binding.pk).select_related("meter")
    covering = [
        b for b in old.order_by("-pk") if b.from_day <= row.from_day and (b.to_day is None or row.from_day < b.to_day)
    ]
    if not covering:
        raise Refused("handover", "The point had no meter on that day.")
    before = covering[0]
    slot = handover.at // SLOT_SECONDS
    content = canonical(
        {
            "decision": "exchange",
            "old_binding": before.log_index,
            "new_binding": binding.log_index,
            "handover": handover.document(),
            "by": row.proposed_by_id,
            "reason": row.reason,
        }
    )
    entry = NewEntry(
        kind=EntryKind.DECISION,
        fields={
            "decisionKind": int(DecisionKind.OVERRIDE),
            "zone": row.point.zone.word,
            "slot": slot,
            "version": 0,
            "value": 0,
            "inputLogSize": log_size(),
            "contentHash": sha256(content).digest(),
        },
        scope=row.point_id,
        period=month_of_day(day_of(slot)),
        document=content,
    )
    (index,) = append(entries=[entry], now=now)
    Exchange.objects.create(
        point=row.point, old=before, new=binding, log_index=index, recorded_at=now, **handover.document()
    )
    _note(before.meter, Step.REMOVE, MeterEventKind.REMOVED, row, index, now)
    _note(binding.meter, Step.INSTALL, MeterEventKind.INSTALLED, row, index, now)


def _note(meter: Meter, step: Step, kind: MeterEventKind, row: BindingProposal, index: int, now: datetime) -> None:
    try:
        meter.state = lifecycle.after(meter.state, step).value
    except StepRefused as refused:
        raise Refused("meter_state", str(refused)) from None
    meter.save(update_fields=["state"])
    MeterEvent.objects.create(meter=meter, kind=kind, at=now, by=row.proposed_by, reason=row.reason, log_index=index)
