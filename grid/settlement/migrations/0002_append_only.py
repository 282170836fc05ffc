"""Rows and statements are never changed; a run only learns how it stands on the chain."""

from django.db import migrations

_FORWARD = """
CREATE FUNCTION settlement_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % refused: a run is only followed by a correction', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER settlement_row_append_only BEFORE UPDATE OR DELETE ON settlement_runrow
    FOR EACH ROW EXECUTE FUNCTION settlement_refuse_change();
CREATE TRIGGER settlement_statement_append_only BEFORE UPDATE OR DELETE ON settlement_pointstatement
    FOR EACH ROW EXECUTE FUNCTION settlement_refuse_change();
CREATE TRIGGER settlement_run_kept BEFORE DELETE ON settlement_settlementrun
    FOR EACH ROW EXECUTE FUNCTION settlement_refuse_change();
CREATE TRIGGER settlement_run_as_computed BEFORE UPDATE ON settlement_settlementrun
    FOR EACH ROW WHEN (
        (OLD.id, OLD.zone_id, OLD.day, OLD.sequence, OLD.mode, OLD.profile_id, OLD.log_size, OLD.points_root,
         OLD.headers_root, OLD.rows_root, OLD.point_count, OLD.headers, OLD.dust, OLD.bought_wh, OLD.sold_wh,
         OLD.created_at)
        IS DISTINCT FROM
        (NEW.id, NEW.zone_id, NEW.day, NEW.sequence, NEW.mode, NEW.profile_id, NEW.log_size, NEW.points_root,
         NEW.headers_root, NEW.rows_root, NEW.point_count, NEW.headers, NEW.dust, NEW.bought_wh, NEW.sold_wh,
         NEW.created_at)
    ) EXECUTE FUNCTION settlement_refuse_change();
"""

_BACKWARD = """
DROP TRIGGER settlement_run_as_computed ON settlement_settlementrun;
DROP TRIGGER settlement_run_kept ON settlement_settlementrun;
DROP TRIGGER settlement_statement_append_only ON settlement_pointstatement;
DROP TRIGGER settlement_row_append_only ON settlement_runrow;
DROP FUNCTION settlement_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("settlement", "0001_initial")]

    operations = [migrations.RunSQL(_FORWARD, _BACKWARD)]
