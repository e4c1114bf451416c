"""The fake KServe does as the real one: what it hands on, makes up, reports and refuses."""

from __future__ import annotations

from typing import Any

import pytest

from kserve_api.tests.controlled_store import ControlledStore, inference_service, told
from kserve_api.tests.fake_cluster.controllers.platform import ISVC, SERVICE
from kserve_api.tests.fake_cluster.status_error import StatusError

MIN, MAX, INITIAL = (f"autoscaling.knative.dev/{word}" for word in ("min-scale", "max-scale", "initial-scale"))


def template(cluster: ControlledStore) -> dict[str, str]:
    annotations: dict[str, str] = cluster.service()["spec"]["template"]["metadata"]["annotations"]
    return annotations


def test_scale_annotations_of_the_inference_service_are_dropped_and_none_is_one() -> None:
    cluster = ControlledStore()
    wanted = inference_service(annotations={MIN: "0", MAX: "7"})
    del wanted["spec"]["predictor"]["minReplicas"], wanted["spec"]["predictor"]["maxReplicas"]
    cluster.apply(ISVC, wanted)
    assert template(cluster)[MIN] == "1"
    assert MAX not in template(cluster)


def test_scale_annotations_come_from_the_typed_fields() -> None:
    cluster = ControlledStore()
    cluster.deploy(minReplicas=0, maxReplicas=10, scaleTarget=250, scaleMetric="rps", annotations={MIN: "3"})
    made = template(cluster)
    assert (made[MIN], made[MAX]) == ("0", "10")
    assert (made["autoscaling.knative.dev/target"], made["autoscaling.knative.dev/metric"]) == ("250", "rps")
    assert made["autoscaling.knative.dev/class"] == "kpa.autoscaling.knative.dev"


def test_other_annotations_and_labels_reach_the_revision_and_the_pods() -> None:
    cluster = ControlledStore()
    retention = "autoscaling.knative.dev/scale-to-zero-pod-retention-period"
    cluster.deploy(annotations={retention: "300s", "team/note": "x"}, labels={"app.kubernetes.io/managed-by": "me"})
    revision, pod = cluster.revision(1), cluster.pods(1)[0]
    assert (
        revision["metadata"]["annotations"] | {retention: "300s", "team/note": "x"}
        == (revision["metadata"]["annotations"])
    )
    for item in (revision, pod):
        labels = item["metadata"]["labels"]
        assert labels["app.kubernetes.io/managed-by"] == "me"
        assert labels["serving.kserve.io/inferenceservice"] == "shop"
        assert labels["component"] == "predictor"


def test_initial_scale_zero_is_dropped_unless_the_cluster_allows_it() -> None:
    cluster = ControlledStore()
    cluster.deploy(annotations={INITIAL: "0"})
    assert INITIAL not in template(cluster)
    assert len(cluster.pods(1)) == 1
    cluster.platform.set_config("config-autoscaler", allow_zero_initial_scale="true")
    cluster.settle()
    assert template(cluster)[INITIAL] == "0"
    assert told(cluster.isvc())[0] == "True"
    assert cluster.pods(2) == []


