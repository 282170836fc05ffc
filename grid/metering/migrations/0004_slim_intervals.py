"""Interval rows of a third of the width, in the order of slots; points get a number to stand for them."""

import django.db.models.deletion
from django.db import migrations, models

import grid.metering.models

_NUMBERS = "CREATE SEQUENCE metering_point_number AS integer"
_NUMBER_POINTS = """
UPDATE metering_meteringpoint p SET number = n.number
FROM (SELECT id, row_number() OVER (ORDER BY registered_at, id) AS number FROM metering_meteringpoint) n
WHERE n.id = p.id;
SELECT setval('metering_point_number', coalesce(max(number), 0) + 1, false) FROM metering_meteringpoint;
-- Or its deferred checks keep the table from being altered in this transaction.
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""

_SLIM = """
CREATE TABLE metering_interval_slim (
    log_index bigint NOT NULL, known_at timestamptz NOT NULL,
    slot integer NOT NULL, point_id integer NOT NULL, import_wh integer NOT NULL, export_wh integer NOT NULL,
    version smallint NOT NULL, quality smallint NOT NULL
);
INSERT INTO metering_interval_slim
SELECT i.log_index, i.known_at, i.slot, p.number, i.import_wh, i.export_wh, i.version, i.quality
FROM metering_interval i JOIN metering_meteringpoint p ON p.id = i.point_id
ORDER BY i.slot, p.number, i.version;
DROP TABLE metering_interval;
ALTER TABLE metering_interval_slim RENAME TO metering_interval;
ALTER TABLE metering_interval ADD CONSTRAINT metering_interval_pkey PRIMARY KEY (slot, point_id, version);
"""

_WIDE = """
CREATE TABLE metering_interval_wide (
    slot bigint NOT NULL, version smallint NOT NULL CHECK (version >= 0),
    import_wh bigint NOT NULL, export_wh bigint NOT NULL, quality smallint NOT NULL CHECK (quality >= 0),
    log_index bigint NOT NULL, known_at timestamptz NOT NULL,
    point_id uuid NOT NULL REFERENCES metering_meteringpoint DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO metering_interval_wide
SELECT i.slot, i.version, i.import_wh, i.export_wh, i.quality, i.log_index, i.known_at, p.id
FROM metering_interval i JOIN metering_meteringpoint p ON p.number = i.point_id;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
DROP TABLE metering_interval;
ALTER TABLE metering_interval_wide RENAME TO metering_interval;
ALTER TABLE metering_interval ADD CONSTRAINT metering_interval_pkey PRIMARY KEY (point_id, slot, version);
CREATE INDEX metering_interval_point_id ON metering_interval (point_id);
CREATE INDEX interval_slot ON metering_interval (slot);
"""


class Migration(migrations.Migration):
    dependencies = [("metering", "0003_register_blocks")]

    operations = [
        migrations.RunSQL(_NUMBERS, "DROP SEQUENCE metering_point_number"),
        migrations.AddField("meteringpoint", "number", models.IntegerField(null=True)),
        migrations.RunSQL(_NUMBER_POINTS, migrations.RunSQL.noop),
        migrations.AlterField(
            "meteringpoint",
            "number",
            models.IntegerField(default=grid.metering.models.next_point_number, editable=False, unique=True),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(_SLIM, _WIDE)],
            state_operations=[
                migrations.DeleteModel("Interval"),
                migrations.CreateModel(
                    "Interval",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "slot",
                                "point_id",
                                "version",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("log_index", models.BigIntegerField()),
                        ("known_at", models.DateTimeField()),
                        ("slot", models.IntegerField()),
                        (
                            "point",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                to="metering.meteringpoint",
                                to_field="number",
                            ),
                        ),
                        ("import_wh", models.IntegerField()),
                        ("export_wh", models.IntegerField()),
                        ("version", models.SmallIntegerField(default=0)),
                        (
                            "quality",
                            models.SmallIntegerField(
                                choices=[(0, "Valid"), (9, "Estimated by interpolation"), (10, "Missing")]
                            ),
                        ),
                    ],
                ),
            ],
        ),
    ]
