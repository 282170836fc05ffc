"""Addresses of the JSON API and of its description."""

from django.urls import path, re_path

from grid.portal.api.docs import description, openapi
from grid.portal.api.problems import unknown
from grid.portal.api.site import api

urlpatterns = [
    path("api/docs", description, name="api-docs"),
    path("api/openapi.json", openapi, name="api-openapi"),
    path("api/v1/", api.urls),
    re_path(r"^api/v1/", unknown, name="api-unknown"),
]
