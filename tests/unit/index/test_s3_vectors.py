"""S3 Vectors: within the service's limits, patient where it is busy, and plain words for each of its refusals."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import numpy as np
import pytest
from pydantic import SecretStr

from finrag_ml_tg1.errors import VectorIndexError, VectorIndexUnavailableError
from finrag_ml_tg1.index.outside.engine import Points, VectorEngine, vector_keys
from finrag_ml_tg1.index.outside.opening import open_engine
from finrag_ml_tg1.index.outside.version_vectors import VersionVectors
from finrag_ml_tg1.loaders.ml_config import MLConfig
from tests.local_processes import free_port
from tests.s3_vectors_server import FakeS3Vectors, serve_s3_vectors
from tests.unit.index.vector_engines import (
    S3_ADDRESS,
    block_outside_network,
    open_s3_vectors,
    part_entry,
    put_part,
)

QUERY = np.array([1, 0, 0], dtype=np.float32)


@pytest.fixture(scope="module")
def served() -> Iterator[FakeS3Vectors]:
    with serve_s3_vectors() as service:
        yield service


@pytest.fixture
def service(served: FakeS3Vectors, monkeypatch: pytest.MonkeyPatch) -> FakeS3Vectors:
    block_outside_network(monkeypatch)
    served.forget()
    return served


@pytest.fixture(scope="module")
def opened(served: FakeS3Vectors) -> Iterator[VectorEngine]:
    engine = open_s3_vectors(served)
    yield engine
    engine.close()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited: noted and not waited."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


@pytest.fixture
def engine(service: FakeS3Vectors, opened: VectorEngine) -> VectorEngine:
    opened.create(3)
    return opened


def points(count: int, *, dimension: int = 3) -> Points:
    vectors = np.ones((count, dimension), dtype=np.float32)
    return Points(vector_keys("ab" * 32, count), vectors, [7] * count, [2024] * count)


def test_the_network_of_these_tests_ends_at_this_machine(service: FakeS3Vectors) -> None:
    with socket.socket() as outgoing, pytest.raises(AssertionError, match="a test went out to"):
        outgoing.connect(("192.0.2.1", 443))


def test_a_vector_is_written_with_what_it_is_filtered_by(service: FakeS3Vectors, engine: VectorEngine) -> None:
    engine.upsert(points(1))
    (vector, metadata) = service.indexes["bucket", "filings"].vectors["ab" * 12 + "00000000"]
    assert vector.tolist() == [1, 1, 1]
    assert metadata == {"cik": 7, "fiscal_year": 2024}


def test_search_of_an_index_that_filters_late_finds_all_within_the_filter(
    service: FakeS3Vectors, engine: VectorEngine
) -> None:
    service.indexes["bucket", "filings"].mode = "CLASSIC"
    near, far = part_entry("near", 200, 0, cik=1), part_entry("far", 3, 200, cik=2)
    put_part(engine, near, np.tile(QUERY, (200, 1)))
    put_part(engine, far, -np.tile(QUERY, (3, 1)))
    rows, _ = VersionVectors(engine, [near, far], 3).search(QUERY, 3, ciks={2}, fiscal_years={2024})
    assert rows.tolist() == [200, 201, 202]


def test_search_without_a_filter_sends_none(service: FakeS3Vectors, engine: VectorEngine) -> None:
    engine.search(QUERY, 5, (), ())
    assert set(service.requests[-1][1]) == {
        "vectorBucketName", "indexName", "topK", "queryVector", "returnDistance",
    }  # fmt: skip


def test_many_results_come_in_pages_and_many_vectors_in_calls(service: FakeS3Vectors, engine: VectorEngine) -> None:
    entry = part_entry("long", 230, 0)
    put_part(engine, entry, np.random.default_rng(0).normal(size=(230, 3)).astype(np.float32))
    vectors = VersionVectors(engine, [entry], 3)
    assert len(vectors.search(QUERY, 230)[0]) == 230
    assert service.calls["QueryVectors"] == 8  # of 30 results
    vectors.similarities(QUERY, np.arange(230))
    assert service.calls["GetVectors"] == 3  # of 100 vectors


@pytest.mark.parametrize(("dimension", "most"), [(384, 500), (4096, 196)])
def test_a_call_keeps_within_500_vectors_and_20_mib(
    service: FakeS3Vectors, opened: VectorEngine, dimension: int, most: int
) -> None:
    opened.create(dimension)
    assert opened.most_written == most
    longest = len("-1.1754943508222875e-38, ")
    assert most * (dimension * longest + 200) <= 20 * 2**20


def test_throttled_then_served_is_not_noticed(
    service: FakeS3Vectors, engine: VectorEngine, pauses: list[float]
) -> None:
    engine.upsert(points(2))
    service.faults["QueryVectors"] = ["TooManyRequestsException", "ServiceUnavailableException"]
    assert len(engine.search(QUERY, 5, (), ()).keys) == 2
    assert len(pauses) == 2


def test_throttled_for_good_is_told_after_three_attempts(
    service: FakeS3Vectors, engine: VectorEngine, pauses: list[float]
) -> None:
    service.faults["QueryVectors"] = ["TooManyRequestsException"] * 9
    with pytest.raises(
        VectorIndexUnavailableError, match=r"429 TooManyRequestsException: it is busy .* try again later"
    ):
        engine.search(QUERY, 5, (), ())
    assert service.calls["QueryVectors"] == 3


def test_question_that_names_no_company_is_told_what_can_be_asked(
    service: FakeS3Vectors, engine: VectorEngine, pauses: list[float]
) -> None:
    vectors = VersionVectors(engine, [part_entry("any", 3, 0)], 3)
    said = r"try again later\. Questions that name a company are answered meanwhile\.$"
    service.faults = {name: ["ServiceUnavailableException"] * 3 for name in ("QueryVectors", "GetVectors")}
    with pytest.raises(VectorIndexUnavailableError, match=said):
        vectors.search(QUERY, 5)
    with pytest.raises(VectorIndexUnavailableError, match=said):
        vectors.similarities(QUERY, np.array([0]))


def test_filling_is_more_patient(service: FakeS3Vectors, engine: VectorEngine, pauses: list[float]) -> None:
    filling = open_s3_vectors(service, is_filling=True)
    service.faults["PutVectors"] = ["ServiceUnavailableException"] * 8
    filling.upsert(points(2))
    assert service.calls["PutVectors"] == 9
    filling.close()


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("AccessDeniedException", VectorIndexUnavailableError, "403 .*allow it s3vectors:QueryVectors on the index"),
        ("NotFoundException", VectorIndexError, "404 .*no such vector bucket or index.*`finrag vectors sync`"),
        ("ValidationException", VectorIndexError, "made for other vectors than these"),
        ("InternalServerException", VectorIndexUnavailableError, "500 .*has a fault; try again later"),
        ("KmsDisabledException", VectorIndexUnavailableError, "the key that encrypts the index"),
    ],
)
def test_refusal_says_in_one_line_what_to_do(
    service: FakeS3Vectors,
    engine: VectorEngine,
    pauses: list[float],
    code: str,
    kind: type[VectorIndexError],
    words: str,
) -> None:
    service.faults["QueryVectors"] = [code] * 3
    with pytest.raises(VectorIndexError, match=words) as caught:
        engine.search(QUERY, 5, (), ())
    assert type(caught.value) is kind
    assert str(caught.value).startswith("s3vectors://bucket/filings: S3 Vectors refused QueryVectors with ")
    assert "\n" not in str(caught.value)
    assert "tests-secret" not in str(caught.value)
    assert "AKIATEST" not in str(caught.value)


def test_missing_bucket_is_told_when_the_index_is_made(service: FakeS3Vectors, opened: VectorEngine) -> None:
    service.buckets.clear()
    assert opened.describe() is None
    with pytest.raises(VectorIndexError, match="no such vector bucket or index: make the bucket"):
        opened.create(3)


def test_index_for_other_distances_is_refused(service: FakeS3Vectors, engine: VectorEngine) -> None:
    service.indexes["bucket", "filings"].metric = "euclidean"
    engine.upsert(points(2))
    with pytest.raises(VectorIndexError, match="measures no cosines"):
        engine.search(QUERY, 5, (), ())


def test_index_made_again_is_told_apart(service: FakeS3Vectors, engine: VectorEngine) -> None:
    before = engine.describe()
    del service.indexes["bucket", "filings"]
    assert engine.create(3) != before


def test_engine_that_is_away_is_told(pauses: list[float]) -> None:
    config = MLConfig(
        aws_region="us-east-1",
        aws_access_key_id=SecretStr("AKIATEST"),
        aws_secret_access_key=SecretStr("tests-secret"),
        aws_endpoint_url_s3vectors=f"http://127.0.0.1:{free_port()}",
    )
    with pytest.raises(VectorIndexUnavailableError, match=r"cannot be reached \(EndpointConnectionError\): check"):
        open_engine(S3_ADDRESS, config).search(QUERY, 5, (), ())


def test_missing_region_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(VectorIndexUnavailableError, match="No region is set for s3vectors://bucket/filings"):
        open_engine(S3_ADDRESS, MLConfig()).describe()
