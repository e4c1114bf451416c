"""How much memory a process has, and had at most."""

from __future__ import annotations

from pathlib import Path

__all__ = ["peak_mb", "rss_mb"]


def peak_mb(process_id: int) -> float:
    """The peak of its resident memory, from Linux' /proc."""
    return _megabytes(process_id, "VmHWM")


def rss_mb(process_id: int) -> float:
    """Its resident memory now."""
    return _megabytes(process_id, "VmRSS")


def _megabytes(process_id: int, name: str) -> float:
    status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith(name))
    return int(kilobytes) / 1024
