"""What a run works with: opened once by a worker, for all its jobs."""

from __future__ import annotations

from dataclasses import dataclass

from coding_agent.github.client import GitHub
from coding_agent.jobs.store import JobStore
from coding_agent.observability.redaction import Redactor
from coding_agent.repository.remote import Remote
from coding_agent.runs.assignment import TaskRunner
from coding_agent.settings import Settings

__all__ = ["JobParts"]


@dataclass(frozen=True, slots=True)
class JobParts:
    """The settings and everything that is opened by them; `known_secrets` must not be in what is pushed."""

    settings: Settings
    store: JobStore
    github: GitHub
    runner: TaskRunner
    redactor: Redactor
    known_secrets: tuple[str, ...]

    def remote(self, repository: str) -> Remote:
        """Return where a repository is fetched from and pushed to, with a token that is good for it.

        The token is hidden from logs from now on. Raises CodingAgentError as `Credentials.token` does.
        """
        token = self.github.credentials.token(repository)
        self.redactor.learn(token)
        return Remote(f"{self.settings.github_git_url.rstrip('/')}/{repository}.git", token)
