"""What must hold of the project as a whole: migrations, production settings, the flow's direction."""

import os
import secrets
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[1]
FLOW = [
    "chain",
    "accounts",
    "records",
    "metering",
    "forecasts",
    "pricing",
    "market",
    "sentinel",
    "settlement",
    "disputes",
]


@pytest.mark.django_db
def test_every_model_change_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)


def _manage(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("WATT_DEMO", "SECRET_KEY", "DATA_KEY")}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env={**kept, **env}, capture_output=True, text=True, check=False)


def test_production_settings_pass_djangos_deployment_check() -> None:
    done = _manage(
        "check",
        "--deploy",
        "--fail-level=WARNING",
        SECRET_KEY=secrets.token_urlsafe(64),
        DATA_KEY=secrets.token_hex(32),
        ALLOWED_HOSTS="example.org",
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("missing", ["SECRET_KEY", "DATA_KEY"])
def test_production_refuses_to_start_without_a_secret_of_its_own(missing: str) -> None:
    secret = {"SECRET_KEY": secrets.token_urlsafe(64), "DATA_KEY": secrets.token_hex(32)}
    del secret[missing]
    done = _manage("check", **secret)
    assert done.returncode != 0
    assert missing in done.stderr


def test_production_refuses_the_demonstrations_data_key() -> None:
    done = _manage("check", SECRET_KEY=secrets.token_urlsafe(64), DATA_KEY="00" * 32)
    assert done.returncode != 0
    assert "DATA_KEY" in done.stderr


def test_the_later_step_holds_the_foreign_key() -> None:
    """String foreign keys escape the import check, so the direction is read off the models."""
    wrong = [
        f"{model._meta.label}.{field.name} -> {target._meta.label}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.many_to_one and field.concrete and (target := field.related_model) is not None
        if {model._meta.app_label, target._meta.app_label} <= set(FLOW)
        if FLOW.index(target._meta.app_label) > FLOW.index(model._meta.app_label)
    ]
    assert wrong == []


def test_resolved_versions_are_the_ones_the_code_is_written_for() -> None:
    assert version("django").startswith("5.2.")
    assert version("celery").startswith("5.")
    assert version("web3").startswith("7.")


def test_the_two_environments_stay_apart() -> None:
    """Brownie's pins would hold the platform's packages back, so it has a lock of its own."""
    names = {package["name"] for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    assert "eth-brownie" not in names
    contracts = {package["name"] for package in tomllib.loads((ROOT / "contracts/uv.lock").read_text())["package"]}
    assert "eth-brownie" in contracts
