"""The whole service against a model: random sequences of steps, and after each everything is as the model says."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from kserve_api.tests.app_agreement import MARK
from kserve_api.tests.app_machine import AppMachine
from kserve_api.tests.app_steps import TENANTS
from kserve_api.tests.deployed_roles import deployed_roles
from kserve_api.tests.running_api import running_api

_RESULTS = Path(__file__).resolve().parents[3] / "benchmarks" / "soak" / "kserve_api_model.json"
_STEPS = 30


def _run(sequences: int, steps: int = _STEPS, *, claims: bool = False) -> Counter[str]:
    """Run random sequences; how often each rule came. `claims`: the service makes ClusterDomainClaims itself."""
    with ExitStack() as held:
        settings_of_service = {"wait_timeout_s": 20.0, "domain_claims": "create" if claims else "auto"}
        rbac = partial(deployed_roles, claims=claims)
        api = held.enter_context(running_api(tenants=TENANTS, rbac=rbac, settings=settings_of_service))

        def shows_no_secret(response: object) -> None:
            assert MARK not in response.text  # type: ignore[attr-defined]

        class Machine(AppMachine):
            pass

        names = [tenant["name"] for tenant in TENANTS]
        Machine.api, Machine.steps, Machine.makes_claims = api, Counter(), claims
        Machine.clients = {name: held.enter_context(api.client(name)) for name in names}
        Machine.readers = {name: held.enter_context(api.client(name, "read")) for name in names}
        for client in (*Machine.clients.values(), *Machine.readers.values()):
            client.event_hooks["response"].append(shows_no_secret)
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=sequences,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        return Machine.steps


def test_apps_are_what_the_model_says_after_every_step() -> None:
    """KS-01, KS-02, KS-04, KS-05, KS-06, KS-08: every answer and every object, with the RBAC of the manifests."""
    assert (_run(6, 20) + _run(2, 20, claims=True))["sequences"] >= 8


@pytest.mark.soak
def test_apps_are_what_the_model_says_in_five_hundred_sequences() -> None:
    sequences = int(os.environ.get("KSERVE_API_SOAK_SEQUENCES", "500"))
    began = time.monotonic()
    with_claims = sequences // 5
    steps = _run(sequences - with_claims) + _run(with_claims, claims=True)
    told = steps.pop("sequences")
    record = {
        "what": "random steps of two tenants, of kubectl and of a failing cluster; after each, everything compared",
        "command": "make soak-services",
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "seconds": round(time.monotonic() - began),
        "sequences": told,
        "sequences_with_own_domain_claims": with_claims,
        "steps": sum(steps.values()),
        "divergences": 0,
        "steps_by_rule": dict(sorted(steps.items())),
    }
    _RESULTS.write_text(json.dumps(record, indent=2) + "\n")
