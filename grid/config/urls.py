"""All addresses of the platform."""

from django.contrib import admin
from django.urls import include, path

from grid.config.health import healthz, readyz

urlpatterns = [
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("", include("grid.accounts.urls")),
    path("", include("grid.portal.urls")),
    path("", include("grid.operators.urls")),
    path("", include("grid.metering.api.urls")),
    path("api/v1/log/", include("grid.records.api")),
    path("", include("grid.portal.api.urls")),
]
