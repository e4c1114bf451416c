"""docs/kserve-api.md and the README say what the code does: settings, checks, error codes, routes, commands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from click.testing import CliRunner

from kserve_api.__main__ import kserve_api
from kserve_api.api.document import openapi_document
from kserve_api.operations.doctor.examination import APP_CHECKS, INSTALLATION_CHECKS

_PACKAGE = Path(__file__).resolve().parents[1]
_GUIDE = (_PACKAGE.parents[1] / "docs" / "kserve-api.md").read_text(encoding="utf-8")
_README = (_PACKAGE / "README.md").read_text(encoding="utf-8")
# Made of what Starlette raises, without a call that names them.
_OF_THE_FRAMEWORK = {(404, "no_such_route"), (405, "method_not_allowed")}


def test_the_guide_has_the_table_of_settings() -> None:
    done = CliRunner().invoke(kserve_api, ["settings"])

    assert done.exit_code == 0
    assert done.stdout.strip() in _GUIDE


def test_the_guide_names_what_each_check_looks_at() -> None:
    """KS-10: every check of the doctor is in the guide, in its words."""
    for name, looks_at in {**INSTALLATION_CHECKS, **APP_CHECKS}.items():
        assert f"| `{name}` | {looks_at} |" in _GUIDE


def test_every_trouble_names_checks_that_there_are_and_every_check_is_named_by_one() -> None:
    """KS-10: the table of troubles leads to the doctor's checks."""
    table = _GUIDE.partition("| what you see | checks to read | usual cause |")[2].partition("\n\n")[0]
    rows = [row.split("|") for row in table.splitlines()[2:]]
    named = {check for row in rows for check in re.findall(r"`([^`]+)`", row[2])}

    assert len(rows) >= 15
    assert named - {*INSTALLATION_CHECKS, *APP_CHECKS} == set()
    assert {*INSTALLATION_CHECKS, *APP_CHECKS} - named - {"initial scale"} == set()


def test_the_guide_has_every_error_code_with_its_status() -> None:
    """KS-08: callers can look up every code that may come, and none that may not."""
    table = _GUIDE.partition("| status | code | what it means, what to do |")[2].partition("\n\n")[0]
    told = {(int(status), code) for status, code in re.findall(r"^\| (\d{3}) \| `([a-z_]+)` \|", table, re.MULTILINE)}
    used = {found for file in _sources() for found in _errors(ast.parse(file.read_text(encoding="utf-8")))}

    assert len(used) > 20
    assert told == used | _OF_THE_FRAMEWORK


def _sources() -> Iterator[Path]:
    for folder in ("api", "apps", "cluster"):
        yield from (_PACKAGE / folder).rglob("*.py")


def _errors(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Status and code of each `ApiError(…)` and of each entry of a table of answers."""
    for node in ast.walk(tree):
        parts: list[ast.expr] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ApiError":
            parts = node.args
        elif isinstance(node, ast.Tuple):
            parts = node.elts
        if len(parts) != 3 or not all(isinstance(part, ast.Constant) for part in parts[:2]):
            continue
        status, code = (part.value for part in parts[:2] if isinstance(part, ast.Constant))
        if isinstance(status, int) and isinstance(code, str):
            yield status, code


def test_the_guide_names_every_route() -> None:
    table = _GUIDE.partition("| route | what |")[2].partition("\n\n")[0]
    told = set(re.findall(r"`(GET|POST|PUT|DELETE) ([^`?]+)", table))
    there = {
        (method.upper(), path)
        for path, operations in openapi_document()["paths"].items()
        for method in operations
        if method in {"get", "post", "put", "delete"}
    }

    assert told == there


def test_the_readme_names_every_command() -> None:
    table = _README.partition("## Commands")[2].partition("##")[0]

    assert set(re.findall(r"`([a-z]+)", table)) >= set(kserve_api.commands)
