"""The kit of FinRAG's roles: each mistake that is planted into one of its files is told, without kubectl."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from finrag_ml_tg1.operations.scaling.manifests.folders import read_folder
from finrag_ml_tg1.operations.scaling.manifests.kit import Kit
from finrag_ml_tg1.operations.scaling.manifests.lint import MANIFESTS, kit_mistakes
from finrag_ml_tg1.operations.scaling.manifests.manifest import Manifest, manifest_from, read_documents
from finrag_ml_tg1.operations.scaling.manifests.metrics import read_metrics
from finrag_ml_tg1.operations.scaling.manifests.routes import read_routes
from tests.sample_index import ROOT
from tests.unit.operations.scaling.manifests.planted_in_the_kit import PLANTED_IN_THE_KIT

KIT = f"{MANIFESTS}/finrag"


@cache
def sound() -> Kit:
    folder = read_folder(ROOT, ROOT / KIT)
    assert folder.mistakes == ()
    return replace(folder.kit, routes=read_routes(ROOT), metrics=read_metrics(ROOT))


def told(file: str, change: str) -> list[str]:
    """What is told of the kit after one replacement in one of its files."""
    path = f"{KIT}/{file}"
    text = (ROOT / path).read_text("utf-8")
    old, _, new = change.partition("|")
    assert old in text, change
    documents, mistakes = read_documents(text.replace(old, new, 1))
    made = [manifest_from(path, document) for document in documents]
    changed = [manifest for manifest in made if isinstance(manifest, Manifest)]
    others = [manifest for manifest in sound().manifests if manifest.path != path]
    return [*mistakes, *kit_mistakes(replace(sound(), manifests=[*others, *changed]))]


def test_the_kit_as_it_is_has_no_mistake() -> None:
    """Section 5.3: strictly valid by Kubernetes' schemas, and by the rules that these cannot express."""
    assert list(kit_mistakes(sound())) == []


@pytest.mark.parametrize("name", sorted(PLANTED_IN_THE_KIT))
def test_a_mistake_planted_in_the_kit_is_told(name: str) -> None:
    """SU-01, SU-02, SU-03, SU-04 and section 5.3, by the beginning of the name."""
    file, change, words = PLANTED_IN_THE_KIT[name]
    lines = told(file, change)
    assert [line for line in lines if words in line], lines


def test_many_kinds_of_mistakes_are_planted_for_each_row() -> None:
    """The measure: at least 40 kinds, of SU-01, SU-02 and SU-04 among them."""
    assert len(PLANTED_IN_THE_KIT) >= 80
    rows = [name.partition(" ")[0] for name in PLANTED_IN_THE_KIT]
    assert {row: rows.count(row) >= 5 for row in rows} == dict.fromkeys(
        ("SU-01", "SU-02", "SU-03", "SU-04", "5.3"), True
    )
