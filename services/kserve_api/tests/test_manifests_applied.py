"""The overlays, applied with the real kubectl: the API server takes every object, Knative makes of them what runs."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kserve_api.tests.running_cluster import RunningCluster, running_cluster

KIT = Path(__file__).parents[3] / "deploy/kubernetes/kserve-api"
HOSTS = {
    "calvinruntime": "kserve-api.calvinruntime.net",
    "plain": "kserve-api.calvinruntime.net",
    "own-domain": "deploy.apps.example.com",
}


def kubectl(cluster: RunningCluster, *arguments: str) -> str:
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("kubectl is not installed")
    done = subprocess.run(
        [program, "--kubeconfig", str(cluster.kubeconfig()), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def found(cluster: RunningCluster, kind: str, name: str) -> dict[str, Any]:
    return dict(json.loads(kubectl(cluster, "--namespace", "kserve-api", "get", kind, name, "--output", "json")))


def is_ready(item: dict[str, Any]) -> bool:
    conditions = item["status"]["conditions"]
    return bool([one for one in conditions if one["type"] == "Ready" and one["status"] == "True"])


@pytest.mark.parametrize("overlay", sorted(HOSTS))
def test_an_overlay_is_taken_whole_and_changes_nothing_the_second_time(overlay: str) -> None:
    """KS-09: the manifests, applied."""
    with running_cluster(namespaces=("default",)) as cluster:
        first = kubectl(cluster, "apply", "--kustomize", str(KIT / "overlays" / overlay))
        assert first.count("\n") > 10
        cluster.settle()
        assert is_ready(found(cluster, "domainmapping", HOSTS[overlay]))
        if overlay != "plain":
            service = found(cluster, "ksvc", "kserve-api")
            assert is_ready(service)
            pods = json.loads(
                kubectl(
                    cluster,
                    *("--namespace", "kserve-api", "get", "pods", "--output", "json"),
                    *("--selector", "serving.knative.dev/service=kserve-api"),
                )
            )["items"]
            assert [one["name"] for pod in pods for one in pod["spec"]["containers"] if one["name"] == "api"] == ["api"]
        again = kubectl(cluster, "apply", "--kustomize", str(KIT / "overlays" / overlay))
        # kubectl sends lists of kinds it does not know, and selectors of budgets, whole: that changes nothing either.
        sent = ("service.serving.knative.dev/", "poddisruptionbudget.policy/")
        assert [
            line for line in again.splitlines() if not line.endswith("unchanged") and not line.startswith(sent)
        ] == []
        cluster.settle()
        if overlay != "plain":
            assert found(cluster, "ksvc", "kserve-api")["metadata"]["generation"] == service["metadata"]["generation"]
