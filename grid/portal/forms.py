"""Forms of the prosumer pages."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext, gettext_lazy

LARGEST = Decimal(10) ** 12


class WithdrawalForm(forms.Form):
    """An amount in whole currency with up to six digits."""

    amount = forms.DecimalField(
        localize=True,
        decimal_places=6,
        max_value=LARGEST,
        error_messages={
            "required": gettext_lazy("Say how much you want to withdraw."),
            "invalid": gettext_lazy("Write the amount as a number, such as 12.50."),
            "max_decimal_places": gettext_lazy("Amounts have at most six digits after the point."),
        },
    )

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        if amount <= 0:
            raise forms.ValidationError(gettext("The amount must be more than zero."))
        return amount
