"""Addresses that a document may link to."""

from urllib.parse import quote

from serving.frontend.evidence.source_labels import clean_address

__all__ = ["encode_address"]

# What stands for itself in an address; all else is percent-encoded.
_PLAIN = ":/?#[]@!$&'()*+,;=%~-._"


def encode_address(source_url: str | None) -> str:
    """Return an address the source pane would link to, without quotes or angle brackets; "" for anything else."""
    plain = clean_address(source_url)
    return quote(plain[0], safe=_PLAIN) if plain else ""
