"""What of the price catalogues the kit's files are held against: the sizes of the platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import yaml

__all__ = ["Catalogue", "Size", "read_sizes"]


@dataclass(frozen=True, slots=True)
class Size:
    """A size of an instance: CPUs, and memory in MB."""

    cpus: Decimal
    memory_mb: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sizes of a catalogue by name, and which of them each application has there."""

    sizes: Mapping[str, Size]
    roles: Mapping[str, str]


@cache
def read_sizes(text: str) -> Catalogue:
    """Return the newest catalogue of deploy/pricing.yaml."""
    catalogues: dict[str, Any] = yaml.safe_load(text)["catalogues"]
    newest = max(catalogues.values(), key=lambda each: str(each["as_of"]))
    sizes = {name: Size(Decimal(size["cpu"]), int(size["memory_mb"])) for name, size in newest["sizes"].items()}
    return Catalogue(sizes, newest["roles"])
