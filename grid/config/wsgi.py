"""The web server's entry: pages and the device API."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grid.config.settings")
application = get_wsgi_application()
