"""The doctor of one app: each trouble is produced on the fake cluster, by an app that goes wrong in this way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import httpx
import pytest

from kserve_api.operations.doctor.examination import APP_CHECKS
from kserve_api.operations.doctor.finding import Finding, Result, State, exit_code
from kserve_api.tests.running_cluster import RunningCluster
from kserve_api.tests.running_doctor import (
    IMAGE,
    Look,
    controllers_of,
    deploy,
    examine_app,
    findings,
    healthy_cluster,
    platform_of,
    states,
)

_ISVC = "inferenceservices.serving.kserve.io"
_KSVC = "services.serving.knative.dev"
_MAPPING = "domainmappings.serving.knative.dev"
_CLAIM = "clusterdomainclaims.networking.internal.knative.dev"
_HOST = "shop.calvinruntime.net"


@pytest.fixture
def cluster() -> Iterator[RunningCluster]:
    with healthy_cluster() as running:
        yield running


def _one(results: Sequence[Result], check: str) -> Finding:
    (finding,) = findings(results, check)
    return finding


def test_all_is_well_with_an_app_that_runs(cluster: RunningCluster) -> None:
    """KS-10: every check is made with the service's own rights, and is ok."""
    deploy(cluster)

    results = examine_app(cluster, Look(get=True))

    assert states(results) == {}
    assert {each.check for each in results} == {*APP_CHECKS, "api server", "gateway"}
    assert exit_code(results) == 0
    assert _one(results, "log").lines == ["starting", "listening on 0.0.0.0:8080"]


def test_an_app_that_is_scaled_to_zero_is_well(cluster: RunningCluster) -> None:
    """KS-10: no pods are no trouble where the app is idle; nothing that needs a pod is told as wrong."""
    deploy(cluster)
    cluster.call(lambda _: controllers_of(cluster).advance(600))
    cluster.settle()

    results = examine_app(cluster)

    assert _one(results, "pods").cause == "no pods: scaled to zero, the next request starts one"
    assert set(states(results)) <= {"image", "container", "port", "log"}
    assert exit_code(results) == 0


def test_an_image_that_cannot_be_pulled_is_named(cluster: RunningCluster) -> None:
    """Trouble app-wont-start-image: ImagePullBackOff, with registry, tag and pull secret to look at."""
    deploy(cluster, "broken-pull")

    results = examine_app(cluster)

    image = _one(results, "image")
    assert image.state is State.FAIL
    assert "cannot pull its image: ImagePullBackOff Back-off pulling image" in image.cause
    assert "image_pull_secret" in image.fix
    assert image.command.startswith("kubectl describe pod shop-predictor-00001-")
    assert _one(results, "log").state is State.UNKNOWN  # The container has not started.
    assert "Failed to pull image" in " ".join(_one(results, "events").lines)
    assert exit_code(results) == 1


def test_an_image_that_is_not_in_the_registry_is_named_before_there_is_a_pod(cluster: RunningCluster) -> None:
    """Trouble app-wont-start-image: the tag is not there, so Knative makes no pod at all."""
    deploy(cluster, "missing")

    results = examine_app(cluster)

    revision = _one(results, "revision")
    assert revision.state is State.FAIL
    assert "ContainerMissing Unable to fetch image" in revision.cause
    assert "404 Not Found" in revision.cause
    assert "registry and tag" in revision.fix
    assert _one(results, "pods").state is State.FAIL
    assert any("PredictorReady is False" in each.cause for each in findings(results, "conditions"))


def test_a_private_registry_without_its_secret_is_named(cluster: RunningCluster) -> None:
    """Trouble app-wont-start-image: the registry lets nobody in without a secret."""
    cluster.call(lambda _: platform_of(cluster).registry.private.add("registry.digitalocean.com/"))
    deploy(cluster)

    revision = _one(examine_app(cluster), "revision")

    assert "UNAUTHORIZED" in revision.cause
    assert "image_pull_secret" in revision.fix


def test_a_container_that_ends_is_told_with_its_exit_code_and_last_lines(cluster: RunningCluster) -> None:
    """Trouble app-wont-start-crash: CrashLoopBackOff: exit code, what it means, the last lines, also of before."""
    deploy(cluster, "crash")

    results = examine_app(cluster)

    container = _one(results, "container")
    assert container.state is State.FAIL
    assert "ended with exit code 1 (Error): the program ended with an error; restarts: 3" in container.cause
    assert container.command.endswith("-c kserve-container --previous --tail 50")
    now, before = findings(results, "log")
    assert "RuntimeError: DATABASE_URL is not set" in before.lines
    assert "previous container" in before.cause
    assert now.lines == before.lines
    assert any("RevisionFailed" in each.cause for each in findings(results, "conditions"))


