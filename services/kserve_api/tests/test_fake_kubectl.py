"""The fake against the real kubectl, whose demands on an API server are not ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kserve_api.tests.fake_cluster.fields import check_fields
from kserve_api.tests.fake_cluster.kinds import KINDS
from kserve_api.tests.running_cluster import RunningCluster, running_cluster

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")

Kubectl = Callable[..., subprocess.CompletedProcess[str]]

ISVC = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: shop, namespace: team-a, annotations: {serving.kserve.io/deploymentMode: Knative}}
spec:
  predictor:
    minReplicas: 1
    containers: [{name: kserve-container, image: "registry.example/shop:1"}]
"""
WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: team-a}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: api, image: "web:1", ports: [{containerPort: 80}]}]}
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[RunningCluster]:
    with running_cluster() as running:
        yield running


@pytest.fixture(scope="module")
def kubectl(cluster: RunningCluster) -> Iterator[Kubectl]:
    with tempfile.TemporaryDirectory() as home:
        environment = {"PATH": os.environ["PATH"], "HOME": home, "KUBECONFIG": str(cluster.kubeconfig())}

        def run(*arguments: str, stdin: str = "", fails: bool = False) -> subprocess.CompletedProcess[str]:
            done = subprocess.run(
                ["kubectl", *arguments],
                env=environment,
                input=stdin,
                text=True,
                capture_output=True,
                timeout=60,
                check=False,
            )
            assert (done.returncode != 0) is fails, done.stdout + done.stderr
            cluster.settle()
            return done

        yield run


def test_kubectl_knows_the_kinds(kubectl: Kubectl) -> None:
    lines = kubectl("api-resources", "-o", "name").stdout.split()
    assert {"inferenceservices.serving.kserve.io", "services", "services.serving.knative.dev"} <= set(lines)


def test_apply_get_logs_patch_and_delete_of_an_app(cluster: RunningCluster, kubectl: Kubectl) -> None:
    """Flow deploy: the notes' manifest with kubectl, up to its logs and its end."""
    assert kubectl("apply", "-f", "-", stdin=ISVC).stdout == "inferenceservice.serving.kserve.io/shop created\n"
    assert "configured" in kubectl("apply", "-f", "-", stdin=ISVC.replace("shop:1", "shop:2")).stdout

    table = kubectl("get", "isvc", "-A").stdout.splitlines()
    assert table[0].split()[:4] == ["NAMESPACE", "NAME", "URL", "READY"]
    assert table[1].split()[:2] == ["team-a", "shop"]
    assert "True" in table[1]
    assert "NODE" in kubectl("get", "pods", "-n", "team-a", "-o", "wide").stdout
    of_app = ("-n", "team-a", "-l", "serving.kserve.io/inferenceservice=shop")
    pods = json.loads(kubectl("get", "pods", *of_app, "-o", "json").stdout)["items"]
    assert pods
    assert kubectl("get", "pods", "-n", "team-a", "-l", "serving.kserve.io/inferenceservice=other").stdout == ""
    image = "jsonpath={.spec.predictor.containers[0].image}"
    assert kubectl("get", "isvc", "shop", "-n", "team-a", "-o", image).stdout == "registry.example/shop:2"
    assert "listening on" in kubectl("logs", *of_app, "-c", "kserve-container", "--tail=5").stdout
    assert "Ready" in kubectl("describe", "isvc", "shop", "-n", "team-a").stdout
    kubectl("wait", "--for=condition=Ready", "isvc/shop", "-n", "team-a", "--timeout=20s")

    kubectl("patch", "isvc", "shop", "-n", "team-a", "--type=merge", "-p", '{"spec":{"predictor":{"maxReplicas":3}}}')
    limit = "jsonpath={.spec.predictor.maxReplicas}"
    assert kubectl("get", "isvc", "shop", "-n", "team-a", "-o", limit).stdout == "3"
    _check_everything_is_valid(cluster)
    assert (
        'inferenceservice.serving.kserve.io "shop" deleted' in kubectl("delete", "isvc", "shop", "-n", "team-a").stdout
    )
    assert (
        'inferenceservices.serving.kserve.io "shop" not found'
        in kubectl("get", "isvc", "shop", "-n", "team-a", fails=True).stderr
    )
    assert kubectl("get", "pods", *of_app).stdout == ""


def _check_everything_is_valid(cluster: RunningCluster) -> None:
    """What controllers write past the schema check is valid nevertheless."""
    for key, kind in KINDS.items():
        for item in cluster.call(lambda store, key=key: store.list(key)):  # type: ignore[misc]
            check_fields(kind, item, "Strict")


def test_the_notes_port_is_refused_with_its_name(kubectl: Kubectl) -> None:
    """Original: invalid manifests — `port` of a container."""
    wrong = ISVC.replace("name: kserve-container,", "name: kserve-container, port: 8080,").replace("shop", "wrong")
    refused = kubectl("apply", "-f", "-", stdin=wrong, fails=True).stderr
    assert 'strict decoding error: unknown field "spec.predictor.containers[0].port"' in refused


