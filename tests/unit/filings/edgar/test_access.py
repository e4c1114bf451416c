from __future__ import annotations

from pathlib import Path

import pytest

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.filings.edgar.access import base_address, user_agent
from finrag_ml_tg1.filings.edgar.client import EdgarClient


def test_contact_is_the_user_agent_as_sec_writes_it() -> None:
    assert user_agent(" Sample Company Name AdminContact@sample.com ") == "Sample Company Name AdminContact@sample.com"


@pytest.mark.parametrize(
    "contact",
    [
        "",
        "  ",
        "Example Research",
        "jane@",
        "jane@localhost",
        "Jane jane@example.com\r\nX-Evil: 1",
        "Jané j@example.com",
        "Jane\tjane@example.com",
        "x" * 250 + " jane@example.com",
    ],
)
def test_contact_that_sec_could_not_use_is_refused_with_how_to_set_it(contact: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="set FINRAG_SEC_CONTACT to your name and e-mail address") as caught:
        EdgarClient(contact, tmp_path)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://www.sec.gov", "https://mirror.example/edgar", "http://127.0.0.1:8080"])
def test_base_address_on_https_or_this_machine_is_taken(url: str) -> None:
    assert base_address(url + "/") == url


@pytest.mark.parametrize(
    "url",
    ["http://www.sec.gov", "ftp://127.0.0.1", "www.sec.gov", "https://a:b@sec.gov", "https://sec.gov?x=1", "",
     "https://sec.gov:port", "https://[1", "http://127.0.0.1.example.com", "https://sec.gov/a b"],
)  # fmt: skip
def test_base_address_that_is_open_to_others_or_malformed_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="FINRAG_SEC_URL"):
        base_address(url)
