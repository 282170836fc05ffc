"""Utility pages."""

from django.urls import path

from grid.operators.views import desk, log, meters, runs

urlpatterns = [
    path("desk/", desk.desk, name="desk"),
    path("desk/<uuid:zone_id>/", desk.zone_desk, name="zone_desk"),
    path("desk/<uuid:zone_id>/part/", desk.desk_part, name="desk_part"),
    path("desk/<uuid:zone_id>/quality/", desk.quality, name="desk_quality"),
    path("desk/<uuid:zone_id>/forecast-<slug:target>.csv", desk.forecast_csv, name="desk_forecast_csv"),
    path("desk/<uuid:zone_id>/prices.csv", desk.prices_csv, name="desk_prices_csv"),
    path("meters/", meters.meters, name="meters"),
    path("meters/<uuid:zone_id>/", meters.zone_meters, name="zone_meters"),
    path("meters/<uuid:zone_id>/meters.csv", meters.meters_csv, name="meters_csv"),
    path("meters/<uuid:zone_id>/flags.csv", meters.flags_csv, name="flags_csv"),
    path("runs/", runs.runs, name="runs"),
    path("runs/<uuid:zone_id>/", runs.zone_runs, name="zone_runs"),
    path("runs/<uuid:zone_id>/runs.csv", runs.runs_csv, name="runs_csv"),
    path("log/", log.log, name="log"),
    path("log/<int:index>/", log.log_entry, name="log_entry"),
]
