"""The repository's manifests are clean, as written and as kubectl puts them together; a slip in a file is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from finrag_ml_tg1.operations.scaling.manifests.folders import overlays, read_folder
from finrag_ml_tg1.operations.scaling.manifests.kustomizations import kubectl, render
from finrag_ml_tg1.operations.scaling.manifests.lint import MANIFESTS, kubernetes_mistakes
from finrag_ml_tg1.operations.scaling.manifests.routes import FRAMEWORKS, read_routes
from tests.sample_index import ROOT

KITS = [path for path in (ROOT / MANIFESTS).glob("*") if overlays(path)]
OVERLAYS = sorted(path.relative_to(ROOT).as_posix() for kit in KITS for path in overlays(kit))
API = f"{MANIFESTS}/kserve-api"
EXAMPLE = f"{MANIFESTS}/examples/finrag-backend"

# For each slip: the file, what is replaced in it, by what, and words of what is told.
WRITTEN = {
    "file that is not there": (f"{API}/plain/kustomization.yaml", "- pdb.yaml", "- budget.yaml", "names budget.yaml"),
    "folder that is none": (f"{API}/plain/kustomization.yaml", "- pdb.yaml", "- ../components", "names the folder"),
    "image without version": (
        f"{API}/overlays/calvinruntime/image/kustomization.yaml",
        "newTag: 0.1.0",
        "newTag: latest",
        "the image kserve-api gets no version",
    ),
    "secret in an overlay": (
        f"{API}/overlays/plain/kustomization.yaml",
        "components:",
        "secretGenerator:\n  - {name: keys, literals: [a=made-up]}\ncomponents:",
        "the Secret keys has its values here",
    ),
    "no object": (f"{API}/tenant/quota.yaml", "kind: ResourceQuota\n", "", "has no kind"),
    "probe of no route": (f"{API}/plain/deployment.yaml", "path: /health", "path: health", "a path begins with /"),
    "reference to a Secret": (
        f"{API}/plain/deployment.yaml",
        "secretName: kserve-api-tenants",
        "secretName: keys",
        "Secret keys",
    ),
    "settings by another name": (
        f"{API}/plain/deployment.yaml",
        "name: kserve-api-settings",
        "name: settings",
        "ConfigMap settings",
    ),
    "mapping to nothing": (
        f"{API}/plain/domain-mapping.yaml",
        "name: kserve-api\n",
        "name: kserve-ap\n",
        "no Service kserve-ap",
    ),
    "verbs": (f"{API}/tenant/rbac.yaml", "verbs: [get]", "verbs: ['*']", "has * in verbs"),
    "example without version": (
        f"{EXAMPLE}/inferenceservice.yaml",
        "finrag-backend:0.1.0",
        "finrag-backend",
        "no version",
    ),
    "example without namespace": (
        f"{EXAMPLE}/inferenceservice.yaml",
        "  namespace: default\n",
        "",
        "no metadata.namespace",
    ),
    "example's Secret": (
        f"{EXAMPLE}/secret.yaml",
        "name: finrag-backend-env-0a1b2c3d",
        "name: other",
        "there is no Secret",
    ),
}
# Seen only when an overlay has put the files together.
RENDERED = {
    "namespace not said": (
        f"{API}/overlays/calvinruntime/tenant-default/kustomization.yaml",
        "namespace: default\n",
        "",
        "no metadata.namespace",
    ),
    "patch that breaks a field": (
        f"{API}/overlays/own-domain/tenant-team-a/kustomization.yaml",
        'value: "5"',
        "value: five",
        "is no quantity",
    ),
    "patch that opens the network": (
        f"{API}/overlays/own-domain/kustomization.yaml",
        "203.0.113.10/32",
        "0.0.0.0/0",
        "which is everybody",
    ),
    "patch of a domain": (
        f"{API}/overlays/own-domain/kustomization.yaml",
        "value: deploy.apps.example.com",
        "value: deploy",
        "a full domain name",
    ),
    "twice": (
        f"{API}/overlays/plain/kustomization.yaml",
        "  - ../calvinruntime/tenant-default",
        "  - ../calvinruntime/tenant-default\n  - ../own-domain",
        "kubectl kustomize",
    ),
}


@pytest.fixture
def repository(tmp_path: Path) -> Callable[[str, str, str], list[str]]:
    """Returns what is told after one replacement in a copy of the manifests."""
    for kit in (API, EXAMPLE):
        shutil.copytree(ROOT / kit, tmp_path / kit)

    def told(file: str, old: str, new: str) -> list[str]:
        path = tmp_path / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")
        return kubernetes_mistakes(tmp_path)

    return told


def test_the_repositorys_manifests_are_clean() -> None:
    assert kubernetes_mistakes(ROOT) == []


def test_every_folder_with_manifests_is_read() -> None:
    assert f"{API}/overlays/calvinruntime" in OVERLAYS
    assert read_folder(ROOT, ROOT / EXAMPLE).kit.final
    kit = read_folder(ROOT, ROOT / API).kit
    assert {manifest.path for manifest in kit.manifests} >= {
        f"{API}/{name}.yaml" for name in ("base/rbac", "knative/deployment", "plain/deployment", "tenant/rbac")
    }


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_is_put_together_without_a_complaint(overlay: str) -> None:
    program = kubectl()
    if program is None:
        pytest.skip("kubectl is not installed")
    text, complaints = render(program, ROOT / overlay)
    assert complaints == []
    assert text.count("\nkind: ") > 10


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_a_slip_in_a_file_is_told_without_kubectl(
    name: str, repository: Callable[[str, str, str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finrag_ml_tg1.operations.scaling.manifests.lint.kubectl", lambda: None)
    file, old, new, words = WRITTEN[name]
    lines = repository(file, old, new)
    assert [line for line in lines if words in line], lines


@pytest.mark.parametrize("name", sorted(RENDERED))
def test_a_slip_of_an_overlay_is_told_by_its_folder(
    name: str, repository: Callable[[str, str, str], list[str]]
) -> None:
    if kubectl() is None:
        pytest.skip("kubectl is not installed")
    file, old, new, words = RENDERED[name]
    lines = repository(file, old, new)
    assert [line for line in lines if words in line and line.startswith(f"{API}/overlays/")], lines


def test_what_a_file_says_is_not_told_again_for_each_overlay(repository: Callable[[str, str, str], list[str]]) -> None:
    lines = repository(f"{API}/base/networkpolicy.yaml", "10.0.0.0/8", "0.0.0.0/0")
    assert lines == [
        f"{API}/base/networkpolicy.yaml: NetworkPolicy kserve-api/kserve-api: an egress rule has 0.0.0.0/0, which is "
        "everybody: narrow it"
    ]


def test_routes_are_read_from_the_programs() -> None:
    routes = read_routes(ROOT)
    assert {"/livez", "/readyz", "/health"} <= routes["finrag-backend"]
    assert "/ready" not in routes["finrag-backend"]


def test_routes_of_several_lines_and_of_tables_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "services/kserve_api/api"
    folder.mkdir(parents=True)
    (folder / "routes.py").write_text(
        '@router.get(\n    "/health",\n)\nasync def health(): ...\napp.add_api_route("/ready", ready)\n'
        'routes = [Route("/up", up)]\n@router.post("/deploy")\ndef deploy(): ...\nclient.get("http://elsewhere/")\n'
    )
    tests = tmp_path / "services/kserve_api/tests"
    tests.mkdir()
    (tests / "routes.py").write_text('@router.get("/only-in-tests")\ndef route(): ...\n')
    assert read_routes(tmp_path) == {**FRAMEWORKS, "kserve-api": frozenset({"/health", "/ready", "/up"})}
