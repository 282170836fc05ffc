"""The home page of a prosumer."""

from django.test import Client
from django.urls import reverse

from tests.neighbourhood import Neighbourhood


def test_home_tells_the_day_in_words_and_money(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.alice)
    text = client.get(reverse("home")).content.decode()
    assert "better than with the supplier alone" in text
    assert "You sold" in text
    assert "from neighbours" in text
    assert "€40.00" in text
    assert "€2.50 on its way out" in text
