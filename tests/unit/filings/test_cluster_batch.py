"""A batch on a cluster makes the store that one machine makes, and tells of every filing. In one process: see soak."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner
from distributed import LocalCluster

from finrag_ml_tg1.cli import main
from finrag_ml_tg1.errors import SchedulerError
from finrag_ml_tg1.filings import cluster_task
from finrag_ml_tg1.filings.batch import ReadSource, Refused
from finrag_ml_tg1.filings.cluster_batch import ingest_on_cluster
from finrag_ml_tg1.filings.cluster_task import Assignment, Stored, carry_out, share_tokenizer
from finrag_ml_tg1.filings.extraction import extract_tables
from finrag_ml_tg1.filings.ingest import FilingTablesStore, Ingested, Source
from finrag_ml_tg1.index.encoder import TOKENIZER_FILE, OnnxEncoder
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config_loader import load_config
from finrag_ml_tg1.loaders.s3_store import S3Store
from tests.s3_server import moto_endpoint
from tests.unit.filings.documents import filing_html
from tests.unit.filings.recording_store import contents

__all__ = ["moto_endpoint"]

YEARS = range(2019, 2023)


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """A scheduler with two workers, threads of this process."""
    with _cluster(2) as address:
        yield address


@contextmanager
def _cluster(workers: int) -> Iterator[str]:
    options: dict[str, Any] = {"processes": False, "protocol": "tcp", "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(n_workers=workers, threads_per_worker=1, **options) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def store(tmp_path: Path) -> LocalFolderStore:
    return LocalFolderStore(tmp_path / "store")


def source(year: int, document: bytes | None = None) -> Source:
    return Source(f"9990000100-{year % 100:02d}-000001.html", document or filing_html(year=year))


def run(
    store: LocalFolderStore, encoder_folder: Path, scheduler: str, *sources: ReadSource
) -> list[Ingested | Refused]:
    return list(ingest_on_cluster(sources, FilingTablesStore(store), encoder_folder, scheduler=scheduler))


def ingest_here(store: LocalFolderStore, encoder: OnnxEncoder, *sources: Source) -> None:
    for each in sources:
        FilingTablesStore(store).write(each, extract_tables(each.document, each.name, encoder.token_offsets))


def tables(store: LocalFolderStore) -> dict[str, bytes]:
    return {key: data for key, data in contents(store).items() if not key.startswith("tokenizers/")}


def test_store_is_the_one_that_a_batch_on_this_machine_makes(
    tmp_path: Path, encoder_folder: Path, encoder: OnnxEncoder, scheduler: str
) -> None:
    """Also where filings stood there already, two of them of other bytes."""
    local, remote = (LocalFolderStore(tmp_path / name) for name in ("local", "remote"))
    sources = [partial(source, year) for year in YEARS]
    changed = [partial(source, year, filing_html(year=year, body="<p>Changed.</p>")) for year in YEARS[:2]]
    for each in ([*changed, sources[2]], sources):
        ingest_here(local, encoder, *(call() for call in each))
    first = run(remote, encoder_folder, scheduler, *changed, sources[2])
    second = run(remote, encoder_folder, scheduler, *sources)
    assert len(tables(local)) == 5 * len(YEARS)
    assert tables(remote) == tables(local)
    assert [outcome.unchanged for outcome in first if isinstance(outcome, Ingested)] == [False] * 3
    assert sum(outcome.unchanged for outcome in second if isinstance(outcome, Ingested)) == 1
    assert {outcome.description for outcome in second if isinstance(outcome, Ingested)} == {
        f"Plain Example Corp. 10-K FY{year}" for year in YEARS
    }


def test_broken_filings_are_told_and_the_others_go_on(
    store: LocalFolderStore, encoder_folder: Path, scheduler: str
) -> None:
    other_year = Source("9990000100-18-000001.html", filing_html(year=2018), wanted_years=frozenset({2017}))
    sources: list[ReadSource] = [
        partial(source, 2020, b"%PDF-1.7"),
        partial(source, 2021, b"\x1f\x8bdamaged"),
        partial(source, 2022),
        lambda: other_year,
    ]
    outcomes = run(store, encoder_folder, scheduler, *sources)
    refused = {outcome.reason.split(":")[0]: outcome.was_asked for outcome in outcomes if isinstance(outcome, Refused)}
    assert refused == {
        "9990000100-20-000001.html": True,
        "9990000100-21-000001.html": True,
        "9990000100-18-000001.html": False,
    }
    assert len(tables(store)) == 5


def test_two_documents_of_a_filing_are_read_one_after_the_other(
    store: LocalFolderStore, encoder_folder: Path, encoder: OnnxEncoder, scheduler: str
) -> None:
    """The first takes longer than the second; the second counts, and a copy of it is nothing new."""
    long = filing_html(year=2020, body="<p>We sell many plain examples to others.</p>" * 2_000)
    sources = [partial(source, 2020, long), partial(source, 2020), partial(source, 2020)]
    outcomes = run(store, encoder_folder, scheduler, *sources)
    assert [outcome.unchanged for outcome in outcomes if isinstance(outcome, Ingested)] == [False, False, True]
    kept = LocalFolderStore(Path(store.url).parent / "kept")
    ingest_here(kept, encoder, source(2020))
    assert tables(store) == tables(kept)


def test_worker_in_the_place_of_a_dead_one_leaves_the_same_objects(
    store: LocalFolderStore, encoder_folder: Path, encoder: OnnxEncoder
) -> None:
    """The dead one had written everything, but not told of it."""
    ingest_here(store, encoder, source(2020))
    assignment = _assignment(store, encoder_folder, source(2020, filing_html(year=2020, body="<p>Changed.</p>")))
    first = carry_out(assignment)
    after_first = contents(store)
    second = carry_out(assignment)
    assert isinstance(second, Stored)
    assert not second.ingested.unchanged
    assert second == first
    assert contents(store) == after_first
    assert len(tables(store)) == 5


def test_worker_reaches_the_bucket_with_settings_of_its_own(
    moto_endpoint: str, encoder_folder: Path, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its environment is this process's, where nothing but the address of the store is sent to it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", moto_endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing-secret")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    with closing(boto3.client("s3", endpoint_url=moto_endpoint, region_name="us-east-1")) as client:
        client.create_bucket(Bucket="filings-of-a-cluster")
    with closing(S3Store("filings-of-a-cluster", "some/prefix", load_config())) as bucket:
        sources = [partial(source, 2020), partial(source, 2021)]
        outcomes = list(ingest_on_cluster(sources, FilingTablesStore(bucket), encoder_folder, scheduler=scheduler))
        assert [type(outcome) for outcome in outcomes] == [Ingested, Ingested]
        assert len(list(bucket.list("tables/"))) == 6
    workers_store = cluster_task.store_at(bucket.url)
    assert isinstance(workers_store, S3Store)
    workers_store.close()


def test_worker_that_sees_another_store_says_so(store: LocalFolderStore, encoder_folder: Path) -> None:
    assignment = _assignment(store, encoder_folder, source(2020))
    store.delete(f"tokenizers/{assignment.tokenizer_sha256}.json")
    with pytest.raises(SchedulerError, match="another store there"):
        carry_out(assignment)
    assert contents(store) == {}


def test_worker_with_another_reader_refuses(store: LocalFolderStore, encoder_folder: Path) -> None:
    assignment = _assignment(store, encoder_folder, source(2020), reader_version=1)
    with pytest.raises(SchedulerError, match="install the same FinRAG on both"):
        carry_out(assignment)
    assert tables(store) == {}


def test_what_is_sent_holds_no_setting_but_the_address_of_the_store(
    store: LocalFolderStore, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "an-access-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-this-machine")
    sent = pickle.dumps(_assignment(store, encoder_folder, source(2020)))
    assert b"a-secret" not in sent
    assert b"an-access-key" not in sent


def test_batch_given_up_takes_back_what_waits(store: LocalFolderStore, encoder_folder: Path, scheduler: str) -> None:
    asked = []

    def read(year: int) -> Source:
        asked.append(year)
        return source(year)

    outcomes = ingest_on_cluster(
        (partial(read, year) for year in range(1994, 2024)),
        FilingTablesStore(store),
        encoder_folder,
        scheduler=scheduler,
    )
    next(outcomes)
    outcomes.close()
    assert len(asked) <= 2 * 2 + 1


def test_scheduler_without_workers_is_told(store: LocalFolderStore, encoder_folder: Path) -> None:
    with (
        _cluster(0) as empty,
        pytest.raises(SchedulerError, match="no workers"),
    ):
        list(
            ingest_on_cluster(
                [partial(source, 2020)],
                FilingTablesStore(store),
                encoder_folder,
                scheduler=empty,
                no_workers_s=0,
            )
        )


@pytest.fixture
def filing(tmp_path: Path) -> Path:
    path = tmp_path / "9990000100-20-000001.html"
    path.write_bytes(filing_html(year=2020))
    return path


def test_command_sends_filings_to_the_scheduler(tmp_path: Path, filing: Path, scheduler: str) -> None:
    (tmp_path / "broken.html").write_bytes(b"%PDF-1.7")
    arguments = ["ingest", str(tmp_path), "--store", str(tmp_path / "store"), "--scheduler", scheduler]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1, result.output
    assert "1 filings read, 0 unchanged, 1 skipped" in result.output
    assert "skipped: broken.html" in result.output


@pytest.mark.parametrize(
    ("address", "code", "told"),
    [
        ("tcp://127.0.0.1:1", 2, "no Dask scheduler answers at tcp://127.0.0.1"),
        ("localhost", 2, "--scheduler is an address as tcp://host:8786"),
    ],
)
def test_address_where_no_scheduler_is_is_told_in_a_line(
    tmp_path: Path, filing: Path, monkeypatch: pytest.MonkeyPatch, address: str, code: int, told: str
) -> None:
    monkeypatch.setattr("finrag_ml_tg1.filings.cluster_batch._CONNECTING_S", 0.3)
    arguments = ["ingest", str(filing), "--store", str(tmp_path / "store"), "--scheduler", address]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == code
    assert told in result.output


def test_command_says_what_to_install_where_dask_is_not(
    tmp_path: Path, filing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setattr("finrag_ml_tg1.commands.ingest.find_spec", lambda name: None)
    arguments = ["ingest", str(filing), "--store", str(tmp_path / "store"), "--scheduler", "tcp://127.0.0.1:1"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "finrag[distributed]" in result.output


def _assignment(
    store: LocalFolderStore, encoder_folder: Path, source: Source, reader_version: int | None = None
) -> Assignment:
    tokenizer_sha256 = share_tokenizer(store, (encoder_folder / TOKENIZER_FILE).read_bytes())
    replaces = FilingTablesStore(store).standing("9990000100-20-000001")
    if reader_version is None:
        return Assignment(source, store.url, tokenizer_sha256, replaces)
    return Assignment(source, store.url, tokenizer_sha256, replaces, reader_version)
