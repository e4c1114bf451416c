"""Keys of objects that are only ever added: a folder for each UTC day, names in the order of writing, no two alike.

Nothing written under such a key is changed afterwards, so writers need not know of each other.
"""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime

__all__ = ["dated_key", "day_folder", "moment_text", "new_name", "utc_now"]


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def day_folder(folder: str, day: date) -> str:
    """Return `{folder}/dt=YYYY-MM-DD/`."""
    return f"{folder}/dt={day.isoformat()}/"


def moment_text(moment: datetime) -> str:
    """Return a moment as names begin with it: text that sorts by time."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%S%fZ")


def dated_key(folder: str, day: date, written: datetime, extension: str) -> str:
    """Return a new key, `{folder}/dt=YYYY-MM-DD/{time of writing}-{random}.{extension}`."""
    return f"{day_folder(folder, day)}{new_name(written)}.{extension}"


def new_name(moment: datetime) -> str:
    """Return `{time}-{random}`, which no other object is called."""
    return f"{moment_text(moment)}-{secrets.token_hex(4)}"
