"""Bindings that the operator proposes: the member sees exactly what is signed, and signs or declines."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grid import clock
from grid.accounts.models import Account
from grid.accounts.pages.responses import page
from grid.accounts.permissions import acting_account, own_account, person, signed_in
from grid.accounts.queries import may_act
from grid.chain.errors import ChainError
from grid.chain.queries import eip712_domain
from grid.domain.refusals import Refused
from grid.domain.typed_data import digest, typed_data_json
from grid.metering.models import BindingProposal
from grid.metering.services import proposals
from grid.portal import signers

_WORDS: dict[str, Any] = {
    "decided": gettext_lazy("This proposal was decided already."),
    "no_reason": gettext_lazy("Say why."),
    "long_reason": gettext_lazy("Say it in at most 500 characters."),
    "signature": gettext_lazy("This is not the account's signature over these terms."),
    "terms": gettext_lazy("These terms are not possible any more: ask the operator for another proposal."),
    "handover": gettext_lazy("The exchange does not fit what is recorded now: ask the operator for another proposal."),
    "meter_state": gettext_lazy("The meter is not in use any more: ask the operator for another proposal."),
}
SIGNATURE_LIMIT = 4096
"""Bytes: a passkey's signature with its client data has about 700."""


@signed_in
def proposal(request: HttpRequest, address: str, proposal_id: UUID) -> HttpResponseBase:
    """Show a proposal; POST signs or declines it."""
    account = acting_account(request, address) if request.method == "POST" else own_account(request, address)
    found = _proposal(account, proposal_id)
    problem = ""
    if request.method == "POST":
        problem, done = _decide(request, account, found)
        if not problem:
            messages.success(request, done, "good")
            return redirect("proposal", address=account.address, proposal_id=found.pk)
    return _show(request, account, found, problem)


@signed_in
def proposal_json(request: HttpRequest, address: str, proposal_id: UUID) -> HttpResponseBase:
    """The typed data, as a wallet takes it."""
    account = own_account(request, address)
    found = _proposal(account, proposal_id)
    try:
        document = typed_data_json(eip712_domain(), "Binding", proposals.terms_of(found).message())
    except ChainError:
        return JsonResponse({"detail": _unreachable()}, status=503)
    answer = JsonResponse(document)
    answer["Content-Disposition"] = 'attachment; filename="binding.json"'
    answer["Cache-Control"] = "no-store"
    return answer


def _decide(request: HttpRequest, account: Account, found: BindingProposal) -> tuple[str, str]:
    """Sign or decline; return what went wrong, and what was done, in words."""
    by, now = person(request), clock.now()
    try:
        if request.POST.get("step") == "decline":
            proposals.decline(proposal=found, by=by, reason=request.POST.get("reason", ""), now=now)
            return "", _("You declined the proposal.")
        terms = proposals.terms_of(found)
        if signers.is_managed(account):
            signature = signers.sign(account, digest(eip712_domain(), "Binding", terms.message()))
        else:
            signature = _signature(request.POST.get("signature", ""))
        proposals.sign(proposal=found, co_signature=signature, by=by, now=now)
    except Refused as refused:
        return str(_WORDS.get(refused.code, refused)), ""
    except ChainError:
        return _unreachable(), ""
    return "", _("You signed. The binding holds from its first day on.")


def _signature(text: str) -> bytes:
    try:
        found = bytes.fromhex(text.strip().removeprefix("0x")[: 2 * SIGNATURE_LIMIT])
    except ValueError:
        found = b""
    if not found:
        raise Refused("signature", "A signature is hexadecimal.")
    return found


def _unreachable() -> str:
    return _("The chain does not answer just now. Try again in a few minutes.")


def _shown(value: object) -> str:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    return str(value).lower()


def _proposal(account: Account, proposal_id: UUID) -> BindingProposal:
    rows = BindingProposal.objects.select_related("point__zone", "meter", "account")
    found = rows.filter(pk=proposal_id, account=account).first()
    if found is None:
        raise Http404
    return found


def _show(request: HttpRequest, account: Account, found: BindingProposal, problem: str) -> HttpResponseBase:
    message = proposals.terms_of(found).message()
    context: dict[str, Any] = {
        "section": "points",
        "account": account,
        "proposal": found,
        "message": [(name, _shown(value)) for name, value in message.items()],
        "managed": signers.is_managed(account),
        "may_act": may_act(account, person(request)),
        "problem": problem,
        "digest": None,
    }
    try:
        domain = eip712_domain()
    except ChainError:
        context["problem"] = problem or _unreachable()
    else:
        context |= {
            "chain_id": domain.chain_id,
            "contract": f"0x{domain.verifying_contract.hex()}",
            "digest": digest(domain, "Binding", message),
        }
    status = 422 if problem else 200
    return page(request, "portal/proposal.html", context, community=account.community, status=status)
