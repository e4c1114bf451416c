"""What the fake GitHub knows: repositories, issues, pull requests, tokens, and the faults that it was told to have."""

from __future__ import annotations

import re
import secrets
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

__all__ = ["FakeComment", "FakeGitHubState", "FakeIssue", "FakePull", "FakeRepository", "FakeToken", "Fault"]

FaultKind = Literal[
    "rate_limited", "primary_limit", "secondary_limit", "server_error", "slow", "drop_before", "drop_after", "malformed"
]


@dataclass(slots=True, kw_only=True)
class FakeComment:
    """A comment on an issue or pull request."""

    id: int
    number: int
    author: str
    body: str
    reactions: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class FakeIssue:
    """An issue."""

    number: int
    title: str
    body: str | None
    author: str | None = "reporter"
    state: Literal["open", "closed"] = "open"
    locked: bool = False
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    reactions: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class FakePull:
    """A pull request."""

    number: int
    title: str
    body: str
    head: str
    base: str
    head_sha: str
    draft: bool
    author: str
    state: Literal["open", "closed"] = "open"
    maintainer_can_modify: bool = True


@dataclass(slots=True, kw_only=True)
class FakeRepository:
    """A repository; `branches` stands for a bare repository where there is none below the root."""

    full_name: str
    id: int
    default_branch: str = "main"
    private: bool = True
    archived: bool = False
    disabled: bool = False
    drafts: bool = True
    moved_to: str | None = None
    next_number: int = 1
    branches: dict[str, str] = field(default_factory=dict)
    permissions: dict[str, str] = field(default_factory=dict)
    issues: dict[int, FakeIssue] = field(default_factory=dict)
    pulls: dict[int, FakePull] = field(default_factory=dict)
    comments: dict[int, FakeComment] = field(default_factory=dict)
    commit_references: dict[int, list[str]] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """The part before the slash."""
        return self.full_name.partition("/")[0]

    @property
    def name(self) -> str:
        """The part behind the slash."""
        return self.full_name.partition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeToken:
    """What a token may: in which repositories (None: all), and with which permissions (None: everything)."""

    login: str
    repositories: frozenset[str] | None = None
    permissions: Mapping[str, str] | None = None
    expires_at: float = float("inf")


@dataclass(slots=True, kw_only=True)
class Fault:
    """What goes wrong at the next `times` requests whose method and path match.

    `seconds` is how long a slow answer takes, or what Retry-After says (None: there is no such header).
    """

    kind: FaultKind
    method: str = ".*"
    path: str = ".*"
    times: int = 1
    seconds: float | None = None


