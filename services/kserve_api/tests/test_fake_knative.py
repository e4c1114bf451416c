"""The fake Knative does as the real one: revisions, digests, scale, traffic, failing images, garbage."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from kserve_api.tests.controlled_store import ControlledStore, inference_service, told
from kserve_api.tests.fake_cluster.admission import admit
from kserve_api.tests.fake_cluster.controllers.configuration import child_name
from kserve_api.tests.fake_cluster.controllers.platform import AUTOSCALER, ISVC, REVISION, SERVICE
from kserve_api.tests.fake_cluster.controllers.registry import repository
from kserve_api.tests.fake_cluster.status_error import StatusError

HOST = "shop-predictor.team-a.knative.internal.test"
MIN = "autoscaling.knative.dev/min-scale"
RETENTION = "autoscaling.knative.dev/scale-to-zero-pod-retention-period"


def test_first_revision_has_its_labels_owner_and_resolved_digest() -> None:
    cluster = ControlledStore()
    cluster.deploy(image="registry.test/apps/shop:1")
    revision = cluster.revision(1)
    labels = revision["metadata"]["labels"]
    assert labels["serving.knative.dev/service"] == "shop-predictor"
    assert labels["serving.knative.dev/configuration"] == "shop-predictor"
    assert labels["serving.knative.dev/configurationGeneration"] == "1"
    assert labels["serving.knative.dev/routingState"] == "active"
    digest = revision["status"]["containerStatuses"][0]["imageDigest"]
    assert digest.startswith("registry.test/apps/shop@sha256:")
    assert cluster.pods(1)[0]["spec"]["containers"][0]["image"] == digest
    assert [container["name"] for container in cluster.pods(1)[0]["spec"]["containers"]] == [
        "kserve-container",
        "queue-proxy",
    ]


def test_only_a_changed_template_makes_a_revision() -> None:
    cluster = ControlledStore()
    cluster.deploy()
    cluster.deploy()
    cluster.deploy(canaryTrafficPercent=50)
    assert cluster.revisions() == ["shop-predictor-00001"]
    cluster.deploy(annotations={"kserve-api/redeployed-at": "2026-01-01"})
    assert cluster.revisions() == ["shop-predictor-00001", "shop-predictor-00002"]


def test_going_back_to_an_earlier_template_makes_a_new_revision_too() -> None:
    cluster = ControlledStore()
    for image in ("r.test/shop:1", "r.test/shop:2", "r.test/shop:1"):
        cluster.deploy(image=image)
    assert cluster.isvc()["status"]["components"]["predictor"]["latestReadyRevision"] == "shop-predictor-00003"


def test_a_pushed_tag_rolls_out_only_with_a_new_revision() -> None:
    cluster = ControlledStore()
    cluster.deploy()
    before = cluster.revision(1)["status"]["containerStatuses"]
    digest = cluster.platform.registry.push("registry.test/apps/shop:1", "new content")
    cluster.deploy()
    assert cluster.revision(1)["status"]["containerStatuses"] == before
    cluster.deploy(annotations={"stamp": "2"})
    assert cluster.revision(2)["status"]["containerStatuses"][0]["imageDigest"].endswith(digest)


def test_idle_app_goes_to_zero_and_a_request_brings_it_back() -> None:
    cluster = ControlledStore()
    cluster.deploy()
    cluster.advance(89)
    assert len(cluster.pods(1)) == 1
    cluster.advance(2)
    assert cluster.pods(1) == []
    assert told(cluster.revision(1), "Active")[:2] == ("False", "NoTraffic")
    assert told(cluster.revision(1))[0] == "True"
    assert told(cluster.isvc())[0] == "True"
    assert cluster.controllers.request(HOST).status == 200
    cluster.settle()
    assert len(cluster.pods(1)) == 1


def test_retention_period_keeps_the_last_pod_longer() -> None:
    cluster = ControlledStore()
    cluster.deploy(annotations={RETENTION: "10m"})
    cluster.advance(600)
    assert len(cluster.pods(1)) == 1
    cluster.advance(61)
    assert cluster.pods(1) == []


def test_min_scale_keeps_pods_and_max_scale_bounds_them() -> None:
    cluster = ControlledStore()
    cluster.deploy(minReplicas=2, maxReplicas=5)
    cluster.advance(3600)
    assert len(cluster.pods(1)) == 2
    cluster.controllers.set_load("team-a", "shop-predictor-00001", 300)  # 100 × 70 % each: 4.3 pods.
    cluster.settle()
    assert len(cluster.pods(1)) == 5
    cluster.controllers.set_load("team-a", "shop-predictor-00001", 10_000)
    cluster.settle()
    assert len(cluster.pods(1)) == 5


def test_cluster_without_scale_to_zero_keeps_one_pod() -> None:
    cluster = ControlledStore()
    cluster.platform.set_config("config-autoscaler", enable_scale_to_zero="false")
    cluster.deploy()
    cluster.advance(3600)
    assert len(cluster.pods(1)) == 1


def test_a_revision_without_traffic_has_no_min_scale() -> None:
    cluster = ControlledStore()
    cluster.deploy(image="r.test/shop:1", minReplicas=3)
    cluster.deploy(image="r.test/shop:2", minReplicas=3)
    cluster.advance(100)
    assert (len(cluster.pods(1)), len(cluster.pods(2))) == (0, 3)
    assert cluster.autoscaler(1)["spec"]["reachability"] == "Unreachable"


def patch_min_scale(cluster: ControlledStore, number: int) -> None:
    autoscaler = cluster.autoscaler(number)
    autoscaler["metadata"]["annotations"][MIN] = "0"
    cluster.store.replace(AUTOSCALER, autoscaler)


def test_a_patched_pod_autoscaler_is_set_back_from_its_revision() -> None:
    cluster = ControlledStore()
    cluster.deploy(minReplicas=1)
    patch_min_scale(cluster, 1)
    cluster.settle()
    assert cluster.autoscaler(1)["metadata"]["annotations"][MIN] == "1"


def test_an_old_knative_leaves_the_patched_pod_autoscaler_as_it_is() -> None:
    cluster = ControlledStore()
    cluster.platform.resyncs_autoscalers = False
    cluster.deploy(minReplicas=1)
    patch_min_scale(cluster, 1)
    cluster.advance(100)
    assert cluster.autoscaler(1)["metadata"]["annotations"][MIN] == "0"
    assert cluster.pods(1) == []


def test_annotation_of_the_revision_is_what_counts() -> None:
    cluster = ControlledStore()
    cluster.deploy(minReplicas=1)
    revision = cluster.revision(1)
    revision["metadata"]["annotations"][MIN] = "0"
    cluster.store.replace(REVISION, revision)
    cluster.advance(100)
    assert cluster.autoscaler(1)["metadata"]["annotations"][MIN] == "0"
    assert cluster.pods(1) == []


def container_of(cluster: ControlledStore, number: int = 1) -> dict[str, Any]:
    status: dict[str, Any] = cluster.pods(number)[0]["status"]["containerStatuses"][0]
    return status


def test_image_that_is_not_there_fails_the_revision_at_once() -> None:
    cluster = ControlledStore()
    isvc = cluster.deploy(image="r.test/shop:missing")
    status, reason, message = told(cluster.revision(1))
    assert (status, reason) == ("False", "ContainerMissing")
    assert message.startswith('Unable to fetch image "r.test/shop:missing": failed to resolve image to digest')
    assert told(isvc)[:2] == ("False", "RevisionFailed")
    assert cluster.pods() == []


def test_image_that_cannot_be_pulled_is_seen_in_the_pod_first_and_in_the_revision_after_the_deadline() -> None:
    cluster = ControlledStore()
    isvc = cluster.deploy(image="r.test/shop:broken-pull")
    assert container_of(cluster)["state"]["waiting"]["reason"] == "ImagePullBackOff"
    assert cluster.pods(1)[0]["status"]["phase"] == "Pending"
    assert told(isvc)[0] == "Unknown"
    cluster.platform.set_config("config-deployment", progress_deadline="120s")
    cluster.settle()
    cluster.advance(130)
    assert told(cluster.isvc())[:2] == ("False", "RevisionFailed")
    assert told(cluster.revision(1))[1] == "ImagePullBackOff"
    assert cluster.pods(1) == []


def test_crashing_container_has_a_previous_log_and_fails_the_revision() -> None:
    cluster = ControlledStore()
    cluster.deploy(image="r.test/shop:crash")
    container = container_of(cluster)
    assert container["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert container["lastState"]["terminated"]["exitCode"] == 1
    assert container["restartCount"] > 0
    assert told(cluster.revision(1), "ContainerHealthy")[:2] == ("False", "ExitCode1")
    pod = cluster.pods(1)[0]["metadata"]["name"]
    assert cluster.platform.previous_logs["team-a", pod, "kserve-container"]


def test_wrong_port_runs_but_is_never_ready() -> None:
    cluster = ControlledStore()
    isvc = cluster.deploy(image="r.test/shop:wrong-port")
    assert "running" in container_of(cluster)["state"]
    assert not container_of(cluster)["ready"]
    assert told(isvc)[0] == "Unknown"
    assert any(event["reason"] == "Unhealthy" for event in cluster.store.list("events", "team-a"))
    cluster.advance(601)
    assert told(cluster.revision(1))[:2] == ("False", "ProgressDeadlineExceeded")


def test_slow_image_is_ready_after_a_while() -> None:
    cluster = ControlledStore()
    assert told(cluster.deploy(image="r.test/shop:slow"))[0] == "Unknown"
    assert cluster.controllers.request(HOST).status == 503
    cluster.advance(31)
    assert told(cluster.isvc())[0] == "True"


def test_a_revision_that_is_ready_late_serves_though_a_newer_one_was_made() -> None:
    """As findAndSetLatestReadyRevision of Knative's configuration reconciler."""
    cluster = ControlledStore()
    for tag in ("1", "slow", "broken-pull"):
        cluster.deploy(image=f"registry.test/apps/shop:{tag}")
    assert cluster.isvc()["status"]["components"]["predictor"]["latestReadyRevision"] == "shop-predictor-00001"
    cluster.advance(40)
    assert cluster.isvc()["status"]["components"]["predictor"]["latestReadyRevision"] == "shop-predictor-00002"
    assert cluster.service()["status"]["traffic"][0]["revisionName"] == "shop-predictor-00002"


