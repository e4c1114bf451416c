"""One run of schemathesis against a service: requests made from its own OpenAPI document, answers held against it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.local_processes import Server, clean_environment

__all__ = ["SchemaRun", "hold_against_document"]

CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")


@dataclass(frozen=True, slots=True)
class SchemaRun:
    """How many requests were made of how many operations, and what was wrong with the answers."""

    cases: int
    operations: int
    failures: list[dict[str, Any]]


def hold_against_document(
    server: Server,
    folder: Path,
    *,
    examples: int,
    seed: int,
    phases: str = "coverage,fuzzing,stateful",
    parameters: Mapping[str, str] | None = None,
    document: bytes | None = None,
) -> SchemaRun:
    """Send at most `examples` requests to each operation in the later phases; coverage has as many as it needs.

    `parameters` are fixed values, so that something is found. The document is read from the service itself, unless it
    is given.
    """
    source = [f"{server.url}/openapi.json"]
    if document is not None:
        (folder / "openapi.json").write_bytes(document)
        source = [str(folder / "openapi.json"), "--url", server.url]
    settings = folder / "schemathesis.toml"
    settings.write_text(
        "[parameters]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in (parameters or {}).items())
    )
    report = folder / f"report-{phases}-{bool(parameters)}.json"
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings)),
        *("run", *source, "--checks", ",".join(CHECKS), "--phases", phases),
        *("--max-examples", str(examples), "--seed", str(seed), "--continue-on-failure", "--warnings", "off"),
        *("--report", "json", "--report-json-path", str(report), "--generation-database", ":memory:"),
        *("--request-timeout", "60"),
    ]
    ended = subprocess.run(command, cwd=folder, env=clean_environment(), capture_output=True, text=True, check=False)
    assert report.is_file(), ended.stdout + ended.stderr
    told = json.loads(report.read_text())
    assert told["complete"], ended.stdout
    assert told["test_cases"]["errored"] == told["operations"]["errored"] == 0, ended.stdout
    assert (ended.returncode != 0) == bool(told["failures"]), ended.stdout
    return SchemaRun(told["test_cases"]["generated"], told["operations"]["tested"], told["failures"])
