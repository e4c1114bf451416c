"""From untrusted text to an issue: the one place where an IssueRef is made."""

from __future__ import annotations

import re

from coding_agent.errors import CodingAgentError
from coding_agent.issue_ref import IssueRef
from coding_agent.settings import Settings

__all__ = ["parse_issue_url", "served_host"]

_LONGEST = 500
_LARGEST_NUMBER = 2**31
# Owners: letters, digits and hyphens, an underscore where a company manages its users. ASCII only: no look-alikes. A
# fragment (a link to a comment) names the same issue; user, port, query and anything behind the number do not belong.
_URL = re.compile(
    r"https://(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)"
    r"/(?P<owner>[a-z0-9][a-z0-9_-]{0,38})/(?P<name>[a-z0-9._-]{1,100})"
    r"/(?P<kind>issues|pull|pulls)/(?P<number>[1-9][0-9]{0,9})/?(?:#[a-z0-9_-]*)?",
    re.IGNORECASE | re.ASCII,
)
_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|localhost)(?::\d+)?(?:/|\Z)")


def parse_issue_url(text: str, settings: Settings) -> IssueRef:
    """Return the issue that the address names, in lower case.

    Raises CodingAgentError `not_an_issue_url`, `is_pull_request`, `host_not_allowed`, `repository_not_allowed`; no
    message repeats text that cannot be part of an address of GitHub.
    """
    found = _URL.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None or found["name"] in {".", ".."} or found["name"].lower().endswith((".git", ".wiki")):
        raise CodingAgentError(
            "not_an_issue_url", "Not the address of an issue: it reads https://HOST/OWNER/REPOSITORY/issues/NUMBER"
        )
    host, owner, name = found["host"].lower(), found["owner"].lower(), found["name"].lower()
    if host not in settings.github_hosts or served_host(settings.github_api_url) not in (host, None):
        raise CodingAgentError("host_not_allowed", f"Issues of {host} are not taken here")
    if found["kind"].lower() != "issues":
        raise CodingAgentError("is_pull_request", "This is a pull request; the address of an issue is needed")
    ref = IssueRef(host=host, owner=owner, name=name, number=int(found["number"]))
    if ref.number > _LARGEST_NUMBER:
        raise CodingAgentError("not_an_issue_url", "No issue has so high a number")
    if not settings.allows(ref.repository):
        raise CodingAgentError(
            "repository_not_allowed", f"{ref.repository} is not among the repositories that jobs may change"
        )
    return ref


def served_host(api_url: str) -> str | None:
    """Return the host whose issues an API serves; None for one on loopback, which stands for any (tests).

    An issue of one GitHub must not be looked up in another one that has a repository of the same name.
    """
    if _LOOPBACK.match(api_url):
        return None
    # api.github.com and api.COMPANY.ghe.com serve the host behind `api.`; a GitHub Enterprise server is its own.
    return re.sub(r"\Ahttps?://", "", api_url).partition("/")[0].lower().removeprefix("api.")
