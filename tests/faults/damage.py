"""What a failing disk, or a person, does to the files in a cache. Files are replaced, as a mapped one cannot change."""

from __future__ import annotations

from pathlib import Path

__all__ = ["damage_files"]


def damage_files(cache: Path, kind: str) -> None:
    """Damage all cached objects: `flipped`, `truncated` or `removed`; another file takes the place of each."""
    for path in (cache / "objects").iterdir():
        if path.suffix:
            continue
        data = path.read_bytes()
        path.unlink()
        if kind == "flipped":
            path.write_bytes(data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 4]) + data[len(data) // 2 + 1 :])
        elif kind == "truncated":
            path.write_bytes(data[: len(data) // 2])
