"""Systems that search vectors, FinRAG's among them, each as its guide shows: what `benchmarks.vector_peers` compares.

A system stores a row's number, company and year beside its vector, no text. Libraries are imported where they are used,
so that the memory of a process is that of one of them.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from benchmarks.vector_peer_rows import Filter, Floats, VectorRows

__all__ = ["OWN", "SYSTEMS", "Search", "VectorSystem"]

# The numbers of the best rows, best first: of (query, filter, how many).
Search = Callable[[Floats, Filter | None, int], Sequence[int]]

OWN = "finrag"
_ROWS_A_CALL = 5_000
# As many of the nearest are compared by all eight bits.
_EXACT = 32


class VectorSystem(ABC):
    """`build` fills the folder with an index of all rows; `opened` reads it in another process."""

    distribution: ClassVar[str]
    settings: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def build(self, rows: VectorRows) -> None: ...

    @abstractmethod
    def opened(self) -> Search: ...


class FinRAG(VectorSystem):
    """The index's own arrays and calls, without the catalog and the texts that its files hold besides."""

    distribution = "finrag"
    settings = "segments' coarse vectors, the best 32 by their parts' codes; with a filter its parts, scored exactly"

    def build(self, rows: VectorRows) -> None:
        from finrag_ml_tg1.index.coarse_vectors import coarse_arrays
        from finrag_ml_tg1.index.container import pack_arrays
        from finrag_ml_tg1.index.segment import MAX_SEGMENT_ROWS
        from finrag_ml_tg1.index.vectors import quantise

        self.folder.mkdir(parents=True)
        parts, segments = [], []
        codes, scales = quantise(rows.block(0, 0).vectors)
        for part in rows.parts():
            own = quantise(part.vectors)
            (self.folder / f"part-{part.start}").write_bytes(pack_arrays({"codes": own[0], "scales": own[1]}))
            parts.append([int(part.companies[0]), int(part.years[0]), part.start])
            if len(codes) + len(own[0]) > MAX_SEGMENT_ROWS:
                segments.append(coarse_arrays(codes, scales))
                codes, scales = own
            else:
                codes, scales = np.concatenate([codes, own[0]]), np.concatenate([scales, own[1]])
        segments.append(coarse_arrays(codes, scales))
        for number, segment in enumerate(segments):
            (self.folder / f"segment-{number:04}").write_bytes(pack_arrays(segment))
        (self.folder / "parts.json").write_text(json.dumps(parts), encoding="utf-8")

    def opened(self) -> Search:
        from finrag_ml_tg1.index.coarse_vectors import RANDOMLY_READ, CoarseVectors, nearest_rows
        from finrag_ml_tg1.index.container import Arrays, open_arrays
        from finrag_ml_tg1.index.vectors import similarities

        files = sorted(self.folder.glob("segment-*"))
        opened = [open_arrays(file) for file in files]
        for arrays in opened:
            arrays.read_randomly(*RANDOMLY_READ)
        segments = [CoarseVectors(arrays) for arrays in opened]
        table = json.loads((self.folder / "parts.json").read_text(encoding="utf-8"))
        starts = [start for _, _, start in table]
        of_years = {(company, year): start for company, year, start in table}

        @cache
        def part(start: int) -> Arrays:
            return open_arrays(self.folder / f"part-{start}")

        def cosine(query: Floats, row: int) -> float:
            start = starts[bisect_right(starts, row) - 1]
            own, local = part(start), slice(row - start, row - start + 1)
            return float(similarities(own["codes"][local], own["scales"][local], query)[0])

        def search(query: Floats, wanted: Filter | None, count: int) -> Sequence[int]:
            if wanted is None:  # as Index.nearest does
                near = nearest_rows(segments, query, max(count, _EXACT))[0]
                scores = np.array([cosine(query, row) for row in near.tolist()])
            else:
                within = [of_years[wanted.company, year] for year in wanted.years]
                each = [similarities(part(start)["codes"], part(start)["scales"], query) for start in within]
                near = np.concatenate(
                    [np.arange(start, start + len(own)) for start, own in zip(within, each, strict=True)]
                )
                scores = np.concatenate(each)
            best = np.argpartition(-scores, min(count, len(scores) - 1))[:count]
            return near[best[np.argsort(-scores[best])]].tolist()

        return search


class Chroma(VectorSystem):
    distribution = "chromadb"
    settings = "PersistentClient, default collection (HNSW)"
    configuration: ClassVar[dict[str, Any] | None] = None

    def build(self, rows: VectorRows) -> None:
        collection = self._client().create_collection("rows", configuration=self.configuration, embedding_function=None)
        for block in rows.blocks(_ROWS_A_CALL):
            pairs = zip(block.companies.tolist(), block.years.tolist(), strict=True)
            collection.add(
                ids=[str(row) for row in range(block.start, block.start + len(block.vectors))],
                embeddings=block.vectors,
                metadatas=[{"company": company, "year": year} for company, year in pairs],
            )

    def opened(self) -> Search:
        collection = self._client().get_collection("rows", embedding_function=None)

        def search(query: Floats, wanted: Filter | None, count: int) -> Sequence[int]:
            where = None
            if wanted:
                where = {"$and": [{"company": wanted.company}, {"year": {"$in": list(wanted.years)}}]}
            found = collection.query(query_embeddings=[query], n_results=count, where=where, include=[])
            return [int(row) for row in found["ids"][0]]

        return search

    def _client(self) -> Any:  # noqa: ANN401 - the interpreter that checks types lacks the library
        import chromadb

        return chromadb.PersistentClient(str(self.folder))


