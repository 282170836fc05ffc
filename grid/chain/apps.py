from typing import Any

from django.apps import AppConfig
from django.core.checks import Error, register


class ChainConfig(AppConfig):
    name = "grid.chain"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register(fast_crypto)


def fast_crypto(**kwargs: Any) -> list[Error]:
    """A system check: signatures and Keccak come from libraries in C."""
    from grid.chain.client import check_fast_crypto
    from grid.chain.errors import SlowCrypto

    try:
        check_fast_crypto()
    except SlowCrypto as error:
        return [Error(str(error), id="chain.E001")]
    return []
