"""The routes of the fake GitHub: for each what GitHub documents of query and body, and what it answers."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import jwt

from coding_agent.tests.fake_github_state import FakeGitHubState, FakeIssue, FakePull, FakeRepository, mentions

__all__ = ["ROUTES", "Answer", "RefusedError", "Request", "Route", "authorize"]

_T = TypeVar("_T")
_PAGES = frozenset({"per_page", "page"})
_EPOCH = "2026-01-01T00:00:00Z"
_REACTIONS = frozenset({"+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"})
# What an installation token can be limited to, of GitHub's long list.
_PERMISSIONS = {
    "contents": {"read", "write"},
    "issues": {"read", "write"},
    "metadata": {"read", "write"},
    "pull_requests": {"read", "write"},
    "workflows": {"write"},
}
_GRANTED = {"contents": "write", "issues": "write", "metadata": "read", "pull_requests": "write"}
# permission of the API by role: the old names stand for the new ones.
_LEGACY = {"admin": "admin", "maintain": "write", "write": "write", "triage": "read", "read": "read", "none": "none"}


class RefusedError(Exception):
    """An answer that is an error; `ours`: the request was wrong in a way that only a bug of ours explains."""

    def __init__(
        self, status: int, message: str, errors: Sequence[Mapping[str, str]] | None = None, *, ours: bool = True
    ) -> None:
        super().__init__(message)
        self.status = status
        self.errors = errors
        self.ours = ours

    def body(self) -> dict[str, object]:
        """As GitHub words errors."""
        body: dict[str, object] = {
            "message": str(self),
            "documentation_url": "https://docs.github.com/rest",
            "status": str(self.status),
        }
        return body if self.errors is None else {**body, "errors": self.errors}


@dataclass(slots=True, kw_only=True)
class Request:
    """What came in; `parts` are the named parts of the path, `login` is who asks."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes
    base_url: str
    parts: dict[str, str] = field(default_factory=dict)
    login: str = ""

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object of the body; empty when there is none."""
        loaded = json.loads(self.raw) if self.raw else {}
        if not isinstance(loaded, dict):
            raise RefusedError(400, "the body is not an object")
        return loaded


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out."""

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A documented route; `needs` is the permission of an App's token, `jwt` whether the App itself must ask."""

    method: str
    path: re.Pattern[str]
    handler: Callable[[FakeGitHubState, Request], Answer]
    needs: tuple[str, str] | None = None
    jwt: bool = False
    # Whoever asks: nobody has to say who they are.
    public: bool = False
    query: frozenset[str] = frozenset()
    body: Mapping[str, type | tuple[type, ...]] = field(default_factory=dict)
    required: frozenset[str] = frozenset()

    def check(self, request: Request) -> None:
        """Refuse what is not documented, and what is not of the documented type."""
        if unknown := set(request.query) - self.query:
            raise RefusedError(422, f"undocumented query parameter {sorted(unknown)}")
        for name in _PAGES & set(request.query):
            if not request.query[name].isdecimal() or not 1 <= int(request.query[name]) <= 100:
                raise RefusedError(422, f"{name} is not 1 to 100")
        body = request.body
        if unknown := set(body) - set(self.body):
            raise RefusedError(422, f"undocumented field {sorted(unknown)}")
        if missing := self.required - set(body):
            raise RefusedError(422, f"missing field {sorted(missing)}")
        for name, value in body.items():
            if not isinstance(value, self.body[name]):
                raise RefusedError(422, f"field {name} has the wrong type")


def authorize(state: FakeGitHubState, route: Route, request: Request) -> None:
    """Refuse who does not say who they are, or may not do this. A repository that one may not see is not there."""
    if route.public:
        return
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind != "Bearer" or not token:
        raise RefusedError(401, "Requires authentication")
    if route.jwt:
        _check_jwt(state, token)
        return
    known = state.tokens.get(token)
    if known is None or known.expires_at < time.time():
        raise RefusedError(401, "Bad credentials", ours=False)
    request.login = known.login
    if "owner" not in request.parts:
        return
    name = f"{request.parts['owner']}/{request.parts['repo']}".lower()
    if known.repositories is not None and name not in known.repositories:
        raise RefusedError(404, "Not Found", ours=False)
    if route.needs is not None and known.permissions is not None:
        permission, level = route.needs
        if known.permissions.get(permission) not in {level, "write"}:
            raise RefusedError(403, "Resource not accessible by integration")


