"""Where long runs write what they measured: `benchmarks/soak`, or the folder SCHEDULER_SOAK_RESULTS."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["write_result"]

_FOLDER = Path(__file__).resolve().parents[3] / "benchmarks" / "soak"


def write_result(name: str, what: str, values: Mapping[str, object]) -> None:
    """Write one result, with how it was made."""
    told = {
        "what": what,
        "command": "make soak-services",
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        **values,
    }
    text = json.dumps(told, indent=2)
    print(text)  # noqa: T201
    path = Path(os.environ.get("SCHEDULER_SOAK_RESULTS", _FOLDER)) / f"scheduler_{name}.json"
    path.write_text(text + "\n")
