"""What requests and answers look like, for the OpenAPI document; answers are made in `views` without these."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

__all__ = [
    "AppView",
    "DeletedView",
    "DeployRequest",
    "DeployedView",
    "HealthView",
    "Index",
    "ListView",
    "LogsView",
    "ReadyView",
    "RevisionsView",
    "RollbackRequest",
    "TrafficRequest",
    "seconds_of",
]

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def seconds_of(value: object) -> object:
    """Return the seconds of `90`, `"90"`, `"90s"`, `"5m"` or `"1h"`; what is none of these stays as it is."""
    if isinstance(value, str):
        digits = value.rstrip("smh")
        unit = value[len(digits) :]
        if digits.isascii() and digits.isdigit() and len(digits) < 10 and unit in _UNITS:
            return int(digits) * _UNITS[unit]
        raise ValueError('give seconds as a whole number, or text such as "90s", "5m" or "1h"')
    return value


Seconds = Annotated[
    int,
    BeforeValidator(seconds_of),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[0-9]{1,9}[smh]?$"}]}),
]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ResourcesRequest(_Request):
    """Kubernetes quantities; what is left out has the default."""

    cpu_request: str = "100m"
    memory_request: str = "128Mi"
    cpu_limit: str = "1"
    memory_limit: str = "512Mi"


class DeployRequest(_Request):
    """An app as it is wanted. On an app that exists, fields that are not sent stay as they are."""

    name: str = Field(description="DNS label: the app answers at https://{name}.{base domain}.", examples=["shop"])
    image: str = Field(description="Image reference with tag or digest, under an allowed prefix.")
    namespace: str | None = Field(None, description="One of the tenant's namespaces; its default without this.")
    envs: dict[str, str] = Field({}, description="Environment variables; replaces those of before.")
    secret_envs: dict[str, str] = Field({}, description="Likewise, kept in a Secret and never told again.")
    min_scale: int = Field(0, description="Pods that always run; 0: none without requests.")
    max_scale: int = Field(10, description="Most pods.")
    concurrency: int | None = Field(None, description="Target of concurrent requests per pod; null: the cluster's.")
    port: int = Field(8080, description="Port that the container listens at.")
    readiness_path: str | None = Field(
        None, description="Answers 2xx when a pod can serve; null: it can once its port is open.", examples=["/readyz"]
    )
    resources: ResourcesRequest = Field(ResourcesRequest(), description="Requests and limits of a pod.")
    size: Literal["sm", "md", "lg", "xl"] | None = Field(
        None, description="Instead of resources: sm 0.5 CPU/512Mi, md 1/1Gi, lg 1/2Gi, xl 2/4Gi."
    )
    image_pull_secret: str | None = Field(None, description="Name of a Secret in the namespace; null: none.")
    custom_domain: str | None = Field(None, description="A domain of the tenant that leads here, too; null: none.")
    idle_timeout: Seconds | None = Field(None, description="How long the last pod is kept after the last request.")
    redeploy: bool = Field(False, description="A new revision even when nothing changed, so that a tag is read again.")


class TrafficRequest(_Request):
    """How requests are shared out."""

    latest_percent: int = Field(ge=0, le=100, description="Share of the newest revision.")


class RollbackRequest(_Request):
    """To what to go back."""

    revision: str | None = Field(
        None,
        pattern=r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$",
        description="Name of a revision; null: the ready one before the newest.",
    )


class DeployedView(_Answer):
    """What a deployment did."""

    name: str
    namespace: str
    action: Literal["created", "updated"]
    status: Literal["success"]
    url: str
    predictor_url: str
    changed: bool = Field(description="false: it was like this already, and no new revision comes.")
    warnings: list[str]


class ListItem(_Answer):
    """One app of a list."""

    name: str
    namespace: str
    url: str
    predictor_url: str
    ready: bool


class ListView(_Answer):
    """A page of apps."""

    namespace: str
    models: list[ListItem]
    cursor: str | None = Field(description="Continues the list; null: that was all.")


class ConditionView(_Answer):
    """As in Kubernetes; ScaleToZero is ours."""

    type: str
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str
    changed_at: datetime | None


class RevisionItem(_Answer):
    """One revision."""

    name: str
    image: str
    digest: str = Field(description="What the tag was resolved to; empty: not yet.")
    ready: bool
    created_at: datetime
    percent: int
    pods: int


class ShareView(_Answer):
    """Percent of requests that a revision gets."""

    revision: str
    percent: int
    latest: bool


class RevisionsView(_Answer):
    """Revisions, the newest first, and who gets the traffic."""

    name: str
    namespace: str
    revisions: list[RevisionItem]
    traffic: list[ShareView]


class ResourcesView(_Answer):
    """Kubernetes quantities."""

    cpu_request: str
    memory_request: str
    cpu_limit: str
    memory_limit: str


class AppView(ListItem):
    """Everything that is told of an app; names of variables, never their values."""

    image: str
    conditions: list[ConditionView]
    revisions: list[RevisionItem]
    traffic: list[ShareView]
    min_scale: int
    max_scale: int
    concurrency: int | None
    port: int
    readiness_path: str | None
    resources: ResourcesView
    env_names: list[str]
    secret_env_names: list[str]
    custom_domain: str | None
    idle_timeout_s: int | None
    created_at: datetime
    deleting: bool


class DeletedView(_Answer):
    """What became of a deletion."""

    name: str
    namespace: str
    status: Literal["deleting", "deleted"]


class LogsView(_Answer):
    """The last lines of the newest pod."""

    name: str
    namespace: str
    pod_name: str | None
    pod_status: str | None
    tail_lines: int
    logs: str
    message: str | None = None


class HealthView(_Answer):
    """A sign of life."""

    status: Literal["ok"]


class RouteItem(_Answer):
    """One address."""

    method: str
    path: str
    summary: str


class Index(_Answer):
    """What is here."""

    service: str
    version: str
    docs: str
    routes: list[RouteItem]


class ReadyView(_Answer):
    """Whether the service can work; `missing` says what it lacks."""

    status: Literal["ready", "not ready"]
    checks: dict[str, str]
    missing: list[str]
    warnings: list[str] = Field(description="What it works without, but cannot report on.")
