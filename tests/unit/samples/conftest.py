"""The committed sample filings, parsed once."""

import pytest

from samples.generate import FILINGS_DIR
from tests.unit.samples.filing_reader import Filing, read_filing


@pytest.fixture(scope="session")
def filings() -> list[Filing]:
    return [read_filing(path) for path in sorted(FILINGS_DIR.glob("*.html"))]
