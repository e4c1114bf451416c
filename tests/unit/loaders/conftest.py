"""Both stores behind one fixture; S3 is moto's server on a loopback port, reached as any S3 service is."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import boto3
import pytest

from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config_loader import MLConfig, load_config
from finrag_ml_tg1.loaders.object_store import ObjectStore
from finrag_ml_tg1.loaders.s3_store import S3Store
from tests.s3_server import moto_endpoint

__all__ = ["moto_endpoint"]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the settings and credentials of the person who runs the tests out of them."""
    for name in os.environ:
        if name.startswith(("AWS_", "FINRAG_", "OPENAI_", "SEVALLA_")) or name in {"BACKEND_URL", "LOG_LEVEL", "PORT"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no_aws_config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no_aws_credentials"))


@pytest.fixture
def s3_config(moto_endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> MLConfig:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", moto_endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing-secret")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return load_config(folder=tmp_path)


@pytest.fixture
def bucket(s3_config: MLConfig) -> str:
    name = f"test-{uuid.uuid4().hex}"
    with closing(boto3.client("s3", endpoint_url=s3_config.aws_endpoint_url_s3, region_name="us-east-1")) as client:
        client.create_bucket(Bucket=name)
    return name


@pytest.fixture
def s3_store(s3_config: MLConfig, bucket: str) -> Iterator[S3Store]:
    with closing(S3Store(bucket, "some/prefix", s3_config)) as store:
        yield store


@pytest.fixture
def folder_store(tmp_path: Path) -> LocalFolderStore:
    return LocalFolderStore(tmp_path / "store")


@pytest.fixture(params=["folder_store", "s3_store"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    store: ObjectStore = request.getfixturevalue(request.param)
    return store
