"""Asking the contract for one's money: the request is signed and relayed, the contract pays after its delay."""

import secrets
from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from grid import clock
from grid.accounts.models import Account
from grid.accounts.pages import formats
from grid.accounts.permissions import acting_account, signed_in
from grid.chain.errors import ChainError
from grid.chain.queries import eip712_domain
from grid.domain.refusals import Refused
from grid.domain.signers import address_bytes
from grid.domain.typed_data import Message, digest
from grid.portal import signers
from grid.portal.forms import WithdrawalForm
from grid.portal.views.home import show_home
from grid.settlement.services import withdrawals

SIGNATURE_LIFE = timedelta(hours=1)
UNITS = 1_000_000


@signed_in
@require_POST
def request_withdrawal(request: HttpRequest, address: str) -> HttpResponseBase:
    """Sign and relay a withdrawal of a managed account; mistakes come back beside the field."""
    account = acting_account(request, address)
    form = WithdrawalForm(request.POST)
    if form.is_valid():
        units = int(form.cleaned_data["amount"] * UNITS)
        problem = _relay(account, units)
        if problem is None:
            text = gettext("%(amount)s will be paid out after the contract's waiting time.")
            messages.success(request, text % {"amount": formats.money(units, account.community.currency)}, "good")
            return redirect("account_home", address=account.address)
        form.add_error("amount", problem)
    return show_home(request, account, form=form, status=422)


def _relay(account: Account, units: int) -> str | None:
    """Sign and hand over; returns what went wrong in words, or None."""
    if not signers.is_managed(account):
        return gettext("This account signs for itself: request the withdrawal with your own wallet.")
    now = clock.now()
    to, nonce = address_bytes(account.address), secrets.randbits(128)
    deadline = int((now + SIGNATURE_LIFE).timestamp())
    message: dict[str, int | bytes | bool | Message] = {
        "account": to,
        "to": to,
        "amount": units,
        "nonce": nonce,
        "deadline": deadline,
    }
    try:
        signature = signers.sign(account, digest(eip712_domain(), "Withdrawal", message))
        withdrawals.request(
            account=account, to=to, amount=units, nonce=nonce, deadline=deadline, signature=signature, now=now
        )
    except Refused as refusal:
        return str(_REFUSALS.get(refusal.code, refusal))
    except ChainError:
        return gettext("The chain does not answer just now. Nothing was requested; try again in a few minutes.")
    return None


_REFUSALS = {"balance_too_small": gettext_lazy("That is more than your free balance.")}
