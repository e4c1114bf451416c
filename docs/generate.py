"""Writes the documents that can be derived from the code, so that they cannot contradict it.

`python docs/generate.py` rewrites them; with `--check` it writes nothing and exits with 1 if one has drifted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from finrag_ml_tg1.loaders.ml_config import settings_table
from finrag_ml_tg1.loaders.ml_config_loader import CONFIG_FILE, CREDENTIALS_FILE

__all__ = ["DOCUMENTS", "main", "settings"]

_HERE = Path(__file__).parent


def settings() -> str:
    """Return docs/settings.md."""
    return f"""# Settings

This file is written by `python docs/generate.py`; change the fields of `MLConfig` instead.

Each setting is looked for in the environment, then in `{CREDENTIALS_FILE}`, then in `{CONFIG_FILE}` (both in the folder
the program is started from), and has its default otherwise. One that is set to nothing counts as not set. A wrong value
stops the program with a line that names it; an unknown `FINRAG_…` variable is logged as a warning. Secrets are refused
in `{CONFIG_FILE}`. The three `AWS_…` credentials are taken from one place, never mixed.

Examples to copy: `.aws_secrets.example/` (to `.aws_secrets/`) and `ml_config.example.yaml` (to `{CONFIG_FILE}`).

{settings_table()}"""


DOCUMENTS: dict[str, Callable[[], str]] = {"settings.md": settings}


def main(arguments: list[str]) -> int:
    """Write or check all documents; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit with 1 if a document has drifted")
    check = parser.parse_args(arguments).check
    drifted = [name for name, document in DOCUMENTS.items() if _read(_HERE / name) != document()]
    for name in drifted:
        if check:
            sys.stderr.write(f"docs/{name} has drifted from the code: run `python docs/generate.py`.\n")
        else:
            (_HERE / name).write_text(DOCUMENTS[name](), encoding="utf-8")
    return 1 if check and drifted else 0


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
