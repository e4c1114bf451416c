"""`finrag publish` killed by SIGKILL before each of its puts in turn: the target always has a whole version or none."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from finrag_ml_tg1.index.reader import current_version
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.soak.results import write_result
from tests.soak.store_checks import opened_version

pytestmark = pytest.mark.soak


def test_a_killed_publication_leaves_no_half_version_and_the_next_one_finishes(
    sample_store: Path, tmp_path: Path
) -> None:
    scratch, wanted = tmp_path / "scratch", current_version(LocalFolderStore(sample_store))
    started = time.monotonic()
    kills = 0
    while True:
        target = tmp_path / f"target-{kills}"
        if _publish(sample_store, target, killed_at=kills + 1) == 0:
            break
        assert opened_version(target, scratch) is None
        kills += 1
        last = target
    for finished in (target, last):
        assert _publish(sample_store, finished) == 0
        assert opened_version(finished, scratch) == wanted
    write_result("publish_kills", {}, time.monotonic() - started, {"kills": kills}, [])
    puts = len(list(LocalFolderStore(target).list("index/"))) + len(["the mark, which is gone"])
    assert kills == puts


def _publish(source: Path, target: Path, *, killed_at: int = 10**9) -> int:
    launcher = [sys.executable, "-m", "tests.soak.killed_at_write", str(target), str(killed_at)]
    arguments = ["publish", "--from", str(source), "--to", str(target)]
    return subprocess.run([*launcher, *arguments], check=False, capture_output=True, timeout=120).returncode
