"""Deploying the applications on demand, the back end first; what would surprise is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from finrag_ml_tg1.operations.sevalla.client import Request, SevallaClient
from finrag_ml_tg1.operations.sevalla.refusals import PlatformError
from finrag_ml_tg1.operations.sevalla.shapes import Deployment
from finrag_ml_tg1.operations.sevalla.steps import Ending, Step
from finrag_ml_tg1.operations.sevalla.targets import Target
from finrag_ml_tg1.operations.sevalla.waiting import Deadline, wait_for

__all__ = ["deploy", "plan_deployment", "told_deployment"]


def plan_deployment(
    client: SevallaClient, targets: Sequence[Target], *, is_restart: bool, branch: str | None = None
) -> list[Step]:
    """Return the steps, the back end first; changes nothing.

    Raises PlatformError when automatic deployment is on (a push would deploy as well), when an application is suspended
    (what the platform does then is not documented), when a deployment is under way, and when there is no image to
    restart.
    """
    for target in targets:
        _check(client, target, is_restart=is_restart)
    body: dict[str, object] = {"is_restart": is_restart} | ({"branch": branch} if branch else {})
    return [Step(target, Request("POST", f"/applications/{target.id}/deployments", body)) for target in targets]


def deploy(client: SevallaClient, steps: Sequence[Step], wait_s: float, say: Callable[[str], None]) -> Ending:
    """Deploy one application after the other, each followed to its end; the first that fails ends the rest."""
    deadline = Deadline(client.clock, wait_s)
    under_way = ""
    for position, step in enumerate(steps):
        assert step.request is not None, "a deployment is always sent"
        name = step.target.name
        try:
            under_way = f"{name}: its deployment was asked for"
            started = client.deploy(step.request)
            under_way = f"{name}: deployment {started.id}"
            ended = _follow(client, step.target, started, deadline, say)
        except KeyboardInterrupt:
            say(f"{under_way} goes on at Sevalla; `finrag sevalla status`, or stop it there: Deployments > Cancel")
            _tell_rest(steps[position + 1 :], say)
            return Ending.INTERRUPTED
        except PlatformError as error:
            say(f"{name}: {error}")
            _tell_rest(steps[position + 1 :], say)
            return Ending.FAILED
        if ended.status != "success":
            if ended.has_ended:
                say(f"{name}: {told_deployment(ended)}; what it said is at Deployments in the dashboard")
            else:
                say(f"{under_way} is still {ended.status} after {wait_s:g} s and goes on: `finrag sevalla status`")
            _tell_rest(steps[position + 1 :], say)
            return Ending.FAILED if ended.has_ended else Ending.LATE
        say(f"{name}: {told_deployment(ended)}")
    return Ending.DONE


def told_deployment(deployment: Deployment) -> str:
    """Return a deployment in some words: how it ended, when, and of which commit."""
    parts = [deployment.status or "status not told"]
    if deployment.finished_at is not None:
        parts.append(f"after {(deployment.finished_at - deployment.created_at).total_seconds():.0f} s")
    parts.append(f"from {deployment.created_at:%Y-%m-%d %H:%M} UTC")
    commit = " ".join(part for part in (deployment.branch, (deployment.commit_sha or "")[:10]) if part)
    message = f' "{deployment.commit_message}"' if deployment.commit_message else ""
    return " ".join(parts) + (f", {commit}{message}" if commit else "")


def _check(client: SevallaClient, target: Target, *, is_restart: bool) -> None:
    application = client.application(target.id)
    if application.auto_deploy:
        raise PlatformError(
            f"automatic deployment of {target.name} is on, so that each push deploys and costs a build: switch it off "
            "first: Settings > Source in the dashboard"
        )
    if application.is_suspended:
        raise PlatformError(f"{target.name} is suspended: `finrag sevalla activate --yes` first")
    deployments = client.deployments(target.id)
    if deployments and deployments[0].is_under_way:
        raise PlatformError(f"{target.name} is being deployed ({deployments[0].id}): wait until that has ended")
    if is_restart and not any(deployment.status == "success" for deployment in deployments):
        raise PlatformError(f"{target.name} was never deployed, so there is nothing to restart: leave out --restart")


def _follow(
    client: SevallaClient, target: Target, started: Deployment, deadline: Deadline, say: Callable[[str], None]
) -> Deployment:
    told: list[str | None] = []

    def look() -> Deployment:
        deployment = client.deployment(target.id, started.id)
        if deployment.status not in told[-1:] and not deployment.has_ended:
            told.append(deployment.status)
            say(f"{target.name}: deployment {started.id} is {deployment.status}")
        return deployment

    return wait_for(look, lambda deployment: deployment.has_ended, deadline, client.clock)


def _tell_rest(steps: Sequence[Step], say: Callable[[str], None]) -> None:
    for step in steps:
        say(f"{step.target.name} is left as it is: nothing was sent")
