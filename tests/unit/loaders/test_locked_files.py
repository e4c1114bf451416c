"""Who waits for a half file goes on when it is finished, however long the finished file then stays pinned."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from finrag_ml_tg1.loaders.locked_files import open_half_file, open_locked, open_pinned
from tests.local_processes import wait_until


def test_waiter_goes_on_when_the_half_file_was_finished_and_pinned(tmp_path: Path) -> None:
    """Two processes with two files in one cache, each pinning what the other waits for, would wait for ever."""
    half, whole = tmp_path / "a.tmp", tmp_path / "a"
    half.touch()
    pinned = open_pinned(half)  # as if the pin had been there before the waiter had its turn
    assert pinned is not None
    opened: list[int] = []
    waiter = threading.Thread(target=lambda: opened.append(open_locked(half)), daemon=True)
    waiter.start()
    waiter.join(0.2)
    assert not opened
    half.rename(whole)

    wait_until(lambda: bool(opened), "the waiter has a half file of its own", 5)

    assert os.path.samestat(os.fstat(opened[0]), half.stat())
    assert not os.path.samestat(os.fstat(opened[0]), whole.stat())
    for descriptor in (pinned, *opened):
        os.close(descriptor)


def test_half_file_is_worked_at_by_one_after_the_other(tmp_path: Path) -> None:
    half = tmp_path / "a.tmp"
    order: list[str] = []

    def work() -> None:
        with open_half_file(half):
            order.append("second")

    with open_half_file(half):
        waiter = threading.Thread(target=work)
        waiter.start()
        waiter.join(0.2)
        order.append("first")
    waiter.join(5)

    assert order == ["first", "second"]
