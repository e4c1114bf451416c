"""The statistics of a whole index after a few of its parts changed, without reading the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from finrag_ml_tg1.errors import IndexCorruptError, ObjectNotFoundError
from finrag_ml_tg1.index.catalog import PartEntry
from finrag_ml_tg1.index.file_cache import FileCache
from finrag_ml_tg1.index.lexical import CorpusStatistics, merge_statistics
from finrag_ml_tg1.index.manifest import part_key
from finrag_ml_tg1.index.part import Part
from finrag_ml_tg1.indexing.known_version import KnownVersion

__all__ = ["updated_statistics"]


def updated_statistics(known: KnownVersion, parts: Sequence[PartEntry], cache: FileCache) -> CorpusStatistics | None:
    """Return the statistics of `parts`: those of the known version, with what came and without what went.

    None when all parts must be counted: nothing is known, more would be read than that, or a part that went cannot be
    read any more.
    """
    came, went = _surplus(parts, known.all_parts), _surplus(known.all_parts, parts)
    if known.statistics is None or len(came) + len(went) > len(parts):
        return None
    try:
        more, less = (merge_statistics([_statistics(cache, part) for part in some]) for some in (came, went))
    except (IndexCorruptError, ObjectNotFoundError):
        return None
    statistics = _without(merge_statistics([known.statistics, more]), less)
    return statistics if statistics and statistics.rows == sum(part.rows for part in parts) else None


def _surplus(parts: Iterable[PartEntry], others: Iterable[PartEntry]) -> list[PartEntry]:
    """The parts that are not among the others."""
    left = Counter(part.sha256 for part in others)
    surplus = []
    for part in parts:
        if left[part.sha256]:
            left[part.sha256] -= 1
        else:
            surplus.append(part)
    return surplus


def _statistics(cache: FileCache, part: PartEntry) -> CorpusStatistics:
    # Pinned until it is mapped: another process's fetch could evict it in between.
    path = cache.fetch(part_key(part.sha256), sha256=part.sha256, size=part.size, pin=True)
    try:
        return Part(path).statistics()
    finally:
        cache.unpin(part.sha256)


def _without(all_of: CorpusStatistics, some: CorpusStatistics) -> CorpusStatistics | None:
    """The statistics of a corpus without a part of it, as `merge_statistics` gives them for the rest; None if it has no
    such part.
    """
    places = np.searchsorted(all_of.term_hashes, some.term_hashes)
    frequencies = all_of.frequencies.astype(np.int64)
    if not np.isin(some.term_hashes, all_of.term_hashes, assume_unique=True).all():
        return None
    frequencies[places] -= some.frequencies
    if (frequencies < 0).any():
        return None
    held = frequencies > 0
    return CorpusStatistics(
        all_of.rows - some.rows,
        all_of.contexts - some.contexts,
        all_of.length - some.length,
        all_of.term_hashes[held],
        frequencies[held].astype(np.uint32),
    )
