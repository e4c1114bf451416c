"""How measurements are summed up and written down."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["hardware", "percentiles", "written"]


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """Return how many there are, their median and 95th percentile."""
    return {
        "n": len(milliseconds),
        "p50_ms": round(statistics.median(milliseconds), 1),
        "p95_ms": round(statistics.quantiles(milliseconds, n=20)[-1], 1),
    }


def hardware() -> str:
    """Return what of the machine decides a result."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown CPU")
    return f"{os.cpu_count()} cores, {model}, {platform.machine()}, Python {platform.python_version()}"


def written(result: Mapping[str, Any], out: Path | None) -> None:
    """Print a result, and write it with the day where it is asked for."""
    print(json.dumps(result, indent=1))
    if out is not None:
        dated = {"date": datetime.now(UTC).date().isoformat(), **result}
        out.write_text(json.dumps(dated, indent=1) + "\n", encoding="utf-8")
