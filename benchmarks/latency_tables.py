"""The tables of docs/latency.md, from a result of benchmarks.latency_legs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["tables"]


def tables(result: Mapping[str, Any]) -> str:
    return ""
