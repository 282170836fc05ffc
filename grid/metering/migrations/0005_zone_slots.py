"""The sums of a zone's slots, kept by triggers on the interval table: whoever writes there, they follow."""

import django.db.models.deletion
from django.db import migrations, models

# What some interval rows, each with a sign, add to the sums of their slots. Quality 0 is VALID, 10 MISSING.
_SUMS = """
    sum(c.sign * c.import_wh) FILTER (WHERE p.kind = 'member'),
    sum(c.sign * c.export_wh) FILTER (WHERE p.kind = 'member'),
    sum(c.sign * c.import_wh) FILTER (WHERE p.kind = 'feeder'),
    sum(c.sign * c.export_wh) FILTER (WHERE p.kind = 'feeder'),
    sum(c.sign) FILTER (WHERE p.kind = 'member'),
    sum(c.sign) FILTER (WHERE p.kind = 'member' AND c.quality NOT IN (0, 10)),
    sum(c.sign) FILTER (WHERE p.kind = 'member' AND c.quality = 10),
    sum(c.sign) FILTER (WHERE p.kind = 'feeder'),
    sum(c.sign) FILTER (WHERE p.kind = 'feeder' AND c.quality <> 0)
"""
_COLUMNS = [
    "import_wh",
    "export_wh",
    "feeder_import_wh",
    "feeder_export_wh",
    "members",
    "estimated",
    "missing",
    "feeders",
    "feeders_unread",
]
_INSERT = f"INSERT INTO metering_zoneslot AS z (zone_id, slot, log_size, known_at, {', '.join(_COLUMNS)})"
_AS_ZERO = ", ".join(f"coalesce({name}, 0)" for name in _COLUMNS)
# In the order of the table.
_ALL_COLUMNS = """
    zone_id, coalesce(import_wh, 0), coalesce(export_wh, 0), coalesce(feeder_import_wh, 0),
    coalesce(feeder_export_wh, 0), log_size, known_at, slot, coalesce(members, 0)::int, coalesce(estimated, 0)::int,
    coalesce(missing, 0)::int, coalesce(feeders, 0)::int, coalesce(feeders_unread, 0)::int
"""

