"""Settings as a process reads them when it starts: each thing that is wrong is one line, without its value."""

from __future__ import annotations

from pydantic import ValidationError

from scheduler.settings import Settings

__all__ = ["ConfigurationError", "described", "read_settings"]


class ConfigurationError(Exception):
    """The service cannot start like this; every line says what is wrong and what to do. Holds no secret."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def read_settings() -> Settings:
    """Return the settings of the environment. Raises ConfigurationError."""
    try:
        return Settings()
    except ValidationError as error:
        raise ConfigurationError(
            *(f"SCHEDULER_{place.upper()}: {words}" if place else words for place, words in described(error))
        ) from None


def described(error: ValidationError) -> list[tuple[str, str]]:
    """Return where each mistake is and what it is; never the value, which may be a secret in the wrong place."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return [(".".join(map(str, entry["loc"])), _words(entry["type"], entry["msg"])) for entry in found]


def _words(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "this field is not known"
    if kind == "missing":
        return "this field is required"
    return message.removeprefix("Value error, ")
