"""Mandates: a member's once-signed wish, its hashes, its words, and the limits it gives (PROTOCOL §4)."""

from dataclasses import dataclass
from datetime import date, timedelta

from grid.domain.clearing import Side
from grid.domain.profile import SlotTariff
from grid.domain.slots import date_of_day
from grid.domain.typed_data import Message, TypedDomain, digest, struct_hash
from grid.domain.units import PricePerKWh, WattHours


@dataclass(frozen=True, slots=True)
class MandateWish:
    """What the typed data of a mandate says; days are UTC delivery days, `valid_to_day` exclusive.

    Prices in micro-currency per kWh without the grid fee, `cap_per_day` in token units. A side takes part
    when its daily energy is not zero.
    """

    account: bytes
    valid_from_day: int
    valid_to_day: int
    cap_per_day: int
    buy_ceiling: int
    sell_floor: int
    follow_signal: bool
    max_buy_wh_per_day: int
    max_sell_wh_per_day: int
    nonce: int
    deadline: int

    @property
    def terms(self) -> Message:
        """The MandateTerms struct, which the contract knows by its hash only."""
        return {
            "buyCeiling": self.buy_ceiling,
            "sellFloor": self.sell_floor,
            "followSignal": self.follow_signal,
            "maxBuyWhPerDay": self.max_buy_wh_per_day,
            "maxSellWhPerDay": self.max_sell_wh_per_day,
        }

    @property
    def message(self) -> Message:
        """The Mandate struct that is signed."""
        return {
            "account": self.account,
            "validFromDay": self.valid_from_day,
            "validToDay": self.valid_to_day,
            "capPerDay": self.cap_per_day,
            "terms": self.terms,
            "nonce": self.nonce,
            "deadline": self.deadline,
        }

    @property
    def terms_hash(self) -> bytes:
        """hashStruct of the terms."""
        return struct_hash("MandateTerms", self.terms)

    @property
    def struct_hash(self) -> bytes:
        """hashStruct of the mandate: its identity, and part of the hash of every order made from it."""
        return struct_hash("Mandate", self.message)

    def digest(self, domain: TypedDomain) -> bytes:
        """Return the 32 bytes the member signs. Raises ValueError that names a member out of range."""
        return digest(domain, "Mandate", self.message)


def order_limit(wish: MandateWish, side: Side, *, signal: PricePerKWh, tariff: SlotTariff) -> PricePerKWh:
    """Return the limit of an order made from a mandate in one slot.

    A mandate that follows the local price buys at the signal or below and sells at the signal or above,
    within its ceiling and floor. No limit is worse than the supplier: who buys pays the fee on top, so
    the limit is at most import price less fee; who sells gets at least the export price.
    """
    if side is Side.BUY:
        limit = min(wish.buy_ceiling, tariff.import_price - tariff.fee_price)
        return PricePerKWh(min(limit, signal) if wish.follow_signal else limit)
    floor = max(wish.sell_floor, tariff.export_price)
    return PricePerKWh(max(floor, signal) if wish.follow_signal else floor)


def day_quantity(wish: MandateWish, side: Side) -> WattHours:
    """Return the most energy the mandate trades on one side in a UTC delivery day."""
    return WattHours(wish.max_buy_wh_per_day if side is Side.BUY else wish.max_sell_wh_per_day)


def sentence(wish: MandateWish, *, currency: str) -> str:
    """Return the mandate in plain words, made from the very fields that are signed.

    For example "Buy up to 8 kWh a day for at most 0.18 EUR per kWh plus the grid fee, ...".
    """
    wishes = []
    if wish.max_buy_wh_per_day:
        wishes.append(
            f"buy up to {energy_text(wish.max_buy_wh_per_day)} kWh a day for at most {price_text(wish.buy_ceiling)} "
            f"{currency} per kWh plus the grid fee"
        )
    if wish.max_sell_wh_per_day:
        wishes.append(
            f"sell up to {energy_text(wish.max_sell_wh_per_day)} kWh a day for at least {price_text(wish.sell_floor)} "
            f"{currency} per kWh"
        )
    text = " and ".join(wishes) or "trade nothing"
    follow = ", following the local price within these limits" if wish.follow_signal else ""
    first, last = date_of_day(wish.valid_from_day), date_of_day(wish.valid_to_day) - timedelta(days=1)
    return (
        f"{text[0].upper()}{text[1:]}{follow}, from {_date(first)} to {_date(last)} (UTC days). "
        f"At most {price_text(wish.cap_per_day)} {currency} are debited for one day of delivery."
    )


def _date(value: date) -> str:
    return f"{value:%d %B %Y}".lstrip("0")


def energy_text(energy_wh: int) -> str:
    """Return Wh as an exact number of kWh, such as 12.5."""
    return _decimal(energy_wh, 3, least=0)


def price_text(micro: int) -> str:
    """Return millionths of a currency unit as an exact decimal, at least two places, such as 0.18."""
    return _decimal(micro, 6, least=2)


def _decimal(value: int, digits: int, *, least: int) -> str:
    """Return a whole number of 10**-digits as an exact decimal, at least `least` places shown."""
    whole, rest = divmod(abs(value), 10**digits)
    places = f"{rest:0{digits}d}".rstrip("0").ljust(least, "0")
    return f"{'-' if value < 0 else ''}{whole}{'.' if places else ''}{places}"
