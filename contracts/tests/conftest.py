"""One community for the whole session; every test starts from the same block and leaves no trace."""

import contextlib
import gc

import brownie
import casework
import pytest
from brownie import web3
from casework import Casework
from deploy import Plan, deploy
from eth_utils import keccak
from signers import Key, Registry, Wallet
from web3.exceptions import TransactionNotFound
from world import DAY, SYSTEM, TOKEN, Person, World

# A fixed day in the future: every date, and with it every byte that is signed or stored, is the same in each run.
FIRST_DAY = 25_000
BOND = 1_000_000 * TOKEN
# How often a transaction is looked for before it is given up.
LOOKS = 1_000
CAP = 100 * TOKEN


def build_world(accounts, project, token=None, **changes) -> World:
    """Deploy as the deployment script does; `token` replaces the demo token, `changes` alter the plan."""
    admin, poster, anchorer, guardian, relayer, mallory, meter_data, *panel = accounts[:10]
    today = web3.eth.get_block("latest")["timestamp"] // DAY
    plan = Plan(
        **{name: Person(name).address for name in SYSTEM},
        poster=str(poster),
        anchorer=str(anchorer),
        guardian=str(guardian),
        meter_data=str(meter_data),
        panel=[str(member) for member in panel],
        token=str(token) if token else None,
        **{"fixed_sum": 0, **changes},
    )
    done = deploy(project, admin, plan)
    money = token or done.token
    world = World(
        done.manager, done.anchor, done.accounts, money, done.escrow, done.settlement,
        admin, poster, anchorer, guardian, relayer, mallory, today,
        recomputation=done.recomputation, disputes=done.disputes, meter_data=meter_data, panel=panel,
    )  # fmt: skip
    money.mint(admin, 10 * BOND, {"from": admin})
    money.approve(world.escrow, 2**256 - 1, {"from": admin})
    world.escrow.topUpBond(BOND, {"from": admin})
    world.grow(1, keccak(text="log"), [])
    return world


@pytest.fixture(scope="session", autouse=True)
def patience():
    """anvil mines beside its answers: a sender's count can rise before transaction and receipt are found.

    Brownie takes the first such moment for a dropped transaction; here it asks again.
    """
    asked = {name: getattr(web3.eth, name) for name in ("get_transaction", "get_transaction_receipt")}

    def patient(ask):
        def asking_again(txid):
            for _ in range(LOOKS):
                with contextlib.suppress(TransactionNotFound):
                    return ask(txid)
            return ask(txid)

        return asking_again

    for name, ask in asked.items():
        setattr(web3.eth, name, patient(ask))
    yield
    for name, ask in asked.items():
        setattr(web3.eth, name, ask)


@pytest.fixture(scope="session")
def project():
    return brownie.project.get_loaded_projects()[0]


@pytest.fixture(scope="session")
def community(accounts, project) -> World:
    """Alice and Bob have 500 tokens, a mandate of 100 a day and time until next year; Carol has signed nothing."""
    noon = FIRST_DAY * DAY + DAY // 2
    web3.provider.make_request("evm_setNextBlockTimestamp", [noon])
    web3.provider.make_request("evm_mine", [])
    world = build_world(accounts, project, max_holds=2)
    for name in ("alice", "bob"):
        world.fund(name, 500 * TOKEN)
        world.register(name, CAP, world.today - 10, world.today + 365)
    # Brownie collects garbage on every rollback; what is alive by now stays, so it need not be looked through again.
    gc.freeze()
    return world


@pytest.fixture
def world(community, chain) -> World:
    """The session's community, rolled back afterwards."""
    chain.snapshot()
    nonce = community.nonce
    yield community
    chain.revert()
    community.nonce = nonce
    del community.checkpoints[1:]


# A day under dispute


@pytest.fixture(scope="session")
def insured(community, accounts, project) -> World:
    """A community in which a default pays at least 1; Anna, Emil and Otto have 500 and a mandate of 60 a day."""
    world = build_world(accounts, project, fixed_sum=TOKEN)
    for name in ("anna", "emil", "otto"):
        world.fund(name, 500 * TOKEN)
        world.register(name, casework.CAP, world.today - 10, world.today + 100)
    return world


@pytest.fixture
def disputed(insured, chain) -> World:
    """The insured community, rolled back afterwards."""
    chain.snapshot()
    nonce = insured.nonce
    yield insured
    chain.revert()
    insured.nonce = nonce
    del insured.checkpoints[1:]


@pytest.fixture
def case(disputed) -> Casework:
    """Its day, posted: Anna owes 100, of which her cap lets 60 be debited; Emil gets 30."""
    return Casework(disputed).post()


# Signers and the registry that knows them


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


# Who sends claims: an account itself, another one, or a delegate


@pytest.fixture
def member(world):
    """Alice as a sender of transactions."""
    return brownie.accounts.add(world.person("alice").key)


@pytest.fixture
def other_member(world):
    """Bob as one."""
    return brownie.accounts.add(world.person("bob").key)


@pytest.fixture
def delegate(world):
    """Somebody whom Alice lets dispute for her."""
    nonce, deadline = world.fresh()
    message = {
        "account": world["alice"],
        "delegate": str(world.relayer),
        "until": deadline + 10 * 86_400,
        "nonce": nonce,
        "deadline": deadline,
    }
    domain = {**world.domain, "verifyingContract": world.accounts.address}
    signature = world.sign("alice", "Delegation", message, domain)
    world.accounts.setDelegation(*message.values(), signature, {"from": world.mallory})
    return world.relayer
