"""A small index whose vectors come from hashed words: the real files and readers, without the cost of a model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from finrag_ml_tg1.index.catalog import PARTS_SCHEMA, part_entries
from finrag_ml_tg1.index.encoder import EncoderIdentity, read_identity
from finrag_ml_tg1.index.facts import PART_FACTS_SCHEMA
from finrag_ml_tg1.index.part import build_part
from finrag_ml_tg1.index.reader import Index, open_index
from finrag_ml_tg1.index.writer import IndexWriter
from finrag_ml_tg1.indexing.known_version import KnownVersion
from finrag_ml_tg1.indexing.segmenting import build_segments
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore

__all__ = ["HashEncoder", "Text", "build_hashed_index"]


@dataclass(frozen=True, slots=True)
class Text:
    """One passage of one filing; the company's key is its number."""

    cik: int
    form: str
    fiscal_year: int
    item: str
    text: str

    @property
    def accession(self) -> str:
        """An identifier that tells the filing."""
        return f"{self.cik}-{self.form}-{self.fiscal_year}"


class HashEncoder:
    """Unit vectors in which texts with words in common are near: each word adds a direction of its own."""

    def __init__(self, identity: EncoderIdentity) -> None:
        self.identity = identity

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return one unit-length row a text."""
        rows = [sum((self._direction(word) for word in text.lower().split()), self._direction("")) for text in texts]
        vectors = np.array(rows, dtype=np.float32).reshape(len(texts), self.identity.dimension)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)

    def count_tokens(self, text: str) -> int:
        """Return the number of words."""
        return len(text.split())

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return the whole text as one token."""
        return [(0, len(text))]

    def _direction(self, word: str) -> npt.NDArray[np.float32]:
        seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
        return np.random.default_rng(seed).normal(size=self.identity.dimension).astype(np.float32)


NO_FACTS = pl.DataFrame(schema=PART_FACTS_SCHEMA)


def build_hashed_index(texts: Sequence[Text], folder: Path, encoder_folder: Path) -> Index:
    """Write the texts as an index into `folder` and open it."""
    store = LocalFolderStore(folder / "store")
    identity = read_identity(encoder_folder)
    encoder = HashEncoder(identity)
    cache = DiskCache(folder / "cache", store, 2**30)
    with IndexWriter(store) as writer:
        entries, filings_of = [], []
        row_start = 0
        for cik, year in sorted({(text.cik, text.fiscal_year) for text in texts}):
            own = sorted(
                (text for text in texts if (text.cik, text.fiscal_year) == (cik, year)), key=lambda text: text.accession
            )
            encoded = encoder.encode([text.text for text in own])
            part = writer.put_part(build_part(_rows(own), [text.text for text in own], encoded, NO_FACTS))
            entries.append([cik, year, *part, row_start, len(own), ""])
            filings_of.append(len({text.accession for text in own}))
            row_start += len(own)
        parts = pl.DataFrame(entries, schema=PARTS_SCHEMA, orient="row")
        segments, statistics = build_segments(writer, cache, part_entries(parts), filings_of, KnownVersion())
        manifest = writer.write_version(
            filings=_filings(texts),
            parts=parts,
            segments=segments,
            statistics=statistics,
            encoder=identity,
            encoder_folder=encoder_folder,
            parameters={},
        )
        writer.make_current(manifest.version)
    index = open_index(store, cache, folder=folder / "cache")
    index.encoder = encoder  # type: ignore[assignment]  # the reader opens the model the index carries
    return index


def _rows(texts: Sequence[Text]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "passage_id": f"{text.accession}-{position:05d}",
                "form": text.form,
                "accession": text.accession,
                "item": text.item,
                "kind": "prose",
                "statement": "none",
                "heading": "",
                "position": position,
                "char_start": 0,
                "char_end": len(text.text),
                "page_num": None,
                "lead": "",
                "text": text.text,
            }
            for position, text in enumerate(texts)
        ]
    )


def _filings(texts: Sequence[Text]) -> pl.DataFrame:
    filings = {text.accession: text for text in texts}
    return pl.DataFrame(
        [
            {
                "cik": text.cik,
                "tickers": [f"T{text.cik}"],
                "company": f"Company {text.cik}",
                "form": text.form,
                "accession": accession,
                "fiscal_year": text.fiscal_year,
                "period_end": date(text.fiscal_year, 12, 31),
                "source_url": None,
            }
            for accession, text in filings.items()
        ],
        schema_overrides={"source_url": pl.String},
    )
