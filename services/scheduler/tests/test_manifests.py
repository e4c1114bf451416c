"""SC-13: deploy/kubernetes/scheduler: both roles as the notes want them, each setting one that the service has."""

from __future__ import annotations

import ast
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from scheduler.settings import Settings

SERVICE = Path(__file__).parents[1]
KIT = SERVICE.parents[1] / "deploy/kubernetes/scheduler"
OVERLAYS = sorted(path.parent.name for path in KIT.glob("overlays/*/kustomization.yaml"))
ROLES = ("api", "worker")
_PREFIX = "SCHEDULER_"
_CUSTOM = {"serving.knative.dev/v1beta1"}

Object = dict[str, Any]


@cache
def rendered(overlay: str) -> tuple[Object, ...]:
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("kubectl is not installed")
    done = subprocess.run(
        [program, "kustomize", str(KIT / "overlays" / overlay)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    return tuple(yaml.safe_load_all(done.stdout))


def the(overlay: str, kind: str, name: str = "") -> Object:
    [found] = [body for body in rendered(overlay) if body["kind"] == kind and name in {"", body["metadata"]["name"]}]
    return found


def container(overlay: str, role: str) -> Object:
    [found] = the(overlay, "Deployment", f"scheduler-{role}")["spec"]["template"]["spec"]["containers"]
    assert found["name"] == role
    return dict(found)


def settings(overlay: str) -> Settings:
    """The settings that an overlay gives, each of which the service knows."""
    data = the(overlay, "ConfigMap")["data"]
    known = {f"{_PREFIX}{name.upper()}": name for name in Settings.model_fields}
    assert set(data) <= set(known), set(data) - set(known)
    return Settings.model_validate({known[name]: value for name, value in data.items()})


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_is_what_kubernetes_takes(overlay: str) -> None:
    for body in rendered(overlay):
        if body["apiVersion"] not in _CUSTOM:
            kubernetes_validate.validate(body, "1.30", strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_roles_have_their_replicas_sizes_and_labels(overlay: str) -> None:
    """SC-13, SC-15: API with 2 replicas, worker with 1, 200m/256Mi -> 500m/512Mi, app=scheduler-api and -worker."""
    for role, replicas in (("api", 2), ("worker", 2 if overlay == "own-domain" else 1)):
        deployment = the(overlay, "Deployment", f"scheduler-{role}")
        assert deployment["spec"]["replicas"] == replicas
        assert deployment["spec"]["template"]["metadata"]["labels"] == {"app": f"scheduler-{role}"}
        assert container(overlay, role)["resources"] == {
            "requests": {"cpu": "200m", "memory": "256Mi"},
            "limits": {"cpu": "500m", "memory": "512Mi"},
        }
    for name in ("scheduler-api", "scheduler-worker"):
        assert the(overlay, "PodDisruptionBudget", name)["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_role_is_started_by_its_command_and_asked_at_its_port(overlay: str) -> None:
    """Original: the process of the API imported the worker, so three worked where the manifest said one."""
    read = settings(overlay)
    images = set()
    for role, port in (("api", read.port), ("worker", read.worker_port)):
        found = container(overlay, role)
        images.add(found["image"])
        assert found["args"] == ["python", "-m", "scheduler", role]
        assert found["ports"] == [{"name": "http", "containerPort": port}]
        paths = {name: found[name]["httpGet"]["path"] for name in ("livenessProbe", "readinessProbe")}
        assert paths == {"livenessProbe": "/health", "readinessProbe": "/ready"}
    assert len(images) == 1


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("role", ROLES)
def test_a_pod_can_do_no_harm(overlay: str, role: str) -> None:
    spec = the(overlay, "Deployment", f"scheduler-{role}")["spec"]["template"]["spec"]
    security = spec["securityContext"] | container(overlay, role)["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] >= 1000
    assert security["readOnlyRootFilesystem"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert spec["automountServiceAccountToken"] is False


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_api_is_reached_through_a_kubernetes_service(overlay: str) -> None:
    """SC-13: ClusterIP Service 80 -> port, DomainMapping to the core v1 Service."""
    service = the(overlay, "Service")
    assert service["apiVersion"] == "v1"
    assert service["spec"]["type"] == "ClusterIP"
    assert [(port["port"], port["targetPort"]) for port in service["spec"]["ports"]] == [(80, "http")]
    assert service["spec"]["selector"] == {"app": "scheduler-api"}
    mapping = the(overlay, "DomainMapping")
    assert mapping["spec"]["ref"] == {"apiVersion": "v1", "kind": "Service", "name": "scheduler-api"}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_worker_has_the_time_to_end_and_a_place_for_records(overlay: str) -> None:
    """Flow metrics: SIGTERM loses nothing: the pod is killed after calls have ended and records are written."""
    read = settings(overlay)
    spec = the(overlay, "Deployment", "scheduler-worker")["spec"]["template"]["spec"]
    assert spec["terminationGracePeriodSeconds"] >= read.stop_s + _flush_s() + 5
    [mount] = [mount for mount in container(overlay, "worker")["volumeMounts"] if mount["name"] == "spool"]
    assert Path(mount["mountPath"]) == read.spool_dir
    [volume] = [volume for volume in spec["volumes"] if volume["name"] == "spool"]
    assert int(volume["emptyDir"]["sizeLimit"].removesuffix("Mi")) > read.spool_mb


def _flush_s() -> float:
    """The time that the worker takes for its records at the end."""
    for node in ast.parse((SERVICE / "worker/role.py").read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_FLUSH_S":
            return float(ast.literal_eval(node.value))
    raise AssertionError("worker/role.py has no _FLUSH_S")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_settings_of_an_overlay_are_the_services_own(overlay: str) -> None:
    read = settings(overlay)
    assert read.environment == "production"
    assert read.keys_file is not None
    for role in ROLES:
        mounts = {mount["name"]: Path(mount["mountPath"]) for mount in container(overlay, role)["volumeMounts"]}
        assert read.keys_file.parent == mounts["keys"]
        if read.redis_ca_file:
            assert read.redis_ca_file.parent == mounts["redis-ca"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_secrets_come_from_secrets_that_no_overlay_applies(overlay: str) -> None:
    """SC-13: secrets for REDIS_URL (rediss://) and S3_*; the templates are empty: applied, they would undo them."""
    assert [body for body in rendered(overlay) if body["kind"] == "Secret"] == []
    text = (KIT / "base/secret.yaml").read_text()
    templates = {body["metadata"]["name"]: body["stringData"] for body in yaml.safe_load_all(text)}
    assert {value for data in templates.values() for value in data.values()} == {""}
    assert "SCHEDULER_REDIS_URL=rediss://" in text
    names = {name.removeprefix(_PREFIX).lower() for name in templates["scheduler-secrets"]}
    assert names == {"redis_url", "s3_access_key_id", "s3_secret_access_key", "session_secret"}
    assert names <= set(Settings.model_fields)
    for role in ROLES:
        sources = container(overlay, role)["envFrom"]
        assert {"secretRef": {"name": "scheduler-secrets"}} in sources
        assert {"configMapRef": {"name": the(overlay, "ConfigMap")["metadata"]["name"]}} in sources


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_network_lets_calls_out_to_what_is_public_only(overlay: str) -> None:
    """SC-05: what the guard refuses, the network refuses as well: private addresses and the cloud's metadata."""
    internal = {"10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"}
    for role in ROLES:
        spec = the(overlay, "NetworkPolicy", f"scheduler-{role}")["spec"]
        assert spec["policyTypes"] == ["Ingress", "Egress"]
        assert spec["podSelector"]["matchLabels"] == {"app": f"scheduler-{role}"}
        wide = [
            (peer["ipBlock"], rule["ports"])
            for rule in spec["egress"]
            for peer in rule["to"]
            if peer.get("ipBlock", {}).get("cidr") == "0.0.0.0/0"
        ]
        assert len(wide) == 1
        assert internal <= set(wide[0][0]["except"])
        assert wide[0][1] == [{"protocol": "TCP", "port": 443}]
    worker = the(overlay, "NetworkPolicy", "scheduler-worker")["spec"]["ingress"]
    assert [port["port"] for rule in worker for port in rule["ports"]] == [settings(overlay).worker_port]


def test_the_defaults_are_those_of_the_notes() -> None:
    """SC-15: host scheduler-api., bucket calvin-runtime-scheduler."""
    assert settings("calvinruntime").s3_bucket == Settings.model_fields["s3_bucket"].default
    assert settings("calvinruntime").s3_bucket == "calvin-runtime-scheduler"
    assert the("calvinruntime", "DomainMapping")["metadata"]["name"] == "scheduler-api.calvinruntime.net"
    image = container("calvinruntime", "api")["image"]
    assert image.startswith("registry.digitalocean.com/calvin-apps/scheduler")


def test_everything_can_differ_in_an_overlay() -> None:
    read = settings("own-domain")
    assert read.s3_bucket == "team-a-executions"
    assert read.metrics_retention_days == 90
    assert the("own-domain", "DomainMapping")["metadata"]["name"] == "cron.apps.example.com"
    assert "calvin" not in yaml.safe_dump_all(rendered("own-domain"))


def test_the_image_starts_what_the_manifests_start() -> None:
    """One image: the Dockerfile's ports and command are those of the manifests."""
    text = (SERVICE / "Dockerfile").read_text()
    assert "EXPOSE 8000 8001" in text
    assert 'CMD ["python", "-m", "scheduler", "api"]' in text
    assert {settings(overlay).port for overlay in OVERLAYS} == {8000}
    assert {settings(overlay).worker_port for overlay in OVERLAYS} == {8001}
