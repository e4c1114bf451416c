from __future__ import annotations

from collections.abc import Iterator

import pytest

from coding_agent.errors import CodingAgentError
from coding_agent.github.preconditions import check_before_pull_request, check_before_work
from coding_agent.issue_ref import IssueRef
from coding_agent.runs.assignment import ExitStatus
from coding_agent.settings import Settings
from coding_agent.tests.github_setup import Setup, running_github

BRANCH = "fix/issue-1-abcd1234"


@pytest.fixture
def setup() -> Iterator[Setup]:
    with running_github() as running:
        yield running


def _before_pull_request(
    setup: Setup, *, exit_status: ExitStatus = ExitStatus.SUBMITTED, patch: bytes = b"diff --git a/x b/x"
) -> None:
    check_before_pull_request(setup.github, setup.ref, exit_status=exit_status, patch=patch, branch=BRANCH)


def test_an_open_issue_of_an_allowed_repository_is_worked_on(setup: Setup) -> None:
    repository, issue = check_before_work(setup.github, setup.ref, setup.settings)
    assert (repository.default_branch, issue.title) == ("main", "It breaks")
    _before_pull_request(setup)


@pytest.mark.parametrize(
    ("change", "code"), [({"state": "closed"}, "issue_closed"), ({"locked": True}, "issue_locked")]
)
def test_an_issue_that_is_closed_or_locked_is_left_alone(setup: Setup, change: dict[str, object], code: str) -> None:
    setup.state.set_issue("acme/app", 1, **change)
    with pytest.raises(CodingAgentError) as before_work:
        check_before_work(setup.github, setup.ref, setup.settings)
    with pytest.raises(CodingAgentError) as before_pull_request:
        _before_pull_request(setup)
    assert (before_work.value.code, before_pull_request.value.code) == (code, code)


def test_each_other_reason_not_to_begin_has_its_code(setup: Setup) -> None:
    pull = setup.state.add_pull("acme/app", title="Mine", body="", head="x")
    with pytest.raises(CodingAgentError) as error:
        check_before_work(setup.github, IssueRef("github.com", "acme", "app", pull), setup.settings)
    assert error.value.code == "is_pull_request"
    with pytest.raises(CodingAgentError) as error:
        check_before_work(setup.github, setup.ref, Settings(repositories=("acme/other",)))
    assert error.value.code == "repository_not_allowed"
    setup.state.set_repository("acme/app", archived=True)
    with pytest.raises(CodingAgentError) as error:
        check_before_work(setup.github, setup.ref, setup.settings)
    assert error.value.code == "repository_archived"


@pytest.mark.parametrize("exit_status", [each for each in ExitStatus if each is not ExitStatus.SUBMITTED])
def test_work_that_was_not_submitted_is_not_offered(setup: Setup, exit_status: ExitStatus) -> None:
    with pytest.raises(CodingAgentError) as error:
        _before_pull_request(setup, exit_status=exit_status)
    assert error.value.code == "not_submitted"


def test_an_empty_patch_is_not_offered(setup: Setup) -> None:
    with pytest.raises(CodingAgentError) as error:
        _before_pull_request(setup, patch=b"\n")
    assert error.value.code == "no_patch"


def test_an_issue_that_somebody_else_took_is_left_to_them(setup: Setup) -> None:
    setup.state.set_issue("acme/app", 1, assignees=["ann", "Fixer"])
    _before_pull_request(setup)
    setup.state.set_issue("acme/app", 1, assignees=["ann"])
    with pytest.raises(CodingAgentError) as error:
        _before_pull_request(setup)
    assert error.value.code == "issue_assigned"


def test_an_issue_that_a_pull_request_or_commit_refers_to_is_left_to_it(setup: Setup) -> None:
    pull = setup.state.add_pull("acme/app", title="Better", body="Fixes #1", head="better")
    with pytest.raises(CodingAgentError, match=f"#{pull}") as error:
        _before_pull_request(setup)
    assert error.value.code == "already_referenced"
    setup.state.set_pull("acme/app", pull, state="closed")
    _before_pull_request(setup)
    setup.state.add_commit_reference("acme/app", 1, "c" * 40)
    with pytest.raises(CodingAgentError, match="cccccccccccc") as error:
        _before_pull_request(setup)
    assert error.value.code == "already_referenced"


def test_what_an_earlier_try_of_the_same_job_left_is_no_obstacle(setup: Setup) -> None:
    setup.state.set_repository("acme/app", branches={"main": "a" * 40, BRANCH: "c" * 40})
    setup.state.add_commit_reference("acme/app", 1, "c" * 40)
    _before_pull_request(setup)
    setup.state.add_pull("acme/app", title="Fix #1: It breaks", body="Fixes acme/app#1", head=BRANCH)
    _before_pull_request(setup)
