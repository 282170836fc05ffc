"""Mandates, orders, auctions and fills."""

from django.db import models

from grid.accounts.models import Account, Zone
from grid.chain.models import ChainTx
from grid.metering.models import MeteringPoint
from grid.pricing.models import PriceSignal


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
    chain_tx = models.OneToOneField(ChainTx, on_delete=models.PROTECT, null=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.account} days {self.valid_from_day} to {self.valid_to_day}"


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
            models.UniqueConstraint(fields=["mandate", "point", "slot", "side"], name="mandate_order_once")
        ]
        indexes = [models.Index(fields=["zone", "slot"], name="order_zone_slot")]

    def __str__(self) -> str:
        return f"{self.get_side_display()} {self.quantity_wh} Wh in slot {self.slot}"


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
    log_index = models.BigIntegerField(help_text="AUCTION entry")
    cleared_at = models.DateTimeField()

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

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["auction", "fill_index"], name="fill_index_once")
        ]

    def __str__(self) -> str:
        return f"{self.quantity_wh} Wh for {self.order_id}"
