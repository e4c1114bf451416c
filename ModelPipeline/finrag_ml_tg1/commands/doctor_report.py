"""How `finrag doctor` tells what it found: lines for people, or one JSON object, and how it ends."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NoReturn

import click

from finrag_ml_tg1 import __version__

if TYPE_CHECKING:
    from finrag_ml_tg1.operations.doctor.checks import Result

__all__ = ["tell"]

_COLORS = {"ok": "green", "warning": "yellow", "failed": "red", "skipped": "bright_black"}
_NAME_WIDTH = 16
_INDENT = " " * (len("warning") + 2 + _NAME_WIDTH + 2)


def tell(results: Iterable[Result], subject: Mapping[str, str], *, as_json: bool) -> NoReturn:
    """Print each result as it comes, or all as JSON at the end, and leave with the exit code that they make.

    `subject` is what was examined, as the JSON object names it.
    """
    from finrag_ml_tg1.operations.doctor.checks import exit_code

    told = []
    for result in results:
        told.append(result)
        if not as_json:
            _print(result)
    code = exit_code(told)
    click.echo(_json(told, subject, code) if as_json else _summary(told))
    if any(result.is_running for result in told):
        # The interpreter would wait at its end for what a check that was given up still waits for.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _print(result: Result) -> None:
    state = result.finding.state
    mark = click.style(f"{state:<{len('warning')}}", fg=_COLORS[state])
    click.echo(f"{mark}  {result.name:<{_NAME_WIDTH}}  {result.finding.found}")
    for line in result.finding.advice:
        click.echo(f"{_INDENT}→ {line}")


def _summary(results: list[Result]) -> str:
    counts = {state: sum(result.finding.state == state for result in results) for state in _COLORS}
    return ", ".join(f"{count} {state}" for state, count in counts.items() if count)


def _json(results: list[Result], subject: Mapping[str, str], code: int) -> str:
    content = {
        "program": __version__,
        **subject,
        "state": ("ok", "warning", "failed")[code],
        "checks": [
            {
                "name": result.name,
                "state": result.finding.state,
                "found": result.finding.found,
                "advice": result.finding.advice,
                "ms": round(1000 * result.seconds),
            }
            for result in results
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False)
