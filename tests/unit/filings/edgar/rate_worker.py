"""A process of its own that fetches documents as fast as it may; it starts when a line comes in."""

from __future__ import annotations

import sys
from pathlib import Path

from finrag_ml_tg1.filings.edgar.client import EdgarClient
from tests.unit.filings.edgar.filer import CONTACT


def main(url: str, folder: str, first: int, last: int) -> None:
    with EdgarClient(CONTACT, Path(folder), archives_url=url, data_url=url) as client:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        for cik in range(first, last):
            client.company_facts(cik)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
