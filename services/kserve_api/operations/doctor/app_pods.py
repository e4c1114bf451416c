"""Why an app does not start: its pods, from the scheduler over the image to the port, and its last lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kserve_api.apps.app import CONTAINER
from kserve_api.cluster.cluster import LogQuery, Object
from kserve_api.cluster.resources import EVENT
from kserve_api.errors import ClusterError
from kserve_api.operations.doctor.app_target import AppTarget, container_status
from kserve_api.operations.doctor.conditions import condition, has_condition, said
from kserve_api.operations.doctor.finding import Check, Finding, State, fail, ok, unknown, warn

__all__ = ["app_pod_checks"]

_LINES = 50
_SHOWN_EVENTS = 5
_STARTING_S = 15.0
_PULL_REASONS = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
_CONFIG_REASONS = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
_EXIT_CODES = {
    0: "it ended by itself; a server must go on",
    1: "the program ended with an error",
    126: "its command is not executable, or for another processor",
    127: "its command is not in the image",
    137: "it was killed (out of memory, if the reason says so)",
    139: "it crashed (segmentation fault)",
    143: "it was told to end",
}
_BAD_REQUEST = 400


def app_pod_checks(app: AppTarget) -> Sequence[Check]:
    """Return the checks of the app's pods."""
    where = f"-n {app.namespace}"
    pods = f"kubectl get pods {where} -l {app.label}"
    logs = f"kubectl logs {where} -l {app.label} -c {CONTAINER} --tail {_LINES}"
    return (
        Check("pods", lambda: _pods(app), pods),
        Check("image", lambda: _image(app), f"kubectl describe pods {where} -l {app.label}"),
        Check("container", lambda: _container(app), f"kubectl describe pods {where} -l {app.label}"),
        Check("port", lambda: _port(app), pods),
        Check("events", lambda: _events(app), f"kubectl get events {where} --field-selector type=Warning"),
        Check("log", lambda: _log(app), logs),
    )


async def _pods(app: AppTarget) -> Sequence[Finding]:
    pods = await app.pods()
    if not pods:
        revision = await app.newest_revision()
        if revision is not None and has_condition(revision, "Ready", "True"):
            return [ok("no pods: scaled to zero, the next request starts one")]
        return [
            fail(
                "no pods, and the newest revision is not ready",
                "see why none can be made (quota, image, secret)",
                f"kubectl describe deployments,replicasets -n {app.namespace} -l {app.label}",
            )
        ]
    waiting = [pod for pod in pods if has_condition(pod, "PodScheduled", "False")]
    found = [
        fail(
            f"{_name(pod)} has no node{said(condition(pod, 'PodScheduled'))}",
            "ask for less cpu and memory, or add a node",
            f"kubectl describe pod {_name(pod)} -n {app.namespace}",
        )
        for pod in waiting
    ]
    ready = sum(has_condition(pod, "Ready", "True") for pod in pods)
    return found or [ok(f"pods: {len(pods)}, ready: {ready}")]


async def _image(app: AppTarget) -> Sequence[Finding]:
    pods = await app.pods()
    found: list[Finding] = []
    for pod in pods:
        waiting = (container_status(pod).get("state") or {}).get("waiting") or {}
        if waiting.get("reason") in _PULL_REASONS:
            found.append(
                fail(
                    f"{_name(pod)} cannot pull its image{said(waiting)}",
                    "see whether the tag exists and the registry lets this cluster in; give a private registry's "
                    "secret as image_pull_secret",
                    f"kubectl describe pod {_name(pod)} -n {app.namespace}",
                )
            )
    if found or pods:
        return found or [ok("pulled")]
    return [unknown("no pods: nothing is pulled now")]


async def _container(app: AppTarget) -> Sequence[Finding]:
    pods = await app.pods()
    found = [finding for pod in pods if (finding := _ended(app, pod)) is not None]
    if found or pods:
        return found or [ok("no container has ended")]
    return [unknown("no pods: no container runs now")]


