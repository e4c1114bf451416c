"""Every requirement, flow, limit, fault of the original and trouble is named by a test, by how its docstring begins."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

_TESTS = Path(__file__).resolve().parent
_ROOT_TESTS = _TESTS.parents[2] / "tests" / "unit" / "checks" / "kubernetes"

ROWS: Mapping[str, str] = {
    "KS-01": "deploy: what is asked for is validated, and answered as documented",
    "KS-02": "InferenceService: typed scale, labels, secrets, pruned by server-side apply",
    "KS-03": "scale to zero: the effective number of pods, and the cause when it is not zero",
    "KS-04": "domains: made, changed, deleted with the app, refused when they are another's",
    "KS-05": "list, look, delete",
    "KS-06": "logs: the newest pod's, or a message; as a stream",
    "KS-07": "index, health, readiness",
    "KS-08": "who may do what, quotas, audit, errors without internals",
    "KS-09": "the service on the platform: manifests, RBAC, no rights it does not use",
    "KS-10": "doctor and commands",
    "KS-11": "defaults are settings; labels of the notes' commands; update by digest",
    "Original": "faults of the original, reproduced and then shown to be gone",
    "Flow deploy": "from POST /deploy to 200 at the URL",
    "Limits": "0 to 10 pods, 100m/128Mi to 1 CPU/512Mi, port 8080, and no loss by a second deployment",
    "Update by tag": "the same tag pushed again",
    "URLs": "the app's URL, the predictor's, and a custom domain",
    "Long work vs scale-to-zero": "min_scale and idle_timeout instead of pinging oneself",
    "Trouble app-wont-start-image": "ImagePullBackOff, tag missing, registry closed",
    "Trouble app-wont-start-crash": "CrashLoopBackOff: exit code, last lines, also of before",
    "Trouble app-wont-start-memory": "OOMKilled",
    "Trouble app-wont-start-port": "nothing answers on the port",
    "Trouble app-wont-start-secret": "a Secret is gone",
    "Trouble app-wont-start-room": "no node has room",
    "Trouble app-missing": "wrong name or namespace",
    "Trouble kserve-down": "KServe's controller does nothing",
    "Trouble not-accessible-service": "no Knative Service",
    "Trouble not-accessible-domain": "no DomainMapping, or it leads elsewhere",
    "Trouble not-accessible-claimed": "the domain is another namespace's",
    "Trouble not-accessible-claims": "nobody makes ClusterDomainClaims",
    "Trouble not-accessible-dns": "names without an address",
    "Trouble not-accessible-gateway": "Kourier has no pods",
    "Trouble not-accessible-url": "what the URL answers",
    "Trouble never-zero": "an app never goes to no pods",
    "Trouble old-version": "the version before still answers",
    "Trouble platform-settings": "ConfigMaps, gateway and own domain of the installation",
    "Trouble clock": "clocks differ",
    "Trouble cluster-forbidden": "a namespace without the Role",
    "Trouble namespace-missing": "a namespace that was never made",
    "Trouble crds-missing": "KServe or Knative is not installed",
    "Trouble tenants-file": "the tenants file is missing or wrong",
    "Trouble api-server": "the API server does not answer",
}


@cache
def _docstrings() -> tuple[tuple[str, str], ...]:
    """Name and docstring of each test."""
    return tuple(_read())


def _read() -> Iterator[tuple[str, str]]:
    files = [*_TESTS.glob("test_*.py"), *_ROOT_TESTS.glob("test_*.py")]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield f"{file.stem}::{node.name}", ast.get_docstring(node) or ""


def _tests_of(row: str) -> list[str]:
    """Tests whose docstring names the row before its first colon, alone or beside others (`KS-01, KS-02: …`)."""
    return [name for name, text in _docstrings() if _plain(row) in _rows_of(text)]


def _rows_of(text: str) -> set[str]:
    return {_plain(part) for part in text.partition(":")[0].split(",")}


def _plain(row: str) -> str:
    return row.strip().removeprefix("Flow ").lower()


def test_every_row_is_named_by_a_test() -> None:
    """KS-10: what is missing is told by name."""
    missing = [f"{row} ({words})" for row, words in ROWS.items() if not _tests_of(row)]

    assert missing == []


@pytest.mark.parametrize("row", ["KS-12", "Trouble nothing", "Flow"])
def test_a_row_that_no_test_names_would_be_told(row: str) -> None:
    assert _tests_of(row) == []


def test_no_test_names_a_row_that_is_not_in_the_table() -> None:
    named = {
        row for _, text in _docstrings() if text.startswith(("Trouble ", "KS-", "Flow ")) for row in _rows_of(text)
    }

    assert named - {_plain(row) for row in ROWS} - {"trouble app-wont-start"} == set()