def test_a_container_that_was_killed_for_memory_is_told_as_that(cluster: RunningCluster) -> None:
    """Trouble app-wont-start-memory: OOMKilled asks for a larger size, not for a look into the program."""
    deploy(cluster)

    def kill() -> None:
        (pod,) = cluster.store.list("pods", "default")
        status = pod["status"]
        ended = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": platform_of(cluster).clock.stamp()}
        status["containerStatuses"][0] |= {"restartCount": 1, "lastState": {"terminated": ended}, "ready": True}
        cluster.store.set_status("pods", "default", pod["metadata"]["name"], status)

    controllers_of(cluster).pause()
    cluster.call(lambda _: kill())

    container = _one(examine_app(cluster, Look(only="container")), "container")

    assert container.state is State.WARN  # It runs again.
    assert "exit code 137 (OOMKilled): it used more memory than its limit" in container.cause
    assert "more memory" in container.fix


def test_a_container_that_listens_elsewhere_is_told_with_the_port(cluster: RunningCluster) -> None:
    """Trouble app-wont-start-port: it runs, but nothing answers on the port that it was deployed with."""
    deploy(cluster, "wrong-port", port=9000)

    results = examine_app(cluster, Look(later_s=120))

    port = _one(results, "port")
    assert port.state is State.FAIL
    assert "is not ready: nothing answers on port 9000" in port.cause
    assert "$PORT" in port.fix
    assert port.command.startswith("kubectl port-forward pod/shop-predictor-00001-")
    assert port.command.endswith(" -n default 9000:9000")
    assert _one(results, "container").state is State.OK
    assert "Readiness probe failed" in " ".join(_one(results, "events").lines)


def test_an_app_that_has_only_just_started_is_given_time(cluster: RunningCluster) -> None:
    deploy(cluster, "slow")

    assert _one(examine_app(cluster, Look(only="port")), "port").state is State.WARN


def test_a_secret_that_is_gone_is_told(cluster: RunningCluster) -> None:
    """Trouble app-wont-start-secret: the Secret of a variable was deleted by hand."""
    deploy(cluster, secret_envs={"TOKEN": "value"})

    def remove() -> None:
        for secret in cluster.store.list("secrets", "default"):
            cluster.store.delete("secrets", "default", secret["metadata"]["name"])
        for pod in cluster.store.list("pods", "default"):
            cluster.store.delete("pods", "default", pod["metadata"]["name"])

    cluster.call(lambda _: remove())
    cluster.settle()
    cluster.call(lambda _: controllers_of(cluster).request(_HOST))
    cluster.settle()

    container = _one(examine_app(cluster, Look(only="container")), "container")

    assert container.state is State.FAIL
    assert "CreateContainerConfigError secret" in container.cause


def test_a_pod_that_no_node_takes_is_told(cluster: RunningCluster) -> None:
    """Trouble app-wont-start-room: Pending, with what the scheduler says."""
    deploy(cluster)

    def unschedule() -> None:
        (pod,) = cluster.store.list("pods", "default")
        why = {"reason": "Unschedulable", "message": "0/3 nodes are available: 3 Insufficient memory."}
        conditions = [{"type": "PodScheduled", "status": "False", **why}]
        status = {"phase": "Pending", "conditions": conditions}
        cluster.store.set_status("pods", "default", pod["metadata"]["name"], status)

    controllers_of(cluster).pause()
    cluster.call(lambda _: unschedule())

    pods = _one(examine_app(cluster, Look(only="pods")), "pods")

    assert pods.state is State.FAIL
    assert "Unschedulable 0/3 nodes are available: 3 Insufficient memory." in pods.cause


def test_an_app_that_is_not_there_ends_the_checks(cluster: RunningCluster) -> None:
    """Trouble app-missing: the name or the namespace is wrong."""
    results = examine_app(cluster, name="shoe")

    app = _one(results, "app")
    assert (app.state, app.cause) == (State.FAIL, "there is no app shoe in default")
    assert _one(results, "image").cause == "not looked at: see app"
    assert exit_code(results) == 1


def test_an_app_that_another_tool_deployed_is_said_to_be_so(cluster: RunningCluster) -> None:
    def strip() -> None:
        found = cluster.store.get(_ISVC, "default", "shop")
        del found["metadata"]["labels"]["app.kubernetes.io/managed-by"]
        cluster.store.replace(_ISVC, found)

    deploy(cluster)
    cluster.call(lambda _: strip())

    app = _one(examine_app(cluster, Look(only="app")), "app")

    assert app.state is State.WARN
    assert "was not deployed by this service" in app.cause


