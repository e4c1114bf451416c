"""`finrag vectors sync` tells what it wrote, and in one line why it could not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from finrag_ml_tg1.cli import main
from tests.local_processes import SETTINGS, free_port
from tests.s3_vectors_server import FakeS3Vectors, serve_s3_vectors
from tests.unit.index.vector_engines import S3_ADDRESS, s3_settings
from tests.unit.indexing.vector_library import Library


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
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path)
    library.add(1, 2)
    return library


def sync(library: Library, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["vectors", "sync", "--store", library.store.url, *arguments])


def test_sync_writes_the_vectors_and_then_has_nothing_to_do(
    library: Library, service: FakeS3Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = library.manifest.passages

    first = sync(library, "--to", S3_ADDRESS)
    monkeypatch.setenv("FINRAG_VECTOR_INDEX", S3_ADDRESS)
    second = sync(library)

    holds = f"{S3_ADDRESS} holds the {count} vectors of index {library.manifest.version}: "
    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    assert f"{holds}{count} written, 0 removed; " in first.stdout
    assert f"{holds}0 written, 0 removed; " in second.stdout
    assert len(service.indexes["bucket", "filings"].vectors) == count


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "No engine is named: give --to s3vectors://bucket/index or qdrant+https://host:6333/collection"),
        (["--to", "s3://bucket/filings"], "The vector index's address cannot be used: it is no engine's address"),
        (["--to", "s3vectors://other/filings"], "there is no such vector bucket or index: make the bucket"),
    ],
)
def test_sync_that_cannot_be_done_is_told_in_one_line(
    library: Library, service: FakeS3Vectors, arguments: list[str], words: str
) -> None:
    result = sync(library, *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("finrag: ")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr


def test_engine_that_is_away_is_told_in_one_line(
    library: Library, service: FakeS3Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    result = sync(library, "--to", f"qdrant+http://127.0.0.1:{free_port()}/filings")
    assert result.exit_code == 2
    assert "cannot be reached (ConnectError): check the network and the server." in result.stderr
