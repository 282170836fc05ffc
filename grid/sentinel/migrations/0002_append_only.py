"""Flags are never changed; a hold only learns when it was released."""

from django.db import migrations

_FORWARD = """
CREATE FUNCTION sentinel_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % refused: a decision is never changed', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER sentinel_flag_append_only BEFORE UPDATE OR DELETE ON sentinel_flag
    FOR EACH ROW EXECUTE FUNCTION sentinel_refuse_change();
CREATE TRIGGER sentinel_hold_kept BEFORE DELETE ON sentinel_hold
    FOR EACH ROW EXECUTE FUNCTION sentinel_refuse_change();
CREATE TRIGGER sentinel_hold_as_placed BEFORE UPDATE ON sentinel_hold
    FOR EACH ROW WHEN (
        (OLD.id, OLD.flag_id, OLD.point_id, OLD.slot, OLD.log_index, OLD.ends_at)
        IS DISTINCT FROM (NEW.id, NEW.flag_id, NEW.point_id, NEW.slot, NEW.log_index, NEW.ends_at)
    ) EXECUTE FUNCTION sentinel_refuse_change();
"""

_BACKWARD = """
DROP TRIGGER sentinel_hold_as_placed ON sentinel_hold;
DROP TRIGGER sentinel_hold_kept ON sentinel_hold;
DROP TRIGGER sentinel_flag_append_only ON sentinel_flag;
DROP FUNCTION sentinel_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("sentinel", "0001_initial")]

    operations = [migrations.RunSQL(_FORWARD, _BACKWARD)]
