"""Whether GitHub lets the service do its work: the token's scopes or the App's permissions, and each repository."""

from __future__ import annotations

import time
from collections.abc import Sequence

import httpx
import jwt

from coding_agent.operations.doctor.finding import Check, Finding, not_made, ok, problem
from coding_agent.settings import Settings

__all__ = ["github_checks"]

_TIMEOUT_S = 10.0
_NEEDED = ("contents", "issues", "pull_requests")
_NO_CREDENTIALS = "neither CODING_AGENT_GITHUB_APP_ID nor CODING_AGENT_GITHUB_TOKEN is set here"
_RIGHTS = "Contents, Issues and Pull requests: read and write"


def github_checks(settings: Settings) -> Sequence[Check]:
    """Return the checks of GitHub."""
    return (
        Check("github", lambda: _app(settings) if settings.github_app_id else _token(settings)),
        Check("github repositories", lambda: _repositories(settings)),
    )


def _app(settings: Settings) -> Finding:
    bearer = _app_token(settings)
    if isinstance(bearer, Finding):
        return bearer
    answer = _get(settings, "/app", bearer)
    if answer.status_code != 200:
        return problem(f"GitHub does not know the App ({answer.status_code})", "compare App id and private key")
    if missing := _missing(answer.json().get("permissions", {})):
        return problem(f"the App lacks write on {', '.join(missing)}", f"give the App {_RIGHTS}")
    installed = _get(settings, "/app/installations", bearer)
    if installed.status_code != 200 or not installed.json():
        return problem("the App is installed nowhere", "install it for the repositories that jobs may change")
    return ok("the App may write contents, issues and pull requests")


def _token(settings: Settings) -> Finding:
    if settings.github_token is None:
        return not_made(_NO_CREDENTIALS)
    answer = _get(settings, "/user", settings.github_token.get_secret_value())
    if answer.status_code != 200:
        return problem(f"GitHub refuses the token ({answer.status_code})", "make a new one; it may have expired")
    told = answer.headers.get("x-oauth-scopes")
    if told is None:
        return ok("a fine-grained token, whose rights GitHub does not list: see github repositories")
    scopes = {scope.strip() for scope in told.split(",")}
    if not scopes & {"repo", "public_repo"}:
        return problem(
            f"the token has the scopes {told or 'none'}, not repo", "make a fine-grained token with " + _RIGHTS
        )
    if "public_repo" in scopes and "repo" not in scopes:
        return ok("scope public_repo: public repositories only")
    return ok("scope repo; a fine-grained token or an App could do less harm")


def _repositories(settings: Settings) -> Finding:
    if not settings.github_app_id and settings.github_token is None:
        return not_made(_NO_CREDENTIALS)
    named = [name for name in settings.repositories if not name.endswith("/*")]
    if not settings.repositories:
        return problem("no repository may be changed", "list them in CODING_AGENT_REPOSITORIES")
    if not named:
        return not_made("CODING_AGENT_REPOSITORIES lists owners only")
    return _installations(settings, named) if settings.github_app_id else _pushes(settings, named)


def _installations(settings: Settings, repositories: Sequence[str]) -> Finding:
    bearer = _app_token(settings)
    if isinstance(bearer, Finding):
        return bearer
    for name in repositories:
        answer = _get(settings, f"/repos/{name}/installation", bearer)
        if answer.status_code != 200:
            return problem(f"the App is not installed for {name}", "install it there")
        if missing := _missing(answer.json().get("permissions", {})):
            return problem(f"for {name} the App lacks write on {', '.join(missing)}", "accept its new permissions")
    return ok(f"the App is installed for {len(repositories)} repositories")


def _pushes(settings: Settings, repositories: Sequence[str]) -> Finding:
    if settings.github_token is None:
        return not_made(_NO_CREDENTIALS)
    for name in repositories:
        answer = _get(settings, f"/repos/{name}", settings.github_token.get_secret_value())
        if answer.status_code != 200:
            return problem(f"the token does not see {name} ({answer.status_code})", f"give it {name}, with {_RIGHTS}")
        if not answer.json().get("permissions", {}).get("push"):
            return problem(f"the token's owner may not push to {name}", f"give write access, and the token {_RIGHTS}")
    return ok(f"{len(repositories)} repositories may be pushed to")


def _missing(permissions: dict[str, str]) -> list[str]:
    return [name for name in _NEEDED if permissions.get(name) != "write"]


def _app_token(settings: Settings) -> str | Finding:
    if settings.github_app_private_key is None:
        return not_made("CODING_AGENT_GITHUB_APP_PRIVATE_KEY is not set here")
    now = int(time.time())
    claims = {"iat": now - 60, "exp": now + 300, "iss": settings.github_app_id}
    pem = settings.github_app_private_key.get_secret_value().replace("\\n", "\n")
    try:
        return jwt.encode(claims, pem, algorithm="RS256")
    except (jwt.InvalidKeyError, ValueError, TypeError):
        return problem("CODING_AGENT_GITHUB_APP_PRIVATE_KEY is not an RSA key in PEM", "paste the App's key whole")


def _get(settings: Settings, path: str, bearer: str) -> httpx.Response:
    headers = {
        "Authorization": f"Bearer {bearer}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": "coding-agent-doctor",
    }
    return httpx.get(f"{settings.github_api_url.rstrip('/')}{path}", headers=headers, timeout=_TIMEOUT_S)
