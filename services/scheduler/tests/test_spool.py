"""SC-09: records wait on disk: what a worker finished survives it, and nobody takes it from a worker that lives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scheduler.executions.record_json import record_line
from scheduler.executions.spool import Spool
from scheduler.tests.record_cases import record

_SERVICES = Path(__file__).parents[2]
_MOST = 1 << 20
# Appends records until it is killed, and says after each that it is finished.
_WRITER = """
import itertools, sys
from pathlib import Path
from scheduler.executions.record_json import record_line
from scheduler.executions.spool import Spool
from scheduler.tests.record_cases import record
spool = Spool(Path(sys.argv[1]), 1 << 30)
for number in itertools.count():
    spool.append(record_line(record(number)))
    if spool.open_records == 10:
        spool.seal()
    print(number, flush=True)
"""


def _ids(spool: Spool) -> list[object]:
    return [found["execution_id"] for batch in spool.batches for found in spool.read(batch)]


def _writer(folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(_SERVICES)}
    return subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(folder)], stdout=subprocess.PIPE, text=True, env=environment
    )


def test_no_finished_record_is_lost_when_a_worker_is_killed(tmp_path: Path) -> None:
    with _writer(tmp_path) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) == 57:
                break
        process.send_signal(signal.SIGKILL)
        finished = 57 + len(process.stdout.read().splitlines())
    spool = Spool(tmp_path, _MOST)
    found = _ids(spool)
    # At most the one that was being finished is there besides.
    assert {f"run-{number}" for number in range(finished + 1)} <= set(found)
    assert len(found) <= finished + 2
    assert spool.records == len(found)
    assert len(set(found)) == len(found)
    spool.close()


def test_files_of_a_living_worker_are_left_alone(tmp_path: Path) -> None:
    with _writer(tmp_path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        spool = Spool(tmp_path, _MOST)
        assert spool.batches == ()
        process.kill()
        process.stdout.read()
    spool.close()
    after = Spool(tmp_path, _MOST)
    assert _ids(after)[0] == "run-0"
    after.close()


def test_folder_goes_when_nothing_waits_in_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path, _MOST)
    spool.append(record_line(record()))
    spool.seal()
    spool.remove(spool.batches[0])
    assert (spool.records, spool.size) == (0, 0)
    spool.close()
    assert list(tmp_path.iterdir()) == []


def test_what_waits_is_there_again_after_an_orderly_end(tmp_path: Path) -> None:
    first = Spool(tmp_path, _MOST)
    first.append(record_line(record(1)))
    first.close()
    second = Spool(tmp_path, _MOST)
    assert _ids(second) == ["run-1"]
    second.close()


def test_spool_is_full_at_its_size(tmp_path: Path) -> None:
    line = record_line(record())
    spool = Spool(tmp_path, 3 * (len(line) + 1))
    for _ in range(2):
        spool.append(line)
    states = [spool.is_full]
    spool.append(line)
    states.append(spool.is_full)
    spool.seal()
    spool.remove(spool.batches[0])
    states.append(spool.is_full)
    assert states == [False, True, False]
    spool.close()


def test_record_is_not_half_there_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path, _MOST)
    spool.append(record_line(record(1)))
    write = os.write
    left = [20]

    def full(descriptor: int, data: bytes) -> int:
        if not left[0]:
            raise OSError(28, "No space left on device")
        taken, left[0] = data[: left[0]], 0
        return write(descriptor, taken)

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        spool.append(record_line(record(2)))
    monkeypatch.undo()
    spool.append(record_line(record(3)))
    spool.seal()
    assert _ids(spool) == ["run-1", "run-3"]
    spool.close()


def test_damaged_line_is_kept_aside_and_the_others_are_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spool = Spool(tmp_path, _MOST)
    spool.append(record_line(record(1)))
    spool.append('{"timestamp": "2026-')
    spool.append(record_line(record(2)))
    spool.seal()
    assert _ids(spool) == ["run-1", "run-2"]
    (kept,) = tmp_path.rglob("*.damaged")
    assert '{"timestamp": "2026-' in kept.read_text()
    assert "1 lines" in caplog.text
    spool.close()


def test_text_that_is_no_unicode_does_not_stop_the_writer(tmp_path: Path) -> None:
    spool = Spool(tmp_path, _MOST)
    spool.append(record_line(record(1, error_message="half a pair: \ud83d")))
    spool.seal()
    assert spool.read(spool.batches[0])[0]["error_message"] == "half a pair: ?"
    spool.close()
