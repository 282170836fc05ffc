"""Keys that the operator holds for members who brought none, in the demonstration only.

`managed-keys.json` in the data folder maps account addresses to private keys (0x hex both); the seed of the
demonstration writes it. Elsewhere members sign for themselves and this holds nothing.
"""

import json

from django.conf import settings

from grid.accounts.models import Account
from grid.chain.signing import sign_digest

FILE_NAME = "managed-keys.json"


def is_managed(account: Account) -> bool:
    """Whether the platform can sign for the account."""
    return _key(account) is not None


def sign(account: Account, digest: bytes) -> bytes:
    """Return the account's signature of an EIP-712 digest. Raises LookupError when it is not managed."""
    key = _key(account)
    if key is None:
        raise LookupError(f"no key is held for {account.address}")
    return sign_digest(key, digest)


def _key(account: Account) -> bytes | None:
    path = settings.DATA_DIR / FILE_NAME
    if not settings.DEMO or not path.is_file():
        return None
    text = json.loads(path.read_text()).get(account.address)
    return None if text is None else bytes.fromhex(text.removeprefix("0x"))