def _check_jwt(state: FakeGitHubState, token: str) -> None:
    if state.app is None:
        raise RefusedError(401, "A JSON web token could not be decoded")
    app_id, _, public_key = state.app
    try:
        claims = jwt.decode(
            token, public_key, algorithms=["RS256"], options={"require": ["iat", "exp", "iss"], "verify_iat": True}
        )
    except jwt.PyJWTError as error:
        raise RefusedError(401, "A JSON web token could not be decoded") from error
    if str(claims["iss"]) != app_id:
        raise RefusedError(401, "'Issuer' claim ('iss') must be the App's id")
    if claims["exp"] - time.time() > 600:
        raise RefusedError(401, "'Expiration time' claim ('exp') is too far in the future")
    if set(claims) - {"iat", "exp", "iss", "alg"}:
        raise RefusedError(401, "undocumented claim")


def _repository(state: FakeGitHubState, request: Request) -> FakeRepository:
    repository = state.repositories.get(f"{request.parts['owner']}/{request.parts['repo']}".lower())
    if repository is None:
        raise RefusedError(404, "Not Found", ours=False)
    if repository.moved_to:
        raise RefusedError(301, "Moved Permanently", ours=False)
    return repository


def _number(repository: FakeRepository, request: Request) -> int:
    number = int(request.parts["number"])
    if number not in repository.issues and number not in repository.pulls:
        raise RefusedError(404, "Not Found", ours=False)
    return number


def _user(login: str | None) -> dict[str, object] | None:
    if login is None:
        return None
    return {"login": login, "id": sum(login.encode()), "type": "Bot" if login.endswith("[bot]") else "User"}


def _page(request: Request, items: list[_T]) -> list[_T]:
    size, page = int(request.query.get("per_page", 30)), int(request.query.get("page", 1))
    return items[(page - 1) * size : page * size]


def _issue_body(state: FakeGitHubState, repository: FakeRepository, issue: FakeIssue | FakePull) -> dict[str, object]:
    pull = isinstance(issue, FakePull)
    kind = "pull" if pull else "issues"
    body: dict[str, object] = {
        "id": issue.number,
        "number": issue.number,
        "title": issue.title,
        "body": issue.body,
        "state": issue.state,
        "locked": False if isinstance(issue, FakePull) else issue.locked,
        "user": _user(issue.author),
        "labels": [] if isinstance(issue, FakePull) else [{"id": 1, "name": name} for name in issue.labels],
        "assignees": [] if isinstance(issue, FakePull) else [_user(login) for login in issue.assignees],
        "comments": sum(each.number == issue.number for each in repository.comments.values()),
        "html_url": f"https://github.com/{repository.full_name}/{kind}/{issue.number}",
        "repository_url": f"https://api.github.com/repos/{repository.full_name}",
        "created_at": _EPOCH,
        "updated_at": _EPOCH,
    }
    if pull:
        body["pull_request"] = {
            "url": f"https://api.github.com/repos/{repository.full_name}/pulls/{issue.number}",
            "html_url": body["html_url"],
            "merged_at": None,
        }
    return body


def _pull_body(repository: FakeRepository, pull: FakePull) -> dict[str, object]:
    place = {"full_name": repository.full_name, "default_branch": repository.default_branch}
    return {
        "id": pull.number,
        "number": pull.number,
        "html_url": f"https://github.com/{repository.full_name}/pull/{pull.number}",
        "state": pull.state,
        "draft": pull.draft,
        "title": pull.title,
        "body": pull.body,
        "user": _user(pull.author),
        "head": {"ref": pull.head, "sha": pull.head_sha, "label": f"{repository.owner}:{pull.head}", "repo": place},
        "base": {"ref": pull.base, "sha": "", "label": f"{repository.owner}:{pull.base}", "repo": place},
        "merged_at": None,
    }


def _get_repository(state: FakeGitHubState, request: Request) -> Answer:
    repository = _repository(state, request)
    return Answer(
        200,
        {
            "id": repository.id,
            "name": repository.name,
            "full_name": repository.full_name,
            "owner": _user(repository.owner),
            "private": repository.private,
            "default_branch": repository.default_branch,
            "archived": repository.archived,
            "disabled": repository.disabled,
            "fork": False,
            "html_url": f"https://github.com/{repository.full_name}",
        },
    )


