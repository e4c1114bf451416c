"""moto's S3 server on loopback with an index in it, of which a pod reads nothing from disk.

It keeps objects in memory, so of a large index only what is under test is put there: the global files of a version may
lie in the pod's cache instead, as after its first start.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from moto.server import ThreadedMotoServer

from finrag_ml_tg1.index.catalog import SEGMENTS_FILE, segment_entries
from finrag_ml_tg1.index.manifest import CURRENT_KEY, manifest_key, segment_key, version_key
from finrag_ml_tg1.index.stored_version import current_version, read_manifest
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.s3_store import S3Store

__all__ = ["StandIn", "global_keys", "stand_in"]

_BUCKET = "finrag-benchmark"
_KEY = "stand-in"  # moto takes any


@dataclass(frozen=True, slots=True)
class StandIn:
    """The server's address."""

    endpoint: str

    def environment(self) -> dict[str, str]:
        """Return the settings by which a process finds the store."""
        return {
            "FINRAG_STORE": f"s3://{_BUCKET}",
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": _KEY,
            "AWS_SECRET_ACCESS_KEY": _KEY,
            "AWS_REGION": "us-east-1",
        }

    def open(self) -> S3Store:
        """Return the store."""
        config = MLConfig.model_validate(
            {
                "aws_endpoint_url_s3": self.endpoint,
                "aws_access_key_id": _KEY,
                "aws_secret_access_key": _KEY,
                "aws_region": "us-east-1",
            }
        )
        return S3Store(_BUCKET, "", config)

    def put_from(self, folder: Path, keys: Iterable[str]) -> int:
        """Copy objects of a folder store; return their bytes."""
        store = self.open()
        total = 0
        for key in keys:
            data = (folder / key).read_bytes()
            store.put(key, data)
            total += len(data)
        return total


def global_keys(folder: Path) -> dict[str, str]:
    """Return what a pod needs of a folder store's current version before it is ready: keys, with the SHA-256 of each.

    The manifest and CURRENT, which are read anew at every start, have none.
    """
    store = LocalFolderStore(folder)
    version = current_version(store)
    manifest = read_manifest(store, version)
    keys = {CURRENT_KEY: "", manifest_key(version): ""}
    keys |= {file.key: file.sha256 for file in manifest.expected_files()}
    for entry in segment_entries(pl.read_parquet(folder / version_key(version, SEGMENTS_FILE))):
        keys[segment_key(entry.rows_sha256)] = entry.rows_sha256
        if entry.terms_sha256 is not None:
            keys[segment_key(entry.terms_sha256)] = entry.terms_sha256
    return keys


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """Serve an empty bucket until the block ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        here = StandIn(f"http://{host}:{port}")
        here.open()._connected(is_writing=True).create_bucket(Bucket=_BUCKET)
        yield here
    finally:
        server.stop()
