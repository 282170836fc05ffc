"""The web server's entry: pages and the device API."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grid.config.settings")
_django = get_wsgi_application()

from grid.metering.api.wsgi import in_front_of  # noqa: E402  # needs the settings

application = in_front_of(_django)
