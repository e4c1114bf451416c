"""The sample index for the runs that need one, in one version and in two, and an S3 service on this machine."""

from __future__ import annotations

from tests.index_versions import two_versions
from tests.s3_server import moto_endpoint
from tests.sample_index import sample_store

__all__ = ["moto_endpoint", "sample_store", "two_versions"]
