"""The German catalogue: complete, compiled, and used."""

import gettext
import re
from pathlib import Path

from django.test import Client
from django.urls import reverse

from grid.domain.slots import date_of_day
from tests.factories import TODAY
from tests.grid.pages import at_noon, escrow, fresh_memory, neighbours
from tests.neighbourhood import Neighbourhood

__all__ = ["at_noon", "escrow", "fresh_memory", "neighbours"]

CATALOGUE = Path(__file__).parents[2] / "frontend" / "locale" / "de" / "LC_MESSAGES" / "django.po"
MARKED = re.compile(r"""\{% translate (?:"([^"]+)"|'([^']+)')""")
PAIR = re.compile(r'^msgid "(.+)"\nmsgstr "(.*)"$', re.M)


def plain(text: str) -> str:
    return text.replace('\\"', '"').replace("\\\\", "\\")


def test_the_compiled_catalogue_says_what_the_source_says() -> None:
    pairs = [(plain(key), plain(value)) for key, value in PAIR.findall(CATALOGUE.read_text())]
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert len(pairs) > 300
    assert [key for key, value in pairs if not value] == []
    assert [key for key, value in pairs if compiled.gettext(key) != value] == []


def test_every_string_marked_in_a_template_is_translated() -> None:
    known = {plain(key) for key, _ in PAIR.findall(CATALOGUE.read_text())}
    templates = CATALOGUE.parents[3] / "templates"
    marked = {
        first or second for path in templates.rglob("*.html") for first, second in MARKED.findall(path.read_text())
    }
    assert marked - known == set()


def test_pages_speak_german_to_who_asks_for_it(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.alice)
    wish = {"Accept-Language": "de-AT,de;q=0.9"}
    home = client.get(reverse("home"), headers=wish).content.decode()
    assert 'lang="de"' in home
    assert "besser als mit dem Lieferanten allein" in home
    assert "40,00\u00a0€" in home
    address = neighbours.people.home.account.address
    statement = client.get(reverse("statement", args=[address, date_of_day(TODAY - 1)]), headers=wish)
    assert "Dienstag, 16. Juni 2026" in statement.content.decode()


def test_the_language_chosen_below_the_page_is_kept(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.alice)
    client.post(reverse("set_language"), {"language": "de"})
    assert "Ihr Tag am Markt" in client.get(reverse("home")).content.decode()