def _get_branch(state: FakeGitHubState, request: Request) -> Answer:
    repository = _repository(state, request)
    branch = request.parts["branch"]
    sha = state.branch_sha(repository, branch)
    if sha is None:
        raise RefusedError(404, "Branch not found", ours=False)
    return Answer(200, {"name": branch, "commit": {"sha": sha}, "protected": False})


def _get_permission(state: FakeGitHubState, request: Request) -> Answer:
    login = request.parts["login"]
    role = _repository(state, request).permissions.get(login.lower())
    if role is None:
        raise RefusedError(404, f"{login} is not a user", ours=False)
    return Answer(200, {"permission": _LEGACY[role], "role_name": role, "user": _user(login)})


def _get_issue(state: FakeGitHubState, request: Request) -> Answer:
    repository = _repository(state, request)
    number = _number(repository, request)
    return Answer(200, _issue_body(state, repository, repository.issues.get(number) or repository.pulls[number]))


def _list_issues(state: FakeGitHubState, request: Request) -> Answer:
    repository = _repository(state, request)
    wanted = request.query.get("state", "open")
    labels = set(filter(None, request.query.get("labels", "").split(",")))
    every: list[FakeIssue | FakePull] = [*repository.issues.values(), *repository.pulls.values()]
    found = [
        each
        for each in sorted(every, key=lambda each: each.number, reverse=True)
        if wanted in ("all", each.state) and (not labels or (isinstance(each, FakeIssue) and labels <= {*each.labels}))
    ]
    return Answer(200, [_issue_body(state, repository, each) for each in _page(request, found)])


def _create_issue(state: FakeGitHubState, request: Request) -> Answer:
    repository = _repository(state, request)
    number = state.add_issue(
        repository.full_name,
        request.body["title"],
        request.body.get("body"),
        author=request.login,
        labels=list(request.body.get("labels", [])),
        assignees=list(request.body.get("assignees", [])),
    )
    return Answer(201, _issue_body(state, repository, repository.issues[number]))


def _list_comments(state: FakeGitHubState, request: Request) -> Answer:
    repository = _repository(state, request)
    number = _number(repository, request)
    found = [each for each in repository.comments.values() if each.number == number]
    return Answer(
        200,
        [
            {"id": each.id, "body": each.body, "user": _user(each.author), "created_at": _EPOCH, "updated_at": _EPOCH}
            for each in _page(request, found)
        ],
    )


def _create_comment(state: FakeGitHubState, request: Request) -> Answer:
    repository = _repository(state, request)
    number = _number(repository, request)
    _check_length(request.body["body"])
    issue = repository.issues.get(number)
    if issue is not None and issue.locked:
        raise RefusedError(403, "Unable to create comment because issue is locked.", ours=False)
    comment = state.add_comment(repository.full_name, number, request.login, request.body["body"])
    return Answer(201, {"id": comment, "body": request.body["body"], "user": _user(request.login)})


def _react(state: FakeGitHubState, request: Request) -> Answer:
    repository = _repository(state, request)
    content = request.body["content"]
    if content not in _REACTIONS:
        raise RefusedError(422, f"unknown reaction {content}")
    target: Any = (
        repository.comments.get(int(request.parts["comment"]))
        if "comment" in request.parts
        else repository.issues.get(int(request.parts["number"]))
    )
    if target is None:
        raise RefusedError(404, "Not Found", ours=False)
    known = (request.login, content) in target.reactions
    if not known:
        target.reactions.append((request.login, content))
    return Answer(200 if known else 201, {"id": 1, "user": _user(request.login), "content": content})


def _timeline(state: FakeGitHubState, request: Request) -> Answer:
    repository = _repository(state, request)
    number = _number(repository, request)
    events: list[dict[str, object]] = []
    for owner in state.repositories.values():
        for pull in owner.pulls.values():
            if mentions(f"{pull.title}\n{pull.body}", repository.full_name, number):
                events.append(
                    {
                        "event": "cross-referenced",
                        "actor": _user(pull.author),
                        "created_at": _EPOCH,
                        "updated_at": _EPOCH,
                        "source": {"type": "issue", "issue": _issue_body(state, owner, pull)},
                    }
                )
    for sha in state.referring_commits(repository, number):
        events.append(
            {
                "event": "referenced",
                "actor": _user("somebody"),
                "commit_id": sha,
                "commit_url": f"https://api.github.com/repos/{repository.full_name}/commits/{sha}",
                "created_at": _EPOCH,
            }
        )
    return Answer(200, _page(request, events))


