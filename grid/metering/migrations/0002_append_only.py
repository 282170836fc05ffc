"""What meters sent and who owned which point is never changed; register and interval rows are projections."""

from django.db import migrations

_FORWARD = """
CREATE FUNCTION metering_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % refused: it is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER metering_envelope_kept BEFORE DELETE ON metering_envelope
    FOR EACH ROW EXECUTE FUNCTION metering_refuse_change();
-- An envelope learns its log index once, in the transaction that claims its counter.
CREATE TRIGGER metering_envelope_unchanged BEFORE UPDATE ON metering_envelope
    FOR EACH ROW WHEN (
        OLD.log_index IS NOT NULL OR OLD.fork OR
        (OLD.id, OLD.meter_id, OLD.counter, OLD.sha256, OLD.sealed, OLD.key_scope, OLD.key_period,
         OLD.received_at, OLD.fork)
        IS DISTINCT FROM
        (NEW.id, NEW.meter_id, NEW.counter, NEW.sha256, NEW.sealed, NEW.key_scope, NEW.key_period,
         NEW.received_at, NEW.fork)
    ) EXECUTE FUNCTION metering_refuse_change();
CREATE TRIGGER metering_binding_append_only BEFORE UPDATE OR DELETE ON metering_binding
    FOR EACH ROW EXECUTE FUNCTION metering_refuse_change();
"""

_BACKWARD = """
DROP TRIGGER metering_binding_append_only ON metering_binding;
DROP TRIGGER metering_envelope_unchanged ON metering_envelope;
DROP TRIGGER metering_envelope_kept ON metering_envelope;
DROP FUNCTION metering_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("metering", "0001_initial")]

    operations = [migrations.RunSQL(_FORWARD, _BACKWARD)]
