"""Whether AWS lets requests in, and jobs' tasks out only to the proxy: load balancer, targets, security groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from coding_agent.operations.doctor.aws_deployment import Deployment
from coding_agent.operations.doctor.finding import Check, Finding, not_made, ok, problem

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import IpPermissionOutputTypeDef, SecurityGroupTypeDef

__all__ = ["aws_network_checks"]

_SERVICE_PORT = 8000
_PROXY_PORT = 3128
_HTTPS = 443
_APPLY = "run terraform apply: a rule was changed by hand"


def aws_network_checks(deployment: Deployment) -> Sequence[Check]:
    """Return the checks of the way in and of the way out."""
    return (
        Check("targets", lambda: _targets(deployment)),
        Check("load balancer", lambda: _load_balancer(deployment)),
        Check("security groups", lambda: _security_groups(deployment)),
    )


def _targets(deployment: Deployment) -> Finding:
    if deployment.service is None:
        return not_made(f"there is no ECS service {deployment.name}")
    targets = deployment.targets()
    healthy = sum(state == "healthy" for state, _ in targets)
    seen = f"{healthy} of {len(targets)} targets healthy"
    if healthy and healthy == len(targets):
        return ok(seen)
    why = next((why or state for state, why in targets if state != "healthy"), "none is registered: no task runs")
    return problem(f"{seen}: {why}", "see `logs`: the service must answer 200 at /healthz, port 8000, within 60 s")


def _load_balancer(deployment: Deployment) -> Finding:
    try:
        balancer = deployment.elb.describe_load_balancers(Names=[deployment.name])["LoadBalancers"][0]
    except deployment.elb.exceptions.LoadBalancerNotFoundException:
        return problem(f"there is no load balancer {deployment.name}", "run terraform apply")
    if balancer["Scheme"] != "internet-facing":
        return problem(f"load balancer {deployment.name} is {balancer['Scheme']}", "set internal = false and apply")
    listeners = deployment.elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    if not any(each.get("Port") == _HTTPS and each.get("Protocol") == "HTTPS" for each in listeners):
        return problem("no HTTPS listener at 443", "run terraform apply with domain_name and a certificate")
    return ok(f"internet-facing, HTTPS at 443, {balancer['DNSName']}")


def _security_groups(deployment: Deployment) -> Finding:
    names = {role: f"{deployment.name}-{role}" for role in ("alb", "service", "runner", "egress-proxy", "endpoints")}
    found = deployment.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": list(names.values())}])
    groups = {each["GroupName"]: each for each in found["SecurityGroups"]}
    if missing := [name for name in names.values() if name not in groups]:
        return problem(f"there is no security group {missing[0]}", "run terraform apply")
    of = {role: groups[name] for role, name in names.items()}
    ids = {role: group["GroupId"] for role, group in of.items()}
    wrong = [*_wrong_in(of, ids), *_wrong_out(of["runner"], ids)]
    return (
        problem("; ".join(wrong), _APPLY) if wrong else ok("443 to the balancer, 8000 to tasks, runners to the proxy")
    )


def _wrong_in(of: dict[str, SecurityGroupTypeDef], ids: dict[str, str]) -> Iterable[str]:
    if not any(_is(rule, _HTTPS) and rule.get("IpRanges") for rule in of["alb"]["IpPermissions"]):
        yield "443 is not open to the load balancer"
    if not any(_is(rule, _SERVICE_PORT) and ids["alb"] in _groups(rule) for rule in of["service"]["IpPermissions"]):
        yield "8000 is not open from the load balancer to the tasks"
    for role, source, port in (("service", "alb", _SERVICE_PORT), ("egress-proxy", "runner", _PROXY_PORT)):
        if any(not _is(rule, port) or not _only(rule, {ids[source]}) for rule in of[role]["IpPermissions"]):
            yield f"the {role} group lets in more than {port} from the {source} group"
    if of["runner"]["IpPermissions"]:
        yield "the runner group lets something in"


def _wrong_out(runner: SecurityGroupTypeDef, ids: dict[str, str]) -> Iterable[str]:
    rules = runner["IpPermissionsEgress"]
    if not any(_is(rule, _PROXY_PORT) and ids["egress-proxy"] in _groups(rule) for rule in rules):
        yield "runners cannot reach the proxy"
    for rule in rules:
        to_proxy = _is(rule, _PROXY_PORT) and _only(rule, {ids["egress-proxy"]})
        # Images and logs: the endpoints' group, and the list of S3's addresses, behind an endpoint with a policy.
        to_endpoints = _is(rule, _HTTPS) and _only(rule, {ids["endpoints"]})
        if not to_proxy and not to_endpoints:
            yield "the runner group lets out more than to the proxy and the endpoints of images and logs"
            return


def _is(rule: IpPermissionOutputTypeDef, port: int) -> bool:
    return rule.get("IpProtocol") == "tcp" and rule.get("FromPort") == rule.get("ToPort") == port


def _groups(rule: IpPermissionOutputTypeDef) -> set[str]:
    return {pair.get("GroupId", "") for pair in rule.get("UserIdGroupPairs", [])}


def _only(rule: IpPermissionOutputTypeDef, groups: set[str]) -> bool:
    """Whether a rule names no addresses, and no group but these."""
    return not rule.get("IpRanges") and not rule.get("Ipv6Ranges") and _groups(rule) <= groups
