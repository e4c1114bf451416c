"""Stands in for served versions of which one is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["LoadedVersions"]


class LoadedVersions:
    """Gives `pipeline` to whoever asks, for as long as they like."""

    def __init__(self, pipeline: object = None) -> None:
        self._pipeline = pipeline

    def check_loaded(self) -> None:
        """Raise nothing."""

    @contextmanager
    def in_use(self) -> Iterator[object]:
        """Give the pipeline."""
        yield self._pipeline
