"""Auctions and fills are never changed; an order only learns that it was cleared; a mandate only how it ends."""

from django.db import migrations

_FORWARD = """
CREATE FUNCTION market_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % refused: what was signed, ordered or traded is never changed', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER market_auction_append_only BEFORE UPDATE OR DELETE ON market_auction
    FOR EACH ROW EXECUTE FUNCTION market_refuse_change();
CREATE TRIGGER market_fill_append_only BEFORE UPDATE OR DELETE ON market_fill
    FOR EACH ROW EXECUTE FUNCTION market_refuse_change();
CREATE TRIGGER market_order_kept BEFORE DELETE ON market_order
    FOR EACH ROW EXECUTE FUNCTION market_refuse_change();
CREATE TRIGGER market_order_as_accepted BEFORE UPDATE ON market_order
    FOR EACH ROW WHEN (
        (OLD.id, OLD.zone_id, OLD.account_id, OLD.point_id, OLD.mandate_id, OLD.slot, OLD.side, OLD.limit_price,
         OLD.quantity_wh, OLD.cover, OLD.order_hash, OLD.accepted_at)
        IS DISTINCT FROM
        (NEW.id, NEW.zone_id, NEW.account_id, NEW.point_id, NEW.mandate_id, NEW.slot, NEW.side, NEW.limit_price,
         NEW.quantity_wh, NEW.cover, NEW.order_hash, NEW.accepted_at)
        OR OLD.state <> 'accepted'
    ) EXECUTE FUNCTION market_refuse_change();
CREATE TRIGGER market_mandate_kept BEFORE DELETE ON market_mandate
    FOR EACH ROW EXECUTE FUNCTION market_refuse_change();
CREATE TRIGGER market_mandate_as_signed BEFORE UPDATE ON market_mandate
    FOR EACH ROW WHEN (
        (OLD.id, OLD.account_id, OLD.struct_hash, OLD.signature, OLD.valid_from_day, OLD.valid_to_day,
         OLD.cap_per_day, OLD.buy_ceiling, OLD.sell_floor, OLD.follow_signal, OLD.max_buy_wh_per_day,
         OLD.max_sell_wh_per_day, OLD.nonce, OLD.deadline, OLD.terms_hash, OLD.created_at)
        IS DISTINCT FROM
        (NEW.id, NEW.account_id, NEW.struct_hash, NEW.signature, NEW.valid_from_day, NEW.valid_to_day,
         NEW.cap_per_day, NEW.buy_ceiling, NEW.sell_floor, NEW.follow_signal, NEW.max_buy_wh_per_day,
         NEW.max_sell_wh_per_day, NEW.nonce, NEW.deadline, NEW.terms_hash, NEW.created_at)
    ) EXECUTE FUNCTION market_refuse_change();
"""

_BACKWARD = """
DROP TRIGGER market_mandate_as_signed ON market_mandate;
DROP TRIGGER market_mandate_kept ON market_mandate;
DROP TRIGGER market_order_as_accepted ON market_order;
DROP TRIGGER market_order_kept ON market_order;
DROP TRIGGER market_fill_append_only ON market_fill;
DROP TRIGGER market_auction_append_only ON market_auction;
DROP FUNCTION market_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("market", "0001_initial")]

    operations = [migrations.RunSQL(_FORWARD, _BACKWARD)]
