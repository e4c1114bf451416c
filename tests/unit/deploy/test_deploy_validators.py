"""The validators of others find what they are there for, in a copy of the kit's files."""

from __future__ import annotations

import shutil

import pytest

from checks.deploy_kit.validators import VALIDATORS, find_program, validator_mistakes
from tests.sample_index import ROOT

COPIED = ("sevalla.yml", "nixpacks.toml", "nixpacks.frontend.toml", "docker-compose.yml", ".yamllint")
# By validator: a slip that our own rules do not look for, and a word of what is said of it.
SLIPS = {
    "sevalla.yml": ("sevalla.yml", "instances: 1", "instances: many", "sevalla.yml"),
    "nixpacks": ("nixpacks.toml", "cmds = [", "cmd = [", "'cmd'"),
    "compose schema": ("docker-compose.yml", "    read_only: true", "    readonly: true", "docker-compose.yml"),
    "TOML": (".streamlit/config.toml", "[browser]", "[browser", "config.toml"),
    "YAML": ("docker-compose.yml", "restart: unless-stopped", "restart:  unless-stopped", "too many spaces"),
    "Dockerfiles": ("deploy/docker/Dockerfile.backend", "WORKDIR /app", "WORKDIR app", "DL3000"),
    "compose": ("docker-compose.yml", "condition: service_healthy", "condition: service_well", "condition"),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What is said of the kit with all slips in it; of the kit as it is, `python -m checks.audit` says it."""
    kit = tmp_path_factory.mktemp("kit")
    for name in COPIED:
        shutil.copy2(ROOT / name, kit / name)
    for name in ("deploy", ".streamlit"):
        shutil.copytree(ROOT / name, kit / name)
    for path, right, wrong, _ in SLIPS.values():
        text = (kit / path).read_text()
        assert right in text
        (kit / path).write_text(text.replace(right, wrong, 1))
    return validator_mistakes(kit)


@pytest.mark.parametrize("name", VALIDATORS)
def test_a_validator_finds_its_slip(name: str, found: list[str]) -> None:
    program = VALIDATORS[name][0]
    if find_program(program) is None:
        pytest.skip(f"{program} is not installed")
    assert any(line.startswith(f"{program}: ") and SLIPS[name][3] in line for line in found), found


def test_a_validator_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.deploy_kit.validators.find_program", lambda name: None)
    found = validator_mistakes(ROOT)
    assert "taplo is not installed (it comes with the extra dev)" in found
    assert not any("docker-compose" in line for line in found)