@pytest.mark.parametrize(
    ("version", "annotated", "default", "mode"),
    [
        ((0, 16), "Knative", "Standard", "Knative"),
        ((0, 16), "Serverless", "Standard", "Knative"),
        ((0, 16), "RawDeployment", "Serverless", "Standard"),
        ((0, 16), None, "Serverless", "Knative"),
        ((0, 15), "Knative", "RawDeployment", "RawDeployment"),
        ((0, 15), "Serverless", "RawDeployment", "Serverless"),
    ],
)
def test_deployment_mode_is_read_as_this_version_reads_it(
    version: tuple[int, int], annotated: str | None, default: str, mode: str
) -> None:
    cluster = ControlledStore()
    cluster.platform.kserve_version = version
    cluster.platform.set_kserve_config("deploy", defaultDeploymentMode=default)
    wanted = inference_service()
    del wanted["metadata"]["annotations"]["serving.kserve.io/deploymentMode"]
    if annotated:
        wanted["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] = annotated
    cluster.apply(ISVC, wanted)
    assert cluster.isvc()["status"]["deploymentMode"] == mode
    assert (cluster.store.find(SERVICE, "team-a", "shop-predictor") is not None) == (mode in ("Knative", "Serverless"))


def test_standard_mode_never_reaches_zero_pods_and_has_no_revision() -> None:
    cluster = ControlledStore()
    isvc = cluster.deploy(annotations={"serving.kserve.io/deploymentMode": "Standard"})
    assert told(isvc)[0] == "True"
    assert "latestCreatedRevision" not in isvc["status"]["components"]["predictor"]
    cluster.advance(3600)
    assert len(cluster.pods()) == 1
    scaling = cluster.store.get("horizontalpodautoscalers.autoscaling", "team-a", "shop-predictor")
    assert (scaling["spec"]["minReplicas"], scaling["spec"]["maxReplicas"]) == (1, 10)


def test_deployment_mode_cannot_be_changed_afterwards() -> None:
    cluster = ControlledStore()
    cluster.deploy()
    with pytest.raises(StatusError, match="deploymentMode cannot be changed from 'Knative' to 'Standard'"):
        cluster.deploy(annotations={"serving.kserve.io/deploymentMode": "Standard"})


def test_recorded_mode_holds_when_the_default_changes() -> None:
    cluster = ControlledStore()
    wanted = inference_service()
    del wanted["metadata"]["annotations"]["serving.kserve.io/deploymentMode"]
    cluster.apply(ISVC, wanted)
    cluster.platform.set_kserve_config("deploy", defaultDeploymentMode="Standard")
    cluster.settle()
    assert cluster.isvc()["status"]["deploymentMode"] == "Knative"
    assert cluster.store.list("deployments.apps") == []


def test_a_ready_app_has_sorted_conditions_addresses_and_a_loaded_model() -> None:
    isvc = ControlledStore().deploy()
    kinds = [item["type"] for item in isvc["status"]["conditions"]]
    assert kinds == sorted(kinds)
    assert {kind: told(isvc, kind)[0] for kind in kinds} == {
        "IngressReady": "True",
        "LatestDeploymentReady": "True",
        "PredictorConfigurationReady": "True",
        "PredictorReady": "True",
        "PredictorRouteReady": "True",
        "Ready": "True",
        "RoutesReady": "True",
        "Stopped": "False",
    }
    assert isvc["status"]["url"] == "http://shop-predictor.team-a.knative.internal.test"
    assert isvc["status"]["address"]["url"] == "http://shop-predictor.team-a.svc.cluster.local"
    assert isvc["status"]["modelStatus"]["states"]["activeModelState"] == "Loaded"
    assert "inferenceservice.finalizers" in isvc["metadata"]["finalizers"]


def test_observed_generation_is_that_of_the_knative_service() -> None:
    cluster = ControlledStore()
    isvc = cluster.deploy(minReplicas=1)
    assert (isvc["metadata"]["generation"], isvc["status"]["observedGeneration"]) == (1, 1)
    wanted = inference_service()
    del wanted["spec"]["predictor"]["minReplicas"]
    cluster.apply(ISVC, wanted)  # None is 1: nothing changes for Knative.
    isvc = cluster.isvc()
    assert (isvc["metadata"]["generation"], isvc["status"]["observedGeneration"]) == (2, 1)


def test_canary_percent_splits_between_the_latest_and_the_revision_rolled_out_before() -> None:
    cluster = ControlledStore()
    cluster.deploy(image="r.test/shop:1")
    cluster.deploy(image="r.test/shop:2", canaryTrafficPercent=20)
    predictor = cluster.isvc()["status"]["components"]["predictor"]
    assert predictor["latestRolledoutRevision"] == "shop-predictor-00001"
    assert {item["revisionName"]: item["percent"] for item in predictor["traffic"]} == {
        "shop-predictor-00002": 20,
        "shop-predictor-00001": 80,
    }
    assert predictor["traffic"][1]["url"] == "http://prev-shop-predictor.team-a.knative.internal.test"
    cluster.deploy(image="r.test/shop:2")
    predictor = cluster.isvc()["status"]["components"]["predictor"]
    assert predictor["latestRolledoutRevision"] == "shop-predictor-00002"
    assert predictor["previousRolledoutRevision"] == "shop-predictor-00001"


def test_canary_percent_of_a_first_deployment_has_nothing_to_split_with() -> None:
    cluster = ControlledStore()
    isvc = cluster.deploy(canaryTrafficPercent=10)
    assert told(isvc, "RoutesReady")[0] == "True"
    # Once it is rolled out, KServe splits between the revision and itself.
    traffic = isvc["status"]["components"]["predictor"]["traffic"]
    assert [(item["revisionName"][-1], item["percent"]) for item in traffic] == [("1", 10), ("1", 90)]


def test_canary_zero_after_a_full_rollout_goes_back_to_the_revision_before() -> None:
    cluster = ControlledStore()
    cluster.deploy(image="r.test/shop:1")
    cluster.deploy(image="r.test/shop:2")
    cluster.deploy(image="r.test/shop:2", canaryTrafficPercent=0)
    predictor = cluster.isvc()["status"]["components"]["predictor"]
    assert {item["revisionName"]: item["percent"] for item in predictor["traffic"]} == {
        "shop-predictor-00002": 0,
        "shop-predictor-00001": 100,
    }
    assert predictor["latestRolledoutRevision"] == "shop-predictor-00001"


def test_a_failing_new_revision_makes_the_app_not_ready_while_the_old_one_serves() -> None:
    cluster = ControlledStore()
    cluster.deploy(image="r.test/shop:1")
    isvc = cluster.deploy(image="r.test/shop:crash")
    status, reason, message = told(isvc)
    assert (status, reason) == ("False", "RevisionFailed")
    assert "shop-predictor-00002" in message
    assert "DATABASE_URL is not set" in message
    assert told(isvc, "LatestDeploymentReady")[0] == "False"
    assert told(isvc, "RoutesReady")[0] == "True"
    assert isvc["status"]["modelStatus"]["lastFailureInfo"]["exitCode"] == 1
    assert cluster.controllers.request("shop-predictor.team-a.knative.internal.test").status == 200


def test_what_knative_refuses_shows_only_as_an_event() -> None:
    cluster = ControlledStore()
    isvc = cluster.deploy(container={"ports": [{"containerPort": 8012}]})
    assert told(isvc)[0] == "Unknown"
    event = cluster.store.list("events", "team-a")[0]
    assert (event["type"], event["reason"], event["involvedObject"]["name"]) == ("Warning", "InternalError", "shop")
    assert "8012 is a reserved port" in event["message"]


def test_without_istio_the_ingress_needs_the_setting() -> None:
    cluster = ControlledStore()
    cluster.platform.set_kserve_config("ingress", disableIstioVirtualHost=False)
    isvc = cluster.deploy()
    assert told(isvc, "PredictorReady")[0] == "True"
    assert told(isvc)[0] == "Unknown"
    assert "VirtualService" in cluster.store.list("events", "team-a")[0]["message"]


def test_deleting_removes_everything_made_for_it() -> None:
    cluster = ControlledStore()
    cluster.deploy()
    cluster.delete(ISVC, "shop")
    for key in (ISVC, SERVICE, "revisions.serving.knative.dev", "pods", "routes.serving.knative.dev"):
        assert cluster.store.list(key, "team-a") == []


def test_a_paused_controller_leaves_a_deleted_object_until_it_runs_again() -> None:
    cluster = ControlledStore()
    cluster.deploy()
    cluster.controllers.pause("kserve")
    cluster.delete(ISVC, "shop")
    assert "deletionTimestamp" in cluster.isvc()["metadata"]
    cluster.controllers.resume()
    cluster.settle()
    assert cluster.store.find(ISVC, "team-a", "shop") is None


def test_an_old_kserve_takes_zero_for_none() -> None:
    cluster = ControlledStore()
    cluster.platform.drops_zero_min_replicas = True
    cluster.deploy(minReplicas=0)
    assert template(cluster)[MIN] == "1"


def test_missing_name_and_resources_of_the_container_are_filled_in() -> None:
    cluster = ControlledStore()
    wanted = inference_service()
    del wanted["spec"]["predictor"]["containers"][0]["name"]
    cluster.apply(ISVC, wanted)
    container = cluster.isvc()["spec"]["predictor"]["containers"][0]
    assert container["name"] == "kserve-container"
    assert container["resources"]["limits"] == {"cpu": "1", "memory": "2Gi"}


@pytest.mark.parametrize(
    ("name", "predictor", "problem"),
    [
        ("Shop", {}, "must consist of lower case"),
        ("1shop", {}, "must consist of lower case"),
        ("shop-", {}, "must consist of lower case"),
        ("shop", {"minReplicas": 3, "maxReplicas": 2}, "MinReplicas cannot be greater than MaxReplicas"),
        ("shop", {"minReplicas": -1}, "MinReplicas cannot be less than 0"),
        ("shop", {"maxReplicas": -1}, "MaxReplicas cannot be less than 0"),
        ("shop", {"scaleMetric": "cpu"}, "not a supported metric"),
        ("shop", {"containers": []}, "Exactly one of"),
    ],
)
def test_webhook_denies_with_403(name: str, predictor: dict[str, Any], problem: str) -> None:
    cluster = ControlledStore()
    with pytest.raises(StatusError, match=problem) as caught:
        cluster.deploy(name, **predictor)
    assert (caught.value.status, caught.value.reason) == (403, "Forbidden")
    assert "denied the request" in caught.value.message


@pytest.mark.parametrize("quantity", ["1 Gi", "lots", "1Q", "--1", "1gi", ""])
def test_schema_denies_what_is_no_quantity(quantity: str) -> None:
    with pytest.raises(StatusError) as caught:
        ControlledStore().deploy(container={"resources": {"limits": {"memory": quantity}}})
    assert (caught.value.status, caught.value.reason) == (422, "Invalid")


def test_a_name_too_long_for_the_knative_service_shows_as_an_event() -> None:
    cluster = ControlledStore()
    cluster.deploy("a" * 53)
    assert told(cluster.isvc("a" * 53))[0] == "True"
    cluster.deploy("a" * 54)
    assert told(cluster.isvc("a" * 54))[0] == "Unknown"
    assert any("no more than 63 characters" in event["message"] for event in cluster.store.list("events"))
