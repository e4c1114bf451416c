"""`finrag doctor`: what is wrong with this installation, a planned deployment or a deployed one, and what to do."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from finrag_ml_tg1.commands.doctor_report import tell
from finrag_ml_tg1.commands.session import explaining, store_option

if TYPE_CHECKING:
    from finrag_ml_tg1.loaders.ml_config import MLConfig
    from finrag_ml_tg1.loaders.object_store import ObjectStore
    from finrag_ml_tg1.operations.doctor.checks import Finding
    from finrag_ml_tg1.operations.doctor.models import ChosenModel
    from finrag_ml_tg1.operations.doctor.sevalla.pasted import Pasted

__all__ = ["doctor"]

_TOTAL_SECONDS = 28.0
_DEEP_SECONDS = 1800.0
_QUESTION_SECONDS = 12.0


@click.command()
@store_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option("--write", "writes", is_flag=True, help="Also put an object into the store, and remove it again.")
@click.option("--deep", "is_deep", is_flag=True, help="Also read every file of the index; may take minutes.")
@click.option("--target", type=click.Choice(["sevalla"]), help="Check a deployment there before it is made.")
@click.option("--descriptor", metavar="PATH", help="With --target: what is to be deployed [sevalla.yml].")
@click.option("--size", metavar="NAME", help="With --target: try this size for the back end.")
@click.option(
    "--env-file",
    "env_files",
    metavar="[backend=|frontend=]FILE",
    multiple=True,
    help="With --target: the variables to be pasted; without a prefix, of both applications.",
)
@click.option("--url", metavar="URL", help="Check what is deployed at this public address.")
@click.option("--backend", "backend_url", metavar="URL", help="With --url: where the back end must not answer.")
@explaining
def doctor(  # noqa: PLR0913 - one for each option
    store_url: str | None,
    *,
    as_json: bool,
    writes: bool,
    is_deep: bool,
    target: str | None,
    descriptor: str | None,
    size: str | None,
    env_files: tuple[str, ...],
    url: str | None,
    backend_url: str | None,
) -> None:
    """Check settings, credentials, store, index, memory, clock and models, and say what to do.

    With --target a deployment before it is made, with --url one that was. Nothing is changed without --write and
    nothing paid is asked. Exit code 0: all is well, 1: warnings, 2: something does not work.

    Example: finrag doctor --store s3://bucket/finrag --write
    """
    if target is not None and url is not None:
        raise click.UsageError("--target is for before a deployment, --url for after one: choose one of them.")
    if target is None and (descriptor is not None or size is not None or env_files):
        raise click.UsageError("--descriptor, --size and --env-file belong to --target sevalla.")
    if url is None and backend_url is not None:
        raise click.UsageError("--backend belongs to --url.")
    if (is_deep and (target or url)) or (url and (writes or store_url)):
        raise click.UsageError("--deep looks at an installation alone; --url takes neither --write nor --store.")
    if target is not None:
        _examine_plan(descriptor, size, env_files, store_url, writes=writes, as_json=as_json)
    elif url is not None:
        _examine_deployed(url, backend_url, as_json=as_json)
    else:
        _examine_installation(store_url, writes=writes, is_deep=is_deep, as_json=as_json)


def _examine_plan(
    descriptor: str | None,
    size: str | None,
    env_files: Iterable[str],
    store_url: str | None,
    *,
    writes: bool,
    as_json: bool,
) -> None:
    from finrag_ml_tg1.operations.deployment.descriptor import DESCRIPTOR_FILE
    from finrag_ml_tg1.operations.doctor.checks import run_checks
    from finrag_ml_tg1.operations.doctor.sevalla.before_deploy import planned_checks
    from finrag_ml_tg1.operations.doctor.sevalla.plan import Plan

    pasted = _pasted(env_files)
    file = Path(descriptor or DESCRIPTOR_FILE)
    plan = Plan(file, {"backend": pasted["backend"], "frontend": pasted["frontend"]}, size=size)
    checks = planned_checks(plan, store_url=store_url, writes=writes)
    results = run_checks(checks, total_s=_TOTAL_SECONDS, secrets=set(plan.secrets.values()))
    tell(results, {"target": "sevalla", "descriptor": str(file)}, as_json=as_json)


def _pasted(env_files: Iterable[str]) -> dict[str, Pasted]:
    """Return the variables of each application; one that no file is named for has those of this environment."""
    from finrag_ml_tg1.operations.doctor.sevalla.pasted import from_file, from_here

    pasted: dict[str, Pasted] = {}
    for named in env_files:
        role, is_named, path = named.partition("=")
        if is_named and role in {"backend", "frontend"}:
            pasted[role] = from_file(Path(path))
        else:
            both = from_file(Path(named))
            pasted = {"backend": both, "frontend": both} | pasted
    here = from_here() if len(pasted) < 2 else None
    return pasted if here is None else {"backend": here, "frontend": here} | pasted


def _examine_deployed(url: str, backend_url: str | None, *, as_json: bool) -> None:
    from finrag_ml_tg1.loaders.ml_config_loader import inspect_config
    from finrag_ml_tg1.operations.doctor.checks import run_checks
    from finrag_ml_tg1.operations.doctor.deployed.address import public_address
    from finrag_ml_tg1.operations.doctor.deployed.after_deploy import deployed_checks

    inspected = inspect_config()
    address = public_address(url)
    checks = deployed_checks(address, public_address(backend_url) if backend_url else None, inspected.config)
    results = run_checks(checks, total_s=_TOTAL_SECONDS, secrets=inspected.secrets)
    tell(results, {"url": address}, as_json=as_json)


def _examine_installation(store_url: str | None, *, writes: bool, is_deep: bool, as_json: bool) -> None:
    from finrag_ml_tg1.loaders.ml_config_loader import inspect_config
    from finrag_ml_tg1.loaders.open_store import open_store
    from finrag_ml_tg1.operations.doctor.checks import Check, run_checks
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
    total_s = _DEEP_SECONDS if is_deep else _TOTAL_SECONDS
    tell(run_checks(checks, total_s=total_s, secrets=inspected.secrets), {"store": store.url}, as_json=as_json)


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
