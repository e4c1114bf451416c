"""Git as the fake GitHub serves it: what a push makes is what a pull request sees."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from coding_agent.github.preconditions import check_before_pull_request
from coding_agent.github.pull_request import open_pull_request
from coding_agent.runs.assignment import ExitStatus
from coding_agent.tests.git_server import GitServer
from coding_agent.tests.github_setup import TOKEN, running_github
from coding_agent.tests.toy_repositories import TOYS, write_bare


def _git(folder: Path, token: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    header = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {header}",
    }
    identity = ("-c", "user.name=Fixer", "-c", "user.email=fixer@example.org")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_a_pull_request_needs_a_branch_that_was_really_pushed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    with running_github(root) as setup, GitServer(root, setup.state.accepts) as server:
        toy = TOYS[0]
        write_bare(toy, root).strip()
        (root / "acme" / f"{toy.name}.git").rename(root / "acme" / "app.git")
        assert _git(tmp_path, "wrong", "clone", f"{server.url}/acme/app", "clone").returncode != 0
        assert _git(tmp_path, TOKEN, "clone", "-q", f"{server.url}/acme/app", "clone").returncode == 0
        clone = tmp_path / "clone"
        _git(clone, TOKEN, "switch", "-q", "-c", "fix/issue-1-x")
        _git(clone, TOKEN, "commit", "-q", "--allow-empty", "-m", "Fix #1")
        sha = _git(clone, TOKEN, "rev-parse", "HEAD").stdout.strip()
        assert _git(clone, TOKEN, "push", "-q", "origin", "HEAD").returncode == 0

        assert setup.github.branch_commit("acme/app", "fix/issue-1-x") == sha
        # The pushed commit mentions the issue, as GitHub would show in its timeline: it is ours.
        assert setup.github.links(setup.ref).commits == (sha,)
        check_before_pull_request(
            setup.github, setup.ref, exit_status=ExitStatus.SUBMITTED, patch=b"diff", branch="fix/issue-1-x"
        )
        made = open_pull_request(
            setup.github, "acme/app", title="Fix", head="fix/issue-1-x", base="main", body="Fixes #1", draft=True
        )
        assert setup.state.repositories["acme/app"].pulls[made.number].head_sha == sha
        assert {each.protocol for each in server.requests if each.service == "git-upload-pack"} == {"version=2"}


def test_the_fake_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "coding_agent.tests.fake_github", "--root", str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        assert process.stdout is not None
        api = json.loads(process.stdout.readline())["api"]
        sent = json.dumps({"full_name": "acme/app"}).encode()
        with urllib.request.urlopen(f"{api}/_fake/add_repository", sent, timeout=30) as answer:
            assert answer.status == 200
        with urllib.request.urlopen(f"{api}/_fake/state", timeout=30) as answer:
            assert list(json.load(answer)["repositories"]) == ["acme/app"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0
