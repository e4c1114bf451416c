"""The queries of dashboards and rules, and the metrics and labels they name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.sample_index import ROOT

__all__ = ["DASHBOARDS", "RULES", "cluster_metrics", "labels_in", "names_in", "queries", "recorded", "rules_in"]

_FOLDER = ROOT / "deploy" / "observability"
DASHBOARDS = sorted(_FOLDER.glob("*.json"))
RULES = sorted((_FOLDER / "prometheus").glob("*.yaml"))
_STRING = re.compile(r'"[^"]*"')
_NAMES = re.compile(
    r"(?<![\w:$])(?:([A-Za-z_:][\w:]*)\s*\{|(\w+(?::\w+)+)|((?:finrag|process|kube|container)_\w+))(?!\s*[=!]~?\")"
)
_OWN_LABELS = re.compile(r"\b(?:by|on|group_left) \(([^)]*)\)")


def queries(file: Path) -> Iterator[str]:
    """Yield the queries of a dashboard, or the expressions of a file of rules."""
    if file.suffix == ".yaml":
        yield from (rule["expr"] for rule in rules_in(file))
        return
    dashboard = json.loads(file.read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]


def rules_in(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the rules of a file."""
    for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
        yield from group["rules"]


def names_in(query: str) -> set[str]:
    """Return the metrics a query names: what stands before `{`, has a colon, or begins like ours or the cluster's."""
    return {next(filter(None, found)) for found in _NAMES.findall(_OWN_LABELS.sub("", query))}


def labels_in(query: str) -> set[str]:
    """Return the labels a query matches, groups or joins by."""
    grouped = {name.strip() for found in _OWN_LABELS.findall(query) for name in found.split(",")}
    return (grouped | set(re.findall(r"[{,]\s*(\w+)\s*[=!]~?\"", _STRING.sub('""', query)))) - {""}


def recorded() -> dict[str, set[str]]:
    """Return the metrics that rules record, with the labels that they keep."""
    metrics: dict[str, set[str]] = {}
    for file in RULES:
        for rule in rules_in(file):
            if "record" in rule:
                kept = {
                    name.strip() for found in re.findall(r"by \(([^)]*)\)", rule["expr"]) for name in found.split(",")
                }
                metrics.setdefault(rule["record"], set()).update(kept - {"le"}, rule.get("labels", {}))
    return metrics


def cluster_metrics() -> dict[str, set[str]]:
    """Return the metrics of the cluster that are known, with their labels."""
    text = (_FOLDER / "cluster_metrics.yaml").read_text(encoding="utf-8")
    return {name: set(labels) for name, labels in yaml.safe_load(text).items()}
