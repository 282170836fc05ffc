"""The quick signature check says the same as the general one."""

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from grid.domain import ocmf
from grid.domain.entries import Suite
from grid.metering.services.verification import verify

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
PAYLOAD = ocmf.build_payload(serial="CW-1", counter=1, registers=[(900, 5, None)])
KEY = 77


def record(signature: bytes) -> ocmf.Record:
    return ocmf.parse(ocmf.render(PAYLOAD, suite=Suite.SECP256K1, signature=signature))


@pytest.mark.parametrize("upper_half", [True, False])
def test_either_half_of_s_is_accepted(upper_half: bool) -> None:
    r, s = decode_dss_signature(ocmf.sign(PAYLOAD, suite=Suite.SECP256K1, private_key=KEY))
    low = min(s, ORDER - s)

    verify(
        record(encode_dss_signature(r, ORDER - low if upper_half else low)),
        ocmf.public_key_bytes(Suite.SECP256K1, KEY),
    )


@pytest.mark.parametrize("signature", [b"\x30", bytes(70), encode_dss_signature(0, 0), encode_dss_signature(1, ORDER)])
def test_what_is_no_signature_is_refused(signature: bytes) -> None:
    with pytest.raises(ocmf.BadSignature):
        verify(record(signature), ocmf.public_key_bytes(Suite.SECP256K1, KEY))


def test_other_key_is_refused() -> None:
    signature = ocmf.sign(PAYLOAD, suite=Suite.SECP256K1, private_key=KEY)

    with pytest.raises(ocmf.BadSignature):
        verify(record(signature), ocmf.public_key_bytes(Suite.SECP256K1, KEY + 1))