def test_a_kserve_that_does_not_look_is_told(cluster: RunningCluster) -> None:
    """Trouble kserve-down: its controller does nothing, so the app has no conditions."""
    controllers_of(cluster).pause("kserve")
    deploy(cluster)

    results = examine_app(cluster)

    conditions = _one(results, "conditions")
    assert conditions.state is State.FAIL
    assert conditions.command == "kubectl get pods -n kserve"
    assert _one(results, "revision").cause == "KServe has made no revision"
    assert "there is no Knative Service shop-predictor" in _one(results, "knative service").cause


def test_a_domain_that_another_namespace_has_claimed_is_told_with_its_owner(cluster: RunningCluster) -> None:
    """Trouble not-accessible-claimed: the DomainMapping is not ready since the name is another namespace's."""
    deploy(cluster)

    def take() -> None:
        cluster.store.delete(_CLAIM, None, _HOST)
        cluster.store.create(_CLAIM, {"metadata": {"name": _HOST}, "spec": {"namespace": "team-b"}})

    cluster.call(lambda _: take())
    cluster.call(lambda _: controllers_of(cluster).advance(1))
    cluster.settle()

    domain = _one(examine_app(cluster, Look(only="domain")), "domain")

    assert domain.state is State.FAIL
    assert "DomainAlreadyClaimed" in domain.cause
    assert domain.cause.endswith("it is claimed by namespace team-b")
    assert domain.command == f"kubectl get clusterdomainclaim {_HOST} -o jsonpath='{{.spec.namespace}}'"


def test_a_domain_mapping_that_was_deleted_is_told(cluster: RunningCluster) -> None:
    """Trouble not-accessible-domain: there is no DomainMapping."""
    deploy(cluster)
    cluster.call(lambda store: store.delete(_MAPPING, "default", _HOST))
    cluster.settle()

    domain = _one(examine_app(cluster, Look(only="domain")), "domain")

    assert domain.state is State.FAIL
    assert f"there is no DomainMapping {_HOST} in default" in domain.cause
    assert "deploy the app again" in domain.fix


def test_a_domain_that_leads_elsewhere_is_told(cluster: RunningCluster) -> None:
    """Trouble not-accessible-domain: somebody has changed where it leads."""
    deploy(cluster)
    deploy(cluster, name="blog")

    def turn() -> None:
        found = cluster.store.get(_MAPPING, "default", _HOST)
        found["spec"]["ref"]["name"] = "blog-predictor"
        cluster.store.replace(_MAPPING, found)

    cluster.call(lambda _: turn())
    cluster.settle()

    domain = _one(examine_app(cluster, Look(only="domain")), "domain")

    assert domain.cause == f"{_HOST} leads to Service blog-predictor, not to shop-predictor"


def test_a_domain_without_claims_is_told(cluster: RunningCluster) -> None:
    """Trouble not-accessible-claims: nobody makes ClusterDomainClaims."""
    cluster.call(lambda _: platform_of(cluster).set_config("config-network", autocreate_cluster_domain_claims="false"))
    deploy(cluster)

    domain = _one(examine_app(cluster, Look(only="domain")), "domain")

    assert domain.state is State.FAIL
    assert "autocreate-cluster-domain-claims" in domain.fix


def test_a_knative_service_that_is_gone_is_told(cluster: RunningCluster) -> None:
    """Trouble not-accessible-service: the app has no Knative Service."""
    deploy(cluster)
    controllers_of(cluster).pause("kserve")
    cluster.call(lambda store: store.delete(_KSVC, "default", "shop-predictor"))

    service = _one(examine_app(cluster, Look(only="knative service")), "knative service")

    assert service.state is State.FAIL
    assert service.command.startswith("kubectl logs deployment/kserve-controller-manager -n kserve")


def test_hosts_without_an_address_are_told_each_with_its_own_record(cluster: RunningCluster) -> None:
    """Trouble not-accessible-dns: the wildcard record, and the CNAME of a custom domain."""
    deploy(cluster, custom_domain="shop.acme.example")

    async def nothing(_: str) -> Sequence[str]:
        return ()

    own, custom = findings(examine_app(cluster, Look(only="dns", resolve=nothing)), "dns")

    assert "wildcard record *.calvinruntime.net" in own.fix
    assert custom.fix == f"let a CNAME record of shop.acme.example lead to {_HOST}"


def test_a_gateway_without_pods_is_told_of_the_app_too(cluster: RunningCluster) -> None:
    """Trouble not-accessible-gateway: Kourier has no pods."""
    deploy(cluster)
    cluster.call(lambda store: store.delete("pods", "kourier-system", "3scale-kourier-gateway-1"))

    assert set(states(examine_app(cluster))) == {"gateway"}


