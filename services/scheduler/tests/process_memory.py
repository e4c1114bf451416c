"""How much memory a process has had at most."""

from __future__ import annotations

from pathlib import Path

__all__ = ["memory_mb"]


def memory_mb(process_id: int) -> float:
    """The peak of its resident memory, from Linux' /proc."""
    status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kilobytes) / 1024