_FORWARD = f"""
-- What the slots of some zones add up to, all from the interval table. `slots` in rising order.
CREATE FUNCTION metering_zone_sums(zones uuid[], slots integer[]) RETURNS SETOF metering_zoneslot
LANGUAGE sql STABLE AS $$
    SELECT {_ALL_COLUMNS} FROM (
        SELECT p.zone_id, c.slot, max(c.log_size), max(c.last), {_SUMS}
        FROM metering_meteringpoint p JOIN (
            SELECT DISTINCT ON (i.slot, i.point_id) i.*, 1 AS sign,
                max(i.log_index) OVER (PARTITION BY i.slot, i.point_id) + 1 AS log_size,
                max(i.known_at) OVER (PARTITION BY i.slot, i.point_id) AS last
            FROM metering_interval i
            WHERE i.slot >= slots[1] AND i.slot <= slots[cardinality(slots)] AND i.slot = ANY (slots)
            ORDER BY i.slot, i.point_id, i.version DESC
        ) c ON c.point_id = p.number
        WHERE p.zone_id = ANY (zones) GROUP BY p.zone_id, c.slot
    ) s (zone_id, slot, log_size, known_at, {", ".join(_COLUMNS)})
$$;

-- Counts some (zone, slot) pairs again.
CREATE FUNCTION metering_recount_slots(zones uuid[], slots integer[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Who is adding to one of these slots is waited for, and then seen by the statements after this one.
    PERFORM 1 FROM metering_zoneslot z JOIN unnest(zones, slots) w (zone_id, slot) USING (zone_id, slot)
    ORDER BY z.zone_id, z.slot FOR UPDATE OF z;
    DELETE FROM metering_zoneslot z USING unnest(zones, slots) w (zone_id, slot)
    WHERE z.zone_id = w.zone_id AND z.slot = w.slot;
    INSERT INTO metering_zoneslot
    SELECT s.* FROM unnest(zones, slots) w (zone_id, slot) JOIN metering_zone_sums(
        (SELECT array_agg(DISTINCT z) FROM unnest(zones) z), (SELECT array_agg(DISTINCT n ORDER BY n) FROM unnest(slots) n)
    ) s USING (zone_id, slot);
END $$;

-- Added rows are counted by difference: what the newest version was before the statement is taken off, what it is
-- now is put on. So a revision costs as many look-ups as it has rows, and two writers of one slot add up.
CREATE FUNCTION metering_intervals_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {_INSERT}
    SELECT zone_id, slot, log_size, known_at, {_AS_ZERO} FROM (
        SELECT p.zone_id, c.slot, max(c.log_size), max(c.last), {_SUMS}
        FROM (
            SELECT s.sign, n.slot, n.point_id, n.import_wh, n.export_wh, n.quality, t.log_size, t.last
            FROM (
                SELECT point_id, slot, array_agg(version) AS versions, max(log_index) + 1 AS log_size,
                    max(known_at) AS last
                FROM added GROUP BY point_id, slot
            ) t
            CROSS JOIN (VALUES (1), (-1)) s (sign)
            CROSS JOIN LATERAL (
                SELECT * FROM metering_interval i
                WHERE i.point_id = t.point_id AND i.slot = t.slot AND (s.sign = 1 OR i.version <> ALL (t.versions))
                ORDER BY i.version DESC LIMIT 1
            ) n
        ) c JOIN metering_meteringpoint p ON p.number = c.point_id
        GROUP BY p.zone_id, c.slot ORDER BY p.zone_id, c.slot
    ) s (zone_id, slot, log_size, known_at, {", ".join(_COLUMNS)})
    ON CONFLICT (zone_id, slot) DO UPDATE SET log_size = greatest(z.log_size, excluded.log_size),
        known_at = greatest(z.known_at, excluded.known_at),
        {", ".join(f"{name} = z.{name} + excluded.{name}" for name in _COLUMNS)};
    RETURN NULL;
END $$;

CREATE FUNCTION metering_intervals_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    zones uuid[];
    slots integer[];
BEGIN
    SELECT array_agg(zone_id), array_agg(slot) INTO zones, slots FROM (
        SELECT DISTINCT p.zone_id, r.slot FROM removed r JOIN metering_meteringpoint p ON p.number = r.point_id
    ) w;
    PERFORM metering_recount_slots(zones, slots) WHERE zones IS NOT NULL;
    IF TG_OP = 'UPDATE' THEN
        SELECT array_agg(zone_id), array_agg(slot) INTO zones, slots FROM (
            SELECT DISTINCT p.zone_id, r.slot FROM added r JOIN metering_meteringpoint p ON p.number = r.point_id
        ) w;
        PERFORM metering_recount_slots(zones, slots) WHERE zones IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION metering_intervals_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM metering_zoneslot;
    RETURN NULL;
END $$;

CREATE TRIGGER metering_interval_added AFTER INSERT ON metering_interval REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION metering_intervals_added();
CREATE TRIGGER metering_interval_changed AFTER UPDATE ON metering_interval
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION metering_intervals_changed();
CREATE TRIGGER metering_interval_removed AFTER DELETE ON metering_interval REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION metering_intervals_changed();
CREATE TRIGGER metering_interval_emptied AFTER TRUNCATE ON metering_interval
    FOR EACH STATEMENT EXECUTE FUNCTION metering_intervals_emptied();

-- The intervals that are there already.
INSERT INTO metering_zoneslot SELECT * FROM metering_zone_sums(
    (SELECT array_agg(id) FROM accounts_zone), (SELECT array_agg(DISTINCT slot ORDER BY slot) FROM metering_interval)
);
"""

_BACKWARD = """
DROP TRIGGER metering_interval_emptied ON metering_interval;
DROP TRIGGER metering_interval_removed ON metering_interval;
DROP TRIGGER metering_interval_changed ON metering_interval;
DROP TRIGGER metering_interval_added ON metering_interval;
DROP FUNCTION metering_intervals_emptied();
DROP FUNCTION metering_intervals_changed();
DROP FUNCTION metering_intervals_added();
DROP FUNCTION metering_recount_slots(uuid[], integer[]);
DROP FUNCTION metering_zone_sums(uuid[], integer[]);
"""


class Migration(migrations.Migration):
    dependencies = [("metering", "0004_slim_intervals"), ("accounts", "0001_initial")]

    operations = [
        migrations.CreateModel(
            "ZoneSlot",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "zone_id", "slot", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "zone",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.zone",
                    ),
                ),
                ("import_wh", models.BigIntegerField()),
                ("export_wh", models.BigIntegerField()),
                ("feeder_import_wh", models.BigIntegerField()),
                ("feeder_export_wh", models.BigIntegerField()),
                ("log_size", models.BigIntegerField()),
                ("known_at", models.DateTimeField()),
                ("slot", models.IntegerField()),
                ("members", models.IntegerField()),
                ("estimated", models.IntegerField()),
                ("missing", models.IntegerField()),
                ("feeders", models.IntegerField()),
                ("feeders_unread", models.IntegerField()),
            ],
        ),
        migrations.RunSQL(_FORWARD, _BACKWARD),
    ]
