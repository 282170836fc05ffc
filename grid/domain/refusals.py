"""A wish that cannot be granted, with a stable code for pages and the API."""


class Refused(Exception):
    """A request that breaks a rule. `code` never changes its meaning; the message names the remedy."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
