"""deploy/kubernetes/examples/finrag-backend is what the code makes of the request in it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from kserve_api.apps.app import Deployment, Resources
from kserve_api.apps.manifest import merged, to_manifest
from kserve_api.settings import Settings

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "deploy/kubernetes/examples/finrag-backend"
BODY: dict[str, Any] = json.loads((EXAMPLE / "deploy.json").read_text())


def written(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((EXAMPLE / name).read_text()))


def wanted() -> Deployment:
    return Deployment(**{**BODY, "resources": Resources(**BODY["resources"])}, given=frozenset(BODY))


def test_the_manifest_is_what_is_emitted_for_the_body() -> None:
    """Flow deploy: POST /deploy -> InferenceService, for FinRAG's own back end."""
    manifest, secret = written("inferenceservice.yaml"), written("secret.yaml")["metadata"]["name"]
    metadata = manifest["metadata"]
    state = merged(
        None,
        wanted(),
        tenant=metadata["labels"]["kserve-api/tenant"],
        secret_refs=dict.fromkeys(BODY["secret_envs"], secret),
    )
    state = replace(state, deployed_by=metadata["annotations"]["kserve-api/deployed-by"])
    assert to_manifest(state, Settings(_env_file=None)) == manifest


def test_the_secret_has_the_variables_of_the_body_and_no_values() -> None:
    secret = written("secret.yaml")
    assert set(secret["data"]) == set(BODY["secret_envs"])
    assert set(secret["data"].values()) == {""}
    assert all(value == f"${{{name}}}" for name, value in BODY["secret_envs"].items())


def test_its_settings_are_those_of_the_image_and_of_sevalla() -> None:
    """What runs on Sevalla runs here: the same port and size, and settings that FinRAG knows."""
    backend = yaml.safe_load((ROOT / "sevalla.yml").read_text())["applications"]["backend"]
    described = {variable["name"] for variable in backend["variables"]}
    secrets = {variable["name"] for variable in backend["variables"] if variable.get("secret")}
    assert BODY["port"] == backend["port"]
    assert set(BODY["envs"]) | set(BODY["secret_envs"]) <= described
    assert set(BODY["secret_envs"]) <= secrets
    required = {
        variable["name"]
        for variable in backend["variables"]
        if variable.get("required", True) and not variable.get("secret")
    }
    assert required <= set(BODY["envs"])
