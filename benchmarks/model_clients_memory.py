"""What the clients of language models add to the back end's memory: `python -m benchmarks.model_clients_memory`.

Each case is a process of its own that has imported the back end with uvicorn, then makes a client and asks it once.
Linux only. With a store on S3, boto3 is there before and Bedrock adds less.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.model_servers import ScriptedModelServer

CASES = {"openai": ["development"], "bedrock": ["production_balanced"], "both": ["development", "production_balanced"]}
TARGET_MB = 40


def main() -> None:
    if len(sys.argv) > 1:
        _measure(sys.argv[1])
        return
    with ScriptedModelServer() as server:
        environment = os.environ | {
            "FINRAG_MODEL": "bedrock",
            "OPENAI_BASE_URL": server.openai_url,
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": server.url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }
        results = {case: _run(case, environment) for case in CASES}
    print(json.dumps({"target_mb": TARGET_MB, **results}, indent=2))


def _run(case: str, environment: dict[str, str]) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.model_clients_memory", case]
    result: dict[str, float] = json.loads(subprocess.check_output(command, env=environment))
    return result


def _measure(case: str) -> None:
    import uvicorn  # noqa: F401

    import serving.backend.app  # noqa: F401
    from finrag_ml_tg1.answering.models.language_model import Prompt
    from finrag_ml_tg1.answering.models.opening import open_models
    from finrag_ml_tg1.loaders.ml_config_loader import load_config
    from finrag_ml_tg1.pipeline import FinRAG  # noqa: F401

    gc.collect()
    before, started = _resident_mb(), time.perf_counter()
    choice = open_models(load_config())
    for key in CASES[case]:
        model = choice.choose(key)
        assert model is not None
        list(model.write(Prompt("system", "context", "question?")))
    seconds = time.perf_counter() - started
    print(
        json.dumps(
            {
                "before_mb": round(before, 1),
                "added_mb": round(_resident_mb() - before, 1),
                "first_answer_s": round(seconds, 2),
            }
        )
    )


def _resident_mb() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


if __name__ == "__main__":
    main()
