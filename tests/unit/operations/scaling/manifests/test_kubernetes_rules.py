"""One mistake planted into sound manifests is told: where it is, what is wrong, and nothing else."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit
from finrag_ml_tg1.operations.scaling.manifests.lint import RULES, kit_mistakes
from finrag_ml_tg1.operations.scaling.manifests.manifest import Manifest, manifest_from, read_documents
from tests.unit.operations.scaling.manifests.planted_mistakes import PLANTED

SOUND = (Path(__file__).parent / "sound_kit.yaml").read_text("utf-8")
ROUTES = {"web": frozenset({"/health", "/metrics", "/ready"}), "api": frozenset({"/up"})}
METRICS = frozenset({"finrag_jobs_waiting", "finrag_requests_total"})


@cache
def told(text: str) -> tuple[tuple[str, str], ...]:
    """What is told of a file's text, each with the name of the rule that tells it."""
    documents, mistakes = read_documents(text)
    made = [manifest_from("kit.yaml", document) for document in documents]
    mistakes += [manifest for manifest in made if isinstance(manifest, str)]
    kit = Kit([manifest for manifest in made if isinstance(manifest, Manifest)], routes=ROUTES, metrics=METRICS)
    found = [("reading", mistake) for mistake in mistakes]
    for rule in RULES:
        alone = kit_mistakes(kit, (rule,))
        found += [(rule.__name__, line) for line in alone]
    return tuple(found)


def planted(where: str, change: str) -> str:
    kind, _, name = where.partition(" ")
    beginning = re.search(rf"kind: {kind}\nmetadata:\n  name: {name}", SOUND)
    assert beginning, where
    start = SOUND.rindex("apiVersion", 0, beginning.start())
    old, _, new = change.partition("|")
    assert old in SOUND[start:], change
    return SOUND[:start] + SOUND[start:].replace(old, new, 1)


def test_sound_manifests_have_no_mistakes() -> None:
    assert told(SOUND) == ()


@pytest.mark.parametrize("name", sorted(PLANTED))
def test_a_planted_mistake_is_told(name: str) -> None:
    where, change, words = PLANTED[name]
    lines = [line for _, line in told(planted(where, change))]
    assert [line for line in lines if words in line], lines
    # What follows from the mistake may be told too, but a reader still finds it.
    assert len(lines) <= 12, lines


def test_a_finding_says_the_file_and_the_object() -> None:
    [(_, line)] = told(planted("HorizontalPodAutoscaler", "minReplicas: 3|minReplicas: 51"))
    assert line == (
        "kit.yaml: HorizontalPodAutoscaler shop/web: at least 51 pods, at most 50: the least is above the greatest"
    )


def test_every_rule_catches_a_planted_mistake() -> None:
    spoken = {rule for where, change, _ in PLANTED.values() for rule, _ in told(planted(where, change))}
    assert {rule.__name__ for rule in RULES} <= spoken
