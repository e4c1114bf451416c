"""What must hold before work on an issue begins, and again before a pull request is opened."""

from __future__ import annotations

from coding_agent.errors import CodingAgentError
from coding_agent.github.answers import Issue, Repository
from coding_agent.github.client import GitHub
from coding_agent.issue_ref import IssueRef
from coding_agent.runs.assignment import ExitStatus
from coding_agent.settings import Settings

__all__ = ["check_before_pull_request", "check_before_work"]


def check_before_work(github: GitHub, ref: IssueRef, settings: Settings) -> tuple[Repository, Issue]:
    """Return repository and issue when a job may work on it.

    Raises CodingAgentError `repository_not_allowed`, `repository_archived`, `repository_not_found`, `repository_moved`,
    `issue_not_found`, `is_pull_request`, `issue_closed`, `issue_locked`, or what the client raises.
    """
    if not settings.allows(ref.repository):
        raise CodingAgentError(
            "repository_not_allowed", f"{ref.repository} is not among the repositories that jobs may change"
        )
    repository = github.repository(ref.repository)
    if repository.archived or repository.disabled:
        raise CodingAgentError(
            "repository_archived", f"{ref.repository} is archived or disabled: nothing can be pushed"
        )
    issue = github.issue(ref)
    _check_issue(issue, ref)
    return repository, issue


def check_before_pull_request(
    github: GitHub, ref: IssueRef, *, exit_status: ExitStatus, patch: bytes, branch: str
) -> None:
    """Return when a pull request may be opened for the branch of our job; these are SWE-agent's rules.

    What an earlier try of the same job pushed to its branch, or opened from it, does not count as somebody's work.
    Raises CodingAgentError `not_submitted`, `no_patch`, `issue_closed`, `issue_locked`, `issue_assigned`,
    `already_referenced`, or what the client raises.
    """
    if exit_status is not ExitStatus.SUBMITTED:
        raise CodingAgentError("not_submitted", f"The agent did not submit its work (it ended with {exit_status})")
    if not patch.strip():
        raise CodingAgentError("no_patch", "The agent changed nothing")
    issue = github.issue(ref)
    _check_issue(issue, ref)
    assigned = {account.login.lower() for account in issue.assignees}
    if assigned and github.credentials.login().lower() not in assigned:
        raise CodingAgentError("issue_assigned", f"Somebody else is assigned to issue {ref.number}")
    links = github.links(ref)
    if not (links.pulls or links.commits):
        return
    ours = github.pulls_of_branch(ref.repository, branch)
    if others := set(links.pulls) - {pull.number for pull in ours}:
        raise CodingAgentError(
            "already_referenced", f"Pull request #{min(others)} refers to issue {ref.number} already"
        )
    known = {pull.head.sha for pull in ours} | ({*_last_commit(github, ref, branch)} if links.commits else set())
    if strange := [sha for sha in links.commits if sha not in known]:
        raise CodingAgentError("already_referenced", f"Commit {strange[0][:12]} refers to issue {ref.number} already")


def _check_issue(issue: Issue, ref: IssueRef) -> None:
    if issue.pull_request is not None:
        raise CodingAgentError("is_pull_request", f"#{ref.number} is a pull request, not an issue")
    if issue.state != "open":
        raise CodingAgentError("issue_closed", f"Issue {ref.number} is closed")
    if issue.locked:
        raise CodingAgentError("issue_locked", f"The conversation of issue {ref.number} is locked")


def _last_commit(github: GitHub, ref: IssueRef, branch: str) -> tuple[str, ...]:
    try:
        return (github.branch_commit(ref.repository, branch),)
    except CodingAgentError as error:
        if error.code == "base_branch_not_found":
            return ()
        raise
