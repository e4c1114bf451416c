from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from coding_agent.errors import CodingAgentError, JobStoppedError
from coding_agent.github.client import IssueLinks, open_github
from coding_agent.github.patience import Patience, github_patience
from coding_agent.issue_ref import IssueRef
from coding_agent.runs.stop import Stop, StopReason
from coding_agent.settings import Settings
from coding_agent.tests.github_setup import TOKEN, Setup, running_github
from coding_agent.tests.loopback_server import free_port


@pytest.fixture
def setup() -> Iterator[Setup]:
    with running_github() as running:
        yield running


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waiting is written down instead of done."""
    waited: list[float] = []
    monkeypatch.setattr(Patience, "wait", lambda _self, seconds: waited.append(seconds))
    return waited


def _code(error: pytest.ExceptionInfo[CodingAgentError]) -> str:
    assert TOKEN not in error.value.message
    assert "\n" not in error.value.message
    return error.value.code


def test_repository_and_issue_are_read_as_they_are(setup: Setup) -> None:
    setup.state.set_issue("acme/app", 1, labels=["fix-me"], assignees=["ann"], locked=True)
    setup.state.set_repository("acme/app", archived=True, default_branch="trunk")
    repository, issue = setup.github.repository("acme/app"), setup.github.issue(setup.ref)
    assert (repository.default_branch, repository.archived, repository.private) == ("trunk", True, True)
    assert (issue.state, issue.locked, issue.label_names) == ("open", True, ("fix-me",))
    assert ([each.login for each in issue.assignees], issue.pull_request) == (["ann"], None)


def test_an_issue_without_body_or_author_is_read(setup: Setup) -> None:
    number = setup.state.add_issue("acme/app", "No text", None, author=None)
    issue = setup.github.issue(IssueRef("github.com", "acme", "app", number))
    assert (issue.body, issue.user) == (None, None)


def test_a_pull_request_is_told_from_an_issue(setup: Setup) -> None:
    number = setup.state.add_pull("acme/app", title="Mine", body="", head="x")
    assert setup.github.issue(IssueRef("github.com", "acme", "app", number)).pull_request is not None


def test_missing_things_have_their_own_codes(setup: Setup) -> None:
    with pytest.raises(CodingAgentError) as error:
        setup.github.issue(IssueRef("github.com", "acme", "app", 99))
    assert _code(error) == "issue_not_found"
    with pytest.raises(CodingAgentError) as error:
        setup.github.branch_commit("acme/app", "no/such")
    assert _code(error) == "base_branch_not_found"
    with pytest.raises(CodingAgentError) as error:
        setup.github.repository("acme/hidden")
    assert _code(error) == "repository_not_found"


def test_a_branch_name_cannot_leave_its_place_in_the_address(setup: Setup) -> None:
    setup.state.set_repository("acme/app", branches={"main": "a" * 40, "fix/#1?x=1&y": "d" * 40})
    assert setup.github.branch_commit("acme/app", "fix/#1?x=1&y") == "d" * 40
    for name in ("../issues/1", "..", "main/../../issues", "a/../../../app/issues/1", ".", "%2e%2e/issues"):
        with pytest.raises(CodingAgentError) as error:
            setup.github.branch_commit("acme/app", name)
        assert _code(error) == "base_branch_not_found"


def test_a_moved_repository_is_another_repository(setup: Setup) -> None:
    setup.state.set_repository("acme/app", moved_to="evil/app")
    with pytest.raises(CodingAgentError) as error:
        setup.github.repository("acme/app")
    assert _code(error) == "repository_moved"


def test_a_token_that_is_not_taken_is_a_denial(setup: Setup, waits: list[float]) -> None:
    setup.state.tokens.clear()
    with pytest.raises(CodingAgentError) as error:
        setup.github.repository("acme/app")
    assert _code(error) == "github_denied"
    assert waits == []


def test_comments_come_oldest_first_and_bounded(setup: Setup) -> None:
    for number in range(130):
        setup.state.add_comment("acme/app", 1, "ann", f"c{number}")
    assert [each.body for each in setup.github.comments(setup.ref, 3)] == ["c0", "c1", "c2"]
    assert [each.body for each in setup.github.comments(setup.ref, 120)][-1] == "c119"
    assert len(setup.github.comments(setup.ref, 500)) == 130


@pytest.mark.parametrize(
    ("role", "permission"),
    [
        ("admin", "admin"),
        ("maintain", "write"),
        ("write", "write"),
        ("triage", "read"),
        ("read", "read"),
        ("none", "none"),
    ],
)
def test_permission_is_what_the_api_says(setup: Setup, role: str, permission: str) -> None:
    setup.state.set_permission("acme/app", "Ann", role)
    assert setup.github.permission("acme/app", "ann") == permission


def test_a_stranger_or_a_strange_name_has_no_permission(setup: Setup) -> None:
    assert setup.github.permission("acme/app", "nobody") == "none"
    assert setup.github.permission("acme/app", "dependabot[bot]") == "none"
    assert setup.github.permission("acme/app", "a/../ann?x") == "none"
    assert setup.github.permission("acme/app", "..") == "none"


def test_links_are_open_pull_requests_and_commits_of_this_repository(setup: Setup) -> None:
    setup.state.add_repository("other/app")
    setup.state.add_pull("other/app", title="Same here: acme/app#1", body="", head="x")
    closed = setup.state.add_pull("acme/app", title="An old try at #1", body="", head="old")
    setup.state.set_pull("acme/app", closed, state="closed")
    setup.state.add_pull("acme/app", title="Of #11", body="", head="eleven")
    assert setup.github.links(setup.ref) == IssueLinks((), ())
    mine = setup.state.add_pull("acme/app", title="Better", body="Fixes #1", head="new")
    setup.state.add_commit_reference("acme/app", 1, "c" * 40)
    assert setup.github.links(setup.ref) == IssueLinks((mine,), ("c" * 40,))


def test_a_filed_issue_is_found_by_its_marker(setup: Setup) -> None:
    ref = setup.github.create_issue("acme/app", title="Report", body="text\n<!-- report 12 -->", labels=["report"])
    assert ref == IssueRef("github.com", "acme", "app", 2)
    assert setup.github.find_issue_by_marker("acme/app", "<!-- report 12 -->", labels=["report"]) == ref
    assert setup.github.find_issue_by_marker("acme/app", "<!-- report 1 -->") is None


def test_a_comment_is_written_and_a_reaction_made_once(setup: Setup) -> None:
    comment = setup.github.comment(setup.ref, "Working on it")
    for _ in range(2):
        setup.github.react(setup.ref, "eyes", comment_id=comment)
        setup.github.react(setup.ref, "rocket")
    repository = setup.state.repositories["acme/app"]
    assert repository.comments[comment].reactions == [("fixer", "eyes")]
    assert repository.issues[1].reactions == [("fixer", "rocket")]


@pytest.mark.parametrize("kind", ["server_error", "drop_before", "drop_after"])
def test_a_read_is_tried_again(setup: Setup, waits: list[float], kind: str) -> None:
    setup.state.add_fault(kind, times=2)  # type: ignore[arg-type]
    assert setup.github.issue(setup.ref).number == 1
    assert len(waits) == 2
    assert waits[0] < waits[1]


@pytest.mark.parametrize(("kind", "made"), [("server_error", 0), ("drop_before", 0), ("drop_after", 1)])
def test_a_write_is_not_repeated_when_it_may_have_been_carried_out(
    setup: Setup, waits: list[float], kind: str, made: int
) -> None:
    setup.state.add_fault(kind, method="POST")  # type: ignore[arg-type]
    with pytest.raises(CodingAgentError) as error:
        setup.github.comment(setup.ref, "Hello")
    assert _code(error) == "github_unreachable"
    assert len(setup.state.repositories["acme/app"].comments) == made
    assert waits == []


def test_a_read_that_fails_for_long_is_given_up(setup: Setup, waits: list[float]) -> None:
    setup.state.add_fault("server_error", times=99)
    with pytest.raises(CodingAgentError) as error:
        setup.github.issue(setup.ref)
    assert _code(error) == "github_unreachable"
    assert len(setup.state.requests) == 4


def test_a_write_that_was_never_sent_is_tried_again(waits: list[float]) -> None:
    nobody = Settings(github_api_url=f"http://127.0.0.1:{free_port()}", github_token=SecretStr(TOKEN))
    github = open_github(nobody)
    with pytest.raises(CodingAgentError) as error:
        github.comment(IssueRef("github.com", "acme", "app", 1), "Hello")
    assert _code(error) == "github_unreachable"
    assert len(waits) == 3
    github.close()


@pytest.mark.parametrize(
    ("kind", "asked", "at_least"),
    [
        ("rate_limited", 7, 7),
        ("secondary_limit", 11, 11),
        ("primary_limit", 20, 20),
        ("secondary_limit", None, 60),
        ("rate_limited", None, 60),
    ],
)
@pytest.mark.parametrize("write", [False, True], ids=["read", "write"])
def test_a_rate_limit_is_waited_for_and_the_request_repeated(
    setup: Setup, waits: list[float], *, kind: str, asked: int | None, at_least: int, write: bool
) -> None:
    setup.state.add_fault(kind, seconds=asked)  # type: ignore[arg-type]
    if write:
        setup.github.comment(setup.ref, "Hello")
        assert len(setup.state.repositories["acme/app"].comments) == 1
    else:
        setup.github.issue(setup.ref)
    assert len(waits) == 1
    assert at_least <= waits[0] <= at_least + 3


def test_a_rate_limit_beyond_our_patience_is_told(setup: Setup, waits: list[float]) -> None:
    setup.state.add_fault("rate_limited", seconds=3600)
    with pytest.raises(CodingAgentError, match="3600 seconds") as error:
        setup.github.issue(setup.ref)
    assert _code(error) == "github_rate_limited"
    assert waits == []


def test_a_denial_is_no_rate_limit(setup: Setup, waits: list[float]) -> None:
    setup.state.set_issue("acme/app", 1, locked=True)
    with pytest.raises(CodingAgentError) as error:
        setup.github.comment(setup.ref, "Hello")
    assert _code(error) == "github_denied"
    assert waits == []


def test_a_deadline_ends_slow_answers_and_leaves_no_time_for_more(setup: Setup) -> None:
    setup.state.add_fault("slow", seconds=2, times=9)
    began = time.monotonic()
    with github_patience(seconds=0.3), pytest.raises(CodingAgentError) as error:
        setup.github.issue(setup.ref)
    assert _code(error) == "github_unreachable"
    assert time.monotonic() - began < 1.9


def test_a_run_that_is_told_to_stop_does_not_wait_for_github(setup: Setup) -> None:
    setup.state.add_fault("rate_limited", seconds=60)
    stop = Stop()
    timer = threading.Timer(0.2, stop.set, (StopReason.CANCELLED,))
    timer.start()
    with github_patience(stop=stop), pytest.raises(JobStoppedError):
        setup.github.issue(setup.ref)
    timer.join()
    assert len(setup.state.requests) == 1


def test_an_answer_of_another_shape_is_an_error_of_its_own(setup: Setup) -> None:
    setup.state.add_fault("malformed")
    with pytest.raises(CodingAgentError) as error:
        setup.github.issue(setup.ref)
    assert _code(error) == "github_unreadable"
    assert "oops" not in error.value.message
