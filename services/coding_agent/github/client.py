"""What the service asks of GitHub, by documented REST routes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar
from urllib.parse import quote

import httpx

from coding_agent.errors import CodingAgentError
from coding_agent.github.answers import Branch, Comment, Issue, Permission, Pull, Repository, TimelineEvent, read
from coding_agent.github.credentials import Credentials, open_credentials
from coding_agent.github.rest import RestApi
from coding_agent.issue_ref import IssueRef
from coding_agent.settings import Settings

__all__ = ["GitHub", "IssueLinks", "open_github"]

_T = TypeVar("_T")
_PAGE = 100
# Of a timeline or of a list of issues we look at so many pages: 1,000 entries.
_MOST_PAGES = 10
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\[bot\])?", re.ASCII)
_MISSING = frozenset({404, 410})

Reaction = Literal["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"]


@dataclass(frozen=True, slots=True)
class IssueLinks:
    """What already refers to an issue within its repository: open pull requests by number, commits by hash."""

    pulls: tuple[int, ...]
    commits: tuple[str, ...]


class GitHub:
    """One GitHub; safe from threads. Every method raises CodingAgentError as `RestApi.request` says.

    How long calls may take is said where they are made, by `github_patience`.
    """

    def __init__(self, rest: RestApi, credentials: Credentials) -> None:
        self._rest = rest
        self.credentials = credentials

    def close(self) -> None:
        """Give the connections back."""
        self._rest.close()

    def repository(self, repository: str) -> Repository:
        """Return `owner/name`. Raises CodingAgentError `repository_not_found`, `repository_moved`."""
        answer = self._get(repository, "", missing=("repository_not_found", f"There is no repository {repository}"))
        found: Repository = read(Repository, answer)
        if found.full_name.lower() != repository.lower():
            raise CodingAgentError("repository_moved", f"{repository} is now {found.full_name}: use its present name")
        return found

    def issue(self, ref: IssueRef) -> Issue:
        """Return the issue as it is now. Raises CodingAgentError `issue_not_found`."""
        found: Issue = read(Issue, self._get(ref.repository, f"/issues/{ref.number}", missing=_no_issue(ref)))
        return found

    def comments(self, ref: IssueRef, limit: int) -> tuple[Comment, ...]:
        """Return the first `limit` comments, oldest first. Raises CodingAgentError `issue_not_found`."""
        return self._pages(
            tuple[Comment, ...], ref.repository, f"/issues/{ref.number}/comments", limit=limit, missing=_no_issue(ref)
        )

    def branch_commit(self, repository: str, branch: str) -> str:
        """Return the last commit of a branch. Raises CodingAgentError `base_branch_not_found`."""
        missing = ("base_branch_not_found", f"{repository} has no branch {branch!r}")
        # Git has no such names; in an address they would lead to another place.
        if any(part.startswith(".") or not part for part in branch.split("/")):
            raise CodingAgentError(*missing)
        answer = self._get(repository, f"/branches/{quote(branch, safe='/')}", missing=missing)
        found: Branch = read(Branch, answer)
        return found.commit.sha

    def permission(self, repository: str, login: str) -> str:
        """Return what somebody may in a repository: admin, write (maintain too), read, none (not a collaborator)."""
        if not _LOGIN.fullmatch(login):
            return "none"
        answer = self._get(repository, f"/collaborators/{quote(login, safe='')}/permission", may_answer=_MISSING)
        if answer.status_code in _MISSING:
            return "none"
        found: Permission = read(Permission, answer)
        return found.permission

    def links(self, ref: IssueRef) -> IssueLinks:
        """Return what refers to the issue, by its timeline: what other repositories say of it does not count.

        Search would find pull requests too, but late, and within a tight rate limit of its own.
        """
        events: tuple[TimelineEvent, ...] = self._pages(
            tuple[TimelineEvent, ...], ref.repository, f"/issues/{ref.number}/timeline", missing=_no_issue(ref)
        )
        home = f"/repos/{ref.repository}"
        pulls, commits = dict[int, None](), dict[str, None]()
        for event in events:
            if event.event == "cross-referenced" and event.source and (source := event.source.issue):
                is_open_pull = source.pull_request is not None and source.state == "open"
                if is_open_pull and source.repository_url.lower().endswith(home):
                    pulls[source.number] = None
            elif event.event == "referenced" and f"{home}/commits/" in (event.commit_url or "").lower():
                commits[event.commit_id or ""] = None
        return IssueLinks(tuple(pulls), tuple(commits))

    def create_issue(self, repository: str, *, title: str, body: str, labels: Sequence[str] = ()) -> IssueRef:
        """File an issue and return it."""
        sent: dict[str, object] = {"title": title, "body": body}
        if labels:
            sent["labels"] = list(labels)
        found: Issue = read(Issue, self._post(repository, "/issues", sent))
        return self._ref(repository, found)

    def find_issue_by_marker(self, repository: str, marker: str, *, labels: Sequence[str] = ()) -> IssueRef | None:
        """Return the newest of the last 1,000 issues, open or closed, whose body has the marker, or None.

        By listing, not by search: a list knows an issue as soon as it is filed. Labels make the list short.
        """
        params = {"state": "all", "sort": "created", "direction": "desc"}
        if labels:
            params["labels"] = ",".join(labels)
        issues: tuple[Issue, ...] = self._pages(tuple[Issue, ...], repository, "/issues", params=params)
        for issue in issues:
            if issue.pull_request is None and marker in (issue.body or ""):
                return self._ref(repository, issue)
        return None

    def comment(self, ref: IssueRef, body: str) -> int:
        """Write a comment and return its id."""
        found: Comment = read(Comment, self._post(ref.repository, f"/issues/{ref.number}/comments", {"body": body}))
        return found.id

    def react(self, ref: IssueRef, content: Reaction, *, comment_id: int | None = None) -> None:
        """React to the issue, or to a comment of it; doing it twice is doing it once."""
        place = f"/issues/{ref.number}" if comment_id is None else f"/issues/comments/{comment_id}"
        self._post(ref.repository, f"{place}/reactions", {"content": content})

    def pulls_of_branch(self, repository: str, branch: str) -> tuple[Pull, ...]:
        """Return pull requests whose head is this branch of the repository, newest first, closed ones too."""
        owner = repository.partition("/")[0]
        params = {"state": "all", "head": f"{owner}:{branch}", "sort": "created", "direction": "desc"}
        return self._pages(tuple[Pull, ...], repository, "/pulls", params=params, limit=_PAGE)

    def create_pull(
        self, repository: str, *, title: str, head: str, base: str, body: str, draft: bool
    ) -> httpx.Response:
        """Ask for a pull request; return GitHub's answer, 201 or 422."""
        sent = {"title": title, "head": head, "base": base, "body": body, "draft": draft}
        return self._post(repository, "/pulls", sent, may_answer=frozenset({422}))

    @staticmethod
    def _ref(repository: str, issue: Issue) -> IssueRef:
        host = httpx.URL(issue.html_url).host
        owner, _, name = repository.lower().partition("/")
        return IssueRef(host, owner, name, issue.number)

    def _get(
        self,
        repository: str,
        path: str,
        *,
        params: dict[str, str | int] | None = None,
        missing: tuple[str, str] | None = None,
        may_answer: frozenset[int] = frozenset(),
    ) -> httpx.Response:
        answer = self._rest.request(
            "GET",
            f"/repos/{repository}{path}",
            self.credentials.token(repository),
            params=params,
            may_answer=may_answer | _MISSING if missing else may_answer,
        )
        if missing and answer.status_code in _MISSING:
            raise CodingAgentError(missing[0], f"{missing[1]}, or GitHub does not show it to us")
        return answer

    def _post(
        self, repository: str, path: str, body: dict[str, object], may_answer: frozenset[int] = frozenset()
    ) -> httpx.Response:
        token = self.credentials.token(repository)
        return self._rest.request("POST", f"/repos/{repository}{path}", token, body=body, may_answer=may_answer)

    def _pages(
        self,
        kind: type[tuple[_T, ...]],
        repository: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        limit: int = _PAGE * _MOST_PAGES,
        missing: tuple[str, str] | None = None,
    ) -> tuple[_T, ...]:
        found: list[_T] = []
        size = min(limit, _PAGE)
        for page in range(1, _MOST_PAGES + 1):
            asked: dict[str, str | int] = {**(params or {}), "per_page": size, "page": page}
            part: tuple[_T, ...] = read(kind, self._get(repository, path, params=asked, missing=missing))
            found += part
            if len(part) < size or len(found) >= limit:
                break
        return tuple(found[:limit])


def _no_issue(ref: IssueRef) -> tuple[str, str]:
    return "issue_not_found", f"There is no issue {ref.number} in {ref.repository}"


def open_github(settings: Settings) -> GitHub:
    """Return the GitHub of the settings. Raises CodingAgentError as `open_credentials` does; nothing is asked yet."""
    rest = RestApi(settings.github_api_url)
    try:
        return GitHub(rest, open_credentials(settings, rest))
    except CodingAgentError:
        rest.close()
        raise
