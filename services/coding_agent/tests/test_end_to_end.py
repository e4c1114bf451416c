"""Twenty issues, from the request to the draft pull request, through processes, Redis, git over HTTP and sandboxes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from coding_agent.tests.running_agent import (
    GITHUB_TOKEN,
    RunningAgent,
    answer,
    open_folder,
    running_agent,
    script_line,
    submission,
)
from coding_agent.tests.toy_repositories import TEST_COMMAND, TOYS, ToyRepository

_SUMMARY = "The cause is gone and a test shows it."


@pytest.fixture(scope="module")
def agent() -> Iterator[RunningAgent]:
    script = "\n".join(
        script_line(toy.title, *(answer(command) for command in toy.fix), submission(_SUMMARY)) for toy in TOYS
    )
    names = ",".join(toy.name for toy in TOYS)
    with open_folder() as folder, running_agent(folder, script, workers=1, tested=names) as running:
        yield running


@pytest.fixture(scope="module")
def jobs(agent: RunningAgent) -> dict[str, str]:
    """Every toy's job, half of them asked of each replica."""
    jobs = {}
    for number, toy in enumerate(TOYS):
        url = agent.add_toy(toy)
        with agent.client(number % 2) as client:
            accepted = client.post("/fix-issue", json={"issue_url": url})
            assert accepted.status_code == 202, accepted.text
            assert accepted.json()["status"] == "pending"
            jobs[toy.name] = accepted.json()["job_id"]
    return jobs


def changed_files(bare: Path, branch: str) -> list[str]:
    git = ["git", "--git-dir", str(bare), "diff", "--name-only", "--no-renames", "main", branch]
    return subprocess.run(git, check=True, capture_output=True, text=True).stdout.split()


@pytest.mark.parametrize("toy", TOYS, ids=lambda toy: toy.name)
def test_issue_becomes_a_tested_draft_pull_request(
    agent: RunningAgent, jobs: dict[str, str], toy: ToyRepository, tmp_path: Path
) -> None:
    job = agent.wait_for_end(jobs[toy.name], replica=1)
    assert (job["status"], job["error"]) == ("success", None)
    (pull,) = agent.github.state.repositories[f"acme/{toy.name}"].pulls.values()
    assert str(job["pr_url"]).endswith(f"/acme/{toy.name}/pull/{pull.number}")
    assert pull.draft
    assert pull.base == "main"
    bare = agent.folder / "git" / "acme" / f"{toy.name}.git"
    assert changed_files(bare, pull.head) == sorted(toy.changed)
    assert f"Fixes acme/{toy.name}#" in pull.body
    for part in (_SUMMARY, "tests **passed**", str(job["job_id"]), "Trajectory"):
        assert part in pull.body
    checked = tmp_path / "checked"
    subprocess.run(["git", "clone", "-q", "-b", pull.head, str(bare), str(checked)], check=True, capture_output=True)
    subprocess.run(TEST_COMMAND, cwd=checked, check=True, capture_output=True)


def test_nothing_undocumented_was_asked_of_github(agent: RunningAgent, jobs: dict[str, str]) -> None:
    for job_id in jobs.values():
        agent.wait_for_end(job_id)
    assert agent.github.state.refused == []


def test_token_is_in_nothing_that_anybody_reads(agent: RunningAgent, jobs: dict[str, str]) -> None:
    for job_id in jobs.values():
        agent.wait_for_end(job_id)
        with agent.client() as client:
            for part in ("", "/logs", "/patch"):
                assert GITHUB_TOKEN not in client.get(f"/jobs/{job_id}{part}").text
    for log in agent.folder.glob("*.log"):
        assert GITHUB_TOKEN not in log.read_text(errors="replace")
    assert list((agent.folder / "workspace").glob("*")) == []
