"""Where rebuild_projection reads the log into, and how far it has come. Not logged: after a crash both are empty."""

from django.db import migrations

_FORWARD = """
CREATE UNLOGGED TABLE metering_rebuilt_interval (LIKE metering_interval INCLUDING ALL);
CREATE UNLOGGED TABLE metering_rebuilt_progress (
    next_index bigint NOT NULL, erased bigint NOT NULL, last_meter bigint NOT NULL
);
"""

_BACKWARD = """
DROP TABLE metering_rebuilt_progress;
DROP TABLE metering_rebuilt_interval;
"""


class Migration(migrations.Migration):
    dependencies = [("metering", "0006_meter_lifecycle")]

    operations = [migrations.RunSQL(_FORWARD, _BACKWARD)]
