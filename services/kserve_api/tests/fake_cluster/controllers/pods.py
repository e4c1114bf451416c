"""Pods of a revision: their objects, and what becomes of them by their image, their secrets and the clock."""

from __future__ import annotations

from hashlib import md5
from typing import Any

from kserve_api.tests.fake_cluster.controllers.configuration import child_name
from kserve_api.tests.fake_cluster.controllers.platform import Platform, owner

Object = dict[str, Any]

SLOW_START_S = 30
_QUEUE_PROXY = {
    "name": "queue-proxy",
    "image": "gcr.io/knative-releases/knative.dev/serving/cmd/queue",
    "ports": [{"containerPort": 8012, "name": "queue-port"}],
    "resources": {"requests": {"cpu": "25m"}},
}


def start(platform: Platform, owned_by: Object, labels: dict[str, str], spec: Object, stem: str) -> Object:
    """Create one pod; `spec` is that of a revision or of a Deployment's template, its images resolved."""
    platform.pods_made += 1
    suffix = md5(str(platform.pods_made).encode(), usedforsecurity=False).hexdigest()[:5]
    metadata = owned_by["metadata"]
    digest = md5(metadata["uid"].encode(), usedforsecurity=False).hexdigest()[:10]
    pod = platform.store.create(
        "pods",
        {
            "metadata": {
                "name": f"{stem}-{digest}-{suffix}",
                "namespace": metadata["namespace"],
                "labels": {**labels, "pod-template-hash": digest},
                "ownerReferences": [owner(owned_by)],
            },
            "spec": {**spec, "serviceAccountName": spec.get("serviceAccountName", "default"), "nodeName": "node-1"},
            "status": {"phase": "Pending", "startTime": platform.clock.stamp()},
        },
    )
    return refresh(platform, pod)


def start_of_revision(platform: Platform, revision: Object) -> Object:
    metadata = revision["metadata"]
    digests = {item["name"]: item["imageDigest"] for item in revision["status"]["containerStatuses"]}
    containers = []
    for container in revision["spec"]["containers"]:
        ports = container.get("ports") or [{"containerPort": 8080}]
        knative_env = {
            "PORT": str(ports[0]["containerPort"]),
            "K_REVISION": metadata["name"],
            "K_CONFIGURATION": metadata["labels"]["serving.knative.dev/configuration"],
            "K_SERVICE": metadata["labels"]["serving.knative.dev/service"],
        }
        env = [*container.get("env", []), *({"name": key, "value": value} for key, value in knative_env.items())]
        image = digests[container["name"]]
        containers.append({**container, "image": image, "ports": [{"name": "user-port", **ports[0]}], "env": env})
    spec = {**revision["spec"], "containers": [*containers, _QUEUE_PROXY]}
    for knative_only in ("containerConcurrency", "timeoutSeconds", "responseStartTimeoutSeconds"):
        spec.pop(knative_only, None)
    labels = {
        **metadata["labels"],
        "app": metadata["name"],
        "serving.knative.dev/revision": metadata["name"],
        "serving.knative.dev/revisionUID": metadata["uid"],
    }
    return start(platform, revision, labels, spec, child_name(metadata["name"], "-deployment"))


def refresh(platform: Platform, pod: Object) -> Object:
    """Bring the pod's status up to date."""
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    container = pod["spec"]["containers"][0]
    state, ready = _container_state(platform, pod, container)
    running = "running" in state["state"]
    statuses = [{"name": container["name"], "image": container["image"], "ready": ready, **state}]
    for sidecar in pod["spec"]["containers"][1:]:
        up = {"running": {"startedAt": pod["status"]["startTime"]}}
        statuses.append(
            {"name": sidecar["name"], "image": sidecar["image"], "ready": ready, "restartCount": 0, "state": up}
        )
    pod["status"] |= {
        "phase": "Running" if running or state["restartCount"] else "Pending",
        "podIP": "10.0.0.1",
        "qosClass": "Burstable",
        "containerStatuses": statuses,
        "conditions": [
            {"type": "PodScheduled", "status": "True"},
            {"type": "Initialized", "status": "True"},
            {"type": "ContainersReady", "status": str(ready), **({} if ready else {"reason": "ContainersNotReady"})},
            {"type": "Ready", "status": str(ready), **({} if ready else {"reason": "ContainersNotReady"})},
        ],
    }
    if running and (namespace, name, container["name"]) not in platform.logs:
        port = (container.get("ports") or [{"containerPort": 8080}])[0]["containerPort"]
        platform.logs[namespace, name, container["name"]] = ["starting", f"listening on 0.0.0.0:{port}"]
    return platform.store.set_status("pods", namespace, name, pod["status"])


def _container_state(platform: Platform, pod: Object, container: Object) -> tuple[Object, bool]:
    """Container status without its name, and whether it is ready."""
    missing = _missing_secret(platform, pod, container)
    if missing:
        return _waiting("CreateContainerConfigError", missing), False
    started = pod["status"]["startTime"]
    running: Object = {"restartCount": 0, "started": True, "state": {"running": {"startedAt": started}}}
    match platform.registry.behaviour(container["image"]):
        case "broken-pull":
            platform.event(pod, "Failed", f'Failed to pull image "{container["image"]}": not found')
            return _waiting("ImagePullBackOff", f'Back-off pulling image "{container["image"]}"'), False
        case "crash":
            return _crashed(platform, pod, container), False
        case "wrong-port":
            why = "Readiness probe failed: dial tcp 10.0.0.1:8080: connect: connection refused"
            platform.event(pod, "Unhealthy", why)
            return running, False
        case "slow":
            return running, platform.clock.age_s(started) >= SLOW_START_S
        case _:
            return running, True


def _waiting(reason: str, message: str) -> Object:
    return {"restartCount": 0, "started": False, "state": {"waiting": {"reason": reason, "message": message}}}


def _crashed(platform: Platform, pod: Object, container: Object) -> Object:
    place = (pod["metadata"]["namespace"], pod["metadata"]["name"], container["name"])
    lines = ["starting", "RuntimeError: DATABASE_URL is not set"]
    platform.logs[place] = lines
    platform.previous_logs[place] = lines
    message = f"back-off 40s restarting failed container={container['name']} pod={pod['metadata']['name']}"
    ended = {"exitCode": 1, "reason": "Error", "message": lines[-1], "finishedAt": platform.clock.stamp()}
    return _waiting("CrashLoopBackOff", message) | {"restartCount": 3, "lastState": {"terminated": ended}}


def _missing_secret(platform: Platform, pod: Object, container: Object) -> str:
    namespace = pod["metadata"]["namespace"]
    for variable in container.get("env", []):
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        if reference is None or reference.get("optional"):
            continue
        secret = platform.store.find("secrets", namespace, reference["name"])
        if secret is None:
            return f'secret "{reference["name"]}" not found'
        if reference["key"] not in secret.get("data", {}):
            return f"couldn't find key {reference['key']} in Secret {namespace}/{reference['name']}"
    return ""
