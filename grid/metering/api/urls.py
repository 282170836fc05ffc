"""Addresses of the device API."""

from django.urls import path

from grid.metering.api.readings import readings

urlpatterns = [path("api/v1/readings", readings, name="api-readings")]
