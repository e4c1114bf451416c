"""Every requirement, flow, fault of the original and trouble is named by a test, by how its docstring begins."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

_TESTS = Path(__file__).resolve().parent
_ROOT_TESTS = _TESTS.parents[2] / "tests" / "unit" / "checks" / "kubernetes"

ROWS: Mapping[str, str] = {
    "SC-01": "POST: the whole set at once, every mistake told, nothing changed by a bad one",
    "SC-02": "list, delete, delete one, pause, run now: inside the workspace",
    "SC-03": "methods, cron, time zones, impossible dates, limits",
    "SC-04": "the call: time-out, tries, waits, what is tried again, headers, 4 kB",
    "SC-05": "SSRF guard",
    "SC-06": "one job for each trigger and tick; one late run after an outage",
    "SC-07": "a worker killed in the middle of a call: at least once, the same key",
    "SC-08": "the reconciler",
    "SC-09": "records on S3: schema, buffer, flush, spool, keys",
    "SC-10": "dashboard and its JSON",
    "SC-11": "/admin/queues",
    "SC-12": "index, health",
    "SC-13": "manifests",
    "SC-14": "doctor",
    "SC-15": "defaults, labels and manifests of the notes; retention; rollout restart",
    "Original": "faults of the original, reproduced and then shown to be gone",
    "Flow trigger": "POST, schedule, Redis, worker, HTTP, object: one id through all",
    "Flow metrics": "100th record at once, one within 60 s, key by UTC hour, SIGTERM and an outage lose nothing",
    "Queue retention": "100 that succeeded, 1,000 that failed",
    "Trouble jobs not running": "workers, Redis over TLS, triggers, broken chain",
    "Trouble metrics not showing": "newest object, writer, id with a slip, 403 and 404",
    "Trouble service not accessible": "DomainMapping, Service, DNS, Kourier",
    "Operations": "commands with the names of the notes",
}


@cache
def _docstrings() -> tuple[tuple[str, str], ...]:
    """Name and docstring of each test, and of each module of tests."""
    return tuple(_read())


def _read() -> Iterator[tuple[str, str]]:
    for file in [*_TESTS.glob("test_*.py"), *_ROOT_TESTS.glob("test_*.py")]:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        yield file.stem, ast.get_docstring(tree) or ""
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield f"{file.stem}::{node.name}", ast.get_docstring(node) or ""


def _tests_of(row: str) -> list[str]:
    """Tests whose docstring names the row before its first colon, alone or beside others (`SC-01, SC-02: …`)."""
    return [name for name, text in _docstrings() if _plain(row) in _rows_of(text)]


def _rows_of(text: str) -> set[str]:
    return {_plain(part) for part in re.split(r"[,.]", text.partition(":")[0])}


def _plain(row: str) -> str:
    return row.strip().removeprefix("Flow ").lower()


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_named_by_a_test(row: str) -> None:
    assert _tests_of(row), ROWS[row]


@pytest.mark.parametrize("row", ["SC-99", "Trouble nothing", "Flow nowhere"])
def test_a_row_that_no_test_names_would_be_told(row: str) -> None:
    assert _tests_of(row) == []


def test_no_test_names_a_row_that_is_not_in_the_table() -> None:
    begins = ("Trouble ", "SC-", "Flow ")
    own = (text for name, text in _docstrings() if not name.startswith("test_build_and_push"))
    named = {row for text in own if text.startswith(begins) for row in _rows_of(text)}

    assert named - {_plain(row) for row in ROWS} == set()
