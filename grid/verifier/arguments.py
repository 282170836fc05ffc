"""What the commands' arguments may be; argparse shows the message of a refusal."""

import argparse

from grid.domain.notes import parse_verifier_key
from grid.domain.signers import address_bytes


def log_key(text: str) -> str:
    """Return a verifier key of the log. Raises ArgumentTypeError for any other text."""
    try:
        parse_verifier_key(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def address(text: str) -> bytes:
    """Return the 20 bytes of an address. Raises ArgumentTypeError for any other text."""
    try:
        return address_bytes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