def test_a_first_deployment_that_fails_has_no_route_and_answers_503() -> None:
    cluster = ControlledStore()
    isvc = cluster.deploy(image="r.test/shop:crash")
    assert told(cluster.service(), "RoutesReady")[:2] == ("False", "RevisionMissing")
    assert "url" not in isvc["status"]
    assert cluster.controllers.request(HOST).status == 503
    assert cluster.controllers.request("nobody.example.com").status == 404


def test_private_registry_needs_the_pull_secret() -> None:
    cluster = ControlledStore()
    cluster.platform.registry.private.add("registry.test/private/")
    cluster.deploy(image="registry.test/private/shop:1")
    assert "UNAUTHORIZED" in told(cluster.revision(1))[2]
    cluster.store.create("secrets", {"metadata": {"name": "pull", "namespace": "team-a"}, "type": "Opaque"})
    cluster.deploy(image="registry.test/private/shop:1", imagePullSecrets=[{"name": "pull"}])
    assert told(cluster.isvc())[0] == "True"


def test_secret_of_the_service_account_serves_too_and_an_unknown_account_fails() -> None:
    cluster = ControlledStore()
    cluster.platform.registry.private.add("registry.test/private/")
    cluster.store.create("secrets", {"metadata": {"name": "pull", "namespace": "team-a"}})
    account = {"metadata": {"name": "puller", "namespace": "team-a"}, "imagePullSecrets": [{"name": "pull"}]}
    cluster.store.create("serviceaccounts", account)
    isvc = cluster.deploy(image="registry.test/private/shop:1", serviceAccountName="puller")
    assert told(isvc)[0] == "True"
    cluster.deploy(serviceAccountName="nobody")
    assert 'serviceaccounts "nobody" not found' in told(cluster.revision(2))[2]


