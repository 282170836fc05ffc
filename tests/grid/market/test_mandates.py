"""Mandates: what is registered, what is refused and by which code, how a member stops."""

from dataclasses import replace

import pytest

from grid.chain.models import ChainTx, ChainTxState
from grid.domain.refusals import Refused
from grid.market.models import Mandate
from grid.market.queries import mandates as queries
from grid.market.services import mandates
from tests.grid.street import DAY, FIRST, FOUNDED, Home, Street, at_slot


def register(street: Street, home: Home, *, by: Home | None = None, now=FOUNDED, **changes: int | bool) -> Mandate:
    wish = street.wish(home, **changes)
    signature = (by or home).sign("Mandate", wish.message)
    return mandates.register(account=home.account, wish=wish, signature=signature, now=now)


def test_a_signed_mandate_is_kept_and_relayed_with_its_terms_hash(street: Street) -> None:
    mandate = register(street, street.alice)
    assert mandate.wish == street.wish(street.alice)
    sent = ChainTx.objects.get(business_key__startswith="mandate:")
    assert (sent.sender, sent.contract, sent.function) == ("relayer", "Escrow", "registerMandate")
    message, signature = sent.args
    assert message["account"] == street.alice.account.address
    assert message["termsHash"] == "0x" + mandate.wish.terms_hash.hex()
    assert message["capPerDay"] == 5_000_000
    assert signature == "0x" + bytes(mandate.signature).hex()


def test_a_repeat_returns_the_first_row_and_sends_nothing(street: Street) -> None:
    first = register(street, street.alice)
    assert register(street, street.alice) == first
    assert ChainTx.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"valid_to_day": DAY - 1}, "days_empty"),
        ({"cap_per_day": 0}, "cap_zero"),
        ({"max_buy_wh_per_day": 0, "max_sell_wh_per_day": 0}, "trades_nothing"),
        ({"buy_ceiling": 0}, "ceiling_zero"),
        ({"deadline": 1_000_000}, "deadline_passed"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_by_code(street: Street, changes: dict[str, int], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        register(street, street.alice, **changes)
    assert refusal.value.code == code
    assert not Mandate.objects.exists()


def test_nobody_elses_signature_counts(street: Street) -> None:
    with pytest.raises(Refused) as refusal:
        register(street, street.alice, by=street.bob)
    assert refusal.value.code == "signature_invalid"


def test_a_changed_field_breaks_the_signature(street: Street) -> None:
    wish = street.wish(street.alice)
    signature = street.alice.sign("Mandate", wish.message)
    with pytest.raises(Refused) as refusal:
        mandates.register(
            account=street.alice.account, wish=replace(wish, cap_per_day=1), signature=signature, now=FOUNDED
        )
    assert refusal.value.code == "signature_invalid"


def test_a_mandate_of_one_account_cannot_be_registered_for_another(street: Street) -> None:
    wish = street.wish(street.alice)
    with pytest.raises(Refused) as refusal:
        mandates.register(
            account=street.bob.account, wish=wish, signature=street.alice.sign("Mandate", wish.message), now=FOUNDED
        )
    assert refusal.value.code == "account_differs"


def test_days_covered_by_another_mandate_are_refused_and_free_again_once_that_one_failed(street: Street) -> None:
    first = register(street, street.alice)
    with pytest.raises(Refused) as refusal:
        register(street, street.alice, nonce=2, valid_from_day=DAY + 59, valid_to_day=DAY + 90)
    assert refusal.value.code == "overlaps"
    ChainTx.objects.filter(mandate=first).update(state=ChainTxState.REVERTED)
    assert register(street, street.alice, nonce=2, valid_from_day=DAY + 59, valid_to_day=DAY + 90).pk


def test_settled_days_are_refused(street: Street) -> None:
    street.chain.emit("Settlement", "RunPosted", day=DAY - 1, zone="0x", sequence=0)
    with pytest.raises(Refused) as refusal:
        register(street, street.alice)
    assert refusal.value.code == "day_settled"


def test_an_owner_pauses_from_the_next_gate_on_and_resumes(street: Street) -> None:
    mandate = street.register(street.alice)
    paused = mandates.pause(mandate=mandate, by=street.alice.user, now=at_slot(FIRST, 60))
    assert paused.ended_at_slot == FIRST + 5
    again = mandates.pause(mandate=mandate, by=street.alice.user, now=at_slot(FIRST + 20))
    assert again.ended_at_slot == FIRST + 5
    assert mandates.resume(mandate=mandate, by=street.alice.user).ended_at_slot is None


def test_a_viewer_and_a_stranger_cannot_pause(street: Street) -> None:
    mandate = street.register(street.alice)
    for person in (street.olga, street.mallory, street.bob.user):
        with pytest.raises(Refused) as refusal:
            mandates.pause(mandate=mandate, by=person, now=at_slot(FIRST))
        assert refusal.value.code == "not_owner"
    mandate.refresh_from_db()
    assert mandate.ended_at_slot is None


def end(street: Street, mandate: Mandate, end_day: int, *, by: Home | None = None) -> Mandate:
    message: dict[str, int | bytes] = {
        "account": mandate.wish.account,
        "mandateIndex": 0,
        "endDay": end_day,
        "nonce": 9,
        "deadline": (DAY + 90) * 86_400,
    }
    signature = (by or street.alice).sign("MandateEnd", message)
    return mandates.end(
        mandate=mandate,
        end_day=end_day,
        nonce=9,
        deadline=(DAY + 90) * 86_400,
        signature=signature,
        now=at_slot(FIRST, 60),
    )


def announce(street: Street, mandate: Mandate) -> None:
    street.chain.emit(
        "Escrow",
        "MandateRegistered",
        account=street.alice.account.address,
        mandateIndex=0,
        validFromDay=mandate.valid_from_day,
        termsHash="0x" + bytes(mandate.terms_hash).hex(),
    )


def test_a_revocation_stops_trade_at_the_next_gate_and_debits_from_the_day_after(street: Street) -> None:
    mandate = street.register(street.alice)
    announce(street, mandate)
    ended = end(street, mandate, DAY + 1)
    assert (ended.ended_at_slot, ended.end_day) == (FIRST + 5, DAY + 1)
    sent = ChainTx.objects.get(business_key__startswith="mandate-end:")
    assert sent.args[1:3] == [0, DAY + 1]
    assert queries.covered_until(street.alice.account) == DAY + 1
    with pytest.raises(Refused) as refusal:
        mandates.resume(mandate=mandate, by=street.alice.user)
    assert refusal.value.code == "mandate_ended"


@pytest.mark.parametrize("end_day", [DAY, DAY + 60])
def test_a_revocation_for_a_day_under_way_or_after_the_end_is_refused(street: Street, end_day: int) -> None:
    mandate = street.register(street.alice)
    announce(street, mandate)
    with pytest.raises(Refused) as refusal:
        end(street, mandate, end_day)
    assert refusal.value.code == "end_day_wrong"


def test_a_revocation_needs_the_owners_signature_and_a_registered_mandate(street: Street) -> None:
    mandate = street.register(street.alice)
    with pytest.raises(Refused) as refusal:
        end(street, mandate, DAY + 1)
    assert refusal.value.code == "not_registered"
    announce(street, mandate)
    with pytest.raises(Refused) as refusal:
        end(street, mandate, DAY + 1, by=street.bob)
    assert refusal.value.code == "signature_invalid"
