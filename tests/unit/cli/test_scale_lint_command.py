"""`finrag scale lint` as people use it: what is found, where it looks, and what it says when it cannot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from finrag_ml_tg1.cli import main

SERVICE = """apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
spec:
  selector: {app: web}
  ports: [{port: 80}]
"""
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, with a kubectl that no overlay needs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("finrag_ml_tg1.operations.scaling.manifests.kustomizations.shutil.which", lambda _: "kubectl")


def lint(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["scale", "lint", *arguments])


def test_a_mistake_is_told_with_file_and_object_and_code_one(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(SERVICE)
    result = lint("web.yaml")
    assert result.exit_code == 1
    assert result.stdout == (
        "web.yaml: Service shop/web: its selector matches no pods beside it: use labels of a template\n"
    )
    assert result.stderr == "1 found\n"


def test_sound_manifests_are_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit" / "shop.yaml").write_text(NAMESPACE)
    result = lint("kit")
    assert (result.exit_code, result.stdout) == (0, "Nothing is wrong.\n")


def test_a_part_of_a_kit_stands_for_the_kit(tmp_path: Path) -> None:
    base, overlay = tmp_path / "kit/base", tmp_path / "kit/overlays/low"
    base.mkdir(parents=True)
    overlay.mkdir(parents=True)
    (base / "kustomization.yaml").write_text("resources: [web.yaml]\n")
    (base / "web.yaml").write_text(SERVICE)
    assert lint("kit/overlays/low").stdout.startswith("kit/base/web.yaml: Service shop/web: its selector")
    assert lint("kit/base/web.yaml").stdout == lint("kit").stdout


def test_a_path_without_manifests_is_no_silent_success(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for path, words in (("docs", "holds no manifests"), ("nowhere", "is not there")):
        result = lint(path)
        assert result.exit_code == 2
        assert words in result.stderr
    assert lint().exit_code == 2


def test_without_kubectl_overlays_are_said_to_be_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop.yaml").write_text(NAMESPACE)
    monkeypatch.setattr("finrag_ml_tg1.operations.scaling.manifests.kustomizations.shutil.which", lambda _: None)
    result = lint("shop.yaml")
    assert result.exit_code == 1
    assert "kubectl is not on the path" in result.stderr


def test_without_the_library_of_schemas_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    result = lint()
    assert result.exit_code == 2
    assert "pip install 'kubernetes-validate" in result.stderr


def test_the_command_line_starts_without_the_linter() -> None:
    unwanted = ("jsonschema", "kubernetes_validate", "finrag_ml_tg1.operations.scaling")
    code = f"import sys, finrag_ml_tg1.cli; sys.exit(any(name in sys.modules for name in {unwanted}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
