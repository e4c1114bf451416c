"""The work of an evaluation job: what `finrag eval …` does, on data below FINRAG_EVAL_DATA."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.evaluation.derived_metrics import evaluate_derived_metrics
from finrag_ml_tg1.evaluation.facts import evaluate_facts
from finrag_ml_tg1.evaluation.items import evaluate_items
from finrag_ml_tg1.evaluation.programs import evaluate_programs
from finrag_ml_tg1.evaluation.report import Outcome, Stopwatch, report
from finrag_ml_tg1.evaluation.retrieval.running import RetrievalRun, evaluate_retrieval
from finrag_ml_tg1.evaluation.scope import evaluate_scope
from finrag_ml_tg1.evaluation.tagged_numbers import evaluate_facts_extraction
from finrag_ml_tg1.indexing.minilm import ensure_encoder
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.open_store import open_store
from finrag_ml_tg1.machine import cores
from finrag_ml_tg1.pipeline import FinRAG
from serving.indexer.data_paths import data_path, named_paths
from serving.indexer.schemas import (
    EvaluateRequest,
    FactsEvaluation,
    FilingsEvaluation,
    ProgramsEvaluation,
    Progress,
    RetrievalEvaluation,
    ScopeEvaluation,
)
from serving.indexer.work import Show, Work

__all__ = ["evaluate"]

_logger = logging.getLogger(__name__)


def evaluate(config: MLConfig, request: EvaluateRequest, show: Show) -> Work:
    """Measure, and return what `finrag eval … --out` writes; FilingError or SettingsError for data not as agreed."""
    if config.eval_data is None:
        raise SettingsError("FINRAG_EVAL_DATA is not set: the job has nothing to evaluate on")
    paths = {field: data_path(config.eval_data, name) for field, name in named_paths(request).items()}
    show(Progress(stage=f"evaluating {request.what}"))
    watch = Stopwatch()
    outcome = _measured(config, request, paths, tell=_logger.info)
    whole = report(_command(request), _dataset(request), outcome, watch.seconds)
    summary = {name: whole[name] for name in ("command", "n", "metrics", "index_version")}
    return Work(summary | {"misses": len(outcome.misses)}, whole)


def _measured(
    config: MLConfig, request: EvaluateRequest, paths: dict[str, Path], *, tell: Callable[[str], None]
) -> Outcome:
    cache_folder = Path(config.cache_dir)
    match request:
        case FilingsEvaluation() | FactsEvaluation():
            return _of_filings(request, paths, ensure_encoder(cache_folder, progress=tell), tell)
        case ProgramsEvaluation():
            return evaluate_programs(paths["questions"], paths["contexts"])
        case RetrievalEvaluation():
            run = RetrievalRun(request.data, paths["corpus"], paths["questions"], request.scope, request.dense)
            encoder = ensure_encoder(cache_folder, progress=tell)
            return evaluate_retrieval(run, cache_folder / "evaluation", encoder, workers=cores(), tell=tell)
        case ScopeEvaluation():
            store = open_store(config.store, config)
            rag = FinRAG.open(store, DiskCache(cache_folder, store, config.cache_bytes), cache_folder)
            return evaluate_scope(
                paths["questions"], paths["catalogs"], rag.words.appears_in_filings, rag.words.is_word
            )
        case _:
            assert_never(request)


def _of_filings(
    request: FilingsEvaluation | FactsEvaluation, paths: dict[str, Path], encoder: Path, tell: Callable[[str], None]
) -> Outcome:
    folder = paths["filings"]
    match request.what:
        case "items":
            return evaluate_items(folder, encoder, workers=cores())
        case "facts-extraction":
            return evaluate_facts_extraction(folder, encoder, workers=cores())
        case "derived-metrics":
            return evaluate_derived_metrics(folder, encoder, progress=tell)
        case "facts":
            return evaluate_facts(folder, encoder, bank=paths.get("bank"), url=None, progress=tell)
        case _:
            assert_never(request.what)


def _command(request: EvaluateRequest) -> list[str]:
    """What has to be typed in the folder of the data to get the result again."""
    options = request.model_dump(exclude={"what"}, exclude_none=True)
    return ["finrag", "eval", request.what, *(text for name, value in options.items() for text in (f"--{name}", value))]


def _dataset(request: EvaluateRequest) -> str:
    return request.filings if isinstance(request, FilingsEvaluation | FactsEvaluation) else request.questions
