"""Accounts: who I am, statements, consents, the access log, and what a watcher reports."""

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router

from grid import clock
from grid.accounts.models import Account, Consent, DataSet, Scope, User
from grid.accounts.queries import access_log_of, accounts_of, consents_given, consents_received
from grid.accounts.services import note_watch
from grid.chain import queries as chain
from grid.chain.errors import ChainError
from grid.disputes import evidence
from grid.domain.slots import date_of_day, day_of_date
from grid.portal.api.auth import Token, caller
from grid.portal.api.paging import cursor_of, position_of
from grid.portal.api.points import REFUSALS
from grid.portal.api.problems import Problem, Refused
from grid.portal.api.schemas import (
    Accesses,
    Address,
    CaseFile,
    Consents,
    Contracts,
    Cursor,
    Limit,
    Me,
    PointStatementOut,
    Statements,
    WatchIn,
    WatchOut,
)
from grid.portal.noting import note
from grid.portal.queries.access import Grant, reachable_account
from grid.portal.queries.statements import opened, settled_days, statements_of
from grid.settlement.models import PointStatement

router = Router(tags=["accounts"])

LAST_DAY = 2**31 - 1
CONTRACTS = ("RecordAnchor", "Settlement", "Escrow", "Accounts", "Recomputation", "Disputes")


@router.get("/me", response={200: Me, 401: Problem, 403: Problem}, url_name="me", summary="Who you are")
def me(request: HttpRequest) -> Any:
    """The person behind the token or session, and their accounts."""
    user = caller(request, Scope.READ)
    rights = dict(user.account_memberships.values_list("account", "right"))
    return {
        "username": user.username,
        "name": str(user),
        "accounts": [
            {
                "address": account.address,
                "label": account.label,
                "community": account.community.name,
                "currency": account.community.currency,
                "right": rights[account.pk],
            }
            for account in accounts_of(user)
        ],
    }


@router.get(
    "/contracts",
    response={200: Contracts, 404: Problem},
    url_name="contracts",
    auth=None,
    summary="Contracts of the platform",
)
def contracts(request: HttpRequest) -> Any:
    """Chain and addresses, public. They are the platform's word: a watcher asks the chain whether they fit."""
    try:
        chain_id = chain.eip712_domain().chain_id
        found = {name: chain.contract_address(name) for name in CONTRACTS}
    except ChainError as error:
        raise Refused("not-found", f"The contracts cannot be named now: {error}") from None
    return {"chain_id": chain_id, "contracts": found}


@router.get(
    "/accounts/{address}/statements",
    response={200: Statements, **REFUSALS},
    url_name="statements",
    summary="Settled days of an account",
)
def statements(request: HttpRequest, address: Address, limit: Limit = 31, cursor: Cursor | None = None) -> Any:
    """Settled UTC days, newest first; of a corrected day the latest run."""
    user = caller(request, Scope.READ)
    account, grants = _account(user, address, DataSet.STATEMENTS)
    before = min(position_of(cursor, LAST_DAY), LAST_DAY)
    days = settled_days(account, limit=limit, before=before)
    if cursor is None:
        note(user, grants, DataSet.STATEMENTS, "list of statements", now=clock.now())
    shown = [each for each in days if any(grant.covers_day(each.run.day) for grant in grants)]
    return {
        "items": [
            {
                "day": each.date,
                "net": each.day_net,
                "sequence": each.run.sequence,
                "state": each.run.state,
                "log_size": each.run.log_size,
                "checkpoint": None if each.run.checkpoint is None else each.run.checkpoint.seq,
                "points": [row.point_id for row in statements_of(account, each.run)],
            }
            for each in shown
        ],
        "next_cursor": cursor_of(days[-1].run.day) if len(days) == limit else None,
    }


@router.get(
    "/accounts/{address}/statements/{day}",
    response={200: PointStatementOut, **REFUSALS, 410: Problem, 500: Problem},
    url_name="statement",
    summary="One day's statement of a point",
)
def statement(request: HttpRequest, address: Address, day: date, point: UUID | None = None) -> Any:
    """The 96 lines with their prices; of the account's first point without `point`."""
    user = caller(request, Scope.READ)
    chosen, grants = _statement(user, address, day, point)
    note(user, grants, DataSet.STATEMENTS, f"statement of {day}", now=clock.now())
    lines = [
        {
            "slot": pair.line.slot,
            "import_wh": pair.line.import_wh,
            "export_wh": pair.line.export_wh,
            "bought_wh": pair.line.bought_wh,
            "sold_wh": pair.line.sold_wh,
            "local_price": pair.header.local_price,
            "fee_price": pair.header.fee_price,
            "import_price": pair.header.import_price,
            "export_price": pair.header.export_price,
            "amount": pair.line.amount,
            "running_total": pair.line.running_total,
            "interval_index": pair.line.interval_index,
            "auction_index": pair.header.auction_index,
            "hold_index": pair.line.hold_index,
        }
        for pair in opened(chosen).lines
    ]
    return {
        "point": chosen.point_id,
        "day": day,
        "sequence": chosen.run.sequence,
        "net": chosen.day_net,
        "lines": lines,
    }


