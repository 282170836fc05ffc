"""The registry: what is logged, who has to sign, what is refused."""

from dataclasses import replace

import pytest

from grid.accounts.models import Zone
from grid.chain import signing
from grid.domain import typed_data
from grid.domain.entries import EntryKind, Suite
from grid.metering.errors import MeteringError
from grid.metering.models import Binding, MeterKey
from grid.metering.services import registry
from grid.metering.services.registry import BindingTerms
from grid.records import queries as log
from grid.simulator.identity import Wallet
from tests.grid.metering.conftest import DOMAIN, FIRST_DAY, FOUNDED, Home


def next_terms(home: Home) -> BindingTerms:
    known = Binding.objects.get(point=home.point)
    return BindingTerms(point=home.point, meter=home.meter, account=known.account, from_day=FIRST_DAY + 3)


def test_meter_and_binding_are_logged(alice: Home) -> None:
    key = MeterKey.objects.get(meter=alice.meter)
    binding = Binding.objects.get(point=alice.point)

    assert key.log_index is not None
    assert binding.log_index is not None
    assert log.entry(key.log_index).kind is EntryKind.KEY
    fields = log.decoded(binding.log_index)
    assert fields["account"] == bytes(binding.account.signer) if binding.account else False
    assert fields["zone"] == alice.point.zone.word
    assert (fields["fromDay"], fields["toDay"], fields["prevBinding"]) == (FIRST_DAY, None, None)


def test_next_binding_cites_the_one_before(alice: Home) -> None:
    terms = next_terms(alice)
    signature = Wallet((1001).to_bytes(32, "big")).sign_digest(typed_data.digest(DOMAIN, "Binding", terms.message()))

    binding = registry.bind(terms=terms, co_signature=signature, now=FOUNDED, domain=DOMAIN)

    first = Binding.objects.exclude(pk=binding.pk).get()
    assert binding.log_index is not None
    assert log.decoded(binding.log_index)["prevBinding"] == first.log_index


def test_binding_without_the_members_signature_is_refused(
    alice: Home, bob: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "verify", lambda account, digest, signature, *, now: signature == b"good")

    with pytest.raises(MeteringError, match="co_signature"):
        registry.bind(terms=next_terms(alice), co_signature=b"bob's", now=FOUNDED, domain=DOMAIN)
    assert Binding.objects.count() == 2


def test_member_point_needs_an_account(alice: Home) -> None:
    with pytest.raises(MeteringError, match="account is missing"):
        registry.bind(terms=replace(next_terms(alice), account=None), co_signature=b"", now=FOUNDED, domain=DOMAIN)


def test_registering_again_changes_nothing(zone: Zone, alice: Home) -> None:
    size = log.log_size()
    known = Binding.objects.get(point=alice.point)
    terms = BindingTerms(point=alice.point, meter=alice.meter, account=known.account, from_day=FIRST_DAY)

    again = registry.register_meter(
        zone=zone,
        serial=alice.identity.serial,
        suite=alice.identity.suite,
        public_key=alice.identity.public_key,
        now=FOUNDED,
    )

    assert again == alice.meter
    assert registry.bind(terms=terms, co_signature=b"", now=FOUNDED, domain=DOMAIN) == known
    assert log.log_size() == size


def test_serial_with_another_key_is_refused(zone: Zone, alice: Home, bob: Home) -> None:
    with pytest.raises(MeteringError, match="another key"):
        registry.register_meter(
            zone=zone,
            serial=alice.identity.serial,
            suite=Suite.SECP256K1,
            public_key=bob.identity.public_key,
            now=FOUNDED,
        )


@pytest.mark.parametrize("public_key", [b"", b"\x02" + b"\xff" * 32, b"\x04" + b"\x01" * 64])
def test_key_off_the_curve_is_refused(zone: Zone, public_key: bytes) -> None:
    with pytest.raises(MeteringError, match="public_key"):
        registry.register_meter(zone=zone, serial="X", suite=Suite.P256, public_key=public_key, now=FOUNDED)
