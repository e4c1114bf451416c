"""A fake GitHub with one repository, one issue and a token, and our client of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from coding_agent.github.client import GitHub, open_github
from coding_agent.issue_ref import IssueRef
from coding_agent.settings import Settings
from coding_agent.tests.fake_github import FakeGitHub
from coding_agent.tests.fake_github_state import FakeGitHubState

__all__ = ["TOKEN", "Setup", "running_github"]

TOKEN = "ghp" + "_" + "c4na7y" * 6


@dataclass(frozen=True, slots=True)
class Setup:
    """What a test needs; `ref` is the issue `acme/app#1`."""

    fake: FakeGitHub
    github: GitHub
    settings: Settings
    ref: IssueRef

    @property
    def state(self) -> FakeGitHubState:
        """What the fake knows."""
        return self.fake.state


@contextmanager
def running_github(root: Path | None = None, **settings: object) -> Iterator[Setup]:
    """Start both; at the end nothing may have been asked that GitHub does not document."""
    with FakeGitHub(root) as fake:
        fake.state.add_repository("Acme/App")
        number = fake.state.add_issue("acme/app", "It breaks", "When I press the button")
        fake.state.add_token(TOKEN, "fixer", ["acme/app"])
        configured = Settings.model_validate(
            {
                "github_api_url": fake.url,
                "github_token": SecretStr(TOKEN),
                "repositories": ("acme/app",),
                "webhook_secret": SecretStr("hook" + "-" * 9),
                **settings,
            }
        )
        github = open_github(configured)
        try:
            yield Setup(fake, github, configured, IssueRef("github.com", "acme", "app", number))
        finally:
            github.close()
        assert fake.state.refused == []
