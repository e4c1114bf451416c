"""What SEC asks of a program that reads EDGAR: it says who runs it; and which addresses are read, over what protocol.

The rule is SEC's "Accessing EDGAR Data": the User-Agent is a name and an e-mail address, and at most ten requests are
made a second.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.loaders.loopback import is_loopback

__all__ = ["ARCHIVES_URL", "DATA_URL", "base_address", "user_agent"]

ARCHIVES_URL = "https://www.sec.gov"
DATA_URL = "https://data.sec.gov"

_MAX_CONTACT_CHARS = 200
_EMAIL = re.compile(r"[^\s@<>()]+@[^\s@<>()]+\.[A-Za-z0-9-]{2,}")
_HOW = "set FINRAG_SEC_CONTACT to your name and e-mail address, such as 'Example Research jane@example.com'"


def user_agent(contact: str) -> str:
    """Return the User-Agent header for this contact, SEC's "Sample Company Name AdminContact@sample.com".

    Raises SettingsError when it is empty, holds no e-mail address, or could not be sent in a header.
    """
    contact = contact.strip(" ")
    if not contact:
        raise SettingsError(f"SEC asks programs to say who runs them: {_HOW}.")
    if not re.fullmatch(r"[\x20-\x7e]+", contact):
        raise SettingsError(f"FINRAG_SEC_CONTACT has a line break or a character outside ASCII: {_HOW}.")
    if len(contact) > _MAX_CONTACT_CHARS:
        raise SettingsError(f"FINRAG_SEC_CONTACT is longer than {_MAX_CONTACT_CHARS} characters: {_HOW}.")
    if not _EMAIL.search(contact):
        raise SettingsError(f"FINRAG_SEC_CONTACT holds no e-mail address, which SEC asks for: {_HOW}.")
    return contact


def base_address(url: str) -> str:
    """Return the address without a slash at its end; SettingsError unless it is https, or http on this machine."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # whose text repeats the address
        raise SettingsError("FINRAG_SEC_URL is not well-formed: give it as https://host.") from None
    if not parts.hostname or parts.username is not None or parts.query or parts.fragment or port == 0:
        raise SettingsError("FINRAG_SEC_URL must be https://host, without user name, query and fragment.")
    if re.search(r"[\s\x00-\x1f\x7f]", url):
        raise SettingsError("FINRAG_SEC_URL has a space or a control character: give it as https://host.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise SettingsError("FINRAG_SEC_URL must begin with https://; http:// is for this machine alone.")
    return url.rstrip("/")
