"""Registers packed per envelope instead of a row per instant; meters count the changes of what is registered of them."""

import django.db.models.deletion
from django.db import migrations, models

# Columns whose change says something else of the meter; the others are what its own records bring.
REGISTERED = ("serial", "vendor", "model", "register_modulus_wh", "state")

_FORWARD = f"""
CREATE FUNCTION metering_count_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.registry_version := OLD.registry_version + 1;
    RETURN NEW;
END $$;
CREATE TRIGGER metering_meter_changed BEFORE UPDATE OF {", ".join(REGISTERED)} ON metering_meter
    FOR EACH ROW EXECUTE FUNCTION metering_count_change();

CREATE FUNCTION metering_count_meter_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE' THEN
        UPDATE metering_meter SET registry_version = registry_version + 1 WHERE id = NEW.meter_id;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        UPDATE metering_meter SET registry_version = registry_version + 1 WHERE id = OLD.meter_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER metering_meterkey_changed AFTER INSERT OR UPDATE OR DELETE ON metering_meterkey
    FOR EACH ROW EXECUTE FUNCTION metering_count_meter_change();
CREATE TRIGGER metering_binding_changed AFTER INSERT OR UPDATE OR DELETE ON metering_binding
    FOR EACH ROW EXECUTE FUNCTION metering_count_meter_change();
"""

_BACKWARD = """
DROP TRIGGER metering_binding_changed ON metering_binding;
DROP TRIGGER metering_meterkey_changed ON metering_meterkey;
DROP FUNCTION metering_count_meter_change();
DROP TRIGGER metering_meter_changed ON metering_meter;
DROP FUNCTION metering_count_change();
"""


def _pack(apps, schema_editor):
    from grid.domain.ocmf import RegisterReading
    from grid.metering.packing import pack

    register, block = apps.get_model("metering", "Register"), apps.get_model("metering", "RegisterBlock")
    indices = dict(apps.get_model("metering", "Envelope").objects.values_list("id", "log_index"))
    rows = register.objects.order_by("envelope_id", "at").values_list(
        "envelope_id", "meter_id", "at", "import_wh", "export_wh", "synchronised"
    )
    blocks = {}
    for envelope, meter, *reading in rows.iterator():
        blocks.setdefault((envelope, meter), []).append(RegisterReading(*reading))
    block.objects.bulk_create(
        (
            block(
                envelope_id=envelope,
                meter_id=meter,
                first_at=readings[0].at,
                last_at=readings[-1].at,
                log_index=indices[envelope],
                packed=pack(readings),
            )
            for (envelope, meter), readings in blocks.items()
        ),
        batch_size=1000,
    )


def _unpack(apps, schema_editor):
    from grid.metering.packing import unpack

    register, block = apps.get_model("metering", "Register"), apps.get_model("metering", "RegisterBlock")
    register.objects.bulk_create(
        (
            register(meter_id=row.meter_id, envelope_id=row.envelope_id, **reading._asdict())
            for row in block.objects.iterator()
            for reading in unpack(bytes(row.packed))
        ),
        batch_size=1000,
    )


class Migration(migrations.Migration):
    dependencies = [("metering", "0002_append_only")]

    operations = [
        migrations.CreateModel(
            name="RegisterBlock",
            fields=[
                (
                    "envelope",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="metering.envelope",
                    ),
                ),
                ("first_at", models.BigIntegerField(help_text="unix seconds, UTC")),
                ("last_at", models.BigIntegerField()),
                ("log_index", models.BigIntegerField(help_text="READING entry of the envelope")),
                ("packed", models.BinaryField()),
                (
                    "meter",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="metering.meter",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["meter", "last_at"], name="register_block_last"),
                    models.Index(fields=["meter", "first_at"], name="register_block_first"),
                ],
            },
        ),
        migrations.RunPython(_pack, _unpack),
        migrations.DeleteModel(name="Register"),
        migrations.AddField(
            model_name="meter",
            name="registry_version",
            field=models.BigIntegerField(
                default=0,
                editable=False,
                help_text="rises with every change of the meter, its keys or bindings, by trigger",
            ),
        ),
        migrations.RunSQL(_FORWARD, _BACKWARD),
    ]
