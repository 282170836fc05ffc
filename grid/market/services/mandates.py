"""Mandates: registered with the member's signature, relayed to the chain, paused or ended at the next gate."""

from datetime import datetime

from django.db import transaction

from grid.accounts.models import Account, AccountMember, AccountRight, User
from grid.chain import queries as chain_queries
from grid.chain import signing
from grid.chain.services import outbox
from grid.domain.clearing import Side
from grid.domain.mandates import MandateWish, day_quantity
from grid.domain.refusals import Refused
from grid.domain.signers import address_bytes
from grid.domain.slots import day_of, slot_of
from grid.domain.typed_data import digest
from grid.market.models import Mandate
from grid.market.queries import mandates as queries
from grid.pricing import queries as pricing


def register(*, account: Account, wish: MandateWish, signature: bytes, now: datetime) -> Mandate:
    """Keep a signed mandate and have it registered on chain. A repeat returns the first row.

    Raises Refused: account_differs, deadline_passed, signature_invalid, days_empty, day_settled, cap_zero,
    trades_nothing, ceiling_zero, overlaps.
    """
    _check_wish(account, wish, now)
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)
        known = Mandate.objects.filter(struct_hash=wish.struct_hash).first()
        if known:
            return known
        signed = wish.digest(chain_queries.eip712_domain())
        if not signing.verify(wish.account, signed, signature, now=now):
            raise Refused("signature_invalid", "The signature does not bind this account to this mandate.")
        _check_days(account, wish)
        return Mandate.objects.create(
            account=account,
            valid_from_day=wish.valid_from_day,
            valid_to_day=wish.valid_to_day,
            cap_per_day=wish.cap_per_day,
            buy_ceiling=wish.buy_ceiling,
            sell_floor=wish.sell_floor,
            follow_signal=wish.follow_signal,
            max_buy_wh_per_day=wish.max_buy_wh_per_day,
            max_sell_wh_per_day=wish.max_sell_wh_per_day,
            nonce=hex(wish.nonce),
            deadline=wish.deadline,
            terms_hash=wish.terms_hash,
            struct_hash=wish.struct_hash,
            signature=signature,
            chain_tx=outbox.enqueue(
                business_key=f"mandate:{wish.struct_hash.hex()}",
                sender="relayer",
                contract="Escrow",
                function="registerMandate",
                args=[_chain_message(wish), signature],
                now=now,
            ),
            created_at=now,
        )


def pause(*, mandate: Mandate, by: User, now: datetime) -> Mandate:
    """Stop new orders from the next gate on; what is traded stays payable. Raises Refused: not_owner."""
    _check_owner(mandate, by)
    with transaction.atomic():
        mandate = Mandate.objects.select_for_update().select_related("account__community").get(pk=mandate.pk)
        if mandate.ended_at_slot is None:
            mandate.ended_at_slot = _next_open_slot(mandate, now)
            mandate.save(update_fields=["ended_at_slot"])
        return mandate


def resume(*, mandate: Mandate, by: User) -> Mandate:
    """Let a paused mandate trade again. Raises Refused: not_owner, mandate_ended."""
    _check_owner(mandate, by)
    with transaction.atomic():
        mandate = Mandate.objects.select_for_update().get(pk=mandate.pk)
        if mandate.end_day is not None:
            raise Refused("mandate_ended", "This mandate has been revoked; sign a new one.")
        mandate.ended_at_slot = None
        mandate.save(update_fields=["ended_at_slot"])
        return mandate


