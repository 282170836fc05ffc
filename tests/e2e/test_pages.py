"""Every page in a real browser: no fault on the console, no policy violation, no accessibility fault."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from grid.accounts.models import DataSet, User
from grid.accounts.services import note_watch
from grid.domain.slots import date_of_day
from grid.portal.views import home
from tests.e2e.conftest import DESKTOP, PHONE, Visitor
from tests.factories import NOW, PASSWORD, TODAY
from tests.grid.portal.api.conftest import consent
from tests.grid.test_access import waiting
from tests.neighbourhood import SLOT_NOW, Neighbourhood

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[..., Visitor]


def pages_of(made: Neighbourhood) -> Iterator[tuple[User | None, str, str]]:
    """Who looks at what: person, name of the picture, path."""
    people, own = made.people, made.people.home
    yesterday = date_of_day(TODAY - 1)
    yield None, "login", reverse("login")
    yield None, "problem", reverse("problem", args=["bad-signature"])
    yield people.alice, "home", reverse("home")
    yield people.alice, "statements", reverse("account_statements", args=[own.account.address])
    yield people.alice, "statement", reverse("statement", args=[own.account.address, yesterday])
    yield people.alice, "points", reverse("account_points", args=[own.account.address])
    yield people.alice, "readings", reverse("readings", args=[own.point.id, date_of_day(TODAY)])
    consent(people)
    consent(people, DataSet.STATEMENTS)
    note_watch(account=own.account, user=people.alice, log_size=900, statements=3, alerts=["row changed"], now=NOW)
    yield people.tess, "shared", reverse("shared")
    yield people.alice, "access", reverse("account_access", args=[own.account.address])
    yield people.alice, "tokens", reverse("tokens")
    yield None, "api", reverse("api-docs")
    yield people.alice, "forbidden", reverse("desk")
    yield people.alice, "missing", "/nothing-here/"
    yield people.olga, "desk", reverse("zone_desk", args=[people.zone.id])
    yield people.olga, "meters", reverse("zone_meters", args=[people.zone.id])
    known = waiting(made)
    meter, point = own.meter.pk, own.point.pk
    yield people.alice, "proposal", reverse("proposal", args=[own.account.address, known["proposal_id"]])
    yield people.olga, "approvals", reverse("meter_approvals", args=[people.zone.id])
    yield people.olga, "upload", reverse("meter_upload", args=[people.zone.id])
    yield people.olga, "upload-report", reverse("meter_upload_report", args=[known["upload_id"]])
    yield people.olga, "exceptions", reverse("meter_exceptions", args=[people.zone.id])
    yield people.olga, "device", reverse("meter_device", args=[meter])
    yield people.olga, "versions", reverse("point_versions", args=[point, date_of_day(TODAY)])
    yield people.olga, "edit-slots", reverse("edit_slots", args=[point, SLOT_NOW - 8, SLOT_NOW - 5])
    yield people.olga, "runs", reverse("zone_runs", args=[people.zone.id])
    yield people.aurel, "log", reverse("log")
    yield people.aurel, "entry", reverse("log_entry", args=[7])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_have_no_accessibility_fault(
    visit: Visit,
    neighbours: Neighbourhood,
    axe: Callable[[Page], list[str]],
    picture: Callable[[Page, str], None],
    theme: str,
) -> None:
    faults: list[str] = []
    for person, name, path in pages_of(neighbours):
        visitor = visit(person, bypass_csp=True, color_scheme=theme, reduced_motion="reduce")
        page = visitor.go(path)
        for size, suffix in ((DESKTOP, "1440"), (PHONE, "390")):
            page.set_viewport_size(size)
            expect(page.locator("[data-chart]:not(:has(canvas))")).to_have_count(0)
            picture(page, f"{name}-{theme}-{suffix}")
            overflow = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
            assert overflow <= 0, f"{name} is {overflow} px wider than {suffix}"
            if theme == "light" or suffix == "1440":  # the phone's layout has the same colours
                faults += [f"{name} {suffix}: {fault}" for fault in axe(page)]
        visitor.context.close()
    assert faults == []


def test_the_accessibility_check_finds_a_fault(visit: Visit, axe: Callable[[Page], list[str]]) -> None:
    page = visit(bypass_csp=True).page
    page.set_content("<!doctype html><html lang='en'><title>x</title><main><img src='x.png'></main></html>")
    assert any(fault.startswith("image-alt") for fault in axe(page))


def test_pages_run_under_the_content_policy_without_a_fault(visit: Visit, neighbours: Neighbourhood) -> None:
    faults: list[str] = []
    for person, name, path in pages_of(neighbours):
        visitor = visit(person)
        page = visitor.go(path)
        expect(page.locator("[data-chart]:not(:has(canvas))")).to_have_count(0)
        # The browser itself reports a page that is meant to be 403 or 404.
        faults += [
            each for each in visitor.faults if name not in ("forbidden", "missing") or "status of 40" not in each
        ]
        visitor.context.close()
    assert faults == []


def test_alice_signs_in_and_finds_her_statement(visit: Visit, neighbours: Neighbourhood) -> None:
    visitor = visit()
    page = visitor.go("/")
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sonnengasse 12")
    expect(page.locator("#fills")).to_contain_text("sold")
    expect(page.locator("[data-chart] canvas")).to_have_count(2)
    page.locator("#money").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="How this result came about")).to_be_visible()
    expect(page.locator("table tbody tr")).to_have_count(96 * 2)
    assert visitor.faults == []


def test_alice_asks_for_her_money(
    visit: Visit,
    neighbours: Neighbourhood,
    axe: Callable[[Page], list[str]],
    picture: Callable[[Page, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(home, "is_managed", lambda account: True)
    page = visit(neighbours.people.alice, bypass_csp=True).go("/")
    page.get_by_label("Withdraw (EUR)").fill("a lot")
    page.get_by_role("button", name="Request withdrawal").click()
    field = page.get_by_label("Withdraw (EUR)")
    expect(field).to_have_value("a lot")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile("Write the amount as a number"))
    picture(page, "withdrawal-light-1440")
    assert axe(page) == []


def test_german_fits_a_phone(visit: Visit, neighbours: Neighbourhood, picture: Callable[[Page, str], None]) -> None:
    people = neighbours.people
    consent(people)
    access = reverse("account_access", args=[people.home.account.address])
    for person, name, path in (
        (people.alice, "home", "/"),
        (people.olga, "desk", "/desk/"),
        (people.alice, "access", access),
        (people.alice, "tokens", reverse("tokens")),
        (people.tess, "shared", reverse("shared")),
    ):
        visitor = visit(person, locale="de-AT", viewport=PHONE)
        page = visitor.go(path)
        expect(page.locator("[data-chart]:not(:has(canvas))")).to_have_count(0)
        picture(page, f"{name}-german-390")
        assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


def test_pages_read_without_a_script(visit: Visit, neighbours: Neighbourhood) -> None:
    visitor = visit(neighbours.people.alice, java_script_enabled=False)
    page = visitor.go("/")
    expect(page.locator("#now")).to_contain_text("better than with the supplier alone")
    page.locator("#prices-table summary").click()
    expect(page.locator("#prices-table tbody tr").first).to_be_visible()


def test_a_chart_says_its_values_under_the_pointer(visit: Visit, neighbours: Neighbourhood) -> None:
    visitor = visit(neighbours.people.olga)
    page = visitor.go(reverse("zone_desk", args=[neighbours.people.zone.id]))
    chart = page.locator("figure", has=page.locator("[data-chart='forecast-import-data']"))
    chart.locator(".u-over").hover()
    expect(chart.locator("[data-chart-readout]")).to_contain_text("Forecast (P50)")
