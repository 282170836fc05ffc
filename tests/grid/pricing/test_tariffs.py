"""The supplier's tariff of a day, and the profile it comes from, are committed to the log."""

import pytest

from grid.domain.entries import EntryKind
from grid.domain.profile import ProfileError, canonical
from grid.domain.tariffs import tariff_tree
from grid.pricing.models import Profile, TariffDay
from grid.pricing.queries import NoProfile, profile_on, profile_row, tariff
from grid.pricing.services import adopt_profile, publish_tariff
from grid.records import queries as log
from tests.grid.forecasts.street import NOW, TODAY


def test_a_day_has_96_prices_under_the_root_of_its_entry(zone, profile):
    row = publish_tariff(zone=zone, day=TODAY, now=NOW)
    assert row.import_prices == [300_000] * 96
    assert (row.export_prices[0], row.fee_prices[95]) == (80_000, 30_000)
    root = tariff_tree(
        day=TODAY, import_prices=row.import_prices, export_prices=row.export_prices, fee_prices=row.fee_prices
    ).root
    entry = log.entry(row.log_index)
    assert entry.kind is EntryKind.TARIFF
    assert (entry.fields["zone"], entry.fields["day"], entry.fields["tariffRoot"]) == (zone.word, TODAY, root)
    assert bytes(row.root) == root


def test_a_published_day_stays_as_it_is_under_a_new_profile(zone, profile, document):
    publish_tariff(zone=zone, day=TODAY, now=NOW)
    document["tariffs"]["import"][0]["price"] = 400_000
    adopt_profile(zone=zone, document=document, from_day=TODAY, now=NOW)
    assert publish_tariff(zone=zone, day=TODAY, now=NOW).import_prices[0] == 300_000
    assert publish_tariff(zone=zone, day=TODAY + 1, now=NOW).import_prices[0] == 400_000
    assert TariffDay.objects.count() == 2


def test_a_slots_tariff_is_read_from_what_was_published(zone, profile):
    slot = TODAY * 96 + 40
    assert tariff(zone, slot) is None
    publish_tariff(zone=zone, day=TODAY, now=NOW)
    found = tariff(zone, slot)
    assert found is not None
    assert (found.slot, found.import_price, found.export_price, found.fee_price) == (slot, 300_000, 80_000, 30_000)


def test_bands_follow_the_local_clock(zone, document):
    document["tariffs"]["import"] = [
        {"from": "00:00", "to": "06:00", "price": 200_000},
        {"from": "06:00", "to": "24:00", "price": 320_000},
    ]
    adopt_profile(zone=zone, document=document, from_day=TODAY, now=NOW)
    prices = publish_tariff(zone=zone, day=TODAY, now=NOW).import_prices
    # In summer Vienna is two hours ahead of UTC: 06:00 there is 04:00 UTC, midnight 22:00 UTC.
    assert prices[:16] == [200_000] * 16
    assert prices[16:88] == [320_000] * 72
    assert prices[88:] == [200_000] * 8


def test_a_profile_comes_into_force_by_an_entry_that_keeps_its_text(zone, profile, document):
    entry = log.entry(profile.log_index)
    assert entry.kind is EntryKind.PROFILE
    assert entry.document == canonical(document)
    assert (entry.fields["profileHash"], entry.fields["fromDay"]) == (bytes(profile.sha256), TODAY - 1)
    assert profile_on(zone.community, TODAY).windows.gate_lead_slots == 4


def test_adopting_the_same_again_changes_nothing(zone, profile, document):
    size = log.log_size()
    assert adopt_profile(zone=zone, document=document, from_day=TODAY - 1, now=NOW) == profile
    assert log.log_size() == size


def test_another_profile_from_the_same_day_is_refused(zone, profile, document):
    document["windows"]["gate_lead_slots"] = 8
    with pytest.raises(ValueError, match="choose a later day"):
        adopt_profile(zone=zone, document=document, from_day=TODAY - 1, now=NOW)


def test_a_wrong_profile_is_refused_by_its_field(zone, document):
    document["windows"]["gate_lead_slots"] = "soon"
    with pytest.raises(ProfileError, match="gate_lead_slots"):
        adopt_profile(zone=zone, document=document, from_day=TODAY, now=NOW)
    assert not Profile.objects.exists()


def test_a_later_profile_rules_from_its_day_on(zone, profile, document):
    document["name"] = "Second"
    second = adopt_profile(zone=zone, document=document, from_day=TODAY + 3, now=NOW)
    assert profile_row(zone.community, TODAY + 2) == profile
    assert profile_row(zone.community, TODAY + 3) == second


def test_a_day_without_profile_says_what_to_do(zone):
    with pytest.raises(NoProfile, match="adopt one"):
        publish_tariff(zone=zone, day=TODAY, now=NOW)
