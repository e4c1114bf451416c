"""The state of an application, and its differences from the descriptor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from finrag_ml_tg1.operations.deployment.descriptor import read_descriptor
from finrag_ml_tg1.operations.sevalla.client import SevallaClient
from finrag_ml_tg1.operations.sevalla.refusals import PlatformError
from finrag_ml_tg1.operations.sevalla.states import Status, differences_between, read_status
from finrag_ml_tg1.operations.sevalla.targets import find_targets
from tests.sevalla_server import BACKEND_ID, FRONTEND_ID, SevallaServer


def read_statuses(client: SevallaClient, descriptor_path: Path) -> list[Status]:
    return [read_status(client, target) for target in find_targets(client, read_descriptor(descriptor_path))]


def test_applications_as_described_have_no_differences(client: SevallaClient, descriptor_path: Path) -> None:
    statuses = read_statuses(client, descriptor_path)

    assert [(one.target.role, one.state, one.differences) for one in statuses] == [
        ("backend", "running", ()),
        ("frontend", "running", ()),
    ]
    assert differences_between(statuses) == []


@pytest.mark.parametrize(
    ("is_suspended", "deployments", "state"),
    [
        (True, ["success"], "suspended"),
        (True, ["inProgress", "success"], "suspended"),
        (False, ["waiting", "success"], "deploying"),
        (False, ["inProgress"], "deploying"),
        (False, ["failed", "success"], "running"),
        (False, ["failed"], "not running"),
        (False, ["cancelled", "skipped"], "not running"),
        (False, [], "never deployed"),
        (False, ["somethingNew", "success"], "running"),
    ],
)
def test_state_follows_from_suspension_and_deployments(
    client: SevallaClient,
    sevalla: SevallaServer,
    descriptor_path: Path,
    is_suspended: bool,
    deployments: list[str],
    state: str,
) -> None:
    sevalla.applications[BACKEND_ID]["is_suspended"] = is_suspended
    [one] = sevalla.deployments[BACKEND_ID]
    sevalla.deployments[BACKEND_ID] = [one | {"status": status} for status in deployments]

    assert read_statuses(client, descriptor_path)[0].state == state


@pytest.mark.parametrize(
    ("where", "change", "difference"),
    [
        ("process", {"resource_type_name": "h1"}, "size is H1, the descriptor says S2"),
        ("process", {"port": 8080}, "port is 8080, the descriptor says 8000"),
        ("process", {"is_ingress_enabled": True}, "it is public, the descriptor says not: Networking"),
        ("process", {"readiness_probe": None}, "the readiness probe is off, the descriptor says /readyz"),
        ("process", {"liveness_probe": {"tcpSocket": {"port": 8000}}}, "the liveness probe asks for no address"),
        ("process", {"liveness_probe": {"httpGet": {"path": "/health"}}}, "the liveness probe asks for /health"),
        (
            "process",
            {"scaling_strategy": {"type": "manual", "config": {"instanceCount": 3}}},
            "number of instances is 3, the descriptor says 1",
        ),
        (
            "process",
            {"scaling_strategy": {"type": "horizontal", "config": {"minInstanceCount": 1}}},
            "number of instances is not fixed",
        ),
        ("process", {"entrypoint": "uvicorn app:app"}, "the start command is not the descriptor's"),
        ("application", {"auto_deploy": True}, "automatic deployment is on"),
        ("application", {"hibernation_enabled": True}, "hibernation is on"),
        ("application", {"build_type": "nixpacks"}, "build strategy is nixpacks, the descriptor says dockerfile"),
        ("application", {"dockerfile_path": "Dockerfile"}, "Dockerfile is Dockerfile, the descriptor says deploy/"),
    ],
)
def test_each_difference_from_the_descriptor_is_a_line(
    client: SevallaClient,
    sevalla: SevallaServer,
    descriptor_path: Path,
    where: str,
    change: dict[str, Any],
    difference: str,
) -> None:
    place = sevalla.applications[BACKEND_ID] if where == "application" else sevalla.processes[BACKEND_ID][0]
    place |= change

    [found], none = (one.differences for one in read_statuses(client, descriptor_path))

    assert found.startswith(difference)
    assert none == ()


def test_start_command_of_the_descriptor_is_no_difference(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path
) -> None:
    start = read_descriptor(descriptor_path).applications.backend.start
    sevalla.processes[BACKEND_ID][0]["entrypoint"] = f"  {start}\n"

    assert read_statuses(client, descriptor_path)[0].differences == ()


def test_other_kinds_of_processes_do_not_count(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path
) -> None:
    [web] = sevalla.processes[BACKEND_ID]
    sevalla.processes[BACKEND_ID].insert(0, web | {"type": "worker", "resource_type_name": "h1"})

    assert read_statuses(client, descriptor_path)[0].differences == ()


def test_application_without_a_web_process_is_refused(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path
) -> None:
    sevalla.processes[FRONTEND_ID][0]["type"] = "worker"

    with pytest.raises(PlatformError, match="finrag-frontend has 0 web processes"):
        read_statuses(client, descriptor_path)


def test_two_locations_are_told(client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path) -> None:
    sevalla.applications[FRONTEND_ID]["cluster_id"] = "00000000-4281-4bec-94c5-0d1584e9e657"

    [line] = differences_between(read_statuses(client, descriptor_path))

    assert "not in the same location" in line


@pytest.mark.parametrize("field", ["is_suspended", "auto_deploy", "hibernation_enabled"])
def test_answer_without_a_needed_field_is_no_state(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path, field: str
) -> None:
    targets = find_targets(client, read_descriptor(descriptor_path))
    del sevalla.applications[BACKEND_ID][field]

    with pytest.raises(PlatformError, match=field):
        read_status(client, targets[0])


def test_variables_and_deploy_hooks_are_never_asked_for(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path
) -> None:
    read_statuses(client, descriptor_path)

    ends = {one.path.rsplit("/", 1)[-1] for one in sevalla.received}
    assert ends == {"applications", BACKEND_ID, FRONTEND_ID, "processes", "deployments"}