def _list_pulls(state: FakeGitHubState, request: Request) -> Answer:
    repository = _repository(state, request)
    head = request.query.get("head")
    if head is not None and ":" not in head:
        raise RefusedError(422, "head is documented as owner:branch; GitHub would ignore it and list everything")
    wanted = request.query.get("state", "open")
    found = [
        pull
        for pull in sorted(repository.pulls.values(), key=lambda pull: pull.number, reverse=True)
        if wanted in ("all", pull.state)
        and (head is None or head.lower() == f"{repository.owner}:{pull.head}".lower())
        and request.query.get("base", pull.base) == pull.base
    ]
    return Answer(200, [_pull_body(repository, pull) for pull in _page(request, found)])


def _create_pull(state: FakeGitHubState, request: Request) -> Answer:
    repository = _repository(state, request)
    body = request.body
    owner, _, head = body["head"].rpartition(":")
    if owner and owner.lower() != repository.owner.lower():
        raise _invalid("head")
    head_sha, base_sha = state.branch_sha(repository, head), state.branch_sha(repository, body["base"])
    if head_sha is None or base_sha is None:
        raise _invalid("head" if head_sha is None else "base")
    if head_sha == base_sha:
        raise _custom(f"No commits between {body['base']} and {head}")
    if any((pull.head, pull.base, pull.state) == (head, body["base"], "open") for pull in repository.pulls.values()):
        raise _custom(f"A pull request already exists for {repository.owner}:{head}.")
    if body.get("draft") and not repository.drafts:
        raise RefusedError(422, "Draft pull requests are not supported in this repository.", ours=False)
    if not body.get("title") or len(body["title"]) > 256:
        raise RefusedError(422, "title is missing or too long (maximum is 256 characters)")
    _check_length(body.get("body", ""))
    number = state.take_number(repository)
    repository.pulls[number] = FakePull(
        number=number,
        title=body["title"],
        body=body.get("body", ""),
        head=head,
        base=body["base"],
        head_sha=head_sha,
        draft=body.get("draft", False),
        author=request.login,
        maintainer_can_modify=body.get("maintainer_can_modify", True),
    )
    return Answer(201, _pull_body(repository, repository.pulls[number]))


def _check_length(text: str) -> None:
    if len(text) > 65_536:
        raise RefusedError(422, "body is too long (maximum is 65536 characters)")


def _invalid(name: str) -> RefusedError:
    errors = [{"resource": "PullRequest", "field": name, "code": "invalid"}]
    return RefusedError(422, "Validation Failed", errors, ours=False)


def _custom(message: str) -> RefusedError:
    errors = [{"resource": "PullRequest", "code": "custom", "message": message}]
    return RefusedError(422, "Validation Failed", errors, ours=False)


def _get_user(_state: FakeGitHubState, request: Request) -> Answer:
    if request.login.endswith("[bot]"):
        raise RefusedError(403, "Resource not accessible by integration")
    return Answer(200, _user(request.login))


def _get_app(state: FakeGitHubState, _request: Request) -> Answer:
    assert state.app is not None
    return Answer(200, {"id": int(state.app[0]), "slug": state.app[1], "name": state.app[1]})


def _get_installation(state: FakeGitHubState, request: Request) -> Answer:
    repository = _repository(state, request)
    number = state.installations.get(repository.owner.lower())
    if number is None:
        raise RefusedError(404, "Not Found", ours=False)
    assert state.app is not None
    return Answer(200, {"id": number, "app_id": int(state.app[0]), "app_slug": state.app[1], "permissions": _GRANTED})


