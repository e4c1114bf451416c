from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding_agent.errors import CodingAgentError
from coding_agent.github.patience import Patience
from coding_agent.github.pull_request import PullRequest, branch_name, open_pull_request
from coding_agent.tests.github_setup import Setup, running_github

HEAD = "fix/issue-1-abcd1234"


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch) -> Iterator[Setup]:
    monkeypatch.setattr(Patience, "wait", lambda _self, _seconds: None)
    with running_github() as running:
        running.state.set_repository("acme/app", branches={"main": "a" * 40, HEAD: "b" * 40})
        yield running


def _open(setup: Setup, *, draft: bool = True, head: str = HEAD) -> PullRequest:
    return open_pull_request(
        setup.github, "acme/app", title="Fix", head=head, base="main", body="Fixes acme/app#1", draft=draft
    )


def test_a_pull_request_is_opened_as_asked_and_its_address_known(setup: Setup) -> None:
    made = _open(setup)
    assert made == PullRequest(number=2, html_url="https://github.com/Acme/App/pull/2", created=True, draft=True)
    pull = setup.state.repositories["acme/app"].pulls[2]
    assert (pull.title, pull.body, pull.head, pull.base, pull.draft) == ("Fix", "Fixes acme/app#1", HEAD, "main", True)


def test_a_ready_pull_request_is_no_draft(setup: Setup) -> None:
    assert not _open(setup, draft=False).draft


def test_a_second_try_finds_the_first_ones_pull_request(setup: Setup) -> None:
    first, second = _open(setup), _open(setup)
    assert (second.number, second.created) == (first.number, False)


def test_a_pull_request_that_was_closed_is_not_opened_again(setup: Setup) -> None:
    first = _open(setup)
    setup.state.set_pull("acme/app", first.number, state="closed")
    again = _open(setup)
    assert (again.number, again.created) == (first.number, False)
    assert "closed" in again.note


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "server_error"])
def test_an_answer_that_is_lost_never_makes_a_second_pull_request(setup: Setup, kind: str) -> None:
    setup.state.add_fault(kind, method="POST", path="/pulls$")  # type: ignore[arg-type]
    assert _open(setup).html_url == "https://github.com/Acme/App/pull/2"
    assert len(setup.state.repositories["acme/app"].pulls) == 1


def test_a_list_that_lags_behind_is_asked_again(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _open(setup)
    real, lagging = setup.github.pulls_of_branch, [True, True]
    monkeypatch.setattr(
        type(setup.github), "pulls_of_branch", lambda _self, *given: () if lagging and lagging.pop() else real(*given)
    )
    assert _open(setup).number == first.number
    assert len(setup.state.repositories["acme/app"].pulls) == 1


def test_without_drafts_it_is_ready_and_says_so(setup: Setup) -> None:
    setup.state.set_repository("acme/app", drafts=False)
    made = _open(setup)
    assert (made.draft, made.created) == (False, True)
    assert "drafts" in made.note


def test_a_secondary_limit_is_waited_for(setup: Setup) -> None:
    setup.state.add_fault("secondary_limit", method="POST", seconds=5)
    assert _open(setup).created


def test_refusals_are_told_apart_and_in_githubs_words(setup: Setup) -> None:
    with pytest.raises(CodingAgentError, match="head is invalid") as error:
        _open(setup, head="fix/never-pushed")
    assert error.value.code == "pull_request_refused"
    setup.state.set_repository("acme/app", branches={"main": "a" * 40, HEAD: "a" * 40})
    with pytest.raises(CodingAgentError, match="No commits between") as error:
        _open(setup)
    assert error.value.code == "no_commits"


def test_a_branch_is_named_after_issue_and_job() -> None:
    assert branch_name(7, "3f2c9a1e-0b5d-4c57-9a5e-2d1f00c0ffee") == "fix/issue-7-00c0ffee"
    with pytest.raises(ValueError, match="letters or digits"):
        branch_name(7, "--")


@given(number=st.integers(1, 2**31), job_id=st.text(min_size=1))
@settings(deadline=None)
def test_a_branch_name_is_always_one_that_git_takes(number: int, job_id: str) -> None:
    if re.search(r"[a-z0-9]", job_id.lower()):
        assert re.fullmatch(r"fix/issue-\d+-[a-z0-9]{1,8}", branch_name(number, job_id))
