"""Every outside engine gives the same rows as scoring each vector one by one, whatever else it holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.errors import VectorIndexError
from finrag_ml_tg1.index.outside.engine import EngineState, Near, VectorEngine, require_fit, vector_keys
from finrag_ml_tg1.index.outside.version_vectors import VersionVectors
from tests.s3_vectors_server import serve_s3_vectors
from tests.unit.index.vector_engines import (
    block_outside_network,
    open_local_qdrant,
    open_s3_vectors,
    part_entry,
    put_part,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact"),
]

D = 24
# Two years of two companies, one of a third; the second year of the second company is new in the later version.
ENTRIES = [
    part_entry("a-2023", 120, 0, cik=1, fiscal_year=2023),
    part_entry("a-2024", 90, 120, cik=1, fiscal_year=2024),
    part_entry("empty", 0, 210, cik=1, fiscal_year=2025),
    part_entry("b-2024", 1, 210, cik=2, fiscal_year=2024),
    part_entry("c-2023", 150, 211, cik=3, fiscal_year=2023),
]
SIZE = 361


def unit_vectors(count: int, seed: int) -> npt.NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(count, D))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


VECTORS = unit_vectors(SIZE, seed=1)
# The same words in two years and two companies: 40 rows of one vector.
TWINS = [*range(100, 130), *range(300, 310)]
VECTORS[TWINS] = VECTORS[0]
FOREIGN = part_entry("of another version", 80, 0, cik=1, fiscal_year=2023)


@pytest.fixture(scope="module", params=["s3vectors", "qdrant"])
def engine(request: pytest.FixtureRequest) -> Iterator[VectorEngine]:
    """An engine that holds the parts of this version, and one of another whose vectors are nearer to everything."""
    with pytest.MonkeyPatch.context() as patch:
        block_outside_network(patch)
        with serve_s3_vectors() as service, open_local_qdrant() as qdrant:
            engine = open_s3_vectors(service) if request.param == "s3vectors" else qdrant
            assert engine.describe() is None
            assert engine.create(D) == engine.describe()
            for entry in ENTRIES:
                put_part(engine, entry, VECTORS[entry.row_start : entry.row_start + entry.rows])
            put_part(engine, FOREIGN, np.tile(VECTORS[:2], (40, 1)))
            yield engine
            engine.close()


@pytest.fixture
def vectors(engine: VectorEngine) -> VersionVectors:
    return VersionVectors(engine, ENTRIES, D)


def one_by_one(
    query: npt.NDArray[np.float32], ciks: Collection[int] = (), fiscal_years: Collection[int] = ()
) -> dict[int, float]:
    """The cosine of every row within the filter, best first."""
    wanted = [
        row
        for entry in ENTRIES
        for row in range(entry.row_start, entry.row_start + entry.rows)
        if (not ciks or entry.cik in ciks) and (not fiscal_years or entry.fiscal_year in fiscal_years)
    ]
    cosines = {row: float(VECTORS[row].astype(np.float64) @ query.astype(np.float64)) for row in wanted}
    return dict(sorted(cosines.items(), key=lambda pair: (-pair[1], pair[0])))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(2, 10_000),
    count=st.integers(1, 400),
    ciks=st.sets(st.sampled_from([1, 2, 3, 99])),
    years=st.sets(st.sampled_from([2023, 2024, 2031])),
)
def test_rows_are_those_of_an_exact_search(
    vectors: VersionVectors, seed: int, count: int, ciks: set[int], years: set[int]
) -> None:
    query = unit_vectors(1, seed)[0]
    exact = one_by_one(query, ciks, years)
    rows, cosines = vectors.search(query, count, ciks=ciks, fiscal_years=years)
    assert rows.dtype == np.int64
    assert cosines.dtype == np.float32
    assert len(set(rows.tolist())) == len(rows) == min(count, len(exact))
    # Row by row the same, but where two are nearer to each other than an engine's float32 can tell.
    best = list(exact.values())[: len(rows)]
    assert np.allclose([exact[row] for row in rows.tolist()], best, atol=2e-6)
    assert np.allclose(cosines, best, atol=2e-6)


def test_rows_of_one_query_by_number(vectors: VersionVectors) -> None:
    query = unit_vectors(1, 3)[0]
    assert vectors.search(query, 50)[0].tolist() == list(one_by_one(query))[:50]


@pytest.mark.parametrize("count", [1, 5, 30, 41, 60])
def test_of_equal_vectors_the_first_rows_come_first(vectors: VersionVectors, count: int) -> None:
    rows, cosines = vectors.search(VECTORS[0], count)
    twins = sorted([0, *TWINS])
    assert rows[: len(twins)].tolist() == twins[:count]
    assert np.allclose(cosines[: len(twins)], 1, atol=1e-5)


def test_small_filter_among_many_better_rows_gives_all_of_its_own(vectors: VersionVectors) -> None:
    """The only row of company 2 is the farthest of all: what filters after searching does not find it."""
    rows, _ = vectors.search(-VECTORS[210], 10, ciks={2})
    assert rows.tolist() == [210]


def test_some_rows_among_many_better_ones_are_found(vectors: VersionVectors) -> None:
    query = unit_vectors(1, 6)[0]
    among = np.array(list(one_by_one(query))[-40::4], dtype=np.int64)
    assert vectors.search(query, 5, among=np.sort(among))[0].tolist() == among[:5].tolist()
    assert vectors.search(query, 50, among=np.sort(among))[0].tolist() == among.tolist()
    assert vectors.search(query, 5, among=among[:0])[0].tolist() == []


def test_filter_without_rows_gives_none(vectors: VersionVectors) -> None:
    rows, cosines = vectors.search(VECTORS[0], 10, ciks={99})
    assert (rows.shape, cosines.shape) == ((0,), (0,))


def test_more_than_there_are_gives_all(vectors: VersionVectors) -> None:
    rows, _ = vectors.search(VECTORS[7], 5_000)
    assert sorted(rows.tolist()) == list(range(SIZE))


def test_none_asked_for_gives_none(vectors: VersionVectors) -> None:
    assert vectors.search(VECTORS[0], 0)[0].tolist() == []
    assert vectors.similarities(VECTORS[0], np.empty(0, dtype=np.int64)).tolist() == []


def test_rows_of_another_version_are_shifted_and_its_own(engine: VectorEngine) -> None:
    """The later version has another first part, so that every row stands elsewhere; both are served at once."""
    later = [
        part_entry("of another version", 80, 0, cik=1, fiscal_year=2023),
        part_entry("c-2023", 150, 80, cik=3, fiscal_year=2023),
    ]
    query = unit_vectors(1, 77)[0]
    rows, _ = VersionVectors(engine, later, D).search(query, 30, ciks={3})
    assert (rows + 211 - 80).tolist() == list(one_by_one(query, {3}))[:30]


def test_similarities_are_exact_in_the_order_given(vectors: VersionVectors) -> None:
    query = unit_vectors(1, 5)[0]
    rows = np.array([360, 0, 210, 0, *range(119, 330)], dtype=np.int64)
    assert np.allclose(vectors.similarities(query, rows), VECTORS[rows] @ query, atol=1e-5)


def test_similarities_of_what_is_not_there_are_refused(engine: VectorEngine) -> None:
    lacking = VersionVectors(engine, [part_entry("never written", 3, 0)], D)
    with pytest.raises(VectorIndexError, match=r"lacks 2 vectors .* run `finrag vectors sync`"):
        lacking.similarities(VECTORS[0], np.array([0, 2]))


def test_query_of_another_dimension_is_refused(vectors: VersionVectors) -> None:
    with pytest.raises(VectorIndexError, match=r"shape \(3,\) was given, the index has 24"):
        vectors.search(np.ones(3, dtype=np.float32), 5)


def test_vectors_of_another_dimension_are_refused(engine: VectorEngine) -> None:
    with pytest.raises(VectorIndexError, match="made for other vectors than these"):
        put_part(engine, part_entry("too long", 1, 0), np.ones((1, D + 1), dtype=np.float32))


def test_written_twice_is_written_once_and_removed_is_gone(engine: VectorEngine) -> None:
    entry = part_entry("passing", 30, 0, cik=50)
    query = unit_vectors(1, 8)[0]
    alone = VersionVectors(engine, [entry], D)
    put_part(engine, entry, unit_vectors(30, 8))
    put_part(engine, entry, unit_vectors(30, 9))
    assert alone.search(query, 100, ciks={50})[0].tolist() == np.argsort(-(unit_vectors(30, 9) @ query)).tolist()

    keys = [f"{entry.sha256[:24]}{row:08x}" for row in range(30)]
    engine.delete(keys)
    engine.delete(keys)
    assert alone.search(query, 100, ciks={50})[0].tolist() == []


class Crowded:
    """An engine with room for ten results, all of which are of a version no longer known."""

    address = "qdrant+http://127.0.0.1:6333/crowded"
    most_found = 10

    def search(self, *_: object) -> Near:
        return Near(vector_keys(FOREIGN.sha256, 10), np.ones(10, dtype=np.float32))


def test_too_many_vectors_of_other_versions_are_told() -> None:
    crowded: Any = Crowded()
    with pytest.raises(VectorIndexError, match=r"too many vectors of other index versions: run `finrag vectors sync`"):
        VersionVectors(crowded, ENTRIES, D).search(VECTORS[0], 5)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (None, "does not exist: fill it with `finrag vectors sync`"),
        (EngineState(D, "euclidean", "x"), "measures euclidean distances, not cosines"),
        (EngineState(D + 1, "cosine", "x"), "holds vectors of 25 values, the index has 24"),
    ],
)
def test_index_made_for_other_vectors_is_refused(state: EngineState | None, words: str) -> None:
    with pytest.raises(VectorIndexError, match=words):
        require_fit(state, D, "s3vectors://bucket/filings")
