"""What docs/scaling.md, which is held to its generator by `docs.generate --check`, says of the kit."""

from __future__ import annotations

import pytest
import yaml

from finrag_ml_tg1.operations.scaling.manifests.quantities import parse_quantity
from tests.sample_index import ROOT

GUIDE = (ROOT / "docs" / "scaling.md").read_text("utf-8")
BASE = ROOT / "deploy" / "kubernetes" / "finrag" / "base"


@pytest.mark.parametrize(
    ("role", "words"), [("backend", "share of the **request** ({};"), ("frontend", "A front end requests {} and")]
)
def test_the_guide_says_what_pods_request(role: str, words: str) -> None:
    """Its sentences about targets hold for these requests alone."""
    deployment = yaml.safe_load((BASE / role / "deployment.yaml").read_text("utf-8"))
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    cpu = parse_quantity(container["resources"]["requests"]["cpu"])
    assert words.format("one core" if cpu == 1 else f"{float(cpu):g} of a core") in " ".join(GUIDE.split())


def test_no_phase_is_called_open_that_is_done() -> None:
    """SU-10: backups have their page, their job and their drill."""
    assert "| backups | [backups.md](../docs/operations/backups.md) |" in GUIDE
