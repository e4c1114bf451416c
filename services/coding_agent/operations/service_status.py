"""How the service stands: tasks, targets, queue, deployments and alarms, a line each."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from coding_agent.operations.doctor.aws_deployment import Deployment

__all__ = ["queue_lines", "service_lines"]

_TIMEOUT_S = 5.0
_DEPLOYMENTS = 3
_QUEUE = ("coding_agent_jobs{", "coding_agent_queue_depth", "coding_agent_oldest_pending")


def service_lines(deployment: Deployment) -> Iterator[str]:
    """Yield what AWS knows. Raises ClientError or BotoCoreError."""
    service = deployment.service
    if service is None:
        yield f"service      there is none named {deployment.name}: run terraform apply with image_digests"
    else:
        definition = service["taskDefinition"].rpartition("/")[2]
        yield f"service      {service['serviceName']}: {service['status']}, {definition}"
        counts = f"{service['runningCount']} of {service['desiredCount']} run, {service['pendingCount']} start"
        yield f"tasks        {counts}"
        targets = deployment.targets()
        healthy = sum(state == "healthy" for state, _ in targets)
        why = sorted({why or state for state, why in targets if state != "healthy"})
        yield f"targets      {healthy} of {len(targets)} healthy{': ' + '; '.join(why) if why else ''}"
        for each in service.get("deployments", [])[:_DEPLOYMENTS]:
            state = each.get("rolloutState") or "state not told"
            reason = f", {each['rolloutStateReason']}" if each.get("rolloutStateReason") else ""
            yield f"deployment   {each['createdAt']:%Y-%m-%d %H:%M} {each['status']} {state}{reason}"
    alarms = deployment.alarms.describe_alarms(AlarmNamePrefix=deployment.name)["MetricAlarms"]
    if not alarms:
        yield "alarms       there are none"
    for alarm in sorted(alarms, key=lambda each: (each["StateValue"] != "ALARM", each["AlarmName"])):
        yield f"alarm        {alarm['StateValue']:<17} {alarm['AlarmName']}"


def queue_lines(url: str, api_key: str | None) -> Iterator[str]:
    """Yield what the agent itself says of its readiness and its queue."""
    try:
        ready = httpx.get(f"{url}/readyz", timeout=_TIMEOUT_S)
        yield f"ready        {'yes' if ready.status_code == 200 else f'no ({ready.status_code})'}"
        headers = {"X-API-Key": api_key} if api_key else {}
        metrics = httpx.get(f"{url}/metrics", headers=headers, timeout=_TIMEOUT_S)
    except httpx.HTTPError as error:
        yield f"queue        not known: {url} does not answer ({type(error).__name__})"
        return
    if metrics.status_code != 200:
        yield f"queue        not known: GET /metrics answers {metrics.status_code}; set CODING_AGENT_API_KEY"
        return
    for line in metrics.text.splitlines():
        if line.startswith(_QUEUE):
            name, _, value = line.rpartition(" ")
            yield f"queue        {name.removeprefix('coding_agent_')}: {float(value):g}"
