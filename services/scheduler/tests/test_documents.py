"""docs/scheduler.md and the README say what the code does: settings, checks, error codes, routes, commands, records."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from click.testing import CliRunner

from scheduler.__main__ import scheduler
from scheduler.api.document import openapi_document
from scheduler.executions.record import ExecutionRecord
from scheduler.operations.doctor.examination import CHECKS

_PACKAGE = Path(__file__).resolve().parents[1]
_GUIDE = (_PACKAGE.parents[1] / "docs" / "scheduler.md").read_text(encoding="utf-8")
_README = (_PACKAGE / "README.md").read_text(encoding="utf-8")
# Made of what Starlette raises, without a call that names them.
_OF_THE_FRAMEWORK = {(404, "no_such_route"), (405, "method_not_allowed")}
_METHODS = {"get", "post", "put", "patch", "delete"}


def test_the_guide_has_the_table_of_settings() -> None:
    done = CliRunner().invoke(scheduler, ["settings"])

    assert done.exit_code == 0
    assert done.stdout.strip() in _GUIDE


def test_the_guide_names_what_each_check_looks_at() -> None:
    """SC-14: every check of the doctor is in the guide, in its words."""
    for name, looks_at in CHECKS.items():
        assert f"| `{name}` | {looks_at} |" in _GUIDE


def test_every_trouble_names_checks_that_there_are_and_every_check_is_named_by_one() -> None:
    """SC-14: the table of troubles leads to the doctor's checks."""
    table = _GUIDE.partition("| what you see | checks to read | usual cause |")[2].partition("\n\n")[0]
    rows = [row.split("|") for row in table.splitlines()[2:]]
    named = {check for row in rows for check in re.findall(r"`([^`]+)`", row[2])}

    assert len(rows) >= 12
    assert named == set(CHECKS)


def test_the_guide_has_every_error_code_with_its_status() -> None:
    table = _GUIDE.partition("| status | code | what it means, what to do |")[2].partition("\n\n")[0]
    told = {(int(status), code) for status, code in re.findall(r"^\| (\d{3}) \| `([a-z_]+)` \|", table, re.MULTILINE)}
    used = {found for file in _sources() for found in _errors(ast.parse(file.read_text(encoding="utf-8")))}

    assert len(used) > 20
    assert told == used | _OF_THE_FRAMEWORK


def _sources() -> Iterator[Path]:
    for folder in ("api", "pages", "triggers"):
        yield from (_PACKAGE / folder).rglob("*.py")


def _errors(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Status and code of each `ApiError(…)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ApiError":
            given = [part.value for part in node.args[:2] if isinstance(part, ast.Constant)]
            if len(given) == 2 and isinstance(given[0], int) and isinstance(given[1], str):
                yield given[0], given[1]


def test_the_guide_names_every_route() -> None:
    table = _GUIDE.partition("| route | what |")[2].partition("\n\n")[0]
    told = set(re.findall(r"`(GET|POST|PUT|PATCH|DELETE) ([^`?]+)`", table))
    there = {
        (method.upper(), path)
        for path, operations in openapi_document()["paths"].items()
        for method in operations
        if method in _METHODS
    }

    assert told == there


def test_the_guide_names_every_field_of_a_record() -> None:
    """SC-09: the record's fields, those of the notes first."""
    table = _GUIDE.partition("## 6. Records")[2].partition("##")[0]
    told = {name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}

    assert told == {field.name for field in fields(ExecutionRecord)}


def test_the_readme_names_every_command() -> None:
    table = _README.partition("## Commands")[2].partition("##")[0]

    assert set(re.findall(r"`([a-z-]+)", table)) >= set(scheduler.commands)


def test_the_guide_names_the_operations_of_the_notes() -> None:
    """Operations: view jobs, view metrics, view logs, rollout restart, list objects: commands with the same names."""
    notes = {"view-jobs", "view-metrics", "view-logs", "rollout-restart", "list-objects"}
    assert notes <= set(scheduler.commands)
    table = _GUIDE.partition("## 8. Operations")[2].partition("\n- ")[0]
    assert notes <= set(re.findall(r"^\| `([a-z-]+)", table, re.MULTILINE))
