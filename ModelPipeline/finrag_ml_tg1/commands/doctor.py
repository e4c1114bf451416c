"""`finrag doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from finrag_ml_tg1 import __version__
from finrag_ml_tg1.commands.session import explaining, store_option

if TYPE_CHECKING:
    from finrag_ml_tg1.loaders.ml_config import MLConfig
    from finrag_ml_tg1.loaders.object_store import ObjectStore
    from finrag_ml_tg1.operations.doctor.checks import Finding, Result
    from finrag_ml_tg1.operations.doctor.models import ChosenModel

__all__ = ["doctor"]

_TOTAL_SECONDS = 28.0
_DEEP_SECONDS = 1800.0
_QUESTION_SECONDS = 12.0
_COLORS = {"ok": "green", "warning": "yellow", "failed": "red", "skipped": "bright_black"}
_NAME_WIDTH = 16
_INDENT = " " * (len("warning") + 2 + _NAME_WIDTH + 2)


@click.command()
@store_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option("--write", "writes", is_flag=True, help="Also put an object into the store, and remove it again.")
@click.option("--deep", "is_deep", is_flag=True, help="Also read every file of the index; may take minutes.")
@explaining
def doctor(store_url: str | None, *, as_json: bool, writes: bool, is_deep: bool) -> None:
    """Check settings, credentials, store, index, memory, clock and models, and say what to do.

    Nothing is changed and nothing paid is asked. Exit code 0: all is well, 1: warnings, 2: something does not work.

    Example: finrag doctor --store s3://bucket/finrag --write
    """
    from finrag_ml_tg1.loaders.ml_config_loader import inspect_config
    from finrag_ml_tg1.loaders.open_store import open_store
    from finrag_ml_tg1.operations.doctor.checks import Check, exit_code, run_checks
    from finrag_ml_tg1.operations.doctor.examination import Installation, installation_checks

    inspected = inspect_config()
    config = inspected.config
    store = open_store(store_url or config.store, config)
    checks = installation_checks(
        Installation(inspected, Path(), store, lambda: _chosen_model(config), writes=writes, is_deep=is_deep)
    )
    checks.append(
        Check(
            "a question",
            lambda: _ask(store, config),
            ("index", "encoder", "cache folder"),
            _DEEP_SECONDS if is_deep else _QUESTION_SECONDS,
            "the index was still being fetched: ask again, what is cached stays; `--deep` waits for it",
        )
    )
    results = []
    total_s = _DEEP_SECONDS if is_deep else _TOTAL_SECONDS
    for result in run_checks(checks, total_s=total_s, secrets=inspected.secrets):
        results.append(result)
        if not as_json:
            _print(result)
    code = exit_code(results)
    if as_json:
        click.echo(_json(results, store.url))
    else:
        click.echo(_summary(results))
    _leave(code, is_stuck=any(result.is_running for result in results))


def _chosen_model(config: MLConfig) -> ChosenModel | None:
    from finrag_ml_tg1.answering.models.opening import open_models
    from finrag_ml_tg1.operations.doctor.models import ChosenModel

    model = open_models(config).choose(None)
    if model is None:
        return None
    profile = model.profile
    return ChosenModel(profile.key, profile.provider, profile.model_id, profile.price_known)


def _ask(store: ObjectStore, config: MLConfig) -> Finding:
    """Ask about a company of the index, without a language model, as a back end would."""
    from finrag_ml_tg1.loaders.cache import DiskCache
    from finrag_ml_tg1.operations.doctor.checks import failed, ok
    from finrag_ml_tg1.pipeline import FinRAG
    from finrag_ml_tg1.scope import Question

    began = time.perf_counter()
    cache = DiskCache(Path(config.cache_dir), store, config.cache_bytes)
    finrag = FinRAG.open(store, cache, Path(config.cache_dir))
    opened = time.perf_counter()
    company = finrag.index.catalog.companies[0].name
    result = finrag.ask(Question(f"What are the main risks of {company}?"))
    answered = time.perf_counter()
    finrag.index.close()
    cache.close()
    times = f"opened in {opened - began:.1f} s, the first question took {1000 * (answered - opened):.0f} ms"
    if not result.answer.is_answered:
        return failed(
            f"the risks of {company} were asked for, and not found; {times}",
            "`finrag catalog --coverage` says what was read of each filing",
        )
    return ok(f"the risks of {company}: {len(result.answer.citations)} sources; {times}")


def _print(result: Result) -> None:
    state = result.finding.state
    mark = click.style(f"{state:<{len('warning')}}", fg=_COLORS[state])
    click.echo(f"{mark}  {result.name:<{_NAME_WIDTH}}  {result.finding.found}")
    for line in result.finding.advice:
        click.echo(f"{_INDENT}→ {line}")


def _summary(results: list[Result]) -> str:
    counts = {state: sum(result.finding.state == state for result in results) for state in _COLORS}
    return ", ".join(f"{count} {state}" for state, count in counts.items() if count)


def _json(results: list[Result], url: str) -> str:
    from finrag_ml_tg1.operations.doctor.checks import exit_code

    content = {
        "program": __version__,
        "store": url,
        "state": ("ok", "warning", "failed")[exit_code(results)],
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


def _leave(code: int, *, is_stuck: bool) -> None:
    if is_stuck:  # the interpreter would wait at its end for what a check that was given up still waits for
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
