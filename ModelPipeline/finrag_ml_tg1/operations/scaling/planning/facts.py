"""The facts of deploy/scaling.yaml as frozen objects: the notes' tiers and phases, roles, engines, images."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from finrag_ml_tg1.operations.scaling.errors import ScalingError
from finrag_ml_tg1.operations.strict_yaml import parse_strict_yaml

__all__ = [
    "FACTS_FILE",
    "Facts",
    "Idea",
    "Image",
    "Phase",
    "QdrantFacts",
    "RoleName",
    "RoleSize",
    "S3VectorsFacts",
    "Tier",
    "read_facts",
]

FACTS_FILE = "deploy/scaling.yaml"

RoleName = Literal["frontend", "backend", "indexer", "dashboards", "redis"]
_Text = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tier(_Part):
    """One tier of the notes: loads in requests a second, the range of US dollars a month, and the overlay for it.

    `sample_rps` is the load that the tier is shown with.
    """

    name: _Text
    above_rps: int = Field(ge=0)
    up_to_rps: int = Field(ge=1)
    usd_month: tuple[int, int]
    overlay: _Text
    sample_rps: int

    @model_validator(mode="after")
    def _is_in_order(self) -> Tier:
        if not self.above_rps < self.sample_rps <= self.up_to_rps or self.usd_month[0] > self.usd_month[1]:
            raise ValueError("its loads or dollars are not in order")
        return self


class RoleSize(_Part):
    """The size of one pod of a role: cores and megabytes (2²⁰), and what the notes call the role."""

    noted: _Text
    cpu: Annotated[Decimal, Field(gt=0)]
    memory_mb: Annotated[int, Field(ge=1)]


class S3VectorsFacts(_Part):
    """What a vector takes in S3 Vectors, and how long a query of it takes."""

    bytes_a_vector: int = Field(ge=1)
    latency_ms: int = Field(ge=0)
    basis: _Text


class QdrantFacts(_Part):
    """What a vector takes in Qdrant on disk and in memory, and how far a machine's memory may be filled.

    `query_cpu_ms` is the machines' time for a query, `latency_ms` what a query takes in all.
    """

    disk_bytes_a_vector: int = Field(ge=1)
    memory_bytes_a_vector: int = Field(ge=1)
    memory_share: Annotated[Decimal, Field(gt=0, le=1)]
    latency_ms: int = Field(ge=0)
    query_cpu_ms: int = Field(ge=1)
    basis: _Text


class Engines(_Part):
    """The outside engines."""

    s3_vectors: S3VectorsFacts
    qdrant: QdrantFacts


class Image(_Part):
    """An image's size in the notes, and what the packages of ours may have, in MB of 10⁶ bytes."""

    role: RoleName
    noted_mb: int
    budget_mb: int | None = None


class Functions(_Part):
    """The limit of a function's package, and whether each role can be one."""

    unzipped_mb: int
    source: _Text
    verdicts: dict[RoleName, _Text]


class Phase(_Part):
    """One thing of the notes' phases: where it stands in the repository, or what is open."""

    phase: _Text
    what: _Text
    evidence: str | None = None
    open: str | None = None

    @model_validator(mode="after")
    def _says_one(self) -> Phase:
        if (self.evidence is None) == (self.open is None):
            raise ValueError(f"{self.what}: say one of evidence and open")
        return self


class Idea(_Part):
    """The verdict on one of the notes' ideas, for each tier."""

    idea: _Text
    low: _Text
    medium: _Text
    high: _Text


class Facts(_Part):
    """All of the file."""

    tiers: tuple[Tier, ...] = Field(min_length=1)
    roles: dict[RoleName, RoleSize]
    engines: Engines
    images: tuple[Image, ...]
    functions: Functions
    ideas: tuple[Idea, ...]
    phases: tuple[Phase, ...]

    def tier_of(self, rps: Fraction | float) -> Tier:
        """Return the tier of a load; loads above the last belong to the last."""
        return next((tier for tier in self.tiers if rps <= tier.up_to_rps), self.tiers[-1])

    def tier(self, name: str) -> Tier:
        """Return the tier of that name; raises `ScalingError` with the names there are."""
        for tier in self.tiers:
            if tier.name == name:
                return tier
        raise ScalingError(f"there is no tier {name}: choose {' or '.join(tier.name for tier in self.tiers)}")


def read_facts(path: Path) -> Facts:
    """Return the facts of a file; raises `ScalingError` naming what is wrong and where."""
    try:
        content = parse_strict_yaml(path.read_text("utf-8"))
    except OSError as error:
        raise ScalingError(f"{path} cannot be read ({error.strerror}): run this in the checkout") from None
    except ValueError as error:
        raise ScalingError(f"{path} is no YAML of facts: {error}") from None
    try:
        return Facts.model_validate(content)
    except ValidationError as error:
        mistakes = (f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in error.errors())
        raise ScalingError(f"{path}: {'; '.join(mistakes)}") from None