def test_container_waits_for_the_secret_of_its_environment() -> None:
    cluster = ControlledStore()
    reference = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "shop-env", "key": "TOKEN"}}}
    cluster.deploy(container={"env": [reference]})
    assert container_of(cluster)["state"]["waiting"] == {
        "reason": "CreateContainerConfigError",
        "message": 'secret "shop-env" not found',
    }
    cluster.store.create(
        "secrets", {"metadata": {"name": "shop-env", "namespace": "team-a"}, "data": {"TOKEN": "eA=="}}
    )
    cluster.settle()
    assert told(cluster.isvc())[0] == "True"


def test_requests_are_shared_out_by_percent() -> None:
    cluster = ControlledStore()
    cluster.deploy(image="r.test/shop:1")
    cluster.deploy(image="r.test/shop:2", canaryTrafficPercent=30)
    answers = Counter(cluster.controllers.request(HOST).revision for _ in range(100))
    assert answers == {"shop-predictor-00001": 70, "shop-predictor-00002": 30}


def test_revisions_without_traffic_are_cleared_away_beyond_the_limit() -> None:
    cluster = ControlledStore()
    cluster.platform.set_config("config-gc", max_non_active_revisions="2")
    cluster.deploy(image="r.test/shop:1")
    for number in range(2, 7):
        cluster.deploy(image=f"r.test/shop:{number}", canaryTrafficPercent=0)
    assert cluster.revisions() == [f"shop-predictor-{number:05d}" for number in (1, 4, 5, 6)]
    assert cluster.controllers.request(HOST).revision == "shop-predictor-00001"


