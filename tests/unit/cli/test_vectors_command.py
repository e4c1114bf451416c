"""`finrag vectors sync` tells what it wrote, and in one line why it could not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from finrag_ml_tg1.cli import main
from finrag_ml_tg1.index.reader import current_version, read_manifest
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.local_processes import SETTINGS, free_port
from tests.s3_vectors_server import FakeS3Vectors, serve_s3_vectors
from tests.sample_index import linked_store, sample_store
from tests.unit.index.vector_engines import S3_ADDRESS, s3_settings

__all__ = ["sample_store"]


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeS3Vectors]:
    for name in [name for name in os.environ if name.startswith(SETTINGS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FINRAG_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    with serve_s3_vectors() as service:
        for name, value in s3_settings(service).items():
            monkeypatch.setenv(name, value)
        yield service


@pytest.fixture
def store(sample_store: Path, tmp_path: Path) -> Path:
    return linked_store(sample_store, tmp_path / "store")


def sync(store: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["vectors", "sync", "--store", str(store), *arguments])


def test_sync_writes_the_vectors_and_then_has_nothing_to_do(
    store: Path, service: FakeS3Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = LocalFolderStore(store)
    manifest = read_manifest(folder, current_version(folder))
    count = manifest.passages

    first = sync(store, "--to", S3_ADDRESS)
    monkeypatch.setenv("FINRAG_VECTOR_INDEX", S3_ADDRESS)
    second = sync(store)

    holds = f"{S3_ADDRESS} holds the {count} vectors of index {manifest.version}: "
    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    assert f"{holds}{count} written, 0 removed; " in first.stdout
    assert f"{holds}0 written, 0 removed; " in second.stdout
    assert len(service.indexes["bucket", "filings"].vectors) == count
    assert service.indexes["bucket", "filings"].dimension == 384


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "No engine is named: give --to s3vectors://bucket/index or qdrant+https://host:6333/collection"),
        (["--to", "s3://bucket/filings"], "The vector index's address cannot be used: it is no engine's address"),
        (["--to", "s3vectors://other/filings"], "there is no such vector bucket or index: make the bucket"),
    ],
)
def test_sync_that_cannot_be_done_is_told_in_one_line(
    store: Path, service: FakeS3Vectors, arguments: list[str], words: str
) -> None:
    result = sync(store, *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("finrag: ")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr


def test_engine_that_is_away_is_told_in_one_line(
    store: Path, service: FakeS3Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    result = sync(store, "--to", f"qdrant+http://127.0.0.1:{free_port()}/filings")
    assert result.exit_code == 2
    assert "cannot be reached (ConnectError): check the network and the server." in result.stderr
