"""Checks of the cache folder: that it can be used, and that it is large enough for two versions during a switch."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from pathlib import Path

from finrag_ml_tg1.loaders.cache_space import HALF_SUFFIX
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.verified_files import MARK_SUFFIX
from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, skipped, warning
from finrag_ml_tg1.operations.doctor.index import IndexInStore

__all__ = ["check_cache_folder", "check_cache_size", "check_cached_files"]

_MIB = 1_048_576
_PROBE_BYTES = 65_536
_MEMORY_FILE_SYSTEMS = frozenset({"tmpfs", "ramfs"})


def check_cache_folder(config: MLConfig) -> Finding:
    """Make the folder if need be, write a file in it, read it, map it and remove it."""
    folder = Path(config.cache_dir) / "objects"
    probe = folder / f".doctor-{secrets.token_hex(8)}{HALF_SUFFIX}"
    data = secrets.token_bytes(_PROBE_BYTES)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            probe.write_bytes(data)
            is_read = probe.read_bytes() == data
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        return failed(f"{config.cache_dir} cannot be used: {error.strerror}", _remedy(error))
    if not is_read:
        return failed(f"{config.cache_dir} gives back other bytes than were written", "set FINRAG_CACHE_DIR elsewhere")
    mounted_as = _file_system(folder)
    found = f"{config.cache_dir} can be written, {shutil.disk_usage(folder).free / _MIB:,.0f} MiB free"
    if mounted_as in _MEMORY_FILE_SYSTEMS:
        return warning(
            f"{found}; it is a {mounted_as}, which takes memory", "set FINRAG_CACHE_DIR to a disk, or plan for both"
        )
    return ok(found)


def check_cache_size(index: IndexInStore, config: MLConfig, *, is_folder: bool) -> Finding:
    """Look whether limit and disk take what an open version holds, and the next one beside it while switching."""
    if is_folder:
        return skipped("the index is read where it is: of a folder nothing is copied")
    held = sum(each.size for each in index.objects if not each.key.startswith("index/parts/"))
    parts = [each.size for each in index.objects if each.key.startswith("index/parts/")]
    least = 2 * held + max(parts, default=0)
    has = f"FINRAG_CACHE_MB={config.cache_mb}"
    found = (
        f"a version holds {held / _MIB:,.0f} MiB, two while switching; all parts {sum(parts) / _MIB:,.0f} MiB; {has}"
    )
    if config.cache_bytes < least:
        return failed(found, f"set FINRAG_CACHE_MB={-(-least // _MIB) + 64} or more: another version cannot be loaded")
    objects = Path(config.cache_dir) / "objects"
    used = sum(path.stat().st_size for path in objects.iterdir() if path.suffix != MARK_SUFFIX)
    room = shutil.disk_usage(objects).free + used
    if room < min(config.cache_bytes, least):
        return failed(f"{found}; the disk has {room / _MIB:,.0f} MiB for it", "free space, or set FINRAG_CACHE_DIR")
    if room < config.cache_bytes:
        return warning(
            f"{found}; the disk has {room / _MIB:,.0f} MiB for it", f"set FINRAG_CACHE_MB={room // _MIB * 9 // 10}"
        )
    if config.cache_bytes < held + sum(parts):
        return ok(f"{found}: the parts used last stay, others are read from the store again")
    return ok(found)


def check_cached_files(index: IndexInStore, config: MLConfig) -> Finding:
    """Look what of the current version is cached, and what is there of others."""
    wanted = {each.sha256 for each in index.objects}
    sizes = {
        path.name: path.stat().st_size
        for path in (Path(config.cache_dir) / "objects").iterdir()
        if path.suffix not in {MARK_SUFFIX, HALF_SUFFIX}
    }
    here = sum(size for name, size in sizes.items() if name in wanted)
    others = sum(sizes.values()) - here
    found = f"{here / _MIB:,.0f} MiB of this version, {others / _MIB:,.0f} MiB of others (removed when room is needed)"
    return ok(found)


def _remedy(error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "free space (a quota counts too: `df -h`, `quota`), or set FINRAG_CACHE_DIR to a folder with room"
    if error.errno == errno.EROFS:
        return "mount a writable volume there (an emptyDir, a tmpfs), or set FINRAG_CACHE_DIR to one"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"give user {os.geteuid()} the right to write there, or set FINRAG_CACHE_DIR to a folder of its own"
    return "set FINRAG_CACHE_DIR to a folder that can be written"


def _file_system(folder: Path) -> str:
    """Return the type of the file system a folder is on, "" where the system does not tell."""
    try:
        lines = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return ""
    mounts = {fields[1].replace("\\040", " "): fields[2] for line in lines if len(fields := line.split()) > 2}
    resolved = folder.resolve()
    return next((mounts[str(path)] for path in (resolved, *resolved.parents) if str(path) in mounts), "")
