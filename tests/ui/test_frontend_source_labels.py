from dataclasses import replace

import pytest

from serving.frontend.contract.json_row import JsonRow
from serving.frontend.contract.passages import read_citation
from serving.frontend.evidence.source_labels import clean_address, label_citation
from tests.ui.stub_backend import build_citation

CITATION = read_citation(JsonRow(build_citation(1, "vlmr/2024:r1", [])))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.sec.gov/Archives/edgar/data/1/2-index.htm", "sec.gov"),
        ("http://filings.example:8080/a?b=c#d", "filings.example"),
    ],
)
def test_web_address_comes_with_its_host(url: str, host: str) -> None:
    assert clean_address(url) == (url, host)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "JavaScript://sec.gov/%0aalert(1)",
        "data:text/html,x",
        "//evil.example",
        "https:evil.example",
        "https://www.sec.gov@evil.example/",
        "https://sec.gov\\@evil.example/",
        "https://sec.gov\u202e/moc",
        "https://ѕec.gov/",
        "https://sec.gov/a b",
        "java\nscript:alert(1)",
        "https://[::1",
        "file:///etc/passwd",
    ],
)
def test_what_is_no_plain_web_address_gives_no_link(url: str | None) -> None:
    assert clean_address(url) is None


def test_label_fits_a_button() -> None:
    assert label_citation(CITATION) == "VLMR FY2024 Item 1A"
    assert label_citation(replace(CITATION, item=None, page=7)) == "VLMR FY2024 page 7"
    assert len(label_citation(replace(CITATION, ticker=None, company="W" * 9000, item="7" * 9000))) < 100
