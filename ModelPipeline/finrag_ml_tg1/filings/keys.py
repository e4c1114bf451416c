"""Where a filing's objects stand in the store.

Text, passages and facts are named by the document's hash and the reader that read it. A filing read anew is written
beside what stands there, and its row, put last, decides which of the two is the filing: at no moment is it lost or
mixed.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FILINGS_PREFIX", "FilingKeys", "filing_keys"]

FILINGS_PREFIX = "tables/filings/"


@dataclass(frozen=True, slots=True)
class FilingKeys:
    """The keys of a filing's document, canonical text, passages, facts, and row of the `filings` table."""

    document: str
    text: str
    passages: str
    facts: str
    row: str


def filing_keys(cik: int, accession: str, sha256: str, reader_version: int) -> FilingKeys:
    """Return the keys of a filing as one reader read one document; document and row are the same for all of them."""
    place = f"cik={cik}/{accession}"
    reading = f"{place}.{sha256[:12]}-{reader_version}"
    return FilingKeys(
        document=f"raw/{place}/document.html.gz",
        text=f"text/{reading}.txt.gz",
        passages=f"tables/passages/{reading}.parquet",
        facts=f"tables/facts/{reading}.parquet",
        row=f"{FILINGS_PREFIX}{place}.parquet",
    )
