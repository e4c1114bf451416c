"""What was looked at and may stay: `exceptions.toml`, each entry with its reason, advisories with an end."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

__all__ = ["EXCEPTIONS", "AdvisoryException", "Exceptions", "ExceptionsError", "LicenceException", "read_exceptions"]

EXCEPTIONS = Path(__file__).with_name("exceptions.toml")


class ExceptionsError(ValueError):
    """An entry of the file is not as it has to be; the message says which and why."""


@dataclass(frozen=True, slots=True)
class AdvisoryException:
    """An advisory that does not concern us, and the day from which it is found again."""

    id: str
    package: str
    reason: str
    expires: date


@dataclass(frozen=True, slots=True)
class LicenceException:
    """A distribution whose licence cannot be read from its metadata, or is not on the list, and why it may be used."""

    package: str
    reason: str


@dataclass(frozen=True, slots=True)
class Exceptions:
    """All entries of the file."""

    advisories: tuple[AdvisoryException, ...] = ()
    licences: tuple[LicenceException, ...] = ()

    def ignored(self, today: date) -> set[str]:
        """Return the advisories that may be passed over today."""
        return {entry.id for entry in self.advisories if today < entry.expires}

    def over(self, today: date) -> list[str]:
        """Return the entries whose day has come, one line each: they are looked at anew, or removed."""
        return [
            f"the exception for {entry.id} ({entry.package}) ended on {entry.expires}"
            for entry in self.advisories
            if today >= entry.expires
        ]


def read_exceptions(text: str) -> Exceptions:
    """Return the entries of exceptions.toml; raises ExceptionsError."""
    content = tomllib.loads(text)
    if unknown := content.keys() - {"advisory", "licence"}:
        raise ExceptionsError(f"unknown: {', '.join(sorted(unknown))}")
    try:
        exceptions = Exceptions(
            tuple(AdvisoryException(**entry) for entry in content.get("advisory", [])),
            tuple(LicenceException(**entry) for entry in content.get("licence", [])),
        )
    except TypeError as error:
        raise ExceptionsError(str(error).partition("__init__() ")[2]) from None
    reasons = [(entry.package, entry.reason) for entry in exceptions.advisories]
    reasons += [(entry.package, entry.reason) for entry in exceptions.licences]
    for package, reason in reasons:
        if len(reason.split()) < 3:
            raise ExceptionsError(f"{package}: say in some words why")
    if any(type(entry.expires) is not date for entry in exceptions.advisories):
        raise ExceptionsError("expires is a date: 2027-01-31")
    return exceptions
