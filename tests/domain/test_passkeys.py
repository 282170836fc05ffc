import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from eth_abi.abi import decode

from grid.domain.passkeys import ORDER, assertion_signature, signer_bytes
from tests.passkeys import Passkey

PASSKEY = Passkey(2**200 + 7)
VERIFIER = bytes(range(20))
FIELDS = ["bytes32", "bytes32", "uint256", "uint256", "bytes", "string"]


def encoded(assertion, **changes):
    fields = {
        "authenticator_data": assertion.authenticator_data,
        "client_data": assertion.client_data,
        "signature": assertion.signature,
    }
    return assertion_signature(**{**fields, **changes})


def test_signer_is_the_verifier_and_the_point():
    signer = signer_bytes(VERIFIER, PASSKEY.public_key)
    assert signer == signer_bytes(VERIFIER, PASSKEY.public_key[1:])
    assert (len(signer), signer[:20], signer[20:]) == (84, VERIFIER, PASSKEY.public_key[1:])


@pytest.mark.parametrize("key", [b"", PASSKEY.public_key[:64], b"\x02" + PASSKEY.public_key[1:], bytes(66)])
def test_another_form_of_the_point_is_refused(key):
    if len(key) == 64:
        key = key[:63]
    with pytest.raises(ValueError, match="public key has"):
        signer_bytes(VERIFIER, key)


def test_a_verifier_is_an_address():
    with pytest.raises(ValueError, match="19 bytes"):
        signer_bytes(VERIFIER[1:], PASSKEY.public_key)


def test_encoding_is_the_abis():
    assertion = PASSKEY.get(bytes(32))
    r, s, challenge, kind, data, text = decode(FIELDS, encoded(assertion))
    assert (data, text.encode()) == (assertion.authenticator_data, assertion.client_data)
    assert text[challenge:].startswith('"challenge":"AAAA')
    assert text[kind:].startswith('"type":"webauthn.get"')
    assert int.from_bytes(r, "big") == decode_dss_signature(assertion.signature)[0]
    assert int.from_bytes(s, "big") <= ORDER // 2


def test_either_s_gives_the_lower_one():
    assertion = PASSKEY.get(bytes(32))
    r, s = decode_dss_signature(assertion.signature)
    twin = encode_dss_signature(r, ORDER - s)
    assert encoded(assertion) == encoded(assertion, signature=twin)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"signature": b""}, "not DER"),
        ({"signature": bytes(64)}, "not DER"),
        ({"signature": encode_dss_signature(0, 1)}, "not of P-256"),
        ({"signature": encode_dss_signature(1, ORDER)}, "not of P-256"),
        ({"client_data": b"{}"}, "no challenge or no type"),
        ({"client_data": b'{"type":"webauthn.get"}'}, "no challenge or no type"),
    ],
)
def test_what_is_no_assertion_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        encoded(PASSKEY.get(bytes(32)), **changes)
