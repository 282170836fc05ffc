import pytest
from signers import Key, Registry, Wallet


@pytest.fixture
def registry(world, project) -> Registry:
    """The deployed registry, and a verifier that keys of the tests stand behind."""
    verifier = project.TestVerifier.deploy({"from": world.admin})
    return Registry(world, verifier.address)


@pytest.fixture
def alice(registry) -> Wallet:
    """Owner of an account that is a wallet's."""
    return registry.wallet("alice")


@pytest.fixture
def phone(registry) -> Key:
    """A key that is not enrolled yet."""
    return registry.key("phone")


@pytest.fixture
def laptop(registry) -> Key:
    """Another one."""
    return registry.key("laptop")


@pytest.fixture
def recoverable(registry, alice, laptop) -> str:
    """Alice's account, which the laptop may recover."""
    registry.name_recovery(alice.account, alice, laptop.signer)
    return alice.account
