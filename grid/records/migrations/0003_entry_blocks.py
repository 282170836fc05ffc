"""Entries move into blocks, tiles keep only their roots, checkpoints are marked, erasures are told.

A log in the form before this cannot be carried over row by row, as its blocks would be other rows than were
receipted; no release ever wrote one. A database that holds one is refused, with the remedy.
"""

from django.db import migrations, models

_REFUSE = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM records_entry) THEN
        RAISE EXCEPTION 'this database holds a log of a form before the first release; no upgrade exists: '
            'start with an empty database (demonstration: delete its data folder)';
    END IF;
END $$;
"""

_FACTS = ("records_entryblock", "records_tile", "records_word", "records_erasure")

_FORWARD = """
ALTER TABLE records_entryblock
    ALTER COLUMN head SET STORAGE EXTERNAL,
    ALTER COLUMN hashes SET STORAGE EXTERNAL,
    ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE TRIGGER records_logkey_unchanged BEFORE UPDATE ON records_logkey
    FOR EACH ROW EXECUTE FUNCTION records_refuse_change();
CREATE TRIGGER records_checkpoint_whole BEFORE TRUNCATE ON records_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION records_refuse_change();
DROP TRIGGER records_checkpoint_signed ON records_checkpoint;
CREATE TRIGGER records_checkpoint_signed BEFORE UPDATE ON records_checkpoint
    FOR EACH ROW WHEN (
        (OLD.id, OLD.size, OLD.root, OLD.note, OLD.created_at, OLD.mac)
        IS DISTINCT FROM (NEW.id, NEW.size, NEW.root, NEW.note, NEW.created_at, NEW.mac)
    ) EXECUTE FUNCTION records_refuse_change();
""" + "".join(
    f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION records_refuse_change();
CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION records_refuse_change();
"""
    for table in _FACTS
)


class Migration(migrations.Migration):
    dependencies = [("records", "0002_append_only")]

    operations = [
        migrations.RunSQL(_REFUSE, migrations.RunSQL.noop),
        migrations.DeleteModel("Tile"),
        migrations.DeleteModel("Entry"),
        migrations.CreateModel(
            name="EntryBlock",
            fields=[
                (
                    "first",
                    models.BigIntegerField(primary_key=True, serialize=False, help_text="index of the first entry"),
                ),
                ("created_at", models.DateTimeField(help_text="time of the append; never before the block in front")),
                ("size", models.PositiveSmallIntegerField(help_text="entries, at most 256")),
                (
                    "mac",
                    models.BinaryField(max_length=16, help_text="over all other columns, by a key made from the log's"),
                ),
                ("head", models.BinaryField(help_text="nonce, kinds, keys and layout")),
                ("hashes", models.BinaryField(help_text="leaf hashes, 32 bytes each")),
                (
                    "data",
                    models.BinaryField(help_text="fields and documents, each entry encrypted under its own key"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Tile",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "level", "index", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("index", models.BigIntegerField()),
                ("level", models.PositiveSmallIntegerField()),
                ("root", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name="Word",
            fields=[
                ("id", models.IntegerField(primary_key=True, serialize=False)),
                ("word", models.BinaryField(max_length=32, unique=True)),
                (
                    "mac",
                    models.BinaryField(max_length=8, help_text="over number and word, by a key made from the log's"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("scope", models.UUIDField()),
                ("period", models.DateField()),
                ("key_id", models.BigIntegerField(unique=True)),
                ("key_hash", models.BinaryField(max_length=32, help_text="SHA-256 of the key")),
                ("reason", models.TextField()),
                ("log_index", models.BigIntegerField(unique=True, help_text="TOMBSTONE entry")),
                ("erased_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("scope", "period"), name="erased_once")],
            },
        ),
        migrations.AddField(
            model_name="checkpoint",
            name="mac",
            field=models.BinaryField(
                max_length=16, default=b"", help_text="over all columns before and the size of the checkpoint in front"
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(_FORWARD, migrations.RunSQL.noop),
    ]
