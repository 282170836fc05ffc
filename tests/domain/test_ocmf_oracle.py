"""Our records as an independent implementation (pyocmf) sees them, and its verdict beside ours."""

from collections.abc import Callable

import pyocmf
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from grid.domain import ocmf
from grid.domain.entries import Suite

BASE = 1_790_000_100 // 900 * 900
CURVES: dict[Suite, Callable[[], ec.EllipticCurve]] = {Suite.P256: ec.SECP256R1, Suite.SECP256K1: ec.SECP256K1}
KEY = 31_337


def der_key(suite: Suite) -> str:
    public = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[suite](), ocmf.public_key_bytes(suite, KEY))
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex()


def device_record(suite: Suite, *, base64: bool, has_export: bool) -> str:
    registers = [(BASE + 900 * i, 10_000 + 31 * i, 7 * i if has_export else None) for i in range(8)]
    payload = ocmf.build_payload(serial="CW-1", counter=3, registers=registers, previous=b"\x01" * 32)
    return ocmf.render(payload, suite=suite, signature=ocmf.sign(payload, suite=suite, private_key=KEY), base64=base64)


@pytest.mark.parametrize("suite", Suite)
@pytest.mark.parametrize("base64", [True, False])
@pytest.mark.parametrize("has_export", [True, False])
def test_oracle_reads_and_verifies_what_we_write(suite: Suite, base64: bool, has_export: bool) -> None:
    text = device_record(suite, base64=base64, has_export=has_export)

    theirs = pyocmf.OCMF.from_string(text, strict=True)

    assert theirs.verify_signature(der_key(suite))
    assert theirs.payload.PG == "F3"
    ours: list[tuple[int, int, int]] = [reading[:3] for reading in ocmf.parse(text).registers]
    seen: dict[int, dict[str, int]] = {}
    for reading in theirs.payload.RD:
        assert reading.RI is not None
        assert reading.RV is not None
        seen.setdefault(int(reading.timestamp.timestamp()), {})[reading.RI.code] = int(reading.RV)
    assert ours == [(at, values["1-0:1.8.0"], values.get("1-0:2.8.0", 0)) for at, values in seen.items()]


@pytest.mark.parametrize("suite", Suite)
def test_both_refuse_a_changed_digit(suite: Suite) -> None:
    text = device_record(suite, base64=False, has_export=True).replace("10031", "10032")

    assert not pyocmf.OCMF.from_string(text, strict=True).verify_signature(der_key(suite))
    with pytest.raises(ocmf.BadSignature):
        ocmf.verify(ocmf.parse(text), ocmf.public_key_bytes(suite, KEY))
