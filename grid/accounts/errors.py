"""Refusals of the accounts' services."""


class AccountsError(ValueError):
    """A refusal; `code` is stable, `field` names the input, the message says what to do."""

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
