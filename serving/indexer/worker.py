"""The job itself, in a process of its own: `python -m serving.indexer.worker`; `process.py` starts and follows it."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from pydantic import TypeAdapter

from finrag_ml_tg1.errors import FinRAGError
from finrag_ml_tg1.loaders.ml_config_loader import load_config
from finrag_ml_tg1.machine import peak_megabytes
from serving.http.logs import configure_logging, held_back
from serving.indexer.schemas import EvaluateRequest, IngestRequest, Progress

if TYPE_CHECKING:
    from finrag_ml_tg1.loaders.ml_config import MLConfig
    from serving.indexer.work import Show, Work

__all__ = ["main"]

_FAILED = 2
_logger = logging.getLogger(__name__)


def main() -> int:
    """Do the job whose order is the first line of standard input; return the exit code."""
    answers = _own_answers()
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_service, daemon=True).start()

    def answer(message: Mapping[str, Any]) -> None:
        answers.write(f"{json.dumps(message, default=str)}\n")
        answers.flush()

    def show(progress: Progress) -> None:
        answer({"progress": progress.model_dump()})

    started = time.perf_counter()
    try:
        with held_back():
            config = load_config()
            configure_logging(config)
        done = _do(config, order, show)
    except FinRAGError as error:
        answer({"error": str(error)})
        return _FAILED
    except Exception as error:
        _logger.exception("the job failed")
        answer({"error": _fault(error)})
        return _FAILED
    measured = {"seconds": round(time.perf_counter() - started, 2), "peak_memory_mb": peak_megabytes()}
    answer({"result": done.summary | measured, "whole": done.whole | measured})
    return 0


def _do(config: MLConfig, order: Mapping[str, Any], show: Show) -> Work:
    if order["kind"] == "ingest":
        from serving.indexer.ingest_work import ingest

        return ingest(config, IngestRequest.model_validate(order["request"]), show)
    from serving.indexer.evaluate_work import evaluate

    adapter: TypeAdapter[EvaluateRequest] = TypeAdapter(EvaluateRequest)
    return evaluate(config, adapter.validate_python(order["request"]), show)


def _own_answers() -> TextIO:
    """Standard output for answers alone: what libraries print goes to the log with the errors."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _end_with_the_service() -> None:
    """End this process and those it started once the other end of standard input is gone, and the service with it."""
    sys.stdin.read()
    os.killpg(0, signal.SIGKILL)


def _fault(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"a fault in FinRAG, please report it: {type(error).__name__} in {Path(place.filename).name}, "
        f"line {place.lineno}; the service's log has the whole"
    )


if __name__ == "__main__":
    sys.exit(main())
