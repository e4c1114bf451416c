"""The vectors, metadata and queries that `benchmarks.vector_peers` puts to every system, as files each process reads.

Numpy alone is imported here: the module runs under the interpreter of a peer too, and its memory counts there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["TOP", "Block", "Filter", "VectorRows", "Workload"]

Floats = npt.NDArray[np.float32]

# How many rows a query asks for.
TOP = 10

_VECTORS, _COMPANIES, _YEARS, _WORKLOADS = "vectors.f32", "companies.npy", "years.npy", "workloads.json"


@dataclass(frozen=True, slots=True)
class Filter:
    """Rows of one company's fiscal years."""

    company: int
    years: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring rows, of which `start` is the first."""

    start: int
    vectors: Floats
    companies: npt.NDArray[np.int64]
    years: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Workload:
    """Queries (n x d) of one kind; each is asked with the filter at its place, or without any."""

    name: str
    queries: Floats
    filters: tuple[Filter | None, ...]


class VectorRows:
    """Rows sorted by company and year, in a folder. Numbers of companies count from zero."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def companies(self) -> npt.NDArray[np.int64]:
        return np.asarray(np.load(self._folder / _COMPANIES))

    @cached_property
    def years(self) -> npt.NDArray[np.int64]:
        return np.asarray(np.load(self._folder / _YEARS))

    @property
    def dimension(self) -> int:
        return (self._folder / _VECTORS).stat().st_size // 4 // len(self.companies)

    def __len__(self) -> int:
        return len(self.companies)

    def block(self, start: int, end: int) -> Block:
        """Read some rows; a mapped file would count as memory of the system that is given them."""
        width = self.dimension
        flat = np.fromfile(self._folder / _VECTORS, np.float32, (end - start) * width, offset=start * width * 4)
        return Block(start, flat.reshape(-1, width), self.companies[start:end], self.years[start:end])

    def blocks(self, size: int) -> Iterator[Block]:
        """Read all rows, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.block(start, min(start + size, len(self)))

    def parts(self) -> Iterator[Block]:
        """Read all rows, those of one company's year at a time."""
        changes = np.flatnonzero((np.diff(self.companies) != 0) | (np.diff(self.years) != 0)) + 1
        bounds = [0, *changes.tolist(), len(self)]
        for start, end in pairwise(bounds):
            yield self.block(start, end)

    def rows_of(self, wanted: Filter) -> npt.NDArray[np.int64]:
        """Return the rows a filter lets through."""
        return np.flatnonzero((self.companies == wanted.company) & np.isin(self.years, wanted.years))

    def workloads(self) -> list[Workload]:
        """Return the queries of every kind."""
        stored = json.loads((self._folder / _WORKLOADS).read_text(encoding="utf-8"))
        return [
            Workload(
                name,
                np.asarray(np.load(self._folder / f"{number}.npy")),
                tuple(entry and Filter(entry["company"], tuple(entry["years"])) for entry in filters),
            )
            for number, (name, filters) in enumerate(stored.items())
        ]

    def write(self, blocks: Iterator[Floats], companies: npt.NDArray[np.int64], years: npt.NDArray[np.int64]) -> None:
        """Store the rows; `blocks` gives their vectors in order."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / _VECTORS).open("wb") as file:
            for block in blocks:
                file.write(np.ascontiguousarray(block, dtype=np.float32).tobytes())
        np.save(self._folder / _COMPANIES, companies)
        np.save(self._folder / _YEARS, years)

    def write_workloads(self, workloads: list[Workload]) -> None:
        """Store the queries of every kind."""
        for number, workload in enumerate(workloads):
            np.save(self._folder / f"{number}.npy", workload.queries)
        filters: dict[str, list[Any]] = {
            workload.name: [wanted and asdict(wanted) for wanted in workload.filters] for workload in workloads
        }
        (self._folder / _WORKLOADS).write_text(json.dumps(filters), encoding="utf-8")
