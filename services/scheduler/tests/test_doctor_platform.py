"""SC-14: DomainMapping, Service, DNS and Kourier: what of the cluster keeps the service from being reached."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scheduler.operations.doctor.finding import Finding, State, examine, exit_code
from scheduler.operations.doctor.kubectl import Kubectl
from scheduler.operations.doctor.platform import Platform, dns_check, platform_checks
from scheduler.tests.fake_kubectl import FakeKubectl
from scheduler.tests.running_doctor import of_check

HOST = "scheduler-api.calvinruntime.net"

Objects = dict[str, Any]


def _ready(status: str = "True", **more: str) -> Objects:
    return {"conditions": [{"type": "Ready", "status": status, **more}]}


def _pod(app: str, namespace: str = "scheduler", status: Objects | None = None) -> Objects:
    return {"metadata": {"name": app, "namespace": namespace, "labels": {"app": app}}, "status": status or _ready()}


def _well() -> Objects:
    here = {"namespace": "scheduler"}
    return {
        "pods": [
            _pod("scheduler-api"),
            _pod("scheduler-api"),
            _pod("scheduler-worker"),
            _pod("3scale-kourier-gateway", "kourier-system"),
        ],
        "service": [{"metadata": {"name": "scheduler-api", **here}}],
        "endpointslices": [
            {
                "metadata": {"name": "s", "labels": {"kubernetes.io/service-name": "scheduler-api"}, **here},
                "endpoints": [{"conditions": {"ready": True}}, {"conditions": {"ready": True}}],
            }
        ],
        "domainmapping": [
            {
                "metadata": {"name": HOST, **here},
                "spec": {"ref": {"apiVersion": "v1", "kind": "Service", "name": "scheduler-api"}},
                "status": _ready(),
            }
        ],
    }


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeKubectl:
    fake = FakeKubectl(tmp_path, monkeypatch)
    fake.set(_well())
    return fake


def looked(kubeconfig: Path | None = None) -> dict[str, list[Finding]]:
    async def run() -> dict[str, list[Finding]]:
        found: dict[str, list[Finding]] = {}
        results = []
        async for result in examine(platform_checks(Platform(Kubectl(kubeconfig), "scheduler", HOST))):
            results.append(result)
            found.setdefault(result.check, []).append(result.finding)
        failed = any(each.finding.state is State.FAIL for each in results)
        assert exit_code(results) == int(failed)
        return found

    return asyncio.run(run())


def test_a_platform_in_which_all_is_well_is_ok_throughout(kubectl: FakeKubectl, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    found = looked(kubeconfig)
    assert {each.state for findings in found.values() for each in findings} == {State.OK}
    assert all(call[:2] == ["--kubeconfig", str(kubeconfig)] for call in kubectl.calls)


def _no_api_pods(objects: Objects) -> None:
    objects["pods"] = objects["pods"][2:]


def _image_missing(objects: Objects) -> None:
    waiting = {"state": {"waiting": {"reason": "ImagePullBackOff"}}}
    objects["pods"][2]["status"] = {**_ready("False"), "containerStatuses": [waiting]}


def _one_of_two_api_pods(objects: Objects) -> None:
    objects["pods"][0]["status"] = _ready("False")


def _no_service(objects: Objects) -> None:
    objects["service"] = []


def _no_endpoints(objects: Objects) -> None:
    for endpoint in objects["endpointslices"][0]["endpoints"]:
        endpoint["conditions"]["ready"] = False


def _no_mapping(objects: Objects) -> None:
    objects["domainmapping"][0]["metadata"]["name"] = "other.calvinruntime.net"


def _mapping_elsewhere(objects: Objects) -> None:
    objects["domainmapping"][0]["spec"]["ref"]["apiVersion"] = "serving.knative.dev/v1"


def _mapping_not_ready(objects: Objects) -> None:
    objects["domainmapping"][0]["status"] = _ready("False", reason="DomainAlreadyClaimed", message="it is another's")


def _no_gateway(objects: Objects) -> None:
    del objects["pods"][3]


@pytest.mark.parametrize(
    ("plant", "check", "state", "words"),
    [
        (_no_api_pods, "api pods", State.FAIL, "scheduler-api has no pods"),
        (_image_missing, "worker pods", State.FAIL, "ImagePullBackOff"),
        (_one_of_two_api_pods, "api pods", State.WARN, "1 of 2"),
        (_no_service, "service", State.FAIL, "there is no Service scheduler-api"),
        (_no_endpoints, "service", State.FAIL, "no ready endpoints"),
        (_no_mapping, "domain mapping", State.FAIL, f"there is no DomainMapping {HOST}"),
        (_mapping_elsewhere, "domain mapping", State.FAIL, "leads to Service scheduler-api of serving.knative.dev/v1"),
        (_mapping_not_ready, "domain mapping", State.FAIL, "DomainAlreadyClaimed it is another's"),
        (_no_gateway, "gateway", State.FAIL, "no gateway pod of Kourier is ready"),
    ],
)
def test_what_is_wrong_in_the_cluster_is_told_by_its_check_alone(
    kubectl: FakeKubectl, plant: Callable[[Objects], None], check: str, state: State, words: str
) -> None:
    """Trouble service not accessible: pods, Service endpoints, DomainMapping, Kourier."""
    objects = copy.deepcopy(_well())
    plant(objects)
    kubectl.set(objects)
    found = looked()
    told = of_check(found, check, state)
    assert words in told.cause
    assert told.command.startswith("kubectl ")
    assert [name for name, findings in found.items() if findings[0].state is not State.OK] == [check]


def test_a_cluster_that_refuses_us_leaves_unknowns_and_no_failure(kubectl: FakeKubectl) -> None:
    kubectl.set({"error": 'Error from server (Forbidden): pods is forbidden: User "ci" cannot list resource "pods"'})
    found = looked()
    assert {each.state for findings in found.values() for each in findings} == {State.UNKNOWN}
    assert "Forbidden" in found["api pods"][0].cause


def test_without_kubectl_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert looked()["service"][0].cause == "kubectl is not on the path"


def test_a_host_without_an_address_is_told() -> None:
    """Trouble service not accessible: DNS."""

    async def run(host: str) -> Finding:
        [finding] = await dns_check(host).look()
        return finding

    assert asyncio.run(run("localhost")).state is State.OK
    told = asyncio.run(run("scheduler-api.invalid"))
    assert told.state is State.FAIL
    assert "has no address" in told.cause
