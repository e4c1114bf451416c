"""The environment variables that are pasted into the dashboard, as they stand in a file or in this environment.

The platform's rules for a value (documentation as of November 2026) are not those of a shell: it is taken literally,
quotes are no quotes, and `.env` in the repository is not read at all.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.loaders.ml_config import described_settings
from finrag_ml_tg1.loaders.ml_config_loader import CREDENTIALS_FILE

__all__ = ["Pasted", "from_file", "from_here"]

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


@dataclass(frozen=True, slots=True)
class Pasted:
    """Variables and where they come from; `file` is None for those of this environment.

    `typed` are the values as the dashboard is given them, `values` as a program then sees them. `mistakes` are lines of
    the file that are no variables, named by their number.
    """

    source: str
    typed: Mapping[str, str] = field(repr=False)
    mistakes: tuple[str, ...] = ()
    file: Path | None = None

    @property
    def values(self) -> dict[str, str]:
        """The values as the application sees them: without the backslashes that the dashboard asks for."""
        if self.file is None:
            return dict(self.typed)
        return {name: re.sub(r'\\([,"])', r"\1", value) for name, value in self.typed.items()}


def from_file(path: Path) -> Pasted:
    """Return what stands in a file of NAME=value lines; raises SettingsError when it cannot be read."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise SettingsError(f"{path} cannot be read: {reason}.") from None
    typed: dict[str, str] = {}
    mistakes = []
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        if match is None:
            mistakes.append(f"line {number} is no NAME=value: a value has no line breaks, a name no dots or dashes")
        elif match[1] in typed:
            mistakes.append(f"line {number} sets {match[1]} again")
        elif match[2]:
            typed[match[1]] = match[2]
    return Pasted(path.name, typed, tuple(mistakes), path)


def from_here(folder: Path = Path(), environ: Mapping[str, str] = os.environ) -> Pasted:
    """Return what this environment has of ours, over the variables of the folder's credentials file."""
    path = folder / CREDENTIALS_FILE
    kept = dotenv_values(path, interpolate=False) if path.is_file() else {}
    ours = {name for setting, _ in described_settings().values() for name in setting.names}
    values = {
        name: value
        for name, value in (kept | dict(environ)).items()
        if value and value.strip() and (name in ours or name.startswith("STREAMLIT_"))
    }
    return Pasted("this environment", values)
