"""Settings: one frozen object, read once from the environment (`CODING_AGENT_…`)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

__all__ = ["Settings"]

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+\Z")
_REPOSITORY = re.compile(r"[a-z0-9._-]+/(?:[a-z0-9._-]+|\*)\Z")

Names = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Everything that can be set. Lists are separated by commas; a wrong value fails at start and is named."""

    model_config = SettingsConfigDict(env_prefix="CODING_AGENT_", frozen=True, extra="ignore", env_ignore_empty=True)

    environment: Literal["development", "production"] = Field(
        "development", description="In production the service refuses to start without keys, Redis and isolation."
    )
    public_url: str = Field("http://127.0.0.1:8000", description="Where clients and runners reach the service.")
    store: str = Field(
        "sqlite:///coding-agent.db",
        description="Jobs and queue: sqlite:///FILE (one process) or redis[s]://HOST:PORT/DB.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="What is logged, and above.")

    api_key_digests: Names = Field(
        (),
        description="name:sha256hex of each API key; two of a name while keys are changed.",
    )
    rate_limit_per_key: str = Field("60/minute", description="Requests of one API key, in the notation of `limits`.")
    rate_limit_per_repository: str = Field("10/hour", description="New jobs of one repository.")

    github_hosts: Names = Field(("github.com",), description="Hosts whose issues are taken.")
    github_api_url: str = Field("https://api.github.com", description="GitHub's REST API (GHE: https://HOST/api/v3).")
    github_git_url: str = Field("https://github.com", description="Where repositories are cloned from and pushed to.")
    repositories: Names = Field((), description="owner/name or owner/* that jobs may change; empty: none.")
    github_app_id: str | None = Field(None, description="The GitHub App that the service is (preferred to a token).")
    github_app_private_key: SecretStr | None = Field(None, description="The App's private key (PEM).")
    github_token: SecretStr | None = Field(None, description="A personal access token, where there is no App.")
    webhook_secret: SecretStr | None = Field(
        None, description="Secret of GitHub's webhook; without it there is no route."
    )
    trigger_label: str = Field("fix-me", description="The label that starts a job.")
    trigger_macro: str = Field("/fix", description="The first word of a comment that starts a job.")
    report_repository: str | None = Field(None, description="owner/name where reports are filed as issues.")

    model: Literal["scripted", "openai", "bedrock"] = Field("openai", description="Which adapter reaches the model.")
    model_name: str = Field("gpt-5-mini", description="The model's name or Bedrock's model id.")
    model_url: str = Field("https://api.openai.com/v1", description="Base address of an OpenAI-compatible service.")
    model_key: SecretStr | None = Field(None, description="Its key (Bedrock takes AWS credentials instead).")
    model_region: str = Field("us-east-1", description="Bedrock's region.")
    model_script: Path | None = Field(None, description="JSON Lines of answers for the scripted model (tests).")
    model_input_usd: float = Field(0.0, ge=0, description="US dollars for a million input tokens.")
    model_output_usd: float = Field(0.0, ge=0, description="US dollars for a million output tokens.")
    model_timeout_s: float = Field(
        900.0, gt=0, description="How long one answer of the model may take, retries included."
    )

    runner: Literal["bubblewrap", "fargate"] = Field("bubblewrap", description="Where commands of a model run.")
    workspace: Path = Field(
        Path("/tmp/coding-agent"), description="Folder of clones and work trees, removed after a job."
    )
    sandbox_memory_mb: int = Field(2048, ge=64, description="Memory of one command and its children.")
    sandbox_disk_mb: int = Field(2048, ge=16, description="Largest file, and the size of temporary folders.")
    sandbox_processes: int = Field(256, ge=8, description="Processes and threads of one job.")
    fargate_cluster: str = Field("", description="Cluster of runner tasks.")
    fargate_task_definition: str = Field("", description="Family:revision or ARN of the runner's task definition.")
    fargate_container: str = Field("runner", description="Name of the container in it.")
    fargate_subnets: Names = Field((), description="Private subnets of runner tasks.")
    fargate_security_groups: Names = Field((), description="Security groups of runner tasks.")
    fargate_region: str = Field("us-east-1", description="Region of the cluster.")

    workers: int = Field(1, ge=0, le=16, description="Jobs run at once by this process; 0: it only serves HTTP.")
    lease_s: float = Field(60.0, gt=0, description="After so long without a sign a worker counts as lost.")
    max_cost_usd: float = Field(3.0, gt=0, description="Dearest job; a request may ask for less.")
    max_minutes: float = Field(60.0, gt=0, description="Longest job; a request may ask for less.")
    max_steps: int = Field(100, ge=1, description="Most model calls of a job.")
    command_timeout_s: float = Field(120.0, gt=0, description="Longest command of a model.")
    test_timeout_s: float = Field(900.0, gt=0, description="Longest run of a repository's tests.")
    test_commands: dict[str, tuple[str, ...]] = Field(
        {}, description='How tests are run, JSON by owner/name: {"acme/app": ["python", "-m", "pytest", "-q"]}.'
    )
    push_allow: Names = Field(
        (), description="What the push guard lets through: workflows, binaries, secrets, submodules, symlinks, size."
    )
    max_changed_files: int = Field(50, ge=1, description="Most files a pushed patch may change.")
    max_changed_lines: int = Field(2000, ge=1, description="Most lines a pushed patch may add and remove.")
    callback_secret: SecretStr | None = Field(
        None, description="Key that callbacks are signed with; without it there are none."
    )
    callback_hosts: Names = Field((), description="Hosts that callbacks may go to; empty: any public one.")
    callback_insecure: bool = Field(
        False, description="In development only: callbacks may go to this machine, without TLS too."
    )
    retention_days: float = Field(30.0, gt=0, description="How long ended jobs are kept.")
    max_log_lines: int = Field(5000, ge=10, description="Lines kept of a job's log.")
    max_artifact_bytes: int = Field(8_000_000, ge=1000, description="Largest patch or trajectory that is kept.")

    @field_validator(
        "api_key_digests",
        "github_hosts",
        "repositories",
        "fargate_subnets",
        "fargate_security_groups",
        "push_allow",
        "callback_hosts",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("repositories", "github_hosts")
    @classmethod
    def _lower(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(part.lower() for part in value)

    @field_validator("api_key_digests")
    @classmethod
    def _digests(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = []
        for entry in value:
            name, _, digest = entry.partition(":")
            if not name or not _DIGEST.fullmatch(digest):
                raise ValueError("each entry is name:sha256 in 64 lower-case hex digits")
            names.append(name)
        if any(names.count(name) > 2 for name in names):
            raise ValueError("a name has at most two keys")
        return value

    @field_validator("github_hosts")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [host for host in value if not _HOST.fullmatch(host)]:
            raise ValueError(f"not a host name: {wrong[0]}")
        return value

    @field_validator("repositories")
    @classmethod
    def _repositories(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [each for each in value if not _REPOSITORY.fullmatch(each)]:
            raise ValueError(f"not owner/name or owner/*: {wrong[0]}")
        return value

    @model_validator(mode="after")
    def _production(self) -> Self:
        if self.environment == "production":
            missing = [
                name
                for name, has in (
                    ("CODING_AGENT_API_KEY_DIGESTS", bool(self.api_key_digests)),
                    ("CODING_AGENT_STORE (redis)", self.store.startswith(("redis://", "rediss://"))),
                    ("CODING_AGENT_RUNNER (fargate)", self.runner == "fargate"),
                    (
                        "CODING_AGENT_GITHUB_APP_ID or CODING_AGENT_GITHUB_TOKEN",
                        bool(self.github_app_id or self.github_token),
                    ),
                )
                if not has
            ]
            if missing:
                raise ValueError(f"in production these must be set: {', '.join(missing)}")
        return self

    def allows(self, repository: str) -> bool:
        """Whether jobs may change this repository (`owner/name`, lower case)."""
        owner = repository.partition("/")[0]
        return repository in self.repositories or f"{owner}/*" in self.repositories
