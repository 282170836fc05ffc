"""Entries and tiles are never changed, checkpoints only learn where they were anchored."""

from django.db import migrations

_FORWARD = """
CREATE FUNCTION records_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % refused: the log is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER records_entry_append_only BEFORE UPDATE OR DELETE ON records_entry
    FOR EACH ROW EXECUTE FUNCTION records_refuse_change();
CREATE TRIGGER records_tile_append_only BEFORE UPDATE OR DELETE ON records_tile
    FOR EACH ROW EXECUTE FUNCTION records_refuse_change();
CREATE TRIGGER records_checkpoint_kept BEFORE DELETE ON records_checkpoint
    FOR EACH ROW EXECUTE FUNCTION records_refuse_change();
CREATE TRIGGER records_checkpoint_signed BEFORE UPDATE ON records_checkpoint
    FOR EACH ROW WHEN (
        (OLD.id, OLD.size, OLD.root, OLD.note, OLD.created_at)
        IS DISTINCT FROM (NEW.id, NEW.size, NEW.root, NEW.note, NEW.created_at)
    ) EXECUTE FUNCTION records_refuse_change();
"""

_BACKWARD = """
DROP TRIGGER records_checkpoint_signed ON records_checkpoint;
DROP TRIGGER records_checkpoint_kept ON records_checkpoint;
DROP TRIGGER records_tile_append_only ON records_tile;
DROP TRIGGER records_entry_append_only ON records_entry;
DROP FUNCTION records_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]

    operations = [migrations.RunSQL(_FORWARD, _BACKWARD)]
