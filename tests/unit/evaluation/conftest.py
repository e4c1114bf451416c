"""The index of the sample filings."""

from tests.sample_index import sample_store

__all__ = ["sample_store"]
