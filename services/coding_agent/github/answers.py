"""What we read of GitHub's answers; fields that we do not name are left out, a missing one is an error."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from coding_agent.errors import CodingAgentError

__all__ = [
    "Account",
    "AppInfo",
    "Branch",
    "Comment",
    "Installation",
    "InstallationToken",
    "Issue",
    "Label",
    "Permission",
    "Pull",
    "Repository",
    "TimelineEvent",
    "read",
]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Account:
    """Who did something; `type` is User, Bot or Organization."""

    login: str
    type: str = "User"

    @property
    def is_bot(self) -> bool:
        """Whether a program acts under this name."""
        return self.type == "Bot" or self.login.endswith("[bot]")


@dataclass(frozen=True, slots=True)
class Label:
    """A label of an issue."""

    name: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository; `disabled` ones are locked by GitHub."""

    full_name: str
    default_branch: str
    archived: bool
    disabled: bool
    private: bool


@dataclass(frozen=True, slots=True)
class PullOfIssue:
    """Present in an issue that is a pull request."""

    merged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue; the user is None when the account is gone."""

    number: int
    title: str
    body: str | None
    state: Literal["open", "closed"]
    locked: bool
    user: Account | None
    labels: tuple[Label | str, ...] = ()
    assignees: tuple[Account, ...] = ()
    html_url: str = ""
    repository_url: str = ""
    pull_request: PullOfIssue | None = None

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names of the labels."""
        return tuple(each if isinstance(each, str) else each.name for each in self.labels)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on an issue."""

    id: int
    body: str | None
    user: Account | None


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit by its hash."""

    sha: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch and its last commit."""

    name: str
    commit: Commit


@dataclass(frozen=True, slots=True)
class Permission:
    """What somebody may in a repository: `permission` in the old words, where maintain counts as write."""

    permission: str
    role_name: str = ""


@dataclass(frozen=True, slots=True)
class HeadOfPull:
    """Where the commits of a pull request are."""

    ref: str
    sha: str


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request."""

    number: int
    html_url: str
    state: Literal["open", "closed"]
    head: HeadOfPull
    draft: bool = False


@dataclass(frozen=True, slots=True)
class SourceOfEvent:
    """Where an issue was mentioned."""

    issue: Issue | None = None


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One of many kinds: `cross-referenced` has a source, `referenced` a commit."""

    event: str = ""
    source: SourceOfEvent | None = None
    commit_id: str | None = None
    commit_url: str | None = None


@dataclass(frozen=True, slots=True)
class AppInfo:
    """The App that we are; its account is `SLUG[bot]`."""

    slug: str


@dataclass(frozen=True, slots=True)
class Installation:
    """The App's installation for a repository."""

    id: int


@dataclass(frozen=True, slots=True, repr=False)
class InstallationToken:
    """A token for one repository. It is never shown."""

    token: str
    expires_at: datetime


def read(kind: type[_T] | Any, response: httpx.Response) -> _T:  # noqa: ANN401 tuple[X, ...] is not a type to mypy
    """Return the answer as `kind`. Raises CodingAgentError `github_unreadable`, which repeats nothing of it."""
    try:
        found: _T = _adapter(kind).validate_json(response.content)
    except ValidationError:
        raise CodingAgentError(
            "github_unreadable",
            f"GitHub's answer to {response.request.method} {response.request.url.path} is not what is documented",
        ) from None
    return found


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