@pytest.mark.parametrize(
    ("answer", "state"),
    [(200, State.OK), (404, State.WARN), (503, State.FAIL), (None, State.UNKNOWN)],
    ids=str,
)
def test_the_url_is_asked_only_when_it_is_wanted(cluster: RunningCluster, answer: int | None, state: State) -> None:
    """Trouble not-accessible-url: what the app's URL answers."""
    asked: list[str] = []

    async def fetch(url: str) -> int:
        asked.append(url)
        if answer is None:
            raise httpx.ConnectError("refused")
        return answer

    deploy(cluster)

    assert "url" not in {each.check for each in examine_app(cluster, Look(fetch=fetch))}
    assert asked == []
    assert _one(examine_app(cluster, Look(fetch=fetch, get=True)), "url").state is state
    assert asked == [f"https://{_HOST}/"]


def test_an_app_that_never_goes_to_zero_says_why(cluster: RunningCluster) -> None:
    """Trouble never-zero: an old KServe does not carry minReplicas 0 to Knative."""
    cluster.call(lambda _: setattr(platform_of(cluster), "drops_zero_min_replicas", True))
    deploy(cluster)

    scale = _one(examine_app(cluster, Look(only="scale")), "scale")

    assert scale.state is State.FAIL
    assert scale.cause.startswith("MinScaleNotCarried: ")
    assert "KSERVE_API_PATCH_OLD_KSERVE" in scale.fix


def test_an_app_in_a_cluster_that_never_goes_to_zero_says_so(cluster: RunningCluster) -> None:
    """Trouble never-zero: enable-scale-to-zero is false for the whole cluster."""
    cluster.call(lambda _: platform_of(cluster).set_config("config-autoscaler", enable_scale_to_zero="false"))
    deploy(cluster)

    assert _one(examine_app(cluster, Look(only="scale")), "scale").cause.startswith("DisabledInCluster: ")


def test_a_kserve_that_does_not_know_the_mode_is_told(cluster: RunningCluster) -> None:
    """Trouble never-zero: before 0.16 KServe takes the word Knative for none, and its default holds."""

    def age() -> None:
        platform_of(cluster).kserve_version = (0, 15)
        platform_of(cluster).set_kserve_config("deploy", defaultDeploymentMode="RawDeployment")

    cluster.call(lambda _: age())
    deploy(cluster)

    results = examine_app(cluster)

    app = _one(results, "app")
    assert app.state is State.FAIL
    assert "mode RawDeployment (asked for: Knative)" in app.cause
    assert "Serverless" in app.fix
    assert _one(results, "conditions").cause == "not looked at: see app"


def test_pods_that_were_asked_for_are_no_trouble(cluster: RunningCluster) -> None:
    deploy(cluster, min_scale=1)

    assert _one(examine_app(cluster, Look(only="scale")), "scale").state is State.OK


def test_an_old_version_that_still_answers_has_its_cause_told(cluster: RunningCluster) -> None:
    """Trouble old-version: the newest revision is not ready, so the one before goes on."""
    deploy(cluster)
    deploy(cluster, "crash")

    results = examine_app(cluster)

    revision = _one(results, "revision")
    assert revision.state is State.FAIL
    assert "shop-predictor-00002 is not ready" in revision.cause
    now, before = findings(results, "log")
    assert "of shop-predictor-00002-" in now.cause
    assert "RuntimeError: DATABASE_URL is not set" in before.lines


def test_a_share_of_traffic_is_told(cluster: RunningCluster) -> None:
    """Trouble old-version: the newest revision gets a part of the requests only."""
    deploy(cluster)

    def pin() -> None:
        found = cluster.store.get(_ISVC, "default", "shop")
        found["spec"]["predictor"]["canaryTrafficPercent"] = 10
        cluster.store.replace(_ISVC, found)

    cluster.call(lambda _: pin())
    cluster.settle()

    traffic = _one(examine_app(cluster, Look(only="traffic")), "traffic")

    assert traffic.state is State.WARN
    assert "10 % of requests" in traffic.cause
    assert "/models/default/shop/traffic" in traffic.command


def test_the_labels_of_the_notes_find_pods_and_container(cluster: RunningCluster) -> None:
    """KS-11: `kubectl logs -l serving.kserve.io/inferenceservice={app} -c kserve-container` is what the doctor says."""
    deploy(cluster)

    labels = "serving.kserve.io/inferenceservice=shop"
    (pod,) = cluster.call(lambda store: store.list("pods", "default", labels=labels))

    container = pod["spec"]["containers"][0]
    assert container["name"] == "kserve-container"
    assert container["image"].startswith(IMAGE)
