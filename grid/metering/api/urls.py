"""Addresses of the device API."""

from django.urls import path

from grid.metering.api import lifecycle
from grid.metering.api.readings import readings

urlpatterns = [
    path("api/v1/readings", readings, name="api-readings"),
    path("api/v1/meters/claim", lifecycle.claim, name="api-claim"),
    path("api/v1/meters/claim/<uuid:application_id>", lifecycle.claim_state, name="api-claim-state"),
    path("api/v1/meters/keys", lifecycle.keys, name="api-keys"),
]
