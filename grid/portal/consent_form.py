"""Forms of consents and tokens. Days are whole UTC days, the last one included as people say it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from grid.accounts.models import Account, DataSet, Purpose, Scope, User
from grid.accounts.queries import third_parties
from grid.accounts.services import ConsentTerms
from grid.domain.slots import day_of_date

FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2100, 12, 31)


class _Grantees(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj)


def _day(*, required: bool = True) -> forms.DateField:
    return forms.DateField(
        required=required,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": _("Say which day."), "invalid": _("Write the day as 2026-11-22.")},
    )


class ConsentForm(forms.Form):
    """To whom, what for, which data, which days, until when."""

    grantee = _Grantees(
        queryset=User.objects.none(),
        error_messages={
            "required": _("Choose who may read."),
            "invalid_choice": _("Choose one of the third parties of your community."),
        },
    )
    purpose = forms.ChoiceField(choices=Purpose.choices, error_messages={"required": _("Choose what it is for.")})
    data_sets = forms.MultipleChoiceField(
        choices=DataSet.choices, error_messages={"required": _("Choose at least one kind of data.")}
    )
    from_day = _day()
    to_day = _day(required=False)
    ends_at = _day()

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["grantee"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = third_parties(account.community)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in ("from_day", "to_day", "ends_at"):
            value = cleaned.get(name)
            if value is not None and not FIRST_DAY <= value <= LAST_DAY:
                self.add_error(name, _("Choose a day between 2000 and 2100."))
        return cleaned


class TokenForm(forms.Form):
    """What a token is called, what it may do, and how long."""

    name = forms.CharField(max_length=80, error_messages={"required": _("Give the token a name.")})
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices, error_messages={"required": _("Choose what the token may be used for.")}
    )
    days = forms.IntegerField(
        min_value=1,
        max_value=366,
        initial=90,
        error_messages={
            "required": _("Say for how many days it lasts."),
            "invalid": _("Write the number of days."),
            "min_value": _("A token lasts from one day to a year."),
            "max_value": _("A token lasts from one day to a year."),
        },
    )


def terms_of(form: ConsentForm, account: Account) -> Iterator[ConsentTerms]:
    """Yield the terms of a valid form, one for each data set; the consent ends with its last day (UTC)."""
    data = form.cleaned_data
    last: date | None = data["to_day"]
    for data_set in data["data_sets"]:
        yield ConsentTerms(
            grantee=data["grantee"],
            purpose=Purpose(data["purpose"]),
            data_set=DataSet(data_set),
            from_day=day_of_date(data["from_day"]),
            to_day=None if last is None else day_of_date(last) + 1,
            ends_at=datetime.combine(data["ends_at"] + timedelta(days=1), time(), UTC),
        )
