import pytest
from conftest import build_world
from world import DAY


def terms(world, **changes):
    names = ("response", "extra", "meter_data", "appeal", "panel", "deposit", "limit", "max_wh", "max_cases")
    return list({**dict(zip(names, world.disputes.terms(), strict=True)), **changes}.values())


def deploy(project, world, given, **other):
    parts = {
        "manager": world.manager,
        "accounts": world.accounts,
        "escrow": world.escrow,
        "settlement": world.settlement,
        "anchor": world.anchor,
        "recomputation": world.recomputation,
    } | other
    return project.Disputes.deploy(*parts.values(), given, {"from": world.admin})


def test_knows_its_contracts_and_terms(disputed):
    contract = disputed.disputes
    assert (contract.escrow(), contract.settlement()) == (disputed.escrow, disputed.settlement)
    assert (contract.recordAnchor(), contract.recomputation()) == (disputed.anchor, disputed.recomputation)
    assert (contract.accounts(), contract.authority()) == (disputed.accounts, disputed.manager)
    expected = (DAY, DAY // 2, DAY, DAY // 2, 2 * DAY, 5_000_000, 50_000_000, 100_000, 4)
    assert [int(value) for value in contract.terms()] == list(expected)


@pytest.mark.parametrize(
    "change",
    [
        *({name: 0} for name in ("response", "extra", "meter_data", "appeal", "panel", "limit", "max_wh", "max_cases")),
        *({name: 2**32} for name in ("response", "extra", "meter_data", "appeal", "panel")),
        {"deposit": 2**96},
        {"limit": 2**80},
        {"max_wh": 2**40},
    ],
)
def test_refuses_terms_without_sense(project, disputed, change):
    with pytest.raises(Exception, match="TermsInvalid"):
        deploy(project, disputed, terms(disputed, **change))


def test_refuses_an_escrow_that_serves_another(project, disputed):
    with pytest.raises(Exception, match="EscrowServesAnother"):
        deploy(project, disputed, terms(disputed))


def test_corrections_must_outlast_disputes(accounts, project, disputed):
    with pytest.raises(Exception, match="CorrectionLagTooShort"):
        build_world(accounts, project, correction_lag=13 * DAY - 1)
    assert build_world(accounts, project, correction_lag=13 * DAY).settlement.correctionLag() == 13 * DAY


def test_runtime_code_fits(disputed):
    assert len(bytes.fromhex(disputed.disputes.bytecode)) < 24_576
