"""Prosumer pages."""

from django.urls import path, register_converter

from grid.accounts.pages.converters import AddressConverter, DateConverter
from grid.portal.views import access, cases, exports, home, live, problems, proposals, readings, statements, withdrawals

register_converter(DateConverter, "day")
register_converter(AddressConverter, "address")

urlpatterns = [
    path("", home.home, name="home"),
    path("accounts/<address:address>/", home.account_home, name="account_home"),
    path("accounts/<address:address>/prices.csv", home.prices_csv, name="prices_csv"),
    path("accounts/<address:address>/forecast.csv", home.outlook_csv, name="outlook_csv"),
    path("accounts/<address:address>/parts/<slug:part>/", home.account_part, name="account_part"),
    path("accounts/<address:address>/withdrawals/", withdrawals.request_withdrawal, name="request_withdrawal"),
    path("statements/", statements.statements, name="statements"),
    path("accounts/<address:address>/statements/", statements.account_statements, name="account_statements"),
    path("accounts/<address:address>/statements/<day:day>/", statements.statement, name="statement"),
    path("accounts/<address:address>/statements/<day:day>.csv", statements.statement_csv, name="statement_csv"),
    path("accounts/<address:address>/statements/<day:day>/case-file.json", cases.statement_case, name="statement_case"),
    path("points/", readings.points, name="points"),
    path("accounts/<address:address>/points/", readings.account_points, name="account_points"),
    path("accounts/<address:address>/proposals/<uuid:proposal_id>/", proposals.proposal, name="proposal"),
    path(
        "accounts/<address:address>/proposals/<uuid:proposal_id>/binding.json",
        proposals.proposal_json,
        name="proposal_json",
    ),
    path("points/<uuid:point_id>/readings/", readings.latest_readings, name="latest_readings"),
    path("points/<uuid:point_id>/readings/<day:day>/", readings.readings, name="readings"),
    path("points/<uuid:point_id>/readings/<day:day>.csv", readings.readings_csv, name="readings_csv"),
    path("points/<uuid:point_id>/records/<int:slot>/case-file.json", cases.reading_case, name="reading_case"),
    path("points/<uuid:point_id>/export/", exports.readings_export, name="readings_export"),
    path("shared/", exports.shared, name="shared"),
    path("access/", access.access, name="access"),
    path("access/tokens/", access.tokens, name="tokens"),
    path("access/tokens/<int:token_id>/revoke/", access.revoke_one, name="revoke_token"),
    path("accounts/<address:address>/access/", access.account_access, name="account_access"),
    path("accounts/<address:address>/consents/", access.give, name="give_consent"),
    path("accounts/<address:address>/consents/<int:consent_id>/revoke/", access.revoke, name="revoke_consent"),
    path("live-token/", live.renew, name="live_token"),
    path("problems/", problems.index, name="problems"),
    path("problems/<slug:code>", problems.problem, name="problem"),
]
