"""`finrag sevalla`: nothing is sent without --yes, the key is never shown, and programs can read the status."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.cli import main
from tests.sevalla_server import BACKEND_ID, FRONTEND_ID, Fault, SevallaServer, serving_sevalla
from tests.unit.operations.sevalla.matching_descriptor import write_descriptor
from tests.unit.operations.sevalla.passing_time import PassingTime
from tests.unit.operations.slow_git import put_slow_git

Run = Callable[..., Result]


def invoke(server: SevallaServer, descriptor: Path, *arguments: str) -> Result:
    environment = {"SEVALLA_API_URL": server.url, "SEVALLA_API_TOKEN": server.token}
    full = ["sevalla", arguments[0], "--descriptor", str(descriptor), *arguments[1:]]
    return CliRunner().invoke(main, full, env=environment, obj=PassingTime().clock)


@pytest.fixture
def run(sevalla: SevallaServer, descriptor_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(descriptor_path.parent)
    return lambda *arguments: invoke(sevalla, descriptor_path, *arguments)


def test_status_shows_both_applications(run: Run, sevalla: SevallaServer) -> None:
    result = run("status")

    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[:5] == [
        f"finrag-backend (backend, {BACKEND_ID}): running",
        "  size S2 (1 CPU, 2048 MB), 1 instance, port 8000, not public, automatic deployment off",
        "  probes: readiness /readyz, liveness /livez",
        "  internal hostname: finrag-backend-k3j4h-web.finrag-backend-k3j4h.svc.cluster.local",
        '  last deployment: success after 200 s from 2026-11-20 10:00 UTC, main 0123456789 "Say what is deployed"',
    ]
    assert f"finrag-frontend (frontend, {FRONTEND_ID}): running" in result.output
    assert sevalla.sent == []


def test_status_tells_differences_and_what_is_missing(run: Run, sevalla: SevallaServer) -> None:
    sevalla.processes[BACKEND_ID][0]["resource_type_name"] = "h1"
    del sevalla.applications[FRONTEND_ID]

    result = run("status")

    assert result.exit_code == 1
    assert "  → size is H1, the descriptor says S2" in result.output
    assert "finrag-frontend: there is no such application" in result.output


def test_status_for_programs_holds_the_same(run: Run, sevalla: SevallaServer) -> None:
    sevalla.applications[BACKEND_ID]["auto_deploy"] = True
    sevalla.deployments[FRONTEND_ID] = []

    result = run("status", "--json")

    content = json.loads(result.output)
    backend, frontend = content["applications"]
    assert result.exit_code == 1
    assert (backend["name"], backend["state"], backend["size"], backend["instances"]) == (
        "finrag-backend",
        "running",
        "s2",
        1,
    )
    assert (backend["public"], frontend["public"], backend["auto_deploy"]) == (False, True, True)
    assert (backend["readiness"], backend["liveness"]) == ("/readyz", "/livez")
    assert backend["deployment"]["status"] == "success"
    assert (frontend["state"], frontend["deployment"]) == ("never deployed", None)
    assert len(backend["differences"]) == 1
    assert (content["missing"], content["differences"]) == ([], [])


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (
            ["suspend"],
            [
                f"would send for finrag-frontend: POST /applications/{FRONTEND_ID}/suspend",
                f"would send for finrag-backend: POST /applications/{BACKEND_ID}/suspend",
            ],
        ),
        (
            ["deploy", "--restart", "--app", "finrag-backend"],
            [f'would send for finrag-backend: POST /applications/{BACKEND_ID}/deployments {{"is_restart": true}}'],
        ),
    ],
)
def test_without_yes_the_requests_are_shown_and_not_sent(
    run: Run, sevalla: SevallaServer, arguments: list[str], shown: list[str]
) -> None:
    result = run(*arguments)

    assert (result.exit_code, result.stdout.splitlines()) == (0, [*shown, "Nothing was sent: add --yes"])
    assert sevalla.sent == []


def test_what_is_shown_is_what_is_sent(run: Run, sevalla: SevallaServer) -> None:
    shown = [line.split(": ", 1)[1] for line in run("deploy").stdout.splitlines() if line.startswith("would send")]

    assert run("deploy", "--yes").exit_code == 0
    assert [f"{method} {path} {json.dumps(body)}" for method, path, body in sevalla.sent] == shown


@pytest.mark.parametrize("options", [[], ["--yes"]])
def test_what_is_active_already_is_said_and_not_sent(run: Run, sevalla: SevallaServer, options: list[str]) -> None:
    result = run("activate", *options)

    assert (result.exit_code, result.stdout.splitlines()) == (
        0,
        ["finrag-backend is active already: nothing is sent", "finrag-frontend is active already: nothing is sent"],
    )
    assert sevalla.sent == []


def test_suspend_and_activate_with_yes(run: Run, sevalla: SevallaServer) -> None:
    assert run("suspend", "--yes").exit_code == 0
    assert "finrag-backend (backend, " + BACKEND_ID + "): suspended" in run("status").output
    assert run("activate", "--yes", "--app", BACKEND_ID).exit_code == 0
    assert sevalla.applications[FRONTEND_ID]["is_suspended"]
    assert not sevalla.applications[BACKEND_ID]["is_suspended"]


@pytest.mark.parametrize("command", ["suspend", "activate", "deploy"])
def test_failure_is_exit_code_2(run: Run, sevalla: SevallaServer, command: str) -> None:
    sevalla.applications[BACKEND_ID]["is_suspended"] = command == "activate"
    sevalla.faults.append(Fault("POST .*", 500))

    assert run(command, "--yes").exit_code == 2


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "SEVALLA_API_TOKEN is not set"),
        ({"SEVALLA_API_URL": "http://api.sevalla.com/v3"}, "SEVALLA_API_URL"),
        ({"SEVALLA_API_URL": "ftp://localhost/v3"}, "SEVALLA_API_URL"),
    ],
)
def test_setting_that_is_missing_or_wrong_is_one_line(
    sevalla: SevallaServer,
    descriptor_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str | None],
    words: str,
) -> None:
    monkeypatch.chdir(descriptor_path.parent)

    result = CliRunner().invoke(
        main,
        ["sevalla", "status", "--descriptor", str(descriptor_path)],
        env={"SEVALLA_API_TOKEN": None, **environment},
    )

    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert sevalla.received == []


def test_restart_takes_no_branch(run: Run, sevalla: SevallaServer) -> None:
    assert run("deploy", "--restart", "--branch", "main").exit_code == 2
    assert sevalla.received == []


def test_build_of_what_is_not_pushed_is_warned_about(
    run: Run, descriptor_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, remote = descriptor_path.parent, str(tmp_path_factory.mktemp("remote"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *arguments], cwd=folder, env=environment, check=True, capture_output=True)

    assert run("deploy").stderr == ""  # no checkout: nothing can be said
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "one")
    assert "1 commits of main are on no branch of a remote: the platform builds what was pushed" in run("deploy").stderr
    assert run("deploy", "--restart").stderr == ""
    git("init", "-q", "--bare", remote)
    git("push", "-q", remote, "main")
    git("remote", "add", "origin", remote)
    git("fetch", "-q", "origin")
    assert run("deploy").stderr == ""
    descriptor_path.write_text(descriptor_path.read_text() + "\n# changed\n")
    assert run("deploy").stderr == "note: 1 files are not committed: the platform builds what was pushed\n"


def test_git_that_is_too_slow_does_not_hold_up_a_deployment(
    run: Run, descriptor_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_slow_git(descriptor_path.parent, monkeypatch)
    ended = run("deploy")
    assert ended.exit_code == 0
    assert ended.stderr.startswith("note: whether all is pushed is not known: `git status` did not end within")


FAULTS = [
    [],
    [Fault("GET .*/deployments", 500)],
    [Fault("GET .*", 403)],
    [Fault("POST .*", 401)],
    [Fault("POST .*", 422)],
    [Fault("POST .*", 500)],
    [Fault(".*", 429, headers={"Retry-After": "1"})],
    [Fault("GET .*", 200, body=b"<html>")],
]


@pytest.mark.parametrize("command", ["status", "status --json", "suspend", "activate", "deploy", "deploy --restart"])
def test_key_is_never_shown(run: Run, sevalla: SevallaServer, token: str, command: str) -> None:
    name, *options = command.split()
    for faults in FAULTS:
        body = json.dumps({"message": token}).encode()
        sevalla.faults = [
            Fault(fault.pattern, fault.status, headers=fault.headers, body=fault.body or body) for fault in faults
        ]
        for yes in ([], ["--yes"]) if name != "status" else ([],):
            result = run(name, *options, *yes)
            assert token[:12] not in result.output + result.stderr + repr(result.exception)


_COMMANDS = st.lists(
    st.sampled_from(
        [
            ("status",),
            ("status", "--json"),
            ("suspend",),
            ("suspend", "--app", "finrag-frontend"),
            ("suspend", "--wait", "0"),
            ("activate",),
            ("activate", "--app", BACKEND_ID),
            ("activate", "--app", "shop"),
            ("deploy",),
            ("deploy", "--restart"),
            ("deploy", "--branch", "main", "--wait", "5"),
        ]
    ),
    min_size=1,
    max_size=4,
)
_STATES = st.fixed_dictionaries(
    {"is_suspended": st.booleans(), "auto_deploy": st.booleans(), "status": st.sampled_from(["success", "inProgress"])}
)


@given(commands=_COMMANDS, backend=_STATES, frontend=_STATES, fault=st.sampled_from([None, 403, 429, 500]))
@settings(deadline=None, max_examples=12)
def test_nothing_but_get_is_sent_without_yes(
    tmp_path_factory: pytest.TempPathFactory,
    token: str,
    commands: list[tuple[str, ...]],
    backend: dict[str, object],
    frontend: dict[str, object],
    fault: int | None,
) -> None:
    descriptor = write_descriptor(tmp_path_factory.mktemp("descriptor"))
    with serving_sevalla(token) as server:
        for application_id, state in ((BACKEND_ID, backend), (FRONTEND_ID, frontend)):
            server.applications[application_id] |= {key: state[key] for key in ("is_suspended", "auto_deploy")}
            server.deployments[application_id][0]["status"] = state["status"]
        if fault:
            server.faults.append(Fault("GET .*/deployments", fault))
        for command in commands:
            assert invoke(server, descriptor, *command).exit_code in {0, 1, 2}

        assert {one.method for one in server.received} == {"GET"}
