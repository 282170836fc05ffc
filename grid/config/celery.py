"""The Celery application and what beat sends, at the pace of the platform's clock."""

import os

from celery import Celery

from grid import clock

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grid.config.settings")

app = Celery("commonwatt")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["grid.config"])


def _period(seconds: float) -> float:
    """Wall seconds between two hints for work that is due every `seconds` of platform time."""
    rate = clock.speed() or 60.0  # a stepped clock has a driver of its own
    return max(1.0, seconds / rate)


app.conf.beat_schedule = {
    "flow": {"task": "grid.config.tasks.sweep", "schedule": _period(30)},
    "forecasts": {"task": "grid.forecasts.tasks.run_pending", "schedule": _period(60)},
}
