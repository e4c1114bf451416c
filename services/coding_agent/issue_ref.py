"""Which issue is meant."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["IssueRef"]


@dataclass(frozen=True, slots=True)
class IssueRef:
    """An issue of a repository; only `github.issue_url.parse_issue_url` makes one from untrusted text.

    `host` is `github.com` or a configured GitHub Enterprise host; `owner`, `name` are lower case (GitHub tells no case
    apart), so that equal issues are equal.
    """

    host: str
    owner: str
    name: str
    number: int

    @property
    def repository(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"

    @property
    def url(self) -> str:
        """The address of the issue for people."""
        return f"https://{self.host}/{self.owner}/{self.name}/issues/{self.number}"
