"""What a soak run leaves behind: one JSON file a run kind, with the hardware named, when FINRAG_SOAK_RESULTS=1."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.sample_index import ROOT

__all__ = ["RESULTS", "number_setting", "write_result"]

RESULTS = ROOT / "benchmarks" / "soak"

Json = dict[str, Any]


def number_setting(name: str, default: int) -> int:
    """Return the whole number that an environment variable holds, else `default`."""
    return int(os.environ.get(name, default))


def write_result(
    name: str, settings: Mapping[str, int | str], seconds: float, counts: Json, findings: Sequence[Json]
) -> None:
    """Print the result and, when asked to, write it to `benchmarks/soak/{name}.json`."""
    assignments = " ".join(f"{variable}={value}" for variable, value in settings.items())
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"{assignments} FINRAG_SOAK_RESULTS=1 pytest -m soak tests/soak/test_{name}.py -s".lstrip(),
        "hardware": _hardware(),
        "seconds": round(seconds),
        "counts": counts,
        "findings": list(findings),
    }
    text = json.dumps(result, indent=1)
    sys.stdout.write(f"\n{text}\n")
    if os.environ.get("FINRAG_SOAK_RESULTS") == "1":
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / f"{name}.json").write_text(f"{text}\n")


def _hardware() -> str:
    total = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal:"))
    gigabytes = int(total.split()[1]) / 2**20
    return f"{os.cpu_count()} cores, {gigabytes:.0f} GiB, {platform.machine()}, Python {platform.python_version()}"
