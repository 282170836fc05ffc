"""Settled days: the list, one day's statement with its lines, its CSV and its case file."""

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from grid.accounts.models import Account
from grid.accounts.pages.responses import csv_file, page
from grid.accounts.permissions import own_account, person, signed_in
from grid.accounts.queries import accounts_of
from grid.domain.slots import day_of_date, slot_start
from grid.portal import story
from grid.portal.charts import statement_chart
from grid.portal.queries.proofs import proof_of
from grid.portal.queries.statements import (
    SettledDay,
    StatementView,
    opened,
    settled_day,
    settled_days,
    statements_of,
)
from grid.settlement.models import PointStatement

DAYS_SHOWN = 90


@signed_in
def statements(request: HttpRequest) -> HttpResponseBase:
    """The statements of the person's first account."""
    account = accounts_of(person(request)).first()
    if account is None:
        raise Http404
    return redirect("account_statements", address=account.address)


@signed_in
def account_statements(request: HttpRequest, address: str) -> HttpResponseBase:
    """Settled days, newest first."""
    account = own_account(request, address)
    days = settled_days(account, limit=DAYS_SHOWN)
    context = {
        "section": "statements",
        "account": account,
        "days": days,
        "total": sum(each.day_net for each in days),
    }
    return page(request, "portal/statements.html", context, community=account.community)


@signed_in
def statement(request: HttpRequest, address: str, day: date) -> HttpResponseBase:
    """One day: totals, how far it is proven, and every quarter hour."""
    account, settled, rows, view = _opened(request, address, day)
    context: dict[str, Any] = {
        "section": "statements",
        "account": account,
        "settled": settled,
        "rows": rows,
        "view": view,
        "sums": view.sums,
        "headline": story.headline(view.sums),
        "sentences": story.sentences(view.sums, account.community.currency),
        "csv_url": _csv_url(account, day, view),
        "case_url": f"{reverse('statement_case', args=[account.address, day])}?point={view.statement.point_id}",
        "proof": proof_of(settled.run.log_size - 1, settled.run),
        "chart": lambda: statement_chart(view, _csv_url(account, day, view)),
        "held": [pair.line.slot for pair in view.lines if pair.line.hold_index is not None],
    }
    return page(request, "portal/statement.html", context, community=account.community)


@signed_in
def statement_csv(request: HttpRequest, address: str, day: date) -> HttpResponseBase:
    """The 96 lines with their prices: Wh, micro-currency per kWh, token units."""
    _, _, _, view = _opened(request, address, day)
    head = ["slot", "start_utc", "import_wh", "export_wh", "bought_wh", "sold_wh", "local_price", "fee_price"]
    head += ["import_price", "export_price", "amount", "running_total", "interval_index", "auction_index", "hold_index"]
    rows = [
        (
            pair.line.slot,
            slot_start(pair.line.slot),
            pair.line.import_wh,
            pair.line.export_wh,
            pair.line.bought_wh,
            pair.line.sold_wh,
            pair.header.local_price,
            pair.header.fee_price,
            pair.header.import_price,
            pair.header.export_price,
            pair.line.amount,
            pair.line.running_total,
            pair.line.interval_index,
            pair.header.auction_index,
            pair.line.hold_index,
        )
        for pair in view.lines
    ]
    return csv_file(f"statement-{day:%Y-%m-%d}.csv", head, rows)


def _opened(
    request: HttpRequest, address: str, day: date
) -> tuple[Account, SettledDay, list[PointStatement], StatementView]:
    """The day's row and the asked-for point's statement (the first without `?point=`). Raises Http404."""
    account = own_account(request, address)
    settled = settled_day(account, day_of_date(day))
    if settled is None:
        raise Http404
    rows = statements_of(account, settled.run)
    wanted = request.GET.get("point")
    chosen = next((row for row in rows if wanted is None or str(row.point_id) == wanted), None)
    if chosen is None:
        raise Http404
    return account, settled, rows, opened(chosen)


def _csv_url(account: Account, day: date, view: StatementView) -> str:
    return f"{reverse('statement_csv', args=[account.address, day])}?point={view.statement.point_id}"