def test_old_revisions_go_by_age_down_to_the_minimum() -> None:
    cluster = ControlledStore()
    cluster.platform.set_config("config-gc", min_non_active_revisions="1")
    for number in range(1, 6):
        cluster.deploy(image=f"r.test/shop:{number}")
    assert len(cluster.revisions()) == 5
    cluster.advance(49 * 3600)
    assert cluster.revisions() == ["shop-predictor-00004", "shop-predictor-00005"]


def test_long_names_of_revisions_end_in_a_hash() -> None:
    # Of Knative's own tests: a parent of 63 characters, and one that leaves room for the suffix.
    assert child_name("a" * 57, "-00001") == "a" * 57 + "-00001"
    made = child_name("a" * 63, "-00001")
    assert made == "a" * 25 + "b06521f39153d618550606be297466d5" + "-00001"  # md5sum of 63 times a.


def test_writing_the_same_again_changes_nothing() -> None:
    cluster = ControlledStore()
    cluster.deploy()
    before = cluster.store.resource_version
    cluster.deploy()
    cluster.controllers.advance(0)
    cluster.settle()
    assert cluster.store.resource_version == before


def test_two_clusters_with_the_same_steps_are_the_same() -> None:
    def after_steps() -> str:
        cluster = ControlledStore()
        cluster.deploy(image="r.test/shop:1")
        cluster.deploy(image="r.test/shop:2", canaryTrafficPercent=10)
        cluster.advance(40)
        status = [item["status"] for key in (ISVC, SERVICE, REVISION, AUTOSCALER) for item in cluster.store.list(key)]
        return json.dumps(status, sort_keys=True).replace(cluster.platform.clock.stamp()[:10], "")

    first, second = (json.loads(after_steps()) for _ in range(2))
    for status in (*first, *second):
        for item in status["conditions"]:
            item.pop("lastTransitionTime")
    assert first == second


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"ports": [{"containerPort": 8012}]}, "8012 is a reserved port"),
        ({"ports": [{"containerPort": 9091}]}, "9091 is a reserved port"),
        ({"ports": [{"containerPort": 70000}]}, "expected 0 <= 70000 <= 65535"),
        ({"ports": [{"containerPort": 1}, {"containerPort": 2}]}, "more than one container port"),
        ({"ports": [{"containerPort": 8080, "name": "web"}]}, "Port name web is not allowed"),
        ({"ports": [{"containerPort": 8080, "protocol": "UDP"}]}, "invalid value: UDP"),
        ({"name": "queue-proxy"}, "reserved container name"),
        ({"env": [{"name": "PORT", "value": "1"}]}, '"PORT" is a reserved environment variable'),
        ({"env": [{"name": "K_SERVICE", "value": "1"}]}, '"K_SERVICE" is a reserved environment variable'),
        ({"image": ""}, "missing field"),
        ({"image": "Not An Image"}, "Failed to parse image reference"),
    ],
)
def test_webhook_of_services_denies_with_400(change: dict[str, Any], problem: str) -> None:
    denied_service(inference_service(container=change), problem)


