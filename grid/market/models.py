"""Mandates, orders, auctions and fills."""

from typing import Self

from django.db import models

from grid.accounts.models import Account, Zone
from grid.chain.models import ChainTx
from grid.domain.mandates import MandateWish
from grid.domain.signers import address_bytes
from grid.domain.slots import SLOT_SECONDS
from grid.metering.models import MeteringPoint
from grid.pricing.models import PriceSignal
from grid.records.queries import first_anchored_at


class Side(models.IntegerChoices):
    BUY = 0, "Buy"
    SELL = 1, "Sell"


class Mandate(models.Model):
    """A member's once-signed wish (EIP-712). The contract enforces days and cap, we the rest."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="mandates")
    valid_from_day = models.IntegerField()
    valid_to_day = models.IntegerField(help_text="exclusive")
    cap_per_day = models.BigIntegerField(help_text="largest debit per UTC delivery day, token units")
    buy_ceiling = models.BigIntegerField(help_text="micro-currency per kWh, 0 = does not buy")
    sell_floor = models.BigIntegerField(help_text="micro-currency per kWh")
    follow_signal = models.BooleanField(default=True)
    max_buy_wh_per_day = models.BigIntegerField()
    max_sell_wh_per_day = models.BigIntegerField()
    nonce = models.CharField(max_length=66, help_text="0x hex, unordered")
    deadline = models.BigIntegerField()
    terms_hash = models.BinaryField(max_length=32)
    struct_hash = models.BinaryField(max_length=32, unique=True)
    signature = models.BinaryField()
    ended_at_slot = models.BigIntegerField(null=True, help_text="first slot after revocation or pause")
    chain_tx = models.OneToOneField(ChainTx, on_delete=models.PROTECT, null=True, related_name="mandate")
    end_day = models.IntegerField(null=True, help_text="end on chain asked for by its owner, exclusive")
    end_tx = models.OneToOneField(ChainTx, on_delete=models.PROTECT, null=True, related_name="ended_mandate")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_from_day__lt=models.F("valid_to_day")), name="mandate_days"
            ),
            models.CheckConstraint(condition=models.Q(cap_per_day__gt=0), name="mandate_cap"),
        ]

    def __str__(self) -> str:
        return f"{self.account} days {self.valid_from_day} to {self.valid_to_day}"

    @property
    def wish(self) -> MandateWish:
        """What was signed."""
        return MandateWish(
            account=address_bytes(self.account.address),
            valid_from_day=self.valid_from_day,
            valid_to_day=self.valid_to_day,
            cap_per_day=self.cap_per_day,
            buy_ceiling=self.buy_ceiling,
            sell_floor=self.sell_floor,
            follow_signal=self.follow_signal,
            max_buy_wh_per_day=self.max_buy_wh_per_day,
            max_sell_wh_per_day=self.max_sell_wh_per_day,
            nonce=int(self.nonce, 16),
            deadline=self.deadline,
        )


class OrderState(models.TextChoices):
    ACCEPTED = "accepted", "Accepted"
    CANCELLED = "cancelled", "Cancelled"
    CLEARED = "cleared", "In an auction"


class Order(models.Model):
    """A wish to buy or sell in one slot, made from a mandate."""

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="orders")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="orders")
    point = models.ForeignKey(MeteringPoint, on_delete=models.PROTECT, related_name="orders")
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="orders")
    slot = models.BigIntegerField()
    side = models.PositiveSmallIntegerField(choices=Side.choices)
    limit_price = models.BigIntegerField(help_text="micro-currency per kWh, fee excluded")
    quantity_wh = models.BigIntegerField()
    cover = models.BigIntegerField(help_text="reserved at acceptance, token units")
    order_hash = models.BinaryField(max_length=32, unique=True)
    state = models.CharField(max_length=12, choices=OrderState.choices, default=OrderState.ACCEPTED)
    accepted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mandate", "point", "slot", "side"], name="mandate_order_once"),
            models.CheckConstraint(condition=models.Q(quantity_wh__gt=0), name="order_quantity"),
            models.CheckConstraint(condition=models.Q(cover__gte=0), name="order_cover"),
        ]
        indexes = [
            models.Index(fields=["zone", "slot"], name="order_zone_slot"),
            models.Index(fields=["account", "slot"], name="order_account_slot"),
        ]

    def __str__(self) -> str:
        return f"{self.get_side_display()} {self.quantity_wh} Wh in slot {self.slot}"


class SkipCode(models.TextChoices):
    NO_FORECAST = "no_forecast", "No forecast of this point was issued before the gate"
    NO_TARIFF = "no_tariff", "The supplier's tariff of the day is not published"
    BALANCED = "balanced", "Use and production are forecast to be equal"
    UNCERTAIN = "uncertain", "The forecast is too uncertain to promise any energy at this price"
    SIDE_NOT_WANTED = "side_not_wanted", "The mandate does not trade on this side"
    DAY_QUANTITY_USED = "day_quantity_used", "The mandate's energy for the day is used up"
    MANDATE_NOT_REGISTERED = "mandate_not_registered", "The mandate is not registered on chain yet"
    CAP_USED = "cap_used", "The mandate's debit cap of the day is reserved by other orders"
    NO_BALANCE = "no_balance", "The escrow balance does not cover one more Wh"


class Skip(models.Model):
    """Why a point with a mandate has no order in a slot."""

    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="skips")
    point = models.ForeignKey(MeteringPoint, on_delete=models.PROTECT, related_name="skips")
    slot = models.BigIntegerField()
    code = models.CharField(max_length=24, choices=SkipCode.choices)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["point", "slot"], name="skip_once")]

    def __str__(self) -> str:
        return f"{self.point} slot {self.slot}: {self.code}"


class DeliveryStart(models.Func):
    """When delivery of the slot in a field begins."""

    template = f"to_timestamp(%(expressions)s * {SLOT_SECONDS})"
    output_field = models.DateTimeField()


def _in_time(auction: str) -> models.Q:
    """Whether what `anchored_at` says is not later than delivery; what is not anchored yet may still be."""
    begins = DeliveryStart(f"{auction}slot")
    return models.Q(anchored_at__isnull=True) | models.Q(anchored_at__lte=begins)


class AuctionQuerySet(models.QuerySet["Auction"]):
    def unanchored(self) -> Self:
        """Those that no anchored checkpoint covers yet."""
        return self.alias(anchored_at=first_anchored_at("log_index")).filter(anchored_at__isnull=True)

    def standing(self) -> Self:
        """Leave out the void ones: those anchored only after delivery had begun (PROTOCOL §3)."""
        return self.alias(anchored_at=first_anchored_at("log_index")).filter(_in_time(""))


class FillQuerySet(models.QuerySet["Fill"]):
    def standing(self) -> Self:
        """Leave out the fills of void auctions: they are no trades (PROTOCOL §3)."""
        return self.alias(anchored_at=first_anchored_at("auction__log_index")).filter(_in_time("auction__"))


class Auction(models.Model):
    """The uniform-price call auction of one zone and slot."""

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="auctions")
    slot = models.BigIntegerField()
    mode = models.CharField(max_length=8, default="ex_ante")
    signal = models.ForeignKey(PriceSignal, on_delete=models.PROTECT)
    price = models.BigIntegerField(help_text="micro-currency per kWh; the signal's when nothing crossed")
    volume_wh = models.BigIntegerField()
    orders_root = models.BinaryField(max_length=32)
    fills_root = models.BinaryField(max_length=32)
    fill_count = models.PositiveIntegerField()
    order_hashes = models.BinaryField(help_text="leaf hashes of the orders tree, packed; they outlive members' keys")
    fill_hashes = models.BinaryField(help_text="leaf hashes of the fills tree, packed")
    log_index = models.BigIntegerField(help_text="AUCTION entry")
    cleared_at = models.DateTimeField()

    objects = AuctionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["zone", "slot"], name="auction_once")]
        indexes = [models.Index(fields=["slot"], name="auction_slot")]

    def __str__(self) -> str:
        return f"{self.zone_id} slot {self.slot}: {self.volume_wh} Wh at {self.price}"


class Fill(models.Model):
    """What an order got, firm against the pool."""

    auction = models.ForeignKey(Auction, on_delete=models.PROTECT, related_name="fills")
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="fill")
    fill_index = models.PositiveIntegerField(help_text="leaf of the auction's fills tree")
    quantity_wh = models.BigIntegerField()

    objects = FillQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["auction", "fill_index"], name="fill_index_once"),
            models.CheckConstraint(condition=models.Q(quantity_wh__gt=0), name="fill_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity_wh} Wh for {self.order_id}"
