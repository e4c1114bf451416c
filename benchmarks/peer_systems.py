"""Retrieval libraries of the package index, set up as their guides show, with FinRAG's encoder in each of them.

They get what plain users with good data give: metadata, and the name of the filing on top of every chunk. Libraries
are imported where they are used, so that the memory of a process is that of one of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.peer_corpora import WORDS, Page, Place, chunked
from finrag_ml_tg1.index.encoder import OnnxEncoder

Ask = Callable[[str], Iterable[Place]]

# Chunks asked for, as many passages as FinRAG's own evaluation takes: ten pages must be among them.
CHUNKS = 100
ROWS_A_CALL = 2000


def place(metadata: Mapping[str, Any]) -> Place:
    return metadata["doc_name"], metadata["page_num"]


@dataclass(frozen=True)
class Peer(ABC):
    """A library as it is used: `build` fills the folder with an index, `opened` reads it and answers by pages."""

    encoder: OnnxEncoder
    folder: Path
    distribution: ClassVar[str]
    settings: ClassVar[str]

    @abstractmethod
    def build(self, pages: Sequence[Page]) -> None: ...

    @abstractmethod
    def opened(self) -> Ask: ...


class Chroma(Peer):
    distribution = "chromadb"
    settings = f"PersistentClient, default collection; {WORDS} words a chunk"

    def build(self, pages: Sequence[Page]) -> None:
        chunks = enumerate(chunked(pages))
        while some := list(islice(chunks, ROWS_A_CALL)):
            self._collection().add(
                ids=[str(number) for number, _ in some],
                documents=[text for _, (text, _) in some],
                metadatas=[page.metadata for _, (_, page) in some],
            )

    def opened(self) -> Ask:
        collection = self._collection()
        return lambda question: map(place, collection.query(query_texts=[question], n_results=CHUNKS)["metadatas"][0])

    def _collection(self) -> Any:  # noqa: ANN401 - the interpreter that checks types lacks the library
        import chromadb

        encode = self.encoder.encode

        class Embedding(chromadb.EmbeddingFunction[list[str]]):
            def __call__(self, input: list[str]) -> list[Any]:  # noqa: A002 - Chroma calls it so
                return list(encode(input))

        client = chromadb.PersistentClient(str(self.folder))
        return client.get_or_create_collection("pages", embedding_function=Embedding())


class LanceDB(Peer):
    distribution = "lancedb"
    settings = f"hybrid search, RRFReranker, no vector index; {WORDS} words a chunk"

    def build(self, pages: Sequence[Page]) -> None:
        import lancedb

        chunks = list(chunked(pages))
        vectors = self.encoder.encode([text for text, _ in chunks])
        encoded = zip(chunks, vectors, strict=True)
        rows = [{**page.metadata, "text": text, "vector": vector} for (text, page), vector in encoded]
        lancedb.connect(self.folder).create_table("pages", data=rows).create_fts_index("text")

    def opened(self) -> Ask:
        import lancedb
        from lancedb.rerankers import RRFReranker

        table = lancedb.connect(self.folder).open_table("pages")

        def ask(question: str) -> Iterable[Place]:
            query = table.search(query_type="hybrid").vector(self.encoder.encode([question])[0]).text(question)
            return map(place, query.rerank(RRFReranker()).limit(CHUNKS).to_list())

        return ask


class LlamaIndex(Peer):
    distribution = "llama-index-core"
    settings = "VectorStoreIndex in memory; SentenceSplitter as it is (1024 tokens)"
    splitting: ClassVar[dict[str, int]] = {}

    def build(self, pages: Sequence[Page]) -> None:
        from llama_index.core import Document, VectorStoreIndex
        from llama_index.core.node_parser import SentenceSplitter

        documents = [Document(text=f"{page.head}\n{page.text}", metadata=page.metadata) for page in pages]
        index = VectorStoreIndex.from_documents(
            documents, embed_model=self._embedding(), transformations=[SentenceSplitter(**self.splitting)]
        )
        index.storage_context.persist(self.folder)

    def opened(self) -> Ask:
        from llama_index.core import StorageContext, load_index_from_storage

        storage = StorageContext.from_defaults(persist_dir=str(self.folder))
        index = load_index_from_storage(storage, embed_model=self._embedding())
        retriever = index.as_retriever(similarity_top_k=CHUNKS)
        return lambda question: (place(found.node.metadata) for found in retriever.retrieve(question))

    def _embedding(self) -> Any:  # noqa: ANN401 - the interpreter that checks types lacks the library
        from llama_index.core.embeddings import BaseEmbedding

        encode = self.encoder.encode

        class Embedding(BaseEmbedding):
            def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
                return encode(texts).tolist()

            def _get_text_embedding(self, text: str) -> list[float]:
                return encode([text])[0].tolist()

            _get_query_embedding = _get_text_embedding

            async def _aget_query_embedding(self, query: str) -> list[float]:
                return self._get_query_embedding(query)

        return Embedding(embed_batch_size=ROWS_A_CALL)


class FittedLlamaIndex(LlamaIndex):
    """The default's chunks are four times as long as what the encoder reads of them."""

    settings = "VectorStoreIndex in memory; SentenceSplitter(chunk_size=256, chunk_overlap=32)"
    splitting: ClassVar[dict[str, int]] = {"chunk_size": 256, "chunk_overlap": 32}


class Haystack(Peer):
    distribution = "haystack-ai"
    settings = f"in memory, BM25 and vectors joined by reciprocal rank fusion; {WORDS} words a chunk"

    def build(self, pages: Sequence[Page]) -> None:
        from haystack import Document
        from haystack.components.preprocessors import DocumentSplitter
        from haystack.document_stores.in_memory import InMemoryDocumentStore

        splitter = DocumentSplitter(split_by="word", split_length=WORDS)
        parts = splitter.run([Document(content=page.text, meta=page.metadata) for page in pages])["documents"]
        heads = {place(page.metadata): page.head for page in pages}
        texts = [f"{heads[place(part.meta)]}\n{part.content}" for part in parts]
        documents = [
            Document(content=text, meta=part.meta, embedding=vector.tolist())
            for part, text, vector in zip(parts, texts, self.encoder.encode(texts), strict=True)
        ]
        store = InMemoryDocumentStore()
        store.write_documents(documents)
        self.folder.mkdir()
        store.save_to_disk(str(self.folder / "store.json"))

    def opened(self) -> Ask:
        from haystack.components.joiners import DocumentJoiner
        from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
        from haystack.document_stores.in_memory import InMemoryDocumentStore

        store = InMemoryDocumentStore.load_from_disk(str(self.folder / "store.json"))
        by_words = InMemoryBM25Retriever(store, top_k=CHUNKS)
        by_meaning = InMemoryEmbeddingRetriever(store, top_k=CHUNKS)
        joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion")

        def ask(question: str) -> Iterable[Place]:
            vector = self.encoder.encode([question])[0].tolist()
            found = [by_words.run(question)["documents"], by_meaning.run(vector)["documents"]]
            return (place(document.meta) for document in joiner.run(found)["documents"])

        return ask


PEERS: dict[str, type[Peer]] = {
    "chroma": Chroma,
    "lancedb": LanceDB,
    "llamaindex": LlamaIndex,
    "llamaindex-256": FittedLlamaIndex,
    "haystack": Haystack,
}