def test_server_side_apply_tells_conflicts_and_can_be_forced(kubectl: Kubectl) -> None:
    mine = ISVC.replace("shop", "ours")
    apply = ("apply", "--server-side", "-f", "-")
    assert "serverside-applied" in kubectl(*apply, "--field-manager=ours", stdin=mine).stdout
    other = mine.replace("minReplicas: 1", "minReplicas: 2")
    refused = kubectl(*apply, "--field-manager=other", stdin=other, fails=True).stderr
    assert 'Apply failed with 1 conflict: conflict with "ours": .spec.predictor.minReplicas' in refused
    kubectl(*apply, "--field-manager=other", "--force-conflicts", stdin=other)
    least = "jsonpath={.spec.predictor.minReplicas}"
    assert kubectl("get", "isvc", "ours", "-n", "team-a", "-o", least).stdout == "2"
    kubectl("delete", "isvc", "ours", "-n", "team-a")


def test_rollout_restart_and_image_of_a_deployment(kubectl: Kubectl) -> None:
    """KS-10: rollout restart of the plain Deployment."""
    assert kubectl("apply", "-f", "-", stdin=WEB).stdout == "deployment.apps/web created\n"
    assert kubectl("apply", "-f", "-", stdin=WEB).stdout == "deployment.apps/web unchanged\n"
    assert "configured" in kubectl("apply", "-f", "-", stdin=WEB.replace("web:1", "web:2")).stdout
    assert kubectl("rollout", "restart", "deployment/web", "-n", "team-a").stdout == "deployment.apps/web restarted\n"
    kubectl("set", "image", "deployment/web", "api=web:3", "-n", "team-a")
    template = json.loads(kubectl("get", "deploy", "web", "-n", "team-a", "-o", "json").stdout)["spec"]["template"]
    assert "kubectl.kubernetes.io/restartedAt" in template["metadata"]["annotations"]
    assert [one["image"] for one in template["spec"]["containers"]] == ["web:3"]
    kubectl("delete", "deploy", "web", "-n", "team-a", "--cascade=foreground")


def test_objects_that_kubectl_sends_as_protobuf(kubectl: Kubectl) -> None:
    kubectl("create", "namespace", "made-here")
    kubectl("create", "secret", "generic", "keys", "--from-literal=a=value", "-n", "made-here")
    assert kubectl("get", "secret", "keys", "-n", "made-here", "-o", "jsonpath={.data.a}").stdout == "dmFsdWU="
    kubectl("create", "configmap", "texts", "--from-literal=a=b", "-n", "made-here")
    kubectl("create", "serviceaccount", "robot", "-n", "made-here")
    kubectl("label", "configmap", "texts", "x=y", "-n", "made-here")
    assert "texts" in kubectl("get", "configmap", "-n", "made-here", "-l", "x in (y, z)", "-o", "name").stdout
    kubectl("delete", "namespace", "made-here")


def test_can_i(cluster: RunningCluster, kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "create", "isvc").stdout == "yes\n"
    account = {"metadata": {"name": "nobody", "namespace": "default"}}
    cluster.call(lambda store: store.create("serviceaccounts", account))
    nobody = str(cluster.kubeconfig("nobody"))
    assert (
        kubectl("--kubeconfig", nobody, "auth", "can-i", "get", "pods", "--subresource=log", fails=True).stdout
        == "no\n"
    )
    refused = kubectl("--kubeconfig", nobody, "get", "pods", fails=True).stderr
    assert (
        'Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:default:nobody" cannot list '
        'resource "pods" in API group "" in the namespace "default"'
    ) in refused


def test_kubectl_watches_and_follows(cluster: RunningCluster, kubectl: Kubectl) -> None:
    """KS-10: view logs."""
    kubectl("apply", "-f", "-", stdin=ISVC.replace("shop", "followed"))
    watched = kubectl("get", "isvc", "followed", "-n", "team-a", "--watch", "--request-timeout=1s")
    assert watched.stdout.splitlines()[0].split()[:3] == ["NAME", "URL", "READY"]
    name = cluster.call(
        lambda store: store.list("pods", "team-a", "serving.kserve.io/inferenceservice=followed")[0]["metadata"]["name"]
    )
    cluster.call(lambda _: cluster.pod_logs.write("team-a", name, "kserve-container", "hello"))
    ending = threading.Timer(0.7, cluster.call, [lambda store: store.delete("pods", "team-a", name)])
    ending.start()
    followed = kubectl("logs", "-f", name, "-n", "team-a", "-c", "kserve-container")
    ending.join()
    assert followed.stdout.splitlines()[-1] == "hello"
    kubectl("delete", "isvc", "followed", "-n", "team-a")


def test_it_runs_by_hand_until_it_is_told_to_end(tmp_path: Path) -> None:
    services = Path(__file__).parents[2]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(services)}
    command = [sys.executable, "-m", "kserve_api.tests.fake_cluster", "--namespace", "team-x"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline().strip() for _ in range(4)]
        # kubectl keeps what it discovers under HOME, without one in the working directory.
        home, kubeconfig = str(tmp_path), told[3].removeprefix("export KUBECONFIG=")
        config = {"PATH": os.environ["PATH"], "HOME": home, "KUBECONFIG": kubeconfig}
        command = ["kubectl", "get", "namespace", "team-x", "-o", "name"]
        done = subprocess.run(command, env=config, capture_output=True, text=True, timeout=60, check=False)
        process.terminate()
        assert process.wait(30) == 0
    assert done.stdout == "namespace/team-x\n", done.stderr
