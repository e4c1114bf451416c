"""The vectors of one index version, kept in an outside engine that may hold those of other versions as well."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from finrag_ml_tg1.errors import VectorIndexError, VectorIndexUnavailableError
from finrag_ml_tg1.index.catalog import PartEntry
from finrag_ml_tg1.index.manifest import Manifest
from finrag_ml_tg1.index.outside.engine import Near, VectorEngine, part_prefix, require_fit
from finrag_ml_tg1.index.outside.ledger import read_ledger
from finrag_ml_tg1.index.vector_index import Floats, Rows
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["VersionVectors", "open_version_vectors"]

# Engines round: cosines that differ by less are those of the same words.
_DECIMALS = 6
_LEAST_SPARE = 16
# A filter that names more is longer than the search is quicker.
_MOST_COMPANIES = 100


def open_version_vectors(
    engine: VectorEngine, store: ObjectStore, manifest: Manifest, parts: Sequence[PartEntry]
) -> VersionVectors:
    """Return a version's vectors; raises VectorIndexError unless the engine holds all of them."""
    state = engine.describe()
    require_fit(state, manifest.encoder.dimension, engine.address)
    assert state is not None
    ledger = read_ledger(store, engine.address).of(state)
    lacking = sum(part.rows > 0 and part.sha256 not in ledger.held for part in parts)
    if lacking:
        raise VectorIndexError(
            f"{engine.address} lacks {lacking} of the {len(parts)} parts of index version {manifest.version}: "
            "run `finrag vectors sync`"
        )
    return VersionVectors(engine, parts, manifest.encoder.dimension)


class VersionVectors:
    """Implements VectorIndex over an engine that holds all vectors of `parts`."""

    def __init__(self, engine: VectorEngine, parts: Sequence[PartEntry], dimension: int) -> None:
        held = [part for part in parts if part.rows]
        self._engine = engine
        self._dimension = dimension
        self._prefixes = [part_prefix(part.sha256) for part in held]
        self._first_rows = np.array([part.row_start for part in held], dtype=np.int64)
        self._ciks = np.array([part.cik for part in held], dtype=np.int64)
        self._fiscal_years = np.array([part.fiscal_year for part in held], dtype=np.int64)
        self._row_of_prefix = dict(zip(self._prefixes, self._first_rows.tolist(), strict=True))
        self._size = sum(part.rows for part in held)

    def search(
        self,
        query: Floats,
        count: int,
        *,
        ciks: Collection[int] = (),
        fiscal_years: Collection[int] = (),
        among: Rows | None = None,
    ) -> tuple[Rows, Floats]:
        """Return at most `count` (rows, cosines), best first, equals by row; see VectorIndex.

        More than `count` are asked for, because some may be of other versions, and because the same words have the
        same vector: which of several equals are among the best is decided here, by row, and not by the engine.
        """
        self._require_dimension(query)
        most = self._engine.most_found
        count = min(count, self._size, most)
        if among is not None:
            count = min(count, len(among))
            ciks, fiscal_years = self._narrowed(among, ciks, fiscal_years)
        if count <= 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        asked = min(count + max(_LEAST_SPARE, count // 8), most)
        while True:
            with _telling_what_remains():
                near = self._engine.search(query, asked, ciks, fiscal_years)
            rows, similarities = self._of_this_version(near)
            is_crowded = len(rows) < count
            if among is not None:
                is_wanted = np.isin(rows, among)
                rows, similarities = rows[is_wanted], similarities[is_wanted]
            is_all = len(near.keys) < asked or (among is not None and len(rows) == len(among))
            if is_all or asked == most or _is_decided(similarities, count):
                break
            asked = min(4 * asked, most)
        if is_crowded and not is_all:
            raise VectorIndexError(
                f"{self._engine.address} holds too many vectors of other index versions: run `finrag vectors sync`"
            )
        return rows[:count], similarities[:count]

    def similarities(self, query: Floats, rows: Rows) -> Floats:
        """Return the cosine of each of some rows with a query vector, in the order given."""
        self._require_dimension(query)
        if not len(rows):
            return np.empty(0, dtype=np.float32)
        parts = self._parts_of(rows)
        locals_ = rows - self._first_rows[parts]
        keys = [f"{self._prefixes[part]}{local:08x}" for part, local in zip(parts, locals_, strict=True)]
        with _telling_what_remains():
            return self._engine.similarities(query, keys)

    def _narrowed(
        self, among: Rows, ciks: Collection[int], fiscal_years: Collection[int]
    ) -> tuple[Collection[int], Collection[int]]:
        """The companies and years that some rows stand in, where the engine was told of none."""
        parts = np.unique(self._parts_of(among))
        years = fiscal_years or np.unique(self._fiscal_years[parts]).tolist()
        companies = np.unique(self._ciks[parts]).tolist()
        return ciks or (companies if len(companies) <= _MOST_COMPANIES else ()), years

    def _parts_of(self, rows: Rows) -> Rows:
        return np.searchsorted(self._first_rows, rows, side="right") - 1

    def _of_this_version(self, near: Near) -> tuple[Rows, Floats]:
        """Those that are in this version, best first, equals by row."""
        first_rows = [self._row_of_prefix.get(part_prefix(key), -1) for key in near.keys]
        is_ours = np.array(first_rows, dtype=np.int64) >= 0
        rows = np.array([first + int(key[-8:], 16) for first, key in zip(first_rows, near.keys, strict=True)], np.int64)
        rows, similarities = rows[is_ours], near.similarities[is_ours]
        order = np.lexsort((rows, -np.round(similarities, _DECIMALS)))
        return rows[order], similarities[order]

    def _require_dimension(self, query: Floats) -> None:
        if query.shape != (self._dimension,):
            raise VectorIndexError(
                f"a query vector of shape {query.shape} was given, the index has {self._dimension} values a vector"
            )


@contextmanager
def _telling_what_remains() -> Iterator[None]:
    """Tell that the engine is away with what can be asked all the same.

    Nothing stands in for it: words alone would find other passages, and nobody could see that they did.
    """
    try:
        yield
    except VectorIndexUnavailableError as error:
        raise VectorIndexUnavailableError(
            f"{str(error).removesuffix('.')}. Questions that name a company are answered meanwhile."
        ) from error


def _is_decided(similarities: Floats, count: int) -> bool:
    """Whether what follows the first `count` is worse than they are, and not merely left out."""
    if len(similarities) <= count:
        return False
    last, following = np.round(similarities[count - 1 : count + 1], _DECIMALS)
    return bool(following < last)
