"""Metrics that pods are scaled by: asked of Prometheus by prometheus-adapter or KEDA, and given by our programs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.manifest import Body, Manifest, field, mappings, read_documents
from finrag_ml_tg1.operations.scaling.manifests.pods import containers_of, pod_template

__all__ = ["RULES"]

_OURS = re.compile(r"\bfinrag_\w+")
_NAMESPACE = re.compile(r'\bnamespace="([^"]*)"')
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_NEEDED = {"cpu": ("value",), "memory": ("value",), "prometheus": ("query", "serverAddress", "threshold")}
_PLACEHOLDERS = ("<<.LabelMatchers>>", "<<.GroupBy>>")


def queries_ask_for_what_is_given(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """A query that names a metric which no program gives finds nothing, and scales nothing."""
    text = " ".join([str(rule) for rule in _adapter_rules(manifest)] + _keda_queries(manifest))
    for name in sorted(set(_OURS.findall(text)) - kit.metrics) if kit.metrics else ():
        yield f"a query asks for {name}, which no program gives: see docs/operations/metrics.md"


def queries_ask_their_own_namespace(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A query of KEDA's says its namespace itself, so an overlay with another one has to change it."""
    for query in _keda_queries(manifest) if manifest.namespace else ():
        for name in _NAMESPACE.findall(query):
            if name != manifest.namespace:
                yield f"a query asks for pods of the namespace {name}: patch it to {manifest.namespace}"


def pods_metrics_are_given(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """A metric of pods is there when a rule of prometheus-adapter makes it."""
    if not manifest.is_a("HorizontalPodAutoscaler", "autoscaling"):
        return
    given = {
        str(field(rule, "name", "as")) for other in (*kit.manifests, *kit.external) for rule in _adapter_rules(other)
    }
    for metric in mappings(field(manifest.body, "spec", "metrics")):
        name = field(metric, "pods", "metric", "name")
        if isinstance(name, str) and name not in given:
            yield f"no rule of prometheus-adapter beside it makes the metric {name}: see its ConfigMap"


def adapter_rules_are_whole(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A rule finds series, says whose they are, names what it makes once, and asks for one object's at a time."""
    names: list[str] = []
    for rule in _adapter_rules(manifest):
        name = str(field(rule, "name", "as") or "without name.as")
        names.append(name)
        for part in ("seriesQuery", "resources", "name", "metricsQuery"):
            if not rule.get(part):
                yield f"the adapter's rule {name} has no {part}: write it"
        for placeholder in _PLACEHOLDERS:
            if placeholder not in str(rule.get("metricsQuery", "")):
                yield f"the adapter's rule {name} has no {placeholder} in its query, so pods get one number: add it"
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"two of the adapter's rules make {name}, and one is lost: remove one"


def keda_triggers_are_whole(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A trigger says what it asks and from which number on it scales."""
    for trigger in _triggers(manifest):
        kind = str(trigger.get("type"))
        for name in _NEEDED.get(kind, ()):
            value = str(field(trigger, "metadata", name) or "")
            if not value:
                yield f"the trigger {kind} has no {name}: write it"
            elif name in {"threshold", "value"} and not (_NUMBER.fullmatch(value) and float(value) > 0):
                yield f"the trigger {kind} has the {name} {value}: write a number above 0"
        if kind in {"cpu", "memory"} and trigger.get("metricType") not in {"Utilization", "AverageValue"}:
            yield f"the trigger {kind} has no metricType that it takes: write Utilization or AverageValue"


def what_is_scraped_answers(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """Prometheus is sent to a port that the pod declares, and to a path that answers."""
    template = pod_template(manifest)
    if template is None or template.annotations.get("prometheus.io/scrape") != "true":
        return
    port, path = (template.annotations.get(f"prometheus.io/{name}") for name in ("port", "path"))
    asked = [one for one in containers_of(manifest) if port in {str(known.get("containerPort")) for known in one.ports}]
    if not asked:
        yield f"prometheus.io/port is {port}, which no container declares: see their ports"
    for container in asked:
        routes = kit.routes.get(container.program)
        if routes is not None and path not in routes:
            yield f"prometheus.io/path is {path}, which is no route of {container.program}: see its routes"


def _adapter_rules(manifest: Manifest) -> list[Body]:
    """The rules in a ConfigMap of prometheus-adapter; [] for other objects."""
    if not manifest.is_a("ConfigMap"):
        return []
    texts = [str(text) for text in (manifest.body.get("data") or {}).values() if "seriesQuery" in str(text)]
    documents = [document for text in texts for document in read_documents(text)[0]]
    return [rule for document in documents for rule in mappings(field(document, "rules"))]


def _triggers(manifest: Manifest) -> list[Body]:
    return mappings(field(manifest.body, "spec", "triggers")) if manifest.is_a("ScaledObject", "keda.sh") else []


def _keda_queries(manifest: Manifest) -> list[str]:
    return [str(field(trigger, "metadata", "query") or "") for trigger in _triggers(manifest)]


RULES: tuple[Rule, ...] = (
    queries_ask_for_what_is_given,
    queries_ask_their_own_namespace,
    pods_metrics_are_given,
    adapter_rules_are_whole,
    keda_triggers_are_whole,
    what_is_scraped_answers,
)