def _ended(app: AppTarget, pod: Object) -> Finding | None:
    status = container_status(pod)
    state = status.get("state") or {}
    waiting = state.get("waiting") or {}
    if waiting.get("reason") in _CONFIG_REASONS:
        return fail(
            f"the container of {_name(pod)} cannot be made{said(waiting)}",
            "see whether the secret and the command it names are there",
            f"kubectl describe pod {_name(pod)} -n {app.namespace}",
        )
    last = state.get("terminated") or (status.get("lastState") or {}).get("terminated")
    if not last:
        return None
    code, reason = int(last.get("exitCode", 0)), last.get("reason", "")
    meaning = "it used more memory than its limit" if reason == "OOMKilled" else _EXIT_CODES.get(code, "see its log")
    fix = "give it more memory (resources or size)" if reason == "OOMKilled" else "see its last lines below"
    text = f"the container of {_name(pod)} ended with exit code {code} ({reason or 'no reason given'}): {meaning}"
    count = int(status.get("restartCount", 0))
    command = f"kubectl logs {_name(pod)} -n {app.namespace} -c {CONTAINER} --previous --tail {_LINES}"
    finding = warn if state.get("running") and has_condition(pod, "Ready", "True") else fail
    return finding(f"{text}; restarts: {count}", fix, command)


async def _port(app: AppTarget) -> Sequence[Finding]:
    port = await app.port()
    found: list[Finding] = []
    running = False
    for pod in await app.pods():
        started = ((container_status(pod).get("state") or {}).get("running") or {}).get("startedAt")
        if started is None:
            continue
        running = True
        if has_condition(pod, "Ready", "True"):
            continue
        age_s = (app.around.now() - datetime.fromisoformat(started)).total_seconds()
        text = f"{_name(pod)} has run for {age_s:.0f} s, but is not ready: nothing answers on port {port}"
        command = f"kubectl port-forward pod/{_name(pod)} -n {app.namespace} {port}:{port}"
        if age_s < _STARTING_S:
            found.append(warn(text, "it may be starting: wait", command))
        else:
            fix = "let the program listen on 0.0.0.0 at $PORT, or deploy it with the port that it listens at"
            found.append(fail(text, fix, command))
    if not running:
        return [unknown("no container runs now, so none can answer")]
    return found or [ok(f"it answers on port {port}")]


async def _events(app: AppTarget) -> Sequence[Finding]:
    own = {app.name, f"{app.name}-predictor", *await app.hosts()}
    warnings = [
        event
        for event in (await app.around.cluster.list(EVENT, app.namespace)).items
        if event.get("type") == "Warning"
        and ((name := _about(event)) in own or name.startswith(f"{app.name}-predictor-"))
    ]
    if not warnings:
        return [ok("no warnings about its objects (events are kept for about an hour)")]
    warnings.sort(key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    lines = [f"{event.get('reason')}: {event.get('message')}" for event in warnings[-_SHOWN_EVENTS:]]
    command = f"kubectl get events -n {app.namespace} --field-selector type=Warning"
    text = "the last warnings about its objects:"
    return [Finding(State.WARN, text, "see the checks above", command, lines)]


def _about(event: Object) -> str:
    return str((event.get("involvedObject") or {}).get("name", ""))


async def _log(app: AppTarget) -> Sequence[Finding]:
    pods = await app.pods()
    if not pods:
        return [unknown("no pods, so no log; a request starts one")]
    pod = pods[0]
    found = [await _lines(app, pod, previous=False)]
    if int(container_status(pod).get("restartCount", 0)) > 0:
        found.append(await _lines(app, pod, previous=True))
    return found


async def _lines(app: AppTarget, pod: Object, *, previous: bool) -> Finding:
    whose = f"the previous container of {_name(pod)}" if previous else _name(pod)
    query = LogQuery(tail_lines=_LINES, container=CONTAINER, previous=previous)
    try:
        text = await app.around.cluster.logs(app.namespace, _name(pod), query)
    except ClusterError as error:
        if error.status != _BAD_REQUEST:
            raise
        return unknown(f"{whose} has no log: its container has not started")
    lines = text.splitlines()
    return Finding(State.OK, f"last {len(lines)} lines of {whose}", lines=lines)


def _name(pod: Object) -> str:
    return str(pod["metadata"]["name"])
