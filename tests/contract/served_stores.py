"""The sample index on either store, for a back end that writes there."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest

from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config_loader import load_config
from finrag_ml_tg1.loaders.object_store import ObjectStore
from finrag_ml_tg1.loaders.s3_store import S3Store
from tests.sample_index import linked_store

__all__ = ["ServedStore", "index_on_s3", "s3_settings", "served_store"]


@dataclass(frozen=True, slots=True)
class ServedStore:
    """A store: its address, the settings a server reaches it with, and the store itself."""

    url: str
    store: ObjectStore
    access: Mapping[str, str] = field(default_factory=dict)


def s3_settings(endpoint: str) -> dict[str, str]:
    """Return the settings that reach an S3 service on this machine."""
    return {
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing-secret",
        "AWS_REGION": "us-east-1",
    }


@pytest.fixture(params=["folder", "s3"])
def served_store(
    request: pytest.FixtureRequest, sample_store: Path, tmp_path: Path, moto_endpoint: str
) -> Iterator[ServedStore]:
    """A store of the test's own that holds the sample index, and no logs."""
    if request.param == "folder":
        folder = linked_store(sample_store, tmp_path / "store")
        yield ServedStore(str(folder), LocalFolderStore(folder))
        return
    with index_on_s3(sample_store, moto_endpoint) as served:
        yield served


@contextmanager
def index_on_s3(folder: Path, endpoint: str) -> Iterator[ServedStore]:
    """Give a bucket of its own that holds the index of the store in `folder`, and nothing else."""
    settings = s3_settings(endpoint)
    name = f"served-{uuid.uuid4().hex}"
    session = boto3.session.Session("testing", "testing-secret", region_name="us-east-1")
    with closing(session.client("s3", endpoint_url=endpoint)) as client:
        client.create_bucket(Bucket=name)
    with closing(S3Store(name, "finrag", load_config(environ=settings, folder=folder))) as store:
        local = LocalFolderStore(folder)
        for entry in local.list("index/"):
            store.put(entry.key, local.get(entry.key).data)
        yield ServedStore(f"s3://{name}/finrag", store, settings)