class FakeGitHubState:
    """State, changed by tests through its methods; every one may also be called by name over `/_fake/`."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root
        self.lock = threading.RLock()
        self.repositories: dict[str, FakeRepository] = {}
        self.tokens: dict[str, FakeToken] = {}
        self.faults: list[Fault] = []
        self.refused: list[str] = []
        self.requests: list[str] = []
        self.app: tuple[str, str, str] | None = None
        self.installations: dict[str, int] = {}
        self.token_seconds = 3600.0
        self._next_id = 1000

    def add_repository(
        self, full_name: str, *, default_branch: str = "main", branches: Mapping[str, str] | None = None
    ) -> None:
        """Make a repository; the default branch has a commit unless the root has a bare repository for it."""
        with self.lock:
            self.repositories[full_name.lower()] = FakeRepository(
                full_name=full_name,
                id=self.new_id(),
                default_branch=default_branch,
                branches=dict(branches or {default_branch: "a" * 40}),
            )

    def set_repository(self, full_name: str, **changes: object) -> None:
        """Set fields of a repository: archived, drafts, moved_to, …"""
        repository = self.repositories[full_name.lower()]
        for name, value in changes.items():
            getattr(repository, name)
            setattr(repository, name, value)

    def add_issue(self, full_name: str, title: str, body: str | None, **fields: object) -> int:
        """Open an issue and return its number."""
        with self.lock:
            repository = self.repositories[full_name.lower()]
            number = self.take_number(repository)
            repository.issues[number] = FakeIssue(number=number, title=title, body=body)
            self.set_issue(full_name, number, **fields)
            return number

    def set_issue(self, full_name: str, number: int, **changes: object) -> None:
        """Set fields of an issue: state, locked, assignees, labels, …"""
        issue = self.repositories[full_name.lower()].issues[number]
        for name, value in changes.items():
            getattr(issue, name)
            setattr(issue, name, value)

    def set_pull(self, full_name: str, number: int, **changes: object) -> None:
        """Set fields of a pull request: state, …"""
        pull = self.repositories[full_name.lower()].pulls[number]
        for name, value in changes.items():
            getattr(pull, name)
            setattr(pull, name, value)

    def add_pull(self, full_name: str, *, title: str, body: str, head: str, author: str = "somebody") -> int:
        """Open a pull request of somebody else and return its number."""
        with self.lock:
            repository = self.repositories[full_name.lower()]
            number = self.take_number(repository)
            repository.pulls[number] = FakePull(
                number=number,
                title=title,
                body=body,
                head=head,
                base=repository.default_branch,
                head_sha="b" * 40,
                draft=False,
                author=author,
            )
            return number

    def add_comment(self, full_name: str, number: int, author: str, body: str) -> int:
        """Write a comment and return its id."""
        with self.lock:
            comment = FakeComment(id=self.new_id(), number=number, author=author, body=body)
            self.repositories[full_name.lower()].comments[comment.id] = comment
            return comment.id

    def add_commit_reference(self, full_name: str, number: int, sha: str) -> None:
        """Let a commit of the repository mention an issue."""
        self.repositories[full_name.lower()].commit_references.setdefault(number, []).append(sha)

    def set_permission(self, full_name: str, login: str, permission: str) -> None:
        """Say what somebody may: admin, maintain, write, triage, read, none."""
        self.repositories[full_name.lower()].permissions[login.lower()] = permission

    def add_token(self, token: str, login: str, repositories: list[str] | None = None) -> None:
        """Take this personal access token, for these repositories (None: all)."""
        self.tokens[token] = FakeToken(
            login=login, repositories=None if repositories is None else frozenset(each.lower() for each in repositories)
        )

    def set_app(self, app_id: str, slug: str, public_key: str, installations: Mapping[str, int]) -> None:
        """Register an App by its public key (PEM), installed for these owners under these ids."""
        self.app = (app_id, slug, public_key)
        self.installations = {owner.lower(): number for owner, number in installations.items()}

    def set_token_seconds(self, seconds: float) -> None:
        """How long installation tokens live from now on (GitHub: an hour)."""
        self.token_seconds = seconds

    def add_fault(self, kind: FaultKind, **fields: object) -> None:
        """Let something go wrong; see Fault."""
        with self.lock:
            self.faults.append(Fault(kind=kind, **fields))  # type: ignore[arg-type]

    def take_fault(self, method: str, path: str) -> Fault | None:
        """Return the first fault that is meant for this request, counted down."""
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and re.fullmatch(fault.method, method) and re.search(fault.path, path):
                    fault.times -= 1
                    return fault
        return None

    def new_id(self) -> int:
        """A number that was not used before."""
        with self.lock:
            self._next_id += 1
            return self._next_id

    def take_number(self, repository: FakeRepository) -> int:
        """The next number of an issue or pull request: they share them."""
        with self.lock:
            while repository.next_number in repository.issues or repository.next_number in repository.pulls:
                repository.next_number += 1
            repository.next_number += 1
            return repository.next_number - 1

    def issue_token(self, owner: str, repositories: list[str] | None, permissions: Mapping[str, str]) -> str:
        """Make an installation token."""
        token = "ghs" + "_" + secrets.token_hex(18)
        names = repositories or [
            each.name for each in self.repositories.values() if each.owner.lower() == owner.lower()
        ]
        assert self.app is not None
        self.tokens[token] = FakeToken(
            login=f"{self.app[1]}[bot]",
            repositories=frozenset(f"{owner}/{name}".lower() for name in names),
            permissions=dict(permissions),
            expires_at=time.time() + self.token_seconds,
        )
        return token

    def accepts(self, token: str, repository: str, write: bool) -> bool:
        """Whether git may fetch (or push) with this token: what GitServer asks."""
        known = self.tokens.get(token)
        if known is None or known.expires_at < time.time():
            return False
        if known.repositories is not None and repository.lower() not in known.repositories:
            return False
        contents = "write" if known.permissions is None else known.permissions.get("contents", "")
        return contents == "write" or (contents == "read" and not write)

    def branch_sha(self, repository: FakeRepository, branch: str) -> str | None:
        """The commit that a branch points to, or None."""
        bare = self._bare(repository)
        if bare is None:
            return repository.branches.get(branch)
        done = subprocess.run(
            ["git", f"--git-dir={bare}", "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}"],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip() or None

    def referring_commits(self, repository: FakeRepository, number: int) -> list[str]:
        """Commits on any branch whose message mentions the issue, and those that a test added."""
        found = list(repository.commit_references.get(number, []))
        bare = self._bare(repository)
        if bare is not None:
            done = subprocess.run(
                ["git", f"--git-dir={bare}", "log", "--branches", "-z", "--format=%H%x09%B"],
                capture_output=True,
                text=True,
                check=False,
            )
            for entry in filter(None, done.stdout.split("\0")):
                sha, _, message = entry.partition("\t")
                if mentions(message, repository.full_name, number):
                    found.append(sha)
        return found

    def _bare(self, repository: FakeRepository) -> Path | None:
        if self.root is None:
            return None
        bare = self.root / f"{repository.full_name.lower()}.git"
        return bare if bare.is_dir() else None


def mentions(text: str, full_name: str, number: int) -> bool:
    """Whether GitHub would link this text to the issue."""
    return bool(
        re.search(
            rf"(?:(?<![\w/])|(?<![\w./-]){re.escape(full_name)})#{number}\b"
            rf"|github\.com/{re.escape(full_name)}/issues/{number}\b",
            text,
            re.IGNORECASE,
        )
    )