def _create_token(state: FakeGitHubState, request: Request) -> Answer:
    number = int(request.parts["installation"])
    owner = next((owner for owner, each in state.installations.items() if each == number), None)
    if owner is None:
        raise RefusedError(404, "Not Found", ours=False)
    wanted = request.body.get("permissions", _GRANTED)
    for permission, level in wanted.items():
        if level not in _PERMISSIONS.get(permission, set()):
            raise RefusedError(422, f"undocumented permission {permission}: {level}")
        if _GRANTED.get(permission) not in {level, "write"}:
            raise RefusedError(422, "The permissions requested are not granted to this installation.", ours=False)
    names = request.body.get("repositories")
    for name in names or []:
        if f"{owner}/{name}".lower() not in state.repositories:
            raise RefusedError(422, "There is at least one repository that does not exist", ours=False)
    token = state.issue_token(owner, names, wanted)
    expires = datetime.fromtimestamp(state.tokens[token].expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Answer(
        201,
        {
            "token": token,
            "expires_at": expires,
            "permissions": wanted,
            "repository_selection": "selected" if names else "all",
        },
    )


def _get_rate_limit(state: FakeGitHubState, request: Request) -> Answer:
    core = {"limit": 60, "remaining": 60, "reset": int(time.time()) + 3600, "used": 0}
    return Answer(200, {"resources": {"core": core, "search": core}, "rate": core})


def _route(
    method: str,
    path: str,
    handler: Callable[[FakeGitHubState, Request], Answer],
    needs: str | None = None,
    **more: Any,  # noqa: ANN401 the fields of Route
) -> Route:
    pattern = path.replace("{owner}/{repo}", r"(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+)").replace(
        "{number}", r"(?P<number>\d+)"
    )
    permission, _, level = (needs or "").partition(":")
    return Route(
        method=method,
        path=re.compile(pattern),
        handler=handler,
        needs=(permission, level) if needs else None,
        **more,
    )


_REPO = "/repos/{owner}/{repo}"
_ISSUE = _REPO + "/issues/{number}"
_LIST_ISSUES = frozenset(
    "milestone state assignee type creator mentioned labels sort direction since per_page page".split()
)
_NEW_ISSUE: Mapping[str, type | tuple[type, ...]] = {
    "title": (str, int),
    "body": str,
    "milestone": (str, int),
    "labels": list,
    "assignees": list,
    "type": str,
}
_NEW_PULL: Mapping[str, type | tuple[type, ...]] = {
    "title": str,
    "head": str,
    "head_repo": str,
    "base": str,
    "body": str,
    "maintainer_can_modify": bool,
    "draft": bool,
    "issue": int,
}

ROUTES = (
    _route("GET", "/rate_limit", _get_rate_limit, public=True),
    _route("GET", "/user", _get_user),
    _route("GET", "/app", _get_app, jwt=True),
    _route("GET", _REPO + "/installation", _get_installation, jwt=True),
    _route(
        "POST",
        r"/app/installations/(?P<installation>\d+)/access_tokens",
        _create_token,
        jwt=True,
        body={"repositories": list, "repository_ids": list, "permissions": dict},
    ),
    _route("GET", _REPO, _get_repository, "metadata:read"),
    _route("GET", _REPO + r"/branches/(?P<branch>.+)", _get_branch, "contents:read"),
    _route("GET", _REPO + r"/collaborators/(?P<login>[^/]+)/permission", _get_permission, "metadata:read"),
    _route("GET", _REPO + "/issues", _list_issues, "issues:read", query=_LIST_ISSUES),
    _route("POST", _REPO + "/issues", _create_issue, "issues:write", body=_NEW_ISSUE, required=frozenset({"title"})),
    _route("GET", _ISSUE, _get_issue, "issues:read"),
    _route("GET", _ISSUE + "/timeline", _timeline, "issues:read", query=_PAGES),
    _route("GET", _ISSUE + "/comments", _list_comments, "issues:read", query=_PAGES | {"since"}),
    _route(
        "POST",
        _ISSUE + "/comments",
        _create_comment,
        "issues:write",
        body={"body": str},
        required=frozenset({"body"}),
    ),
    _route(
        "POST",
        _ISSUE + "/reactions",
        _react,
        "issues:write",
        body={"content": str},
        required=frozenset({"content"}),
    ),
    _route(
        "POST",
        _REPO + r"/issues/comments/(?P<comment>\d+)/reactions",
        _react,
        "issues:write",
        body={"content": str},
        required=frozenset({"content"}),
    ),
    _route(
        "GET",
        _REPO + "/pulls",
        _list_pulls,
        "pull_requests:read",
        query=_PAGES | {"state", "head", "base", "sort", "direction"},
    ),
    _route(
        "POST",
        _REPO + "/pulls",
        _create_pull,
        "pull_requests:write",
        body=_NEW_PULL,
        required=frozenset({"head", "base"}),
    ),
)
