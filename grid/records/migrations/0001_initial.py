import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("chain", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="LogKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("scope", models.UUIDField(help_text="metering point, or zone for what belongs to no point")),
                ("period", models.DateField(help_text="first day of the month")),
                ("wrapped", models.BinaryField(help_text="AES-256-GCM under the data key of the settings")),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("scope", "period"), name="log_key_once")],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("index", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "key",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="records.logkey",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("kind", models.PositiveSmallIntegerField()),
                ("leaf_hash", models.BinaryField(max_length=32)),
                ("data", models.BinaryField(help_text="fields of the leaf, packed, AES-256-GCM under `key`")),
                (
                    "document",
                    models.BinaryField(help_text="what a hash in the leaf stands for, same key", null=True),
                ),
            ],
            options={
                "verbose_name_plural": "entries",
            },
        ),
        migrations.CreateModel(
            name="Tile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("level", models.PositiveSmallIntegerField()),
                ("index", models.BigIntegerField()),
                ("hashes", models.BinaryField(max_length=8192)),
                ("root", models.BinaryField(max_length=32)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("level", "index"), name="tile_once")],
            },
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("size", models.BigIntegerField(unique=True)),
                ("root", models.BinaryField(max_length=32)),
                ("note", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("seq", models.BigIntegerField(help_text="sequence in RecordAnchor", null=True, unique=True)),
                ("anchored_at", models.DateTimeField(help_text="timestamp of the anchoring block", null=True)),
                (
                    "chain_tx",
                    models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, to="chain.chaintx"),
                ),
            ],
        ),
    ]
