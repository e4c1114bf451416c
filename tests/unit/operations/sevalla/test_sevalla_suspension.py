"""Suspending and activating: in order, once, waited for; and what is said when something fails or is interrupted."""

from __future__ import annotations

from pathlib import Path

import pytest

from finrag_ml_tg1.operations.deployment.descriptor import read_descriptor
from finrag_ml_tg1.operations.sevalla.client import SevallaClient
from finrag_ml_tg1.operations.sevalla.steps import Ending
from finrag_ml_tg1.operations.sevalla.suspension import Action, change, plan_change
from finrag_ml_tg1.operations.sevalla.targets import find_targets
from tests.sevalla_server import BACKEND_ID, FRONTEND_ID, Fault, SevallaServer
from tests.unit.operations.sevalla.passing_time import PassingTime

BACKEND, FRONTEND = f"/applications/{BACKEND_ID}", f"/applications/{FRONTEND_ID}"


def carry_out(
    client: SevallaClient, descriptor_path: Path, action: Action, said: list[str], wait_s: float = 300
) -> Ending:
    targets = find_targets(client, read_descriptor(descriptor_path))
    return change(client, plan_change(client, targets, action), action, wait_s, said.append)


def suspend_both(sevalla: SevallaServer) -> None:
    for application in sevalla.applications.values():
        application["is_suspended"] = True


def test_front_end_is_suspended_first(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path, said: list[str]
) -> None:
    assert carry_out(client, descriptor_path, "suspend", said) == Ending.DONE

    assert sevalla.sent == [("POST", f"{FRONTEND}/suspend", None), ("POST", f"{BACKEND}/suspend", None)]
    assert said[-2:] == ["finrag-frontend is suspended", "finrag-backend is suspended"]


def test_back_end_is_activated_first(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path, said: list[str]
) -> None:
    suspend_both(sevalla)

    assert carry_out(client, descriptor_path, "activate", said) == Ending.DONE

    assert sevalla.sent == [("POST", f"{BACKEND}/activate", None), ("POST", f"{FRONTEND}/activate", None)]
    assert said[-2:] == ["finrag-backend is running", "finrag-frontend is running"]


def test_what_is_so_already_is_not_asked_for(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path, said: list[str]
) -> None:
    carry_out(client, descriptor_path, "suspend", said)
    before = len(sevalla.sent)

    assert carry_out(client, descriptor_path, "suspend", said) == Ending.DONE
    assert len(sevalla.sent) == before

    sevalla.applications[BACKEND_ID]["is_suspended"] = False
    assert carry_out(client, descriptor_path, "suspend", said) == Ending.DONE
    assert sevalla.sent[before:] == [("POST", f"{BACKEND}/suspend", None)]


def test_it_is_looked_no_oftener_than_the_platform_asks_for(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path, time: PassingTime, said: list[str]
) -> None:
    sevalla.looks_until_changed = 4

    assert carry_out(client, descriptor_path, "suspend", said) == Ending.DONE

    assert set(time.slept) == {10.0}


def test_activation_waits_for_a_deployment_that_it_starts(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path, time: PassingTime, said: list[str]
) -> None:
    suspend_both(sevalla)
    [deployment] = sevalla.deployments[BACKEND_ID]
    deployment["status"] = "inProgress"

    def end_after_30_s() -> None:
        if time.now >= 20:
            deployment["status"] = "success"

    time.on_sleep = end_after_30_s

    assert carry_out(client, descriptor_path, "activate", said) == Ending.DONE
    assert time.now == 30


def test_wait_is_bounded_and_says_what_goes_on(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path, time: PassingTime, said: list[str]
) -> None:
    sevalla.looks_until_changed = 1000

    assert carry_out(client, descriptor_path, "suspend", said, wait_s=35) == Ending.LATE

    assert time.now == 35
    assert "finrag-frontend is still running after 35 s; suspend goes on at Sevalla" in said[-2]
    assert "finrag-backend is still running after 35 s" in said[-1]


@pytest.mark.parametrize("status", [403, 409, 422, 500])
def test_suspension_that_fails_does_not_keep_the_other_running(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path, said: list[str], status: int
) -> None:
    sevalla.faults.append(Fault(f"POST {FRONTEND}/suspend", status))

    assert carry_out(client, descriptor_path, "suspend", said) == Ending.FAILED

    assert [path for _, path, _ in sevalla.sent] == [f"{FRONTEND}/suspend", f"{BACKEND}/suspend"]
    assert said[-3:-1] == ["finrag-frontend is now running", "finrag-backend is now suspended"]
    assert "give the same command again" in said[-1]


def test_same_command_again_does_what_is_left(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path, said: list[str]
) -> None:
    sevalla.faults.append(Fault(f"POST {FRONTEND}/suspend", 500, times=1))
    carry_out(client, descriptor_path, "suspend", said)

    assert carry_out(client, descriptor_path, "suspend", said) == Ending.DONE
    assert [path for _, path, _ in sevalla.sent[2:]] == [f"{FRONTEND}/suspend"]


def test_front_end_is_not_activated_when_the_back_end_cannot_be(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path, said: list[str]
) -> None:
    suspend_both(sevalla)
    sevalla.faults.append(Fault(f"POST {BACKEND}/activate", 409))

    assert carry_out(client, descriptor_path, "activate", said) == Ending.FAILED

    assert [path for _, path, _ in sevalla.sent] == [f"{BACKEND}/activate"]
    assert said[-3:-1] == ["finrag-backend is now suspended", "finrag-frontend is now suspended"]


def test_change_that_was_done_in_spite_of_a_fault_is_seen(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path, said: list[str]
) -> None:
    sevalla.faults.append(Fault(f"POST {FRONTEND}/suspend", 502, is_done=True))

    assert carry_out(client, descriptor_path, "suspend", said) == Ending.FAILED

    assert "whether it was done is not known" in said[0]
    assert "finrag-frontend is now suspended" in said


def test_states_that_cannot_be_read_afterwards_are_said_to_be_so(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path, said: list[str]
) -> None:
    targets = find_targets(client, read_descriptor(descriptor_path))
    steps = plan_change(client, targets, "suspend")
    sevalla.token = "another"

    assert change(client, steps, "suspend", 300, said.append) == Ending.FAILED
    assert said[-3:-1] == [
        "finrag-frontend: how it is now cannot be read; look at the dashboard",
        "finrag-backend: how it is now cannot be read; look at the dashboard",
    ]


def test_interrupted_waiting_says_what_goes_on(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path, time: PassingTime, said: list[str]
) -> None:
    sevalla.looks_until_changed = 1000

    def interrupt() -> None:
        raise KeyboardInterrupt

    time.on_sleep = interrupt

    assert carry_out(client, descriptor_path, "suspend", said) == Ending.INTERRUPTED
    assert said[-2:] == [
        "finrag-frontend: suspend was asked for and goes on at Sevalla: `finrag sevalla status`",
        "finrag-backend: suspend was asked for and goes on at Sevalla: `finrag sevalla status`",
    ]
