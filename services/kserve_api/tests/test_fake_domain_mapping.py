"""The fake Knative maps domains as the real one: claims, references, conflicts, what its webhook refuses."""

from __future__ import annotations

from typing import Any

import pytest

from kserve_api.tests.controlled_store import ControlledStore, told
from kserve_api.tests.fake_cluster.controllers.platform import DOMAIN_CLAIM, DOMAIN_MAPPING
from kserve_api.tests.fake_cluster.status_error import StatusError

DOMAIN = "shop.calvinruntime.net"


def test_mapped_domain_is_ready_and_answers() -> None:
    cluster = ControlledStore()
    cluster.deploy()
    mapping = cluster.map_domain(DOMAIN)
    assert told(mapping)[0] == "True"
    assert mapping["status"]["url"] == f"http://{DOMAIN}"
    assert [item["type"] for item in mapping["status"]["conditions"]] == [
        "CertificateProvisioned",
        "DomainClaimed",
        "IngressReady",
        "Ready",
        "ReferenceResolved",
    ]
    assert mapping["spec"]["ref"]["namespace"] == "team-a"
    answer = cluster.controllers.request(DOMAIN)
    assert (answer.status, answer.revision) == (200, "shop-predictor-00001")


def test_claim_is_made_and_released_with_the_mapping_where_the_cluster_makes_claims() -> None:
    cluster = ControlledStore()
    cluster.deploy()
    cluster.map_domain(DOMAIN)
    assert cluster.store.get(DOMAIN_CLAIM, None, DOMAIN)["spec"]["namespace"] == "team-a"
    cluster.delete(DOMAIN_MAPPING, DOMAIN)
    assert cluster.store.list(DOMAIN_CLAIM) == []
    assert cluster.controllers.request(DOMAIN).status == 404


def test_without_autocreation_a_claim_is_needed_and_stays() -> None:
    cluster = ControlledStore()
    cluster.platform.set_config("config-network", autocreate_cluster_domain_claims="false")
    cluster.deploy()
    assert told(cluster.map_domain(DOMAIN))[:2] == ("False", "DomainAlreadyClaimed")
    assert "no ClusterDomainClaim found" in cluster.store.list("events", "team-a")[0]["message"]
    cluster.apply(DOMAIN_CLAIM, {"metadata": {"name": DOMAIN}, "spec": {"namespace": "team-a"}})
    assert told(cluster.store.get(DOMAIN_MAPPING, "team-a", DOMAIN))[0] == "True"
    cluster.delete(DOMAIN_MAPPING, DOMAIN)
    assert len(cluster.store.list(DOMAIN_CLAIM)) == 1


def test_claim_of_another_namespace_keeps_the_mapping_from_getting_ready_until_it_goes() -> None:
    cluster = ControlledStore()
    cluster.deploy()
    cluster.deploy(namespace="team-b")
    cluster.map_domain(DOMAIN, namespace="team-b")
    mapping = cluster.map_domain(DOMAIN)
    assert told(mapping)[:2] == ("False", "DomainAlreadyClaimed")
    assert told(mapping, "ReferenceResolved")[0] == "Unknown"
    cluster.delete(DOMAIN_MAPPING, DOMAIN, "team-b")
    assert told(cluster.store.get(DOMAIN_MAPPING, "team-a", DOMAIN))[0] == "True"


def test_missing_target_is_not_resolved_until_it_comes() -> None:
    cluster = ControlledStore()
    mapping = cluster.map_domain(DOMAIN)
    assert told(mapping)[:2] == ("False", "ResolveFailed")
    assert 'services.serving.knative.dev "shop-predictor" not found' in told(mapping)[2]
    cluster.deploy()
    assert told(cluster.store.get(DOMAIN_MAPPING, "team-a", DOMAIN))[0] == "True"


def test_host_of_a_knative_route_conflicts() -> None:
    cluster = ControlledStore()
    template = "{{.Name}}.{{.Domain}}"
    cluster.platform.set_config("config-network", domain_template=template)
    cluster.deploy()
    mapping = cluster.map_domain("shop-predictor.knative.internal.test")
    assert told(mapping)[:2] == ("False", "DomainConflict")
    cluster.platform.set_config("config-network", domain_template="{{.Name}}.{{.Namespace}}.{{.Domain}}")
    cluster.settle()
    assert told(cluster.store.get(DOMAIN_MAPPING, "team-a", "shop-predictor.knative.internal.test"))[0] == "True"


def test_core_service_can_be_the_target() -> None:
    cluster = ControlledStore()
    cluster.store.create("services", {"metadata": {"name": "plain", "namespace": "team-a"}, "spec": {}})
    reference = {"apiVersion": "v1", "kind": "Service", "name": "plain"}
    cluster.apply(DOMAIN_MAPPING, {"metadata": {"name": DOMAIN, "namespace": "team-a"}, "spec": {"ref": reference}})
    assert told(cluster.store.get(DOMAIN_MAPPING, "team-a", DOMAIN))[0] == "True"


GOOD = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "shop-predictor"}


@pytest.mark.parametrize(
    ("name", "reference", "problem"),
    [
        (DOMAIN, {"kind": "Service", "name": "shop-predictor"}, r"missing field\(s\): spec.ref.apiVersion"),
        (DOMAIN, {"apiVersion": "v1", "kind": "Service"}, r"missing field\(s\): spec.ref.name"),
        (DOMAIN, {**GOOD, "namespace": "team-b"}, "mismatched namespaces"),
        ("shop", GOOD, "at least two segments"),
        ("Shop.example.com", GOOD, "RFC 1123"),
        ("shop..example.com", GOOD, "RFC 1123"),
        ("*.example.com", GOOD, "RFC 1123"),
        (f"{'a' * 64}.example.com", GOOD, "RFC 1123"),
        ("shop.team-a.svc.cluster.local", GOOD, "cluster local domain"),
    ],
)
def test_webhook_denies_with_400(name: str, reference: dict[str, Any], problem: str) -> None:
    cluster = ControlledStore()
    mapping = {"metadata": {"name": name, "namespace": "team-a"}, "spec": {"ref": reference}}
    with pytest.raises(StatusError, match=problem) as caught:
        cluster.apply(DOMAIN_MAPPING, mapping)
    assert (caught.value.status, caught.value.reason) == (400, "BadRequest")


def test_claim_needs_a_namespace() -> None:
    with pytest.raises(StatusError, match=r"spec\.namespace"):
        ControlledStore().apply(DOMAIN_CLAIM, {"metadata": {"name": DOMAIN}, "spec": {}})
