"""Where a source stands, in words, and the address of its filing. Pure; shows nothing itself."""

import re
from urllib.parse import urlsplit

from serving.frontend.contract.passages import Citation

__all__ = ["clean_address", "describe_section", "label_citation", "label_item", "shorten"]

_MOST_NAME_CHARS = 40
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)


def label_item(item: str) -> str:
    """Return "Item 1A" for both "1A" and "Item 1A"."""
    return item if item.lower().startswith(("item", "part")) else f"Item {item}"


def label_citation(citation: Citation) -> str:
    """Return where a citation points, for example "AAPL FY2024 Item 1A", as plain text short enough for a button."""
    parts = [shorten(citation.ticker or citation.company, _MOST_NAME_CHARS)]
    if citation.fiscal_year is not None:
        parts.append(f"FY{citation.fiscal_year}")
    if citation.item:
        parts.append(shorten(label_item(citation.item), _MOST_NAME_CHARS))
    elif citation.page is not None:
        parts.append(f"page {citation.page}")
    return " ".join(parts)


def describe_section(item: str | None, title: str | None) -> str:
    """Return "Item 1A. Risk Factors", or as much of it as is known."""
    return ". ".join(filter(None, [label_item(item) if item else None, title]))


def shorten(text: str, most_chars: int) -> str:
    """Return the text, cut with an ellipsis where it is longer than `most_chars`."""
    return text if len(text) <= most_chars else f"{text[: most_chars - 1].rstrip()}…"


def clean_address(source_url: str | None) -> tuple[str, str] | None:
    """Return the address of a filing and its host without "www."; None for what is no plain web address.

    A name before the host ("https://sec.gov@elsewhere") or characters that browsers drop would mislead about the host.
    """
    url = source_url or ""
    if not url.isascii() or not url.isprintable() or re.search(r"[\s\\]", url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or parts.username is not None or not _HOST.fullmatch(host):
        return None
    return url, host.removeprefix("www.")
