"""Deploying on demand: refused where it would surprise, in order, followed to its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from finrag_ml_tg1.operations.deployment.descriptor import read_descriptor
from finrag_ml_tg1.operations.sevalla.client import SevallaClient
from finrag_ml_tg1.operations.sevalla.deploying import deploy, plan_deployment
from finrag_ml_tg1.operations.sevalla.refusals import PlatformError
from finrag_ml_tg1.operations.sevalla.steps import Ending, Step
from finrag_ml_tg1.operations.sevalla.targets import find_targets
from tests.sevalla_server import BACKEND_ID, FRONTEND_ID, Fault, SevallaServer
from tests.unit.operations.sevalla.passing_time import PassingTime

BACKEND, FRONTEND = f"/applications/{BACKEND_ID}/deployments", f"/applications/{FRONTEND_ID}/deployments"
Plan = Callable[..., list[Step]]


@pytest.fixture
def plan(client: SevallaClient, descriptor_path: Path) -> Plan:
    def planned(*, is_restart: bool = False, branch: str | None = None) -> list[Step]:
        targets = find_targets(client, read_descriptor(descriptor_path))
        return plan_deployment(client, targets, is_restart=is_restart, branch=branch)

    return planned


@pytest.mark.parametrize(
    ("is_restart", "branch", "body"),
    [
        (False, None, {"is_restart": False}),
        (True, None, {"is_restart": True}),
        (False, "release", {"is_restart": False, "branch": "release"}),
    ],
)
def test_back_end_is_deployed_first_and_each_to_its_end(
    client: SevallaClient,
    sevalla: SevallaServer,
    plan: Plan,
    said: list[str],
    *,
    is_restart: bool,
    branch: str | None,
    body: dict[str, object],
) -> None:
    steps = plan(is_restart=is_restart, branch=branch)

    assert deploy(client, steps, 1800, said.append) == Ending.DONE

    assert sevalla.sent == [("POST", BACKEND, body), ("POST", FRONTEND, body)]
    paths = [one.path for one in sevalla.received]
    looks = [position for position, path in enumerate(paths) if path.startswith(f"{BACKEND}/")]
    assert max(looks) < max(position for position, path in enumerate(paths) if path == FRONTEND)
    ended = [line for line in said if "success" in line]
    assert ended == [
        f'{name}: success after 200 s from 2026-11-20 10:00 UTC, main 0123456789 "Say what is deployed"'
        for name in ("finrag-backend", "finrag-frontend")
    ]


def test_stages_are_said_once_each(client: SevallaClient, sevalla: SevallaServer, plan: Plan, said: list[str]) -> None:
    sevalla.stages = ["waiting", "inProgress", "success"]

    deploy(client, plan()[:1], 1800, said.append)

    assert [line.rsplit(" ", 1)[-1] for line in said[:-1]] == ["inProgress"]


@pytest.mark.parametrize("outcome", ["failed", "cancelled", "skipped"])
def test_deployment_without_success_ends_the_rest(
    client: SevallaClient, sevalla: SevallaServer, plan: Plan, said: list[str], outcome: str
) -> None:
    sevalla.stages = ["waiting", outcome]

    assert deploy(client, plan(), 1800, said.append) == Ending.FAILED

    assert [path for _, path, _ in sevalla.sent] == [BACKEND]
    assert said[-2].startswith(f"finrag-backend: {outcome} after 200 s")
    assert said[-1] == "finrag-frontend is left as it is: nothing was sent"


@pytest.mark.parametrize("status", ["inProgress", "somethingNew"])
def test_deployment_that_does_not_end_is_waited_for_no_longer_than_said(
    client: SevallaClient, sevalla: SevallaServer, plan: Plan, time: PassingTime, said: list[str], status: str
) -> None:
    sevalla.stages = [status]

    assert deploy(client, plan(), 45, said.append) == Ending.LATE

    assert time.now == 45
    assert len(sevalla.sent) == 1
    assert f"is still {status} after 45 s and goes on" in said[-2]


@pytest.mark.parametrize(
    ("faults", "ending"),
    [
        ([Fault(f"POST {BACKEND}", 500)], Ending.FAILED),
        ([Fault(f"POST {BACKEND}", 201, body=b"created")], Ending.FAILED),
        ([Fault(f"GET {BACKEND}/.*", 404)], Ending.FAILED),
        ([Fault(f"GET {BACKEND}/.*", 429, times=2)], Ending.DONE),
    ],
)
def test_fault_ends_what_is_left_and_never_sends_twice(
    client: SevallaClient, sevalla: SevallaServer, plan: Plan, said: list[str], faults: list[Fault], ending: Ending
) -> None:
    sevalla.faults = faults

    assert deploy(client, plan(), 1800, said.append) == ending

    assert [path for _, path, _ in sevalla.sent] == ([BACKEND] if ending else [BACKEND, FRONTEND])


def test_interrupted_following_says_what_goes_on(
    client: SevallaClient, sevalla: SevallaServer, plan: Plan, time: PassingTime, said: list[str]
) -> None:
    sevalla.stages = ["inProgress"]

    def interrupt() -> None:
        raise KeyboardInterrupt

    time.on_sleep = interrupt

    assert deploy(client, plan(), 1800, said.append) == Ending.INTERRUPTED

    started = sevalla.deployments[BACKEND_ID][0]["id"]
    assert said[-2].startswith(f"finrag-backend: deployment {started} goes on at Sevalla")
    assert said[-1] == "finrag-frontend is left as it is: nothing was sent"


@pytest.mark.parametrize("application_id", [BACKEND_ID, FRONTEND_ID])
def test_deploying_is_refused_while_each_push_deploys(sevalla: SevallaServer, plan: Plan, application_id: str) -> None:
    sevalla.applications[application_id]["auto_deploy"] = True

    for is_restart in (True, False):
        with pytest.raises(PlatformError, match=r"automatic deployment.*switch it off.*Settings > Source"):
            plan(is_restart=is_restart)


def test_suspended_application_is_not_deployed(sevalla: SevallaServer, plan: Plan) -> None:
    sevalla.applications[FRONTEND_ID]["is_suspended"] = True

    with pytest.raises(PlatformError, match=r"finrag-frontend is suspended.*activate --yes"):
        plan()


@pytest.mark.parametrize("status", ["waiting", "inProgress"])
def test_second_deployment_is_not_started_beside_one_under_way(sevalla: SevallaServer, plan: Plan, status: str) -> None:
    sevalla.deployments[BACKEND_ID][0]["status"] = status

    with pytest.raises(PlatformError, match="finrag-backend is being deployed"):
        plan()


def test_restart_needs_an_image(sevalla: SevallaServer, plan: Plan) -> None:
    sevalla.deployments[BACKEND_ID][0]["status"] = "failed"

    with pytest.raises(PlatformError, match=r"nothing to restart: leave out --restart"):
        plan(is_restart=True)
    assert len(plan()) == 2