@router.get(
    "/accounts/{address}/statements/{day}/case-file",
    response={200: CaseFile, **REFUSALS, 409: Problem, 410: Problem, 500: Problem},
    url_name="statement-case",
    summary="Case file of a statement",
)
def statement_case(request: HttpRequest, address: Address, day: date, point: UUID | None = None) -> Any:
    """Everything that proves the statement, with all points of the account, for `./watt verify`."""
    user = caller(request, Scope.CASES)
    chosen, grants = _statement(user, address, day, point)
    case = evidence.statement_case(statement=chosen)
    note(user, grants, DataSet.STATEMENTS, f"case file of {day}", now=clock.now())
    return case


@router.get("/consents", response={200: Consents, **REFUSALS}, url_name="consents", summary="Consents")
def consents(request: HttpRequest) -> Any:
    """Consents that the caller's accounts gave, ended ones included, and those that stand for the caller."""
    user = caller(request, Scope.READ)
    now = clock.now()
    given = [consent for account in accounts_of(user) for consent in consents_given(account)]
    return {
        "given": [_consent(consent, stands=consent.stands(now)) for consent in given],
        "received": [_consent(consent, stands=True) for consent in consents_received(user, now=now)],
    }


@router.get(
    "/accounts/{address}/accesses",
    response={200: Accesses, **REFUSALS},
    url_name="accesses",
    summary="Who read the account's data",
)
def accesses(request: HttpRequest, address: Address, limit: Limit = 100, cursor: Cursor | None = None) -> Any:
    """The access log, for the account's members alone, newest first."""
    account = _own_account(caller(request, Scope.READ), address)
    before = position_of(cursor, 2**62)
    rows = list(access_log_of(account).filter(pk__lt=before).order_by("-pk")[: limit + 1])
    return {
        "items": [
            {
                "by": str(row.user),
                "via": row.via,
                "consent": row.consent_id,
                "data_set": row.data_set,
                "what": row.what,
                "at": row.at,
            }
            for row in rows[:limit]
        ],
        "next_cursor": cursor_of(rows[limit - 1].pk) if len(rows) > limit else None,
    }


@router.post(
    "/accounts/{address}/watch-reports",
    response={200: WatchOut, 400: Problem, **REFUSALS},
    url_name="watch-report",
    auth=Token(),
    summary="Report what a watcher found",
)
def watch_report(request: HttpRequest, address: Address, report: WatchIn) -> Any:
    """Keep what the account's watcher found last; the portal shows it. Members only, repeated as often as liked."""
    user = caller(request, Scope.WATCH)
    account = _own_account(user, address)
    kept = note_watch(
        account=account,
        user=user,
        log_size=report.log_size,
        statements=report.statements,
        alerts=report.alerts,
        now=clock.now(),
    )
    return {
        "account": account.address,
        "checked_at": kept.checked_at,
        "log_size": kept.log_size,
        "statements": kept.statements,
        "alerts": kept.alerts,
    }


def _own_account(user: User, address: str) -> Account:
    account = accounts_of(user).filter(address=address.lower()).first()
    if account is None:
        raise Refused("not-found", "There is no such account, or you are not its member.")
    return account


def _account(user: User, address: str, data_set: DataSet) -> tuple[Account, list[Grant]]:
    found = reachable_account(user, address, data_set, now=clock.now())
    if found is None:
        raise Refused("not-found", "There is no such account, or you may not read it.")
    return found


def _statement(user: User, address: str, day: date, point: UUID | None) -> tuple[PointStatement, list[Grant]]:
    account, grants = _account(user, address, DataSet.STATEMENTS)
    number = day_of_date(day)
    days = settled_days(account, limit=1, before=number + 1)
    if not days or days[0].run.day != number or not any(grant.covers_day(number) for grant in grants):
        raise Refused("not-found", f"{day} is not settled, or you may not read it.")
    rows = statements_of(account, days[0].run)
    chosen = next((row for row in rows if point is None or row.point_id == point), None)
    if chosen is None:
        raise Refused("not-found", f"The account has no such point on {day}.")
    return chosen, [grant for grant in grants if grant.covers_day(number)]


def _consent(consent: Consent, *, stands: bool) -> dict[str, Any]:
    return {
        "id": consent.pk,
        "account": consent.account.address,
        "grantee": str(consent.grantee),
        "purpose": consent.purpose,
        "data_set": consent.data_set,
        "from_day": date_of_day(consent.from_day),
        "to_day": None if consent.to_day is None else date_of_day(consent.to_day),
        "given_at": consent.given_at,
        "ends_at": consent.ends_at,
        "revoked_at": consent.revoked_at,
        "stands": stands,
    }
