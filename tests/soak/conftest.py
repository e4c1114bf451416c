"""The sample index for the runs that need one."""

from __future__ import annotations

from tests.sample_index import sample_store

__all__ = ["sample_store"]
