"""The doctor of an installation: each trouble is produced on the fake cluster, which our own manifests set up."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kserve_api.apps.permissions import required_permissions
from kserve_api.operations.doctor.examination import INSTALLATION_CHECKS
from kserve_api.operations.doctor.finding import State, exit_code
from kserve_api.operations.doctor.surroundings import resolve_host
from kserve_api.settings import Settings
from kserve_api.tests.running_cluster import RunningCluster
from kserve_api.tests.running_doctor import (
    Look,
    controllers_of,
    examine_installation,
    findings,
    healthy_cluster,
    platform_of,
    states,
)

_ROLE = "roles.rbac.authorization.k8s.io"


@pytest.fixture
def cluster() -> Iterator[RunningCluster]:
    with healthy_cluster() as running:
        yield running


@pytest.fixture
def tenants(tmp_path: Path) -> Path:
    file = tmp_path / "tenants.yaml"
    key = {"name": "ci", "sha256": secrets.token_hex(32)}
    file.write_text(json.dumps({"tenants": [{"name": "acme", "namespaces": ["default"], "keys": [key]}]}))
    return file


def test_all_is_well_in_an_installation_by_our_manifests(cluster: RunningCluster, tenants: Path) -> None:
    """KS-10: the service's own account, with the doctor's components, can make every check; each is ok."""
    results = examine_installation(cluster, Look(settings={"tenants_file": tenants}))

    assert states(results) == {}
    assert {each.check for each in results} == set(INSTALLATION_CHECKS)
    assert exit_code(results) == 0


def _config(name: str, **data: str) -> Callable[[RunningCluster], None]:
    return lambda cluster: cluster.call(lambda _: platform_of(cluster).set_config(name, **data))


def _kserve(section: str, **values: object) -> Callable[[RunningCluster], None]:
    return lambda cluster: cluster.call(lambda _: platform_of(cluster).set_kserve_config(section, **values))


def _broken_kserve(cluster: RunningCluster) -> None:
    def change(store: object) -> None:
        found = cluster.store.get("configmaps", "kserve", "inferenceservice-config")
        found["data"]["ingress"] = "{disableIstioVirtualHost"
        cluster.store.replace("configmaps", found)

    cluster.call(change)


def _no_gateway(cluster: RunningCluster) -> None:
    cluster.call(lambda store: store.delete("pods", "kourier-system", "3scale-kourier-gateway-1"))


def _gateway_not_ready(cluster: RunningCluster) -> None:
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}
    cluster.call(lambda store: store.set_status("pods", "kourier-system", "3scale-kourier-gateway-1", status))


def _no_own_domain(cluster: RunningCluster) -> None:
    name = "kserve-api.calvinruntime.net"
    cluster.call(lambda store: store.delete("domainmappings.serving.knative.dev", "kserve-api", name))
    cluster.settle()


def _no_own_service(cluster: RunningCluster) -> None:
    cluster.call(lambda store: store.delete("services", "kserve-api", "kserve-api"))
    cluster.call(lambda _: controllers_of(cluster).advance(60))
    cluster.settle()


class _Trouble(NamedTuple):
    check: str
    which: str
    break_it: Callable[[RunningCluster], None]
    state: State
    cause: str
    command: str


_TROUBLES = [
    _Trouble(
        "scale to zero",
        "switched off",
        _config("config-autoscaler", enable_scale_to_zero="false"),
        State.FAIL,
        "no app ever goes to zero",
        "config-autoscaler -n knative-serving .*enable-scale-to-zero.*true",
    ),
    _Trouble(
        "initial scale",
        "none for new revisions",
        _config("config-autoscaler", allow_zero_initial_scale="true", initial_scale="0"),
        State.WARN,
        "counts as ready, and gets the traffic, before its image has run",
        "config-autoscaler .*initial-scale",
    ),
    _Trouble(
        "domain claims",
        "nobody makes them",
        _config("config-network", autocreate_cluster_domain_claims="false"),
        State.FAIL,
        "no app's domain becomes ready",
        "config-network .*autocreate-cluster-domain-claims.*true",
    ),
    _Trouble(
        "knative domain",
        "same names",
        lambda cluster: (
            _config("config-domain", **{"calvinruntime.net": ""})(cluster),
            _config("config-network", domain_template="{{.Name}}.{{.Domain}}")(cluster),
        )[0],
        State.FAIL,
        "they take the names of DomainMappings",
        "edit configmap config-domain",
    ),
    _Trouble(
        "knative domain",
        "same domain",
        _config("config-domain", **{"calvinruntime.net": ""}),
        State.WARN,
        "are under calvinruntime.net too",
        "edit configmap config-domain",
    ),
    _Trouble(
        "deployment mode",
        "Standard",
        _kserve("deploy", defaultDeploymentMode="Standard", deploymentRolloutStrategy={"type": "Availability"}),
        State.WARN,
        "default is Standard",
        "inferenceservice-config -n kserve .*defaultDeploymentMode.*Knative.*Availability",
    ),
    _Trouble(
        "ingress",
        "waits for Istio",
        _kserve("ingress", disableIstioVirtualHost=False),
        State.FAIL,
        "IngressReady never becomes True",
        "inferenceservice-config -n kserve .*disableIstioVirtualHost.*true",
    ),
    _Trouble(
        "ingress", "not JSON", _broken_kserve, State.FAIL, "no JSON object", "edit configmap inferenceservice-config"
    ),
    _Trouble(
        "gateway", "no pods", _no_gateway, State.FAIL, "no gateway pod in kourier-system", "describe deployment 3scale"
    ),
    _Trouble(
        "gateway", "not ready", _gateway_not_ready, State.FAIL, "no gateway pod of Kourier is ready", "describe pods"
    ),
    _Trouble(
        "own domain",
        "missing",
        _no_own_domain,
        State.FAIL,
        "there is no DomainMapping kserve-api.calv",
        "domainmappings",
    ),
    _Trouble(
        "own domain", "not ready", _no_own_service, State.FAIL, "is not ready: ResolveFailed", "describe domainmapping"
    ),
]


@pytest.mark.parametrize("trouble", _TROUBLES, ids=[f"{each.check}: {each.which}" for each in _TROUBLES])
def test_a_trouble_of_the_platform_is_named_with_what_to_do(
    cluster: RunningCluster, tenants: Path, trouble: _Trouble
) -> None:
    """Trouble platform-settings: the ConfigMaps, the gateway and the own domain, one after the other."""
    trouble.break_it(cluster)

    results = examine_installation(cluster, Look(settings={"tenants_file": tenants}))

    assert set(states(results)) == {trouble.check}
    (finding,) = findings(results, trouble.check)
    assert finding.state is trouble.state
    assert re.search(trouble.cause, finding.cause), finding.cause
    assert re.search(rf"^kubectl .*{trouble.command}", finding.command), finding.command
    assert finding.fix
    assert exit_code(results) == (1 if trouble.state is State.FAIL else 0)


def test_a_wildcard_record_that_is_missing_is_told_with_where_it_should_lead(cluster: RunningCluster) -> None:
    """Trouble not-accessible-dns: no name under the base domain has an address."""

    async def nothing(_: str) -> Sequence[str]:
        return ()

    (finding,) = findings(examine_installation(cluster, Look(resolve=nothing)), "wildcard dns")

    assert finding.state is State.FAIL
    assert "kserve-api-doctor.calvinruntime.net has no address" in finding.cause
    assert "*.calvinruntime.net" in finding.fix
    assert finding.command.startswith("kubectl get service kourier -n kourier-system")


def test_a_resolver_that_does_not_answer_is_no_missing_record(cluster: RunningCluster) -> None:
    async def broken(_: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    (finding,) = findings(examine_installation(cluster, Look(only="wildcard dns", resolve=broken)), "wildcard dns")

    assert finding.state is State.UNKNOWN


@pytest.mark.parametrize(("later_s", "told"), [(120, "ahead of"), (-120, "behind")])
def test_a_clock_that_is_off_is_told(cluster: RunningCluster, later_s: float, told: str) -> None:
    """Trouble clock: JWTs and ages are wrong where the clocks differ."""
    (finding,) = findings(examine_installation(cluster, Look(only="clock", later_s=later_s)), "clock")

    assert finding.state is State.FAIL
    assert re.search(rf"1[12]\d s {told}", finding.cause)


def test_the_servers_clock_is_read_from_its_answers(cluster: RunningCluster) -> None:
    async def long_ago() -> datetime:
        return datetime.now(UTC) - timedelta(hours=2)

    (finding,) = findings(examine_installation(cluster, Look(only="clock", server_time=long_ago)), "clock")
    assert finding.state is State.FAIL

    (finding,) = findings(examine_installation(cluster, Look(only="clock")), "clock")
    assert finding.state is State.OK


def test_each_verb_that_the_role_lacks_is_named(cluster: RunningCluster) -> None:
    """KS-10: RBAC verb by verb; each that is used on apps is taken from the Role once, and each time it is named."""
    whole = cluster.call(lambda store: store.get(_ROLE, "default", "kserve-api"))
    used = [
        (permission, verb)
        for permission in required_permissions(Settings())
        if permission.scope == "apps"
        for verb in permission.verbs
    ]
    assert len(used) > 15
    for permission, verb in used:
        what = permission.resource.plural + (f"/{permission.subresource}" if permission.subresource else "")
        changed = json.loads(json.dumps(whole))
        for rule in changed["rules"]:
            if what in rule["resources"]:
                rule["verbs"].remove(verb)
        _put(cluster, changed)

        (finding,) = findings(examine_installation(cluster, Look(only="permissions")), "permissions")

        assert finding.state is (State.WARN if permission.optional else State.FAIL)
        assert finding.cause == f"this account may not {verb} {what} in default"
        assert finding.command.startswith(f"kubectl auth can-i {verb} {permission.resource.plural}")
        assert finding.command.endswith(" -n default --as system:serviceaccount:kserve-api:kserve-api")
        assert (f"--subresource {permission.subresource} " in finding.command) == bool(permission.subresource)


def _put(cluster: RunningCluster, role: Mapping[str, Any]) -> None:
    def replace() -> None:
        metadata = cluster.store.get(_ROLE, role["metadata"]["namespace"], _name(role))["metadata"]
        cluster.store.replace(_ROLE, {**role, "metadata": metadata})

    cluster.call(lambda _: replace())


def test_each_right_of_the_doctors_components_is_used(cluster: RunningCluster) -> None:
    """KS-09: what the components doctor and doctor-tenant give is what the doctor asks for, object by object."""
    roles = cluster.call(lambda store: [role for role in store.list(_ROLE) if _name(role) == "kserve-api-doctor"])
    rights = [
        (role, number, name)
        for role in roles
        for number, rule in enumerate(role["rules"])
        for name in rule.get("resourceNames", [""])
    ]
    assert len(rights) >= 6
    for role, number, name in rights:
        changed = json.loads(json.dumps(role))
        if name and len(changed["rules"][number]["resourceNames"]) > 1:
            changed["rules"][number]["resourceNames"].remove(name)
        else:
            del changed["rules"][number]
        _put(cluster, changed)

        (finding,) = findings(examine_installation(cluster, Look(only="permissions")), "permissions")

        assert finding.state is State.WARN
        assert name in finding.cause
        assert "only the doctor needs it" in finding.fix
        _put(cluster, role)


def _name(item: Mapping[str, Any]) -> str:
    return str(item["metadata"]["name"])


def test_what_only_the_doctor_may_not_do_is_a_warning(cluster: RunningCluster) -> None:
    cluster.call(lambda store: store.delete(_ROLE, "kourier-system", "kserve-api-doctor"))

    results = examine_installation(cluster)

    assert [f.state for f in findings(results, "permissions")] == [State.WARN]
    (gateway,) = findings(results, "gateway")
    assert gateway.state is State.UNKNOWN
    assert gateway.command == "kubectl get pods -n kourier-system -l app=3scale-kourier-gateway"
    assert exit_code(results) == 0


def test_a_namespace_without_the_role_is_told_as_that(cluster: RunningCluster, tenants: Path) -> None:
    """Trouble cluster-forbidden: the tenant's namespace has no Role of the service."""
    tenants.write_text(tenants.read_text().replace('"default"', '"team-b"'))

    results = examine_installation(cluster, Look(settings={"tenants_file": tenants}))

    told = findings(results, "permissions")
    assert all(finding.state is not State.OK for finding in told)
    assert any(finding.cause == "this account may not create inferenceservices in team-b" for finding in told)
    assert exit_code(results) == 1


