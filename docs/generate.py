"""Writes the documents that can be derived from the code, so that they cannot contradict it.

`python -m docs.generate` rewrites them; with `--check` it writes nothing and exits with 1 if one has drifted.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import click

from benchmarks.report import readme as benchmarks_readme
from docs.deploy_checklist import deploy_checklist
from docs.edge_costs import edge_guide
from docs.hosting_costs import cost_guide, hosting_prices
from docs.metric_names import metrics
from docs.scaling_guide import TIER_CHARTS, scaling_guide
from docs.table_columns import data_model
from finrag_ml_tg1.cli import main as finrag_command
from finrag_ml_tg1.loaders.ml_config import MLConfig, settings_table
from finrag_ml_tg1.loaders.ml_config_loader import CONFIG_FILE, CREDENTIALS_FILE
from finrag_ml_tg1.operations.deployment.descriptor import descriptor_schema
from serving.backend.app import create_app
from serving.indexer.app import create_app as create_indexer

__all__ = ["DOCUMENTS", "command_line", "indexer_openapi", "main", "openapi", "settings"]

_HERE = Path(__file__).parent


def settings() -> str:
    """Return docs/settings.md."""
    return f"""# Settings

This file is written by `python -m docs.generate`; change the fields of `MLConfig` instead.

Each setting is looked for in the environment, then in `{CREDENTIALS_FILE}`, then in `{CONFIG_FILE}` (both in the folder
the program is started from), and has its default otherwise. One that is set to nothing counts as not set. A wrong value
stops the program with a line that names it; an unknown `FINRAG_…` variable is logged as a warning. Secrets are refused
in `{CONFIG_FILE}`. The three `AWS_…` credentials are taken from one place, never mixed.

Examples to copy: `.aws_secrets.example/` (to `.aws_secrets/`) and `ml_config.example.yaml` (to `{CONFIG_FILE}`).

{settings_table()}"""


def command_line() -> str:
    """Return docs/cli.md."""
    commands = sorted(finrag_command.commands.items())
    sections = [f"## finrag {name}\n\n{_help(command, f'finrag {name}')}" for name, command in commands]
    head = "# Command line\n\nThis file is written by `python -m docs.generate` from the commands' own help."
    return "\n\n".join([head, _help(finrag_command, "finrag"), *sections]) + "\n"


def openapi() -> str:
    """Return docs/openapi.json: the HTTP interface."""
    return json.dumps(create_app(MLConfig()).openapi(), indent=1, ensure_ascii=False) + "\n"


def indexer_openapi() -> str:
    """Return docs/openapi-indexer.json: the HTTP interface of the indexing service."""
    return json.dumps(create_indexer(MLConfig()).openapi(), indent=1, ensure_ascii=False) + "\n"


def _help(command: click.Command, path: str) -> str:
    """A command's help as it prints at 100 columns, whatever this terminal's width is."""
    context = click.Context(command, info_name=path, terminal_width=100, max_content_width=100)
    return f"```text\n{command.get_help(context)}\n```"


DOCUMENTS: dict[str, Callable[[], str]] = {
    "data-model.md": data_model,
    "settings.md": settings,
    "cli.md": command_line,
    "operations/cost.md": cost_guide,
    "edge.md": edge_guide,
    "deploy-checklist.md": deploy_checklist,
    "operations/metrics.md": metrics,
    "scaling.md": scaling_guide,
    **TIER_CHARTS,
    "openapi.json": openapi,
    "openapi-indexer.json": indexer_openapi,
    "../benchmarks/README.md": benchmarks_readme,
    "../deploy/sevalla/sevalla.schema.json": descriptor_schema,
    "../serving/frontend/status/hosting_prices.json": hosting_prices,
}


def main(arguments: list[str]) -> int:
    """Write or check all documents; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit with 1 if a document has drifted")
    check = parser.parse_args(arguments).check
    written = {name: document() for name, document in DOCUMENTS.items()}
    drifted = [name for name, text in written.items() if _read(_HERE / name) != text]
    for name in drifted:
        if check:
            sys.stderr.write(f"docs/{name} has drifted from the code: run `python -m docs.generate`.\n")
        else:
            (_HERE / name).parent.mkdir(parents=True, exist_ok=True)
            (_HERE / name).write_text(written[name], encoding="utf-8")
    return 1 if check and drifted else 0


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
