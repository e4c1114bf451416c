"""What is read of the platform's answers; sources and what of it is inferred: docs/operations/sevalla-api.md.

Fields that are not used are not read. One that is used and not there refuses the answer: a state must not be guessed.
Variables of applications are never asked for, because their values come with them.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = ["Application", "ApplicationItem", "Deployment", "Page", "Probe", "Process", "Scaling", "one_line"]

T = TypeVar("T")

_UNDER_WAY = frozenset({"waiting", "inProgress"})
_ENDED = frozenset({"success", "failed", "cancelled", "skipped"})


def one_line(text: str, limit: int = 200) -> str:
    """Return a foreign text for a terminal: one line, cut, with a space for what cannot be printed."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def _id(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", value):  # it becomes a part of an address
        raise ValueError("an id has letters, digits and hyphens alone")
    return value


_Id = Annotated[str, AfterValidator(_id)]
_Text = Annotated[str, AfterValidator(one_line)]


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class ApplicationItem(_Shape):
    """An application as lists have it; `display_name` is what its owner called it, `name` what it became."""

    id: _Id
    name: _Text
    display_name: _Text
    status: _Text | None = None
    is_suspended: bool


class Application(ApplicationItem):
    """An application with its settings."""

    auto_deploy: bool
    hibernation_enabled: bool
    cluster_id: _Text | None = None
    default_branch: _Text | None = None
    build_type: _Text | None = None
    dockerfile_path: _Text | None = None


class _HttpGet(_Shape):
    path: _Text | None = None


class Probe(_Shape):
    """A probe that is switched on; without `http_get` it asks in another way than by an address."""

    http_get: _HttpGet | None = Field(default=None, alias="httpGet")

    @property
    def path(self) -> str | None:
        """The address it asks for."""
        return self.http_get.path if self.http_get else None


class _ScalingConfig(_Shape):
    instance_count: int | None = Field(default=None, alias="instanceCount")


class Scaling(_Shape):
    """How many instances: a number when `type` is manual."""

    type: _Text
    config: _ScalingConfig = _ScalingConfig()


class Process(_Shape):
    """A process of an application; `cpu_limit` in thousandths of a CPU, `memory_limit` in MB."""

    type: _Text | None
    entrypoint: _Text | None = None
    port: int | None = None
    is_ingress_enabled: bool
    scaling_strategy: Scaling | None = None
    resource_type_name: _Text | None = None
    cpu_limit: int | None = None
    memory_limit: int | None = None
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    internal_hostname: _Text | None = None


class Deployment(_Shape):
    """A deployment; times are UTC."""

    id: _Id
    status: _Text | None
    branch: _Text | None = None
    commit_sha: _Text | None = None
    commit_message: _Text | None = None
    created_at: datetime
    finished_at: datetime | None = None

    @property
    def has_ended(self) -> bool:
        """Whether its status is a final one; one that this program does not know is none."""
        return self.status in _ENDED

    @property
    def is_under_way(self) -> bool:
        """Whether it waits or is being carried out."""
        return self.status in _UNDER_WAY


class Page(_Shape, Generic[T]):
    """A part of a list; `total` counts all of it."""

    data: tuple[T, ...]
    total: int = Field(ge=0)