class TunedChroma(Chroma):
    """What its guide names for recall: more neighbours, and a wider search when building and when asking."""

    settings = "HNSW with max_neighbors 32, ef_construction 200, ef_search 400"
    configuration: ClassVar[dict[str, Any] | None] = {
        "hnsw": {"space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 400}
    }


class LanceDB(VectorSystem):
    distribution = "lancedb"
    settings = "no index (scans all vectors), filters first"

    def build(self, rows: VectorRows) -> None:
        import lancedb
        import pyarrow as pa

        vector = pa.list_(pa.float32(), rows.dimension)
        schema = pa.schema([("row", pa.int64()), ("company", pa.int64()), ("year", pa.int64()), ("vector", vector)])

        def batches() -> Iterator[Any]:
            for block in rows.blocks(_ROWS_A_CALL):
                numbers = np.arange(block.start, block.start + len(block.vectors))
                flat = pa.FixedSizeListArray.from_arrays(block.vectors.ravel(), rows.dimension)
                yield pa.RecordBatch.from_arrays(
                    [pa.array(numbers), pa.array(block.companies), pa.array(block.years), flat], schema=schema
                )

        self.index(lancedb.connect(self.folder).create_table("rows", data=batches(), schema=schema))

    def index(self, table: Any) -> None:  # noqa: ANN401 - the interpreter that checks types lacks the library
        """Add the indexes of this setting to a full table."""

    def opened(self) -> Search:
        import lancedb

        table = lancedb.connect(self.folder).open_table("rows")

        def search(query: Floats, wanted: Filter | None, count: int) -> Sequence[int]:
            asked = self.tuned(table.search(query)).select(["row", "_distance"]).limit(count)
            if wanted:
                years = ", ".join(map(str, wanted.years))
                asked = asked.where(f"company = {wanted.company} AND year IN ({years})")
            return asked.to_arrow()["row"].to_pylist()

        return search

    def tuned(self, query: Any) -> Any:  # noqa: ANN401 - the interpreter that checks types lacks the library
        return query


class TunedLanceDB(LanceDB):
    """What its guide names for large tables with filters: IVF_RQ and scalar indexes, more probes, and refining.

    Its default index, IVF_PQ, finds less in the same time (.857 of the ten best of 150,000 rows, IVF_RQ .994).
    """

    settings = "IVF_RQ, bitmap indexes on company and year; nprobes 200, refine_factor 20"

    def index(self, table: Any) -> None:  # noqa: ANN401 - the interpreter that checks types lacks the library
        from lancedb.index import Bitmap, IvfRq

        table.create_index("vector", config=IvfRq(distance_type="cosine"))
        table.create_index("company", config=Bitmap())
        table.create_index("year", config=Bitmap())

    def tuned(self, query: Any) -> Any:  # noqa: ANN401 - the interpreter that checks types lacks the library
        return query.distance_type("cosine").nprobes(200).refine_factor(20)


class LlamaIndex(VectorSystem):
    """The vector store of its default index alone: the store of documents beside it would only add to this."""

    distribution = "llama-index-core"
    settings = "SimpleVectorStore, the default of VectorStoreIndex"

    def build(self, rows: VectorRows) -> None:
        from llama_index.core.schema import TextNode
        from llama_index.core.vector_stores import SimpleVectorStore

        store = SimpleVectorStore()
        for block in rows.blocks(_ROWS_A_CALL):
            values = zip(block.vectors, block.companies.tolist(), block.years.tolist(), strict=True)
            store.add(
                [
                    TextNode(
                        id_=str(block.start + place),
                        embedding=vector.tolist(),
                        metadata={"company": company, "year": year},
                    )
                    for place, (vector, company, year) in enumerate(values)
                ]
            )
        self.folder.mkdir(parents=True)
        store.persist(str(self.folder / "store.json"))

    def opened(self) -> Search:
        from llama_index.core.vector_stores import (
            FilterOperator,
            MetadataFilter,
            MetadataFilters,
            SimpleVectorStore,
            VectorStoreQuery,
        )

        store = SimpleVectorStore.from_persist_path(str(self.folder / "store.json"))

        def search(query: Floats, wanted: Filter | None, count: int) -> Sequence[int]:
            filters = None
            if wanted:
                company = MetadataFilter(key="company", value=wanted.company)
                years = MetadataFilter(key="year", value=list(wanted.years), operator=FilterOperator.IN)
                filters = MetadataFilters(filters=[company, years])
            asked = VectorStoreQuery(query_embedding=query.tolist(), similarity_top_k=count, filters=filters)
            return [int(row) for row in store.query(asked).ids]

        return search


SYSTEMS: dict[str, type[VectorSystem]] = {
    OWN: FinRAG,
    "chroma": Chroma,
    "chroma-tuned": TunedChroma,
    "lancedb": LanceDB,
    "lancedb-tuned": TunedLanceDB,
    "llamaindex": LlamaIndex,
}
