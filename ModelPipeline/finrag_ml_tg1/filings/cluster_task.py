"""What a worker of a cluster does with one filing: read it and put it into the store that all of them share.

A worker finds its own way to the store: credentials, region and address of the service come from the settings of the
machine it runs on, and nothing that is sent to it holds a secret. The tokenizer lies in the store, named by its hash:
a worker needs neither disk nor package index, and one that cannot find it looks at another store.
"""

from __future__ import annotations

import hashlib
import socket
from dataclasses import dataclass
from functools import lru_cache

from finrag_ml_tg1.errors import FilingError, FinRAGError, ObjectNotFoundError, SchedulerError
from finrag_ml_tg1.filings.batch import Refused, of_another_year
from finrag_ml_tg1.filings.ingest import Ingested, Source, read_anew
from finrag_ml_tg1.filings.keys import FilingKeys
from finrag_ml_tg1.filings.passages.token_windows import TokenOffsets
from finrag_ml_tg1.filings.reading_process import tables_or_reason
from finrag_ml_tg1.filings.table_schemas import READER_VERSION
from finrag_ml_tg1.filings.writing import put_filing
from finrag_ml_tg1.index.encoder import token_offsets_of
from finrag_ml_tg1.loaders.ml_config_loader import load_config
from finrag_ml_tg1.loaders.object_store import ObjectStore
from finrag_ml_tg1.loaders.open_store import open_store

__all__ = ["Assignment", "Stored", "carry_out", "share_tokenizer", "store_at"]


@dataclass(frozen=True, slots=True)
class Assignment:
    """A filing to read into the store at `store_url`; `replaces` are the keys of the reading that stands there."""

    source: Source
    store_url: str
    tokenizer_sha256: str
    replaces: FilingKeys | None
    reader_version: int = READER_VERSION


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a filing, and the keys it stands under."""

    ingested: Ingested
    keys: FilingKeys


def carry_out(assignment: Assignment) -> Stored | Refused:
    """Read a filing into the store; done again, after its worker died at any point, it leaves the same objects.

    Raises SchedulerError, naming this machine, when it is not set up for the work or the store fails.
    """
    try:
        _check_version(assignment.reader_version)
        store = store_at(assignment.store_url)
        token_offsets = _token_offsets(assignment.store_url, assignment.tokenizer_sha256)
        return _ingest(assignment.source, store, token_offsets, assignment.replaces)
    except FinRAGError as error:
        raise SchedulerError(f"worker on {socket.gethostname()}: {error}") from None


def share_tokenizer(store: ObjectStore, tokenizer: bytes) -> str:
    """Put a tokenizer where workers look for it, and return its hash, as Assignment holds it."""
    sha256 = hashlib.sha256(tokenizer).hexdigest()
    if store.head(_tokenizer_key(sha256)) is None:
        store.put(_tokenizer_key(sha256), tokenizer)
    return sha256


def _ingest(
    source: Source, store: ObjectStore, token_offsets: TokenOffsets, replaces: FilingKeys | None
) -> Stored | Refused:
    found = tables_or_reason(source.document, source.name, source.provenance, token_offsets)
    if isinstance(found, FilingError):
        return Refused(f"{source.name}: {found}")
    refused = of_another_year(source, found)
    if refused is not None:
        return refused
    keys = put_filing(store, source.document, found, replaces=replaces)
    return Stored(read_anew(source, found), keys)


def _check_version(wanted: int) -> None:
    if wanted != READER_VERSION:
        raise SchedulerError(
            f"its reader has version {READER_VERSION}, the sender's {wanted}: install the same FinRAG on both"
        )


@lru_cache(maxsize=4)
def store_at(url: str) -> ObjectStore:
    """Return the store at `url` as this process's settings reach it, opened once."""
    return open_store(url, load_config())


@lru_cache(maxsize=4)
def _token_offsets(store_url: str, sha256: str) -> TokenOffsets:
    try:
        tokenizer = store_at(store_url).get(_tokenizer_key(sha256)).data
    except ObjectNotFoundError:
        raise SchedulerError(
            f"{store_url} is another store there: give an s3:// address, or a folder that all machines share"
        ) from None
    if hashlib.sha256(tokenizer).hexdigest() != sha256:
        raise SchedulerError(f"{_tokenizer_key(sha256)} in the store is damaged: delete it and start again")
    return token_offsets_of(tokenizer)


def _tokenizer_key(sha256: str) -> str:
    return f"tokenizers/{sha256}.json"