def end(*, mandate: Mandate, end_day: int, nonce: int, deadline: int, signature: bytes, now: datetime) -> Mandate:
    """Revoke a mandate: no new orders from the next gate on, no debit on chain from `end_day` on.

    Raises Refused: not_registered, mandate_ended, end_day_wrong, deadline_passed, signature_invalid.
    """
    index = queries.index_on_chain(mandate)
    if index is None:
        raise Refused("not_registered", "The mandate is not registered on chain yet; pause it meanwhile.")
    with transaction.atomic():
        mandate = Mandate.objects.select_for_update().select_related("account__community").get(pk=mandate.pk)
        if mandate.end_day is not None:
            raise Refused("mandate_ended", "This mandate has been revoked already.")
        stop = _next_open_slot(mandate, now)
        earliest = max(day_of(stop - 1) + 1, mandate.valid_from_day)
        if not earliest <= end_day < mandate.valid_to_day:
            raise Refused(
                "end_day_wrong",
                f"The mandate can end on a day from {earliest} to {mandate.valid_to_day - 1}, not {end_day}.",
            )
        _check_deadline(deadline, now)
        message: dict[str, int | bytes] = {
            "account": address_bytes(mandate.account.address),
            "mandateIndex": index,
            "endDay": end_day,
            "nonce": nonce,
            "deadline": deadline,
        }
        signed = digest(chain_queries.eip712_domain(), "MandateEnd", message)
        if not signing.verify(address_bytes(mandate.account.address), signed, signature, now=now):
            raise Refused("signature_invalid", "The signature does not bind this account to this revocation.")
        mandate.end_day = end_day
        mandate.ended_at_slot = stop if mandate.ended_at_slot is None else min(mandate.ended_at_slot, stop)
        mandate.end_tx = outbox.enqueue(
            business_key=f"mandate-end:{bytes(mandate.struct_hash).hex()}",
            sender="relayer",
            contract="Escrow",
            function="endMandate",
            args=[*message.values(), signature],
            now=now,
        )
        mandate.save(update_fields=["end_day", "ended_at_slot", "end_tx"])
        return mandate


def _check_wish(account: Account, wish: MandateWish, now: datetime) -> None:
    """Refuse what no signature could mend."""
    if wish.account != address_bytes(account.address):
        raise Refused("account_differs", "The mandate names another account.")
    _check_deadline(wish.deadline, now)
    if wish.valid_from_day >= wish.valid_to_day:
        raise Refused("days_empty", "The mandate's last day lies before its first.")
    if wish.cap_per_day <= 0:
        raise Refused("cap_zero", "The daily debit cap must be more than zero, or nothing can be traded.")
    if not any(day_quantity(wish, side) for side in Side):
        raise Refused("trades_nothing", "The mandate neither buys nor sells: give one side a daily energy.")
    if wish.max_buy_wh_per_day and not wish.buy_ceiling:
        raise Refused("ceiling_zero", "A buyer needs a ceiling above zero.")


def _check_days(account: Account, wish: MandateWish) -> None:
    """Refuse days the contract would refuse: settled ones, and those of the account's other mandates."""
    settled = queries.last_settled_day()
    if settled is not None and wish.valid_from_day <= settled:
        raise Refused("day_settled", f"Days up to {settled} are settled; begin on day {settled + 1} or later.")
    current_end = queries.covered_until(account)
    if current_end is not None and wish.valid_from_day < current_end:
        raise Refused("overlaps", f"Another mandate of this account runs to day {current_end}: end it, or begin then.")


def _check_deadline(deadline: int, now: datetime) -> None:
    if deadline < now.timestamp():
        raise Refused("deadline_passed", "The signature's deadline has passed: sign again.")


def _check_owner(mandate: Mandate, by: User) -> None:
    rights = AccountMember.objects.filter(account=mandate.account_id, user=by, right=AccountRight.OWNER)
    if not rights.exists():
        raise Refused("not_owner", "Only an owner of the account may do this.")


def _next_open_slot(mandate: Mandate, now: datetime) -> int:
    """Return the first slot whose gate has not closed."""
    day = int(now.timestamp()) // 86_400
    profile = pricing.profile_on(mandate.account.community, day)
    return slot_of(int(now.timestamp())) + profile.windows.gate_lead_slots + 1


def _chain_message(wish: MandateWish) -> dict[str, object]:
    """The mandate as Escrow.registerMandate takes it: the terms by their hash."""
    return {**{k: v for k, v in wish.message.items() if k != "terms"}, "termsHash": wish.terms_hash}
