"""The segments of an index, opened from the cache."""

from __future__ import annotations

from collections.abc import Sequence

from finrag_ml_tg1.index.catalog import SegmentEntry
from finrag_ml_tg1.index.manifest import segment_key
from finrag_ml_tg1.index.pinned_files import PinnedFiles
from finrag_ml_tg1.index.segment import Segment
from finrag_ml_tg1.loaders.expected_file import ExpectedFile

__all__ = ["open_segments"]


def open_segments(entries: Sequence[SegmentEntry], files: PinnedFiles) -> list[Segment]:
    """Return the segments; raises IndexCorruptError when a file is another than the catalog says."""
    wanted = [file for entry in entries for file in _segment_files(entry)]
    paths = {file.key: path for file, path in zip(wanted, files.fetch_all(wanted), strict=True)}
    return [Segment(entry, *(paths[file.key] for file in _segment_files(entry))) for entry in entries]


def _segment_files(entry: SegmentEntry) -> list[ExpectedFile]:
    """Return the file of a segment's rows, and that of its terms where it has one."""
    files = [ExpectedFile(segment_key(entry.rows_sha256), entry.rows_sha256, entry.rows_size)]
    if entry.terms_sha256 is not None and entry.terms_size is not None:
        files.append(ExpectedFile(segment_key(entry.terms_sha256), entry.terms_sha256, entry.terms_size))
    return files