def test_a_namespace_that_is_missing_is_told(cluster: RunningCluster, tenants: Path) -> None:
    """Trouble namespace-missing: a tenant's namespace has never been made."""
    tenants.write_text(tenants.read_text().replace('"default"', '"team-c"'))

    (finding,) = findings(
        examine_installation(cluster, Look(account="admin", only="namespaces", settings={"tenants_file": tenants})),
        "namespaces",
    )

    assert (finding.state, finding.cause) == (State.FAIL, "there is no namespace team-c")
    assert finding.command == "kubectl create namespace team-c"


def test_kinds_that_are_not_served_are_named_with_their_version(cluster: RunningCluster) -> None:
    """Trouble crds-missing: KServe or Knative is not installed, or serves another version."""
    cluster.fail_next(r"GET /apis/serving\.kserve\.io/v1beta1$", 404, reason="NotFound")

    told = findings(examine_installation(cluster, Look(only="kinds")), "kinds")

    assert [f.cause for f in told] == ["inferenceservices of serving.kserve.io/v1beta1 are not served"]
    assert told[0].command.startswith("kubectl get crd inferenceservices.serving.kserve.io")


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (None, "cannot be read"),
        ("tenants: [", "tenants file"),
        ("tenants: [{name: a, namespaces: [default], key: x}]", "this field is not known"),
        ("\x00", "tenants file"),
    ],
    ids=["missing", "not YAML", "unknown field", "control character"],
)
def test_a_tenants_file_that_cannot_be_used_is_told(
    cluster: RunningCluster, tmp_path: Path, content: str | None, cause: str
) -> None:
    """Trouble tenants-file: it is missing, or has a mistake."""
    file = tmp_path / "tenants.yaml"
    if content is not None:
        file.write_text(content)

    (finding,) = findings(
        examine_installation(cluster, Look(only="tenants", settings={"tenants_file": file})), "tenants"
    )

    assert finding.state is State.FAIL
    assert cause in finding.cause


