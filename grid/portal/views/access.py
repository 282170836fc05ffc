"""Who may read an account's data: consents, the access log, the watcher; and a person's tokens."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from grid import clock
from grid.accounts.errors import AccountsError
from grid.accounts.models import Account
from grid.accounts.pages.responses import page
from grid.accounts.permissions import acting_account, own_account, person, signed_in
from grid.accounts.queries import access_log_of, accounts_of, consents_given, may_act, tokens_of, watch_reports
from grid.accounts.services import give_consent, issue_token, revoke_consent, revoke_token
from grid.portal.consent_form import ConsentForm, TokenForm, terms_of

LOG_SHOWN = 200


@signed_in
def access(request: HttpRequest) -> HttpResponseBase:
    """The person's first account; who has none has tokens at most."""
    account = accounts_of(person(request)).first()
    return redirect("tokens") if account is None else redirect("account_access", address=account.address)


@signed_in
def account_access(request: HttpRequest, address: str) -> HttpResponseBase:
    """Consents, who looked, and what the watcher says."""
    return _show(request, own_account(request, address))


@signed_in
@require_POST
def give(request: HttpRequest, address: str) -> HttpResponseBase:
    """Give a consent for each data set that is ticked; mistakes come back beside the field."""
    account = acting_account(request, address)
    form = ConsentForm(request.POST, account=account)
    if form.is_valid():
        try:
            for terms in terms_of(form, account):
                give_consent(account=account, terms=terms, by=person(request), now=clock.now())
        except AccountsError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, gettext("The consent is given. You can revoke it at any time."), "good")
            return redirect("account_access", address=account.address)
    return _show(request, account, form=form, status=422)


@signed_in
@require_POST
def revoke(request: HttpRequest, address: str, consent_id: int) -> HttpResponseBase:
    """End a consent at once."""
    account = acting_account(request, address)
    try:
        consent = revoke_consent(account=account, consent_id=consent_id, by=person(request), now=clock.now())
    except AccountsError:
        raise Http404 from None
    text = gettext("%(name)s can read this data no more.") % {"name": consent.grantee}
    messages.success(request, text, "good")
    return redirect("account_access", address=account.address)


@signed_in
@sensitive_variables("secret")
def tokens(request: HttpRequest) -> HttpResponseBase:
    """The person's tokens; a new one is shown this once."""
    user, now = person(request), clock.now()
    form, secret, status = TokenForm(), "", 200
    if request.method == "POST":
        form, status = TokenForm(request.POST), 422
        if form.is_valid():
            try:
                _token, secret = issue_token(
                    user=user,
                    name=form.cleaned_data["name"],
                    scopes=form.cleaned_data["scopes"],
                    days=form.cleaned_data["days"],
                    now=now,
                )
            except AccountsError as error:
                form.add_error(error.field if error.field in form.fields else None, str(error))
            else:
                form, status = TokenForm(), 201
    rows = [(token, token.stands(now)) for token in tokens_of(user)]
    context = {"section": "access", "form": form, "secret": secret, "tokens": rows}
    response = render(request, "portal/tokens.html", context, status=status)
    patch_cache_control(response, private=True, no_store=True)
    return response


@signed_in
@require_POST
def revoke_one(request: HttpRequest, token_id: int) -> HttpResponseBase:
    """End a token at once."""
    try:
        revoke_token(user=person(request), token_id=token_id, now=clock.now())
    except AccountsError:
        raise Http404 from None
    messages.success(request, gettext("The token is revoked."), "good")
    return redirect("tokens")


def _show(
    request: HttpRequest, account: Account, *, form: ConsentForm | None = None, status: int = 200
) -> HttpResponse:
    now = clock.now()
    owner = may_act(account, person(request))
    given = [(consent, consent.stands(now)) for consent in consents_given(account)]
    context: dict[str, Any] = {
        "section": "access",
        "account": account,
        "accounts": list(accounts_of(person(request))),
        "owner": owner,
        "form": (form or ConsentForm(account=account)) if owner else None,
        "standing": [consent for consent, stands in given if stands],
        "ended": [consent for consent, stands in given if not stands],
        "accesses": list(access_log_of(account)[:LOG_SHOWN]),
        "reports": list(watch_reports(account)),
    }
    return page(request, "portal/access.html", context, community=account.community, status=status)
