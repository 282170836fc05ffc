"""Mandates: a member's once-signed wish, its hashes, and the limits it gives (PROTOCOL §4)."""

from dataclasses import dataclass

from grid.domain.clearing import Side
from grid.domain.profile import SlotTariff
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