@pytest.mark.parametrize(
    ("annotation", "problem"),
    [
        ({MIN: "-1"}, "invalid value: -1"),
        ({MIN: "3", "autoscaling.knative.dev/max-scale": "2"}, "is less than min-scale"),
        ({"autoscaling.knative.dev/initial-scale": "0"}, "initial-scale"),
        ({"autoscaling.knative.dev/target": "0"}, "should be at least 0.01"),
        ({RETENTION: "2h"}, "1h0m0s"),
        ({RETENTION: "soon"}, "1h0m0s"),
    ],
)
def test_webhook_of_services_denies_scale_annotations(annotation: dict[str, str], problem: str) -> None:
    denied_service(inference_service(), problem, annotation)


def denied_service(isvc: dict[str, Any], problem: str, annotations: dict[str, str] | None = None) -> None:
    cluster = ControlledStore()
    template = {
        "metadata": {"annotations": annotations or {}},
        "spec": {"containers": isvc["spec"]["predictor"]["containers"]},
    }
    service = {"metadata": {"name": "shop", "namespace": "team-a"}, "spec": {"template": template}}
    with pytest.raises(StatusError, match=problem) as caught:
        admit("CREATE", SERVICE, None, service, "team-a", store=cluster.store)
    assert (caught.value.status, caught.value.reason) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("localhost:5000/a/b:1", "localhost:5000/a/b"),
        ("r.test/a@sha256:00", "r.test/a"),
        ("r.test/a:1@sha256:00", "r.test/a"),
        ("nginx", "nginx"),
    ],
)
def test_repository_is_the_image_without_tag_and_digest(image: str, name: str) -> None:
    assert repository(image) == name


def test_time_can_go_by_itself() -> None:
    async def scenario() -> list[dict[str, Any]]:
        cluster = ControlledStore()
        cluster.deploy()
        cluster.controllers.follow_real_time(step_s=0.01)
        cluster.platform.clock.advance(100)
        async with asyncio.timeout(20):
            while cluster.pods(1):
                await asyncio.sleep(0.005)
        cluster.controllers.stop()
        return cluster.pods(1)

    assert asyncio.run(scenario()) == []


def test_a_slow_cluster_takes_its_time_and_is_busy_meanwhile() -> None:
    async def scenario() -> tuple[bool, str]:
        cluster = ControlledStore()
        cluster.controllers.delay_s = 0.002
        cluster.store.create(ISVC, inference_service())
        await asyncio.sleep(0)
        busy = cluster.controllers.busy
        async with asyncio.timeout(20):
            while cluster.controllers.busy:
                await asyncio.sleep(0.005)
        return busy, told(cluster.isvc())[0]

    assert asyncio.run(scenario()) == (True, "True")
