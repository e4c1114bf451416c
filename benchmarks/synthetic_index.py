"""An index of any size in a folder, to measure at: real parts first where there are some, then invented ones.

    python -m benchmarks.synthetic_index --rows 615000 --from STORE --out FOLDER     real parts, then mixed vectors
    python -m benchmarks.synthetic_index --rows 10000000 --out FOLDER                generated text and vectors

With --from the parts of another store's index are copied, and repeated under invented companies with vectors between
those of the part (`VectorSource.mixed`); sentences that were not encoded get such vectors too. Without it all is
generated. `--from` gives fewer rows as well: its first parts.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.generated_parts import SEED, PartTemplate, VectorSource, generated_templates, invented_names
from finrag_ml_tg1.filings.table_schemas import FILINGS_SCHEMA, READER_VERSION
from finrag_ml_tg1.index.catalog import FILINGS_FILE, PARTS_FILE, PARTS_SCHEMA, PartEntry, part_entries
from finrag_ml_tg1.index.container import Arrays, open_arrays, pack_arrays
from finrag_ml_tg1.index.encoder import read_identity
from finrag_ml_tg1.index.manifest import part_key, version_key
from finrag_ml_tg1.index.part import Part
from finrag_ml_tg1.index.part_rows import PART_SCHEMA
from finrag_ml_tg1.index.sentence_vectors import pack_sentences, sentences_of
from finrag_ml_tg1.index.stored_version import current_version
from finrag_ml_tg1.index.vectors import dequantise, quantise
from finrag_ml_tg1.index.writer import IndexWriter
from finrag_ml_tg1.indexing.build import BUILD_PARAMETERS
from finrag_ml_tg1.indexing.known_version import KnownVersion
from finrag_ml_tg1.indexing.minilm import ensure_encoder
from finrag_ml_tg1.indexing.segmenting import build_segments
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore

_ROWS_A_PART = 800
_TEMPLATES = 48
_FIRST_INVENTED_CIK = 20_000_000_000
_YEARS = (2020, 2021, 2022, 2023, 2024)


class Writing:
    """The parts and filings written so far, in the order of the index."""

    def __init__(self, writer: IndexWriter, wanted: int) -> None:
        self.writer = writer
        self.wanted = wanted
        self.rows = 0
        self.parts: list[list[Any]] = []
        self.filings: list[pl.DataFrame] = []

    @property
    def is_done(self) -> bool:
        return self.rows >= self.wanted

    def add(self, cik: int, year: int, data: bytes, rows: int, filings: pl.DataFrame) -> None:
        sha256, size = self.writer.put_part(data)
        self.parts.append([cik, year, sha256, size, self.rows, rows, sha256])
        self.filings.append(filings)
        self.rows += rows
        if len(self.parts) % 100 == 0:
            print(f"\r{self.rows:,} of {self.wanted:,} rows", end="", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--from", dest="source", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("/tmp/finrag_cache"))
    arguments = parser.parse_args()
    started = time.perf_counter()
    encoder = ensure_encoder(arguments.cache, progress=print)
    vectors = VectorSource(read_identity(encoder).dimension, SEED)
    store = LocalFolderStore(arguments.out)
    with IndexWriter(store) as writer:
        writing = Writing(writer, arguments.rows)
        if arguments.source:
            _write_from(LocalFolderStore(arguments.source), writing, vectors)
        else:
            _write_generated(writing, vectors)
        version = _finish(writing, encoder, DiskCache(arguments.cache, store, 2**30))
    print(f"\n{version}: {writing.rows:,} rows, {len(writing.parts):,} parts, {time.perf_counter() - started:.0f} s")


def _write_from(source: LocalFolderStore, writing: Writing, vectors: VectorSource) -> None:
    version = current_version(source)
    folder = Path(source.url)
    filings = pl.read_parquet(folder / version_key(version, FILINGS_FILE))
    entries = part_entries(pl.read_parquet(folder / version_key(version, PARTS_FILE)))
    for entry in entries:
        if writing.is_done:
            return
        own = filings.filter(pl.col("cik") == entry.cik, pl.col("fiscal_year") == entry.fiscal_year)
        path = folder / part_key(entry.sha256)
        arrays = open_arrays(path)
        if "sentence_codes" not in arrays:
            arrays |= _sentences(Part(path), vectors)
        writing.add(entry.cik, entry.fiscal_year, pack_arrays(arrays), entry.rows, own)
    for place, (cik, year, name) in enumerate(_invented(len(_YEARS))):
        if writing.is_done:
            return
        path = folder / part_key(entries[place % len(entries)].sha256)
        part, arrays = Part(path), open_arrays(path)
        rows = pl.DataFrame([part.rows[row] for row in range(len(part))], schema=PART_SCHEMA, orient="row")
        if "sentence_codes" not in arrays:
            arrays |= _sentences(part, vectors)
        template = PartTemplate(rows, part.facts(), arrays)
        mixed = vectors.mixed(dequantise(arrays["codes"], arrays["scales"]))
        _add_invented(writing, template, mixed, cik, year, name)


def _sentences(part: Part, vectors: VectorSource) -> Arrays:
    """Vectors for a part's sentences that were not encoded: their passages', mixed; to measure with, not to answer."""
    texts = [part.text(row) for row in range(len(part))]
    rows = pl.DataFrame({"kind": [part.rows[row].kind for row in range(len(part))], "text": texts})
    places = sentences_of(rows)
    of_passages = dequantise(part.arrays["codes"], part.arrays["scales"])[places.rows]
    return pack_sentences(places, vectors.mixed(of_passages))


def _write_generated(writing: Writing, vectors: VectorSource) -> None:
    templates = generated_templates(_TEMPLATES, _ROWS_A_PART, SEED)
    for place, (cik, year, name) in enumerate(_invented(len(_YEARS))):
        if writing.is_done:
            return
        template = templates[place % len(templates)]
        _add_invented(writing, template, vectors.passages(_ROWS_A_PART), cik, year, name)


def _invented(years: int) -> Iterator[tuple[int, int, str]]:
    for number, name in enumerate(invented_names()):
        for year in _YEARS[:years]:
            yield _FIRST_INVENTED_CIK + number, year, name


def _add_invented(
    writing: Writing, template: PartTemplate, vectors: np.ndarray[Any, Any], cik: int, year: int, name: str
) -> None:
    accession = f"invented-{cik}-{year}"
    codes, scales = quantise(vectors)
    data = pack_arrays({**template.renamed(accession), "codes": codes, "scales": scales})
    filing = {
        "cik": cik,
        "tickers": [],
        "company": name,
        "form": "10-K",
        "accession": accession,
        "fiscal_year": year,
        "fiscal_period": "FY",
        "period_end": date(year, 12, 31),
        "fiscal_year_end": "12-31",
        "filed": date(year + 1, 2, 20),
        "sha256": accession,
        "reader_version": READER_VERSION,
        "characters": int(template.arrays["text_offsets"][-1]),
        "passages": len(vectors),
        "facts": template.facts.height,
        "items": [],
        "checks_made": 0,
        "checks_held": 0,
        "notes": [],
    }
    writing.add(cik, year, data, len(vectors), pl.DataFrame([filing], schema=FILINGS_SCHEMA))


def _finish(writing: Writing, encoder: Path, cache: DiskCache) -> str:
    parts = pl.DataFrame(writing.parts, schema=PARTS_SCHEMA, orient="row")
    entries: list[PartEntry] = part_entries(parts)
    filings_of = [filings.height for filings in writing.filings]
    segments, statistics = build_segments(writing.writer, cache, entries, filings_of, KnownVersion())
    manifest = writing.writer.write_version(
        filings=pl.concat(writing.filings),
        parts=parts,
        segments=segments,
        statistics=statistics,
        encoder=read_identity(encoder),
        encoder_folder=encoder,
        parameters=BUILD_PARAMETERS,
    )
    writing.writer.make_current(manifest.version)
    return manifest.version


if __name__ == "__main__":
    main()
