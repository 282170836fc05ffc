"""Utility pages."""

from django.urls import path

from grid.operators.views import desk, devices, exceptions, log, meters, registrations, runs

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
    path("meters/<uuid:zone_id>/approvals/", registrations.approvals, name="meter_approvals"),
    path("meters/<uuid:zone_id>/codes/", registrations.issue_code, name="meter_code"),
    path("meters/<uuid:zone_id>/upload/", registrations.upload, name="meter_upload"),
    path("meters/<uuid:zone_id>/exceptions/", exceptions.exceptions, name="meter_exceptions"),
    path("meters/applications/<uuid:application_id>/", registrations.decide, name="meter_decide"),
    path("meters/proposals/<uuid:proposal_id>/withdraw/", registrations.withdraw_proposal, name="meter_withdraw"),
    path("meters/uploads/<uuid:upload_id>/", registrations.upload_report, name="meter_upload_report"),
    path("meters/uploads/<uuid:upload_id>.csv", registrations.upload_csv, name="meter_upload_csv"),
    path("meters/exceptions/<int:exception_id>/accept/", exceptions.accept_exception, name="meter_accept"),
    path("meters/devices/<int:meter_id>/", devices.device, name="meter_device"),
    path("meters/devices/<int:meter_id>/end/", devices.end_device, name="meter_end"),
    path("meters/devices/<int:meter_id>/key/", devices.replace_key, name="meter_key"),
    path("meters/devices/<int:meter_id>/binding/", devices.propose_binding, name="meter_propose"),
    path("meters/points/<uuid:point_id>/", exceptions.latest_versions, name="latest_versions"),
    path("meters/points/<uuid:point_id>/<day:day>/", exceptions.point_versions, name="point_versions"),
    path("meters/points/<uuid:point_id>/edit/<int:first>-<int:last>/", exceptions.edit_slots, name="edit_slots"),
    path("runs/", runs.runs, name="runs"),
    path("runs/<uuid:zone_id>/", runs.zone_runs, name="zone_runs"),
    path("runs/<uuid:zone_id>/runs.csv", runs.runs_csv, name="runs_csv"),
    path("log/", log.log, name="log"),
    path("log/<int:index>/", log.log_entry, name="log_entry"),
]
