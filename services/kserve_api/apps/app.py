"""An app as its owner wants it, and as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

__all__ = [
    "CONTAINER",
    "MANAGED_BY",
    "AppDetail",
    "AppSummary",
    "Condition",
    "Deployed",
    "Deployment",
    "LogTail",
    "Resources",
    "RevisionView",
    "TrafficShare",
]

CONTAINER = "kserve-container"
MANAGED_BY = "kserve-api"  # Value of app.kubernetes.io/managed-by, and the field manager of server-side apply.


@dataclass(frozen=True, slots=True)
class Resources:
    """Kubernetes quantities."""

    cpu_request: str = "100m"
    memory_request: str = "128Mi"
    cpu_limit: str = "1"
    memory_limit: str = "512Mi"


@dataclass(frozen=True, slots=True)
class Deployment:
    """What `POST /deploy` asks for. `given` names the fields that the caller sent: on an app that exists, the others
    stay as they are; on a new one they take these defaults.
    """

    name: str
    image: str
    namespace: str = "default"
    envs: Mapping[str, str] = field(default_factory=dict)
    secret_envs: Mapping[str, str] = field(default_factory=dict, repr=False)
    min_scale: int = 0
    max_scale: int = 10
    concurrency: int | None = None  # Target of concurrent requests per pod; None: the cluster's default.
    port: int = 8080
    readiness_path: str | None = None  # Answers 2xx when a pod can serve; None: it can once its port is open.
    resources: Resources = Resources()
    image_pull_secret: str | None = None
    custom_domain: str | None = None
    idle_timeout_s: int | None = None  # How long the last pod is kept after the last request.
    redeploy: bool = False  # A new revision even when nothing changed: the tag is resolved to a digest again.
    given: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Condition:
    """As in Kubernetes; `ScaleToZero` is ours: whether the app really can go to no pods, and if not, why."""

    type: str
    status: Literal["True", "False", "Unknown"]
    reason: str = ""
    message: str = ""
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RevisionView:
    """One revision: what it runs, and how much traffic reaches it."""

    name: str
    image: str  # As deployed.
    digest: str  # What the tag was resolved to (empty: not resolved yet).
    ready: bool
    created_at: datetime
    percent: int = 0
    pods: int = 0


@dataclass(frozen=True, slots=True)
class TrafficShare:
    """How many percent of requests a revision gets."""

    revision: str
    percent: int
    latest: bool


@dataclass(frozen=True, slots=True)
class AppSummary:
    """One line of a list."""

    name: str
    namespace: str
    url: str
    predictor_url: str
    ready: bool


@dataclass(frozen=True, slots=True)
class AppDetail:
    """Everything that is told of one app; names of variables, never their values."""

    summary: AppSummary
    image: str
    conditions: Sequence[Condition]
    revisions: Sequence[RevisionView]  # Newest first.
    traffic: Sequence[TrafficShare]
    min_scale: int
    max_scale: int
    concurrency: int | None
    port: int
    readiness_path: str | None
    resources: Resources
    env_names: Sequence[str]
    secret_env_names: Sequence[str]
    custom_domain: str | None
    idle_timeout_s: int | None
    created_at: datetime
    deleting: bool = False


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deployment did."""

    summary: AppSummary
    action: Literal["created", "updated"]
    changed: bool  # False: what was asked for is what there was; no new revision comes.
    warnings: Sequence[str] = ()
    stamp: str = ""  # What the revision's annotation `kserve-api/redeployed-at` says; `wait_until_ready` looks for it.


@dataclass(frozen=True, slots=True)
class LogTail:
    """The last lines of one pod."""

    name: str
    namespace: str
    pod_name: str | None
    pod_status: str | None
    tail_lines: int
    logs: str
    message: str | None = None  # Why there are no lines, or that another container's are shown.
