"""Settings as a process reads them when it starts: what is wrong is told in one line, without values."""

from __future__ import annotations

from pydantic import ValidationError

from coding_agent.settings import Settings

__all__ = ["read_settings"]


def read_settings() -> Settings:
    """Return the settings of the environment. Ends the process with one line that names what is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        raise SystemExit(f"The coding agent does not start: {'; '.join(map(_words, _found(error)))}") from None


def _found(error: ValidationError) -> list[tuple[str, str]]:
    # Without the input: a value that is wrong may still be a secret.
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return [(".".join(map(str, entry["loc"])), entry["msg"].removeprefix("Value error, ")) for entry in found]


def _words(found: tuple[str, str]) -> str:
    place, message = found
    return f"CODING_AGENT_{place.upper()}: {message}" if place else message
