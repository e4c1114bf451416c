"""What an outside engine has to do: keep vectors under keys, and find the nearest.

An engine knows nothing of versions. A vector's key is made of its part's hash and its row within the part, so the same
part has the same keys in every version: a new version adds the vectors of its new parts and no others, and versions are
served beside each other.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from finrag_ml_tg1.errors import VectorIndexError
from finrag_ml_tg1.index.vector_index import Floats

__all__ = ["COSINE", "EngineState", "Near", "Points", "VectorEngine", "part_prefix", "require_fit", "vector_keys"]

COSINE: Final = "cosine"
_PREFIX_DIGITS = 24  # 96 bits of the part's hash, and 32 for the row: together the 128 of a UUID


@dataclass(frozen=True, slots=True)
class Points:
    """Vectors (n x d) with their keys, and the company and fiscal year that each can be filtered by."""

    keys: Sequence[str]
    vectors: Floats
    ciks: Sequence[int]
    fiscal_years: Sequence[int]

    def __len__(self) -> int:
        return len(self.keys)

    def slice(self, start: int, stop: int) -> Points:
        """Return some of them."""
        return Points(
            self.keys[start:stop], self.vectors[start:stop], self.ciks[start:stop], self.fiscal_years[start:stop]
        )


@dataclass(frozen=True, slots=True)
class Near:
    """Keys of the nearest vectors, best first, with their cosines."""

    keys: Sequence[str]
    similarities: Floats


@dataclass(frozen=True, slots=True)
class EngineState:
    """How the engine's index is made; `identity` is another when it was removed and made again."""

    dimension: int
    metric: str
    identity: str


class VectorEngine(Protocol):
    """An engine's index. Safe for use from several threads.

    Every method raises VectorIndexUnavailableError when the engine cannot be reached, is too busy or refuses the
    credentials, and VectorIndexError when it refuses the operation.
    """

    @property
    def address(self) -> str:
        """The address it was opened by, without secrets."""
        ...

    @property
    def most_written(self) -> int:
        """How many vectors one call may write or delete."""
        ...

    @property
    def most_found(self) -> int:
        """How many vectors one search may return."""
        ...

    def describe(self) -> EngineState | None:
        """Return how the index is made, None when there is none."""
        ...

    def create(self, dimension: int) -> EngineState:
        """Make the index, for cosines."""
        ...

    def upsert(self, points: Points) -> None:
        """Write vectors, in place of those of the same keys; at most `most_written`."""
        ...

    def delete(self, keys: Sequence[str]) -> None:
        """Remove vectors; no error for those that are not there; at most `most_written`."""
        ...

    def search(self, query: Floats, count: int, ciks: Collection[int], fiscal_years: Collection[int]) -> Near:
        """Return the `count` nearest of those within the filter, which is applied before they are counted."""
        ...

    def similarities(self, query: Floats, keys: Sequence[str]) -> Floats:
        """Return the exact cosine of each; raises VectorIndexError when one is not there."""
        ...

    def close(self) -> None:
        """Give up the connections."""
        ...


def part_prefix(sha256: str) -> str:
    """Return what the keys of a part's vectors begin with."""
    return sha256[:_PREFIX_DIGITS]


def vector_keys(sha256: str, rows: int) -> list[str]:
    """Return the keys of a part's vectors, in row order: the 32 hexadecimal digits of a UUID."""
    prefix = part_prefix(sha256)
    return [f"{prefix}{row:08x}" for row in range(rows)]


def require_fit(state: EngineState | None, dimension: int, address: str) -> None:
    """Raise VectorIndexError unless there is an index at `address` for cosines of this dimension."""
    if state is None:
        raise VectorIndexError(f"{address} does not exist: fill it with `finrag vectors sync`")
    if state.metric != COSINE:
        raise VectorIndexError(f"{address} measures {state.metric} distances, not cosines: choose another index")
    if state.dimension != dimension:
        raise VectorIndexError(
            f"{address} holds vectors of {state.dimension} values, the index has {dimension}: choose another index"
        )
