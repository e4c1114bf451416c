"""deploy/scaling.yaml: the notes' tables as data, each held to what the repository has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from finrag_ml_tg1.operations.scaling.errors import ScalingError
from finrag_ml_tg1.operations.scaling.planning.facts import FACTS_FILE, read_facts
from tests.unit.operations.scaling.plans import BASIS, ROOT

FACTS = BASIS.facts
TEXT = (ROOT / FACTS_FILE).read_text("utf-8")


def test_tiers_are_the_notes() -> None:
    """SU-08: below 100, 100 to 1,000, above 1,000 a second for 50–100, 200–500, 1,000–5,000 dollars."""
    assert [(tier.above_rps, tier.usd_month) for tier in FACTS.tiers] == [
        (0, (50, 100)),
        (100, (200, 500)),
        (1000, (1000, 5000)),
    ]
    assert [FACTS.tier_of(rps).name for rps in (1, 100, 101, 1000, 1001, 99_999)] == [
        "low", "low", "medium", "medium", "high", "high",
    ]  # fmt: skip


def test_images_are_the_notes_and_ours_keep_their_budgets() -> None:
    """SU-08: 77, 703, 653, 147 and 24 MB; what we measured of ours is below its budget."""
    measured = json.loads((ROOT / "benchmarks/image_packages.json").read_text("utf-8"))["images"]
    assert [image.noted_mb for image in FACTS.images] == [77, 703, 653, 147, 24]
    budgets = {image.role: image.budget_mb for image in FACTS.images if image.budget_mb}
    assert set(budgets) == set(measured)
    for role, budget_mb in budgets.items():
        assert measured[role]["with_bytecode_mb"] <= budget_mb == measured[role]["target_mb"]


def test_role_that_is_too_large_for_a_function_is_not_said_to_be_one() -> None:
    """SU-08: 250 MB unzipped."""
    measured = json.loads((ROOT / "benchmarks/image_packages.json").read_text("utf-8"))["images"]
    assert set(FACTS.functions.verdicts) == set(FACTS.roles)
    for role, image in measured.items():
        if image["packages_mb"] > FACTS.functions.unzipped_mb:
            assert FACTS.functions.verdicts[role].startswith("no")


def test_phases_point_at_what_is_there() -> None:
    """SU-10: the notes' three phases; what is not there is said to be open."""
    assert list(dict.fromkeys(phase.phase for phase in FACTS.phases)) == [
        "fix and stabilise",
        "production ready",
        "scale",
    ]
    for phase in FACTS.phases:
        assert phase.open or (ROOT / str(phase.evidence)).is_file(), phase.evidence


def test_every_idea_of_the_notes_has_a_verdict_for_each_tier() -> None:
    """SU-10: read replicas and sharding, GPU nodes, regions, jobs as functions, serverless."""
    ideas = " ".join(idea.idea for idea in FACTS.ideas)
    for word in ("read replicas", "sharding", "GPU", "regions", "functions", "serverless"):
        assert word in ideas


def test_every_tier_has_its_overlay() -> None:
    for tier in FACTS.tiers:
        assert (ROOT / "deploy/kubernetes/finrag/overlays" / tier.overlay / "kustomization.yaml").is_file()


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("name: low, above_rps: 0", "name: low, above_rps: 60", "not in order"),
        ("noted: client", "noted: client, colour: red", "roles.frontend.colour"),
        ("evidence: serving/backend/admission.py", "also: nothing", "phases"),
        ("what: regions, open: one region", "what: regions, evidence: x, open: one region", "say one of"),
        ("tiers:", "tiers: [", "no YAML"),
    ],
)
def test_mistake_is_refused_with_its_place(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    assert right in TEXT
    path = tmp_path / "scaling.yaml"
    path.write_text(TEXT.replace(right, wrong, 1), "utf-8")
    with pytest.raises(ScalingError) as refused:
        read_facts(path)
    assert told in str(refused.value)
