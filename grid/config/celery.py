"""The Celery application and its beat schedule, in flow order."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grid.config.settings")

app = Celery("commonwatt")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
