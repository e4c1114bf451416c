"""The command for people: one job, here, to its end."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from coding_agent.tests.fake_github import FakeGitHub
from coding_agent.tests.git_server import GitServer
from coding_agent.tests.running_agent import GITHUB_TOKEN, SERVICES, answer, script_line, submission
from coding_agent.tests.toy_repositories import TOYS, write_bare

TOY = TOYS[0]


@dataclass
class Command:
    github: FakeGitHub
    environment: dict[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "coding_agent.fix_issue", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture(scope="module")
def command() -> Iterator[Command]:
    if missing := [program for program in ("bwrap", "git") if shutil.which(program) is None]:
        pytest.skip(f"{', '.join(missing)} is not installed")
    with tempfile.TemporaryDirectory(prefix="fix-issue-test-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        write_bare(TOY, folder / "git")
        fix = script_line(TOY.title, *(answer(each) for each in TOY.fix), submission("Fixed."))
        nothing = script_line("Nothing to do", submission("There is nothing to change."))
        (folder / "model.jsonl").write_text(f"{fix}\n{nothing}\n")
        with FakeGitHub(folder / "git") as github, GitServer(folder / "git", github.state.accepts) as git:
            github.state.add_token(GITHUB_TOKEN, "coding-agent-bot")
            github.state.add_repository(f"acme/{TOY.name}")
            yield Command(
                github,
                {
                    "PATH": os.environ["PATH"],
                    "HOME": name,
                    "PYTHONPATH": str(SERVICES),
                    "CODING_AGENT_GITHUB_API_URL": github.url,
                    "CODING_AGENT_GITHUB_GIT_URL": git.url,
                    "CODING_AGENT_GITHUB_TOKEN": GITHUB_TOKEN,
                    "CODING_AGENT_REPOSITORIES": "acme/*",
                    "CODING_AGENT_MODEL": "scripted",
                    "CODING_AGENT_MODEL_SCRIPT": str(folder / "model.jsonl"),
                    "CODING_AGENT_WORKSPACE": str(folder / "workspace"),
                },
            )


def issue(command: Command, title: str = TOY.title) -> str:
    number = command.github.state.add_issue(f"acme/{TOY.name}", title, TOY.body)
    return f"https://github.com/acme/{TOY.name}/issues/{number}"


def test_dry_run_prints_the_patch_and_opens_nothing(command: Command) -> None:
    done = command.run(issue(command), "--dry-run")
    assert done.returncode == 0, done.stderr
    for path in TOY.changed:
        assert f"diff --git a/{path} b/{path}" in done.stdout
    assert "success:" in done.stderr
    assert GITHUB_TOKEN not in done.stdout + done.stderr
    assert not command.github.state.repositories[f"acme/{TOY.name}"].pulls


def test_pull_request_is_opened_and_its_address_printed(command: Command) -> None:
    done = command.run(issue(command))
    assert done.returncode == 0, done.stderr
    (pull,) = command.github.state.repositories[f"acme/{TOY.name}"].pulls.values()
    assert done.stdout.strip().endswith(f"/acme/{TOY.name}/pull/{pull.number}")
    assert pull.draft


def test_nothing_to_change_is_an_end_like_another(command: Command) -> None:
    done = command.run(issue(command, "Nothing to do"))
    assert (done.returncode, done.stdout) == (0, "")
    assert "no_changes:" in done.stderr


def test_failed_job_says_why_and_exits_with_1(command: Command) -> None:
    done = command.run(issue(command, "No script fits this"))
    assert done.returncode == 1
    assert "failed:" in done.stderr
    assert "(model_failed)" in done.stderr


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("https://github.com/acme/app/pull/1", "is_pull_request"),
        ("https://github.com/other/app/issues/1", "repository_not_allowed"),
        ("https://evil.example/acme/app/issues/1", "host_not_allowed"),
        ("$(id)", "not_an_issue_url"),
    ],
)
def test_address_that_is_none_is_refused_in_one_line(command: Command, address: str, code: str) -> None:
    done = command.run(address)
    assert done.returncode == 1
    assert f"({code})" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_missing_address_is_a_usage_error(command: Command) -> None:
    assert command.run().returncode == 2
