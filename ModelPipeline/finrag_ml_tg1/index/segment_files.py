"""The segments of an index, opened from the cache."""

from __future__ import annotations

from collections.abc import Sequence

from finrag_ml_tg1.index.catalog import SegmentEntry
from finrag_ml_tg1.index.pinned_files import PinnedFiles
from finrag_ml_tg1.index.segment import Segment
from finrag_ml_tg1.index.version_objects import segment_objects

__all__ = ["open_segments"]


def open_segments(entries: Sequence[SegmentEntry], files: PinnedFiles) -> list[Segment]:
    """Return the segments; raises IndexCorruptError when a file is another than the catalog says."""
    wanted = [file for entry in entries for file in segment_objects(entry)]
    paths = {file.key: path for file, path in zip(wanted, files.fetch_all(wanted), strict=True)}
    return [Segment(entry, *(paths[file.key] for file in segment_objects(entry))) for entry in entries]