def test_without_an_api_server_nothing_else_is_looked_at_and_the_exit_code_says_so(cluster: RunningCluster) -> None:
    """Trouble api-server: it does not answer."""
    cluster.fail_next("GET /api/v1", drop=True, times=100)

    results = examine_installation(cluster, Look(settings={"cluster_timeout_s": 2}))

    assert {each.finding.state for each in results} == {State.UNKNOWN}
    assert "did not answer" in results[0].finding.cause
    assert exit_code(results) == 2


def test_a_check_that_the_cluster_fails_is_unknown_and_the_others_go_on(cluster: RunningCluster) -> None:
    cluster.fail_next("config-domain", 500, reason="InternalError", message="etcd at 10.0.0.9 is down", times=20)

    results = examine_installation(cluster)

    (finding,) = findings(results, "knative domain")
    assert (finding.state, finding.cause) == (State.UNKNOWN, "the API server answered 500 InternalError")
    assert [f.state for f in findings(results, "gateway")] == [State.OK]


def test_it_only_reads(cluster: RunningCluster) -> None:
    before = len(cluster.requests)

    examine_installation(cluster)

    asked = cluster.requests[before:]
    assert {path for method, path, _, _ in asked if method != "GET"} == {
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    }


def test_the_resolver_tells_names_that_do_not_exist_from_one_that_has_an_address() -> None:
    assert "127.0.0.1" in asyncio.run(resolve_host("localhost"))
