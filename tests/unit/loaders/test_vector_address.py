"""An engine's address is read in one way; what is none is refused without being repeated."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.loaders.ml_config_loader import load_config
from finrag_ml_tg1.loaders.vector_address import VectorAddress, parse_vector_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3vectors://my-vectors/filings.v1", VectorAddress("s3vectors", "my-vectors", "filings.v1")),
        ("s3vectors://my-vectors/filings/", VectorAddress("s3vectors", "my-vectors", "filings")),
        ("qdrant+http://host/filings", VectorAddress("qdrant", "http://host:6333", "filings")),
        ("qdrant+https://host:443/a/b/filings_1", VectorAddress("qdrant", "https://host:443/a/b", "filings_1")),
        ("qdrant+http://[::1]:6333/filings", VectorAddress("qdrant", "http://[::1]:6333", "filings")),
    ],
)
def test_address_names_engine_place_and_index(text: str, expected: VectorAddress) -> None:
    assert parse_vector_address(text) == expected
    assert parse_vector_address(expected.text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "my-vectors/filings",
        "s3://my-vectors/filings",
        "s3vectors://my-vectors",
        "s3vectors://my-vectors/a/b",
        "s3vectors://My_Vectors/filings",
        "s3vectors://my-vectors:80/filings",
        "qdrant+http://host:6333",
        "qdrant+http:///filings",
        "qdrant+http://host:0/filings",
        "qdrant+http://host:x/filings",
        "qdrant+http://host/fil ings",
        "qdrant+http://user:hidden@host/filings",
        "qdrant+http://host/filings?api_key=hidden",
        "http://host:6333/filings",
    ],
)
def test_what_is_no_address_is_refused_unrepeated(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_vector_address(text)
    assert "hidden" not in str(caught.value)
    with pytest.raises(SettingsError, match="FINRAG_VECTOR_INDEX"):
        load_config(environ={"FINRAG_VECTOR_INDEX": text or "nothing"})
