"""Opening the one pull request of a job, whatever happened to an earlier try."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx

from coding_agent.errors import CodingAgentError
from coding_agent.github.answers import Pull, read
from coding_agent.github.client import GitHub
from coding_agent.github.patience import patience

__all__ = ["PullRequest", "branch_name", "open_pull_request"]

_TRIES = 3
_PAUSE_S = 2.0
_SHORT_ID = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull request; not `created`: it was there already. `note` is for the job's log."""

    number: int
    html_url: str
    created: bool
    draft: bool
    note: str = ""


def branch_name(issue_number: int, job_id: str) -> str:
    """Return `fix/issue-N-ID`, the same at every try of a job and another one for every job."""
    short = re.sub(r"[^a-z0-9]", "", job_id.lower())[-_SHORT_ID:]
    if not short:
        raise ValueError("a job's id has letters or digits")
    return f"fix/issue-{issue_number}-{short}"


def open_pull_request(
    github: GitHub, repository: str, *, title: str, head: str, base: str, body: str, draft: bool
) -> PullRequest:
    """Return the pull request of the branch `head`, opened unless it has one, open or closed.

    A connection that is lost before the answer leaves open whether GitHub made it: it is looked up before the next try,
    and a second one for the same branch GitHub refuses. Where drafts are not supported it is opened as ready, with a
    note.
    Raises CodingAgentError `no_commits`, `pull_request_refused`, or what the client raises.
    """
    note = ""
    for tries_left in range(_TRIES - 1, -1, -1):
        if found := github.pulls_of_branch(repository, head):
            return _known(found[0], note)
        try:
            answer = github.create_pull(repository, title=title, head=head, base=base, body=body, draft=draft)
        except CodingAgentError as error:
            if error.code != "github_unreachable" or tries_left == 0:
                raise
            patience().wait(_PAUSE_S)
            continue
        if answer.status_code == 201:
            made: Pull = read(Pull, answer)
            return PullRequest(number=made.number, html_url=made.html_url, created=True, draft=made.draft, note=note)
        reason = _reason(answer)
        if draft and "draft" in reason.lower():
            draft, note = False, "The repository does not support drafts: the pull request is ready for review"
        elif "already exists" in reason.lower():
            # Lists may lag behind what was just made.
            patience().wait(_PAUSE_S)
        else:
            code = "no_commits" if "no commits between" in reason.lower() else "pull_request_refused"
            raise CodingAgentError(code, f"GitHub refuses the pull request: {reason}")
    if found := github.pulls_of_branch(repository, head):
        return _known(found[0], note)
    raise CodingAgentError("pull_request_refused", "GitHub has a pull request of this branch, but does not list it")


def _known(pull: Pull, note: str) -> PullRequest:
    closed = "" if pull.state == "open" else "The pull request of this branch was closed meanwhile"
    return PullRequest(number=pull.number, html_url=pull.html_url, created=False, draft=pull.draft, note=note or closed)


def _reason(answer: httpx.Response) -> str:
    """What GitHub says in a 422, in one line of bounded length."""
    try:
        body = answer.json()
    except ValueError:
        return "no reason given"
    parts = [str(body.get("message", ""))]
    for error in body.get("errors") or []:
        if isinstance(error, dict):
            parts.append(str(error.get("message") or f"{error.get('field')} is {error.get('code')}"))
        else:
            parts.append(str(error))
    return " ".join("; ".join(filter(None, parts)).split())[:300]
