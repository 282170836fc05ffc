"""Results in words: every order is told what became of it, and nobody sees another account's."""

from grid.market.queries import results
from grid.market.services import gates
from tests.grid.street import FIRST, Home, Street, at_slot

SLOT = FIRST + 40


def trade(street: Street, nets: dict[str, int], **changes: dict[str, int]) -> None:
    street.signal([SLOT], 150_000)
    for home in street.homes:
        street.register(home, **changes.get(home.name, {}))
        if home.name in nets:
            street.forecast(home, {SLOT: nets[home.name]})
    gates.sweep_gates(zone=street.zone, now=at_slot(SLOT - 4))


def words(street: Street, home: Home) -> list[str]:
    return [item.words for item in results.of_account(home.account, from_slot=SLOT, to_slot=SLOT + 1)]


def test_a_filled_order_is_told_what_it_got_and_at_what_price(street: Street) -> None:
    trade(street, {"alice": -900, "bob": 400})
    assert words(street, street.bob) == [
        "You asked for 0.4 kWh at 0.15 EUR per kWh or less. The price was 0.15: 0.4 kWh bought."
    ]
    assert words(street, street.alice) == [
        "You offered 0.9 kWh at 0.15 EUR per kWh or more. The price was 0.15: 0.4 kWh sold; "
        "for 0.5 kWh there was no buyer left."
    ]
    assert words(street, street.carol) == ["No order: no forecast of this point was issued before the gate."]


def test_an_order_without_a_fill_is_told_why(street: Street) -> None:
    trade(street, {"alice": -300, "bob": 300, "carol": 700}, carol={"buy_ceiling": 100_000})
    assert words(street, street.carol) == [
        "You asked for 0.7 kWh at 0.10 EUR per kWh or less. The price was 0.15, above your limit."
    ]


def test_an_order_that_nobody_met_is_told_so(street: Street) -> None:
    trade(street, {"bob": 300})
    assert words(street, street.bob) == [
        "You asked for 0.3 kWh at 0.15 EUR per kWh or less. Nobody sold at such a price."
    ]


def test_an_account_sees_its_own_results_alone(street: Street) -> None:
    trade(street, {"alice": -900, "bob": 400, "carol": 700})
    for home in street.homes:
        found = results.of_account(home.account, from_slot=SLOT, to_slot=SLOT + 1)
        assert [item.point for item in found] == [home.name]
    assert results.of_account(street.bob.account, from_slot=SLOT + 1, to_slot=SLOT + 2) == []


def test_the_zones_summary_adds_up(street: Street) -> None:
    trade(street, {"alice": -900, "bob": 400, "carol": 700})
    found = results.summary(street.zone, from_slot=SLOT, to_slot=SLOT + 1)
    assert (found.auctions, found.volume_wh, found.mean_price) == (1, 900, 150_000)
    empty = results.summary(street.zone, from_slot=SLOT + 1, to_slot=SLOT + 2)
    assert (empty.auctions, empty.volume_wh, empty.mean_price) == (0, 0, None)
