"""A deployment as Terraform makes it, made with boto3 on moto, as far as the commands look at it; faults on purpose."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import boto3

__all__ = ["Faults", "Made", "deploy"]

_PULL = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What is wrong with it."""

    image_by_tag: bool = False
    image_missing: bool = False
    secret_without_value: bool = False
    secret_missing: bool = False
    secret_denied: bool = False
    secret_not_allowed: bool = False
    runner_role: bool = False
    internal: bool = False
    no_listener: bool = False
    alb_closed: bool = False
    service_open: bool = False
    service_closed: bool = False
    runner_open: bool = False
    runner_lets_in: bool = False


@dataclass
class Made:
    """What was made."""

    name: str
    secret_arn: str = ""
    groups: dict[str, str] = field(default_factory=dict)


def deploy(session: boto3.session.Session, faults: Faults) -> Made:
    """Make one with a name of its own."""
    made = Made(f"agent-{uuid.uuid4().hex[:6]}")
    _network(session, made, faults)
    _tasks(session, made, faults)
    return made


def _network(session: boto3.session.Session, made: Made, faults: Faults) -> None:
    ec2, elb = session.client("ec2"), session.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]
        for n, zone in ((1, "a"), (2, "b"))
    ]
    for role in ("alb", "service", "runner", "egress-proxy", "endpoints"):
        group = ec2.create_security_group(GroupName=f"{made.name}-{role}", Description=role, VpcId=vpc)["GroupId"]
        made.groups[role] = group
        everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        if not (role == "runner" and faults.runner_open):
            ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[everything])  # type: ignore[list-item]
    anywhere = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    rules: list[tuple[str, bool, int, dict[str, Any]]] = [
        ("runner", False, 3128, _from(made, "egress-proxy")),
        ("runner", False, 443, _from(made, "endpoints")),
        ("egress-proxy", True, 3128, _from(made, "runner")),
    ]
    if not faults.alb_closed:
        rules.append(("alb", True, 443, anywhere))
    if not faults.service_closed:
        rules.append(("service", True, 8000, _from(made, "alb")))
    if faults.service_open:
        rules.append(("service", True, 22, anywhere))
    if faults.runner_lets_in:
        rules.append(("runner", True, 8080, _from(made, "service")))
    for role, incoming, port, whom in rules:
        rule: Any = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **whom}
        authorize = ec2.authorize_security_group_ingress if incoming else ec2.authorize_security_group_egress
        authorize(GroupId=made.groups[role], IpPermissions=[rule])
    balancer = elb.create_load_balancer(
        Name=made.name,
        Subnets=[each["SubnetId"] for each in subnets],
        SecurityGroups=[made.groups["alb"]],
        Scheme="internal" if faults.internal else "internet-facing",
    )["LoadBalancers"][0]["LoadBalancerArn"]
    group_arn = elb.create_target_group(Name=made.name, Protocol="HTTP", Port=8000, VpcId=vpc, TargetType="ip")
    certificate = session.client("acm").request_certificate(DomainName="agent.example.com")["CertificateArn"]
    if not faults.no_listener:
        elb.create_listener(
            LoadBalancerArn=balancer,
            Protocol="HTTPS",
            Port=443,
            Certificates=[{"CertificateArn": certificate}],
            DefaultActions=[
                {"Type": "forward", "TargetGroupArn": group_arn["TargetGroups"][0]["TargetGroupArn"]},
            ],
        )


def _from(made: Made, role: str) -> dict[str, Any]:
    return {"UserIdGroupPairs": [{"GroupId": made.groups[role]}]}


def _tasks(session: boto3.session.Session, made: Made, faults: Faults) -> None:
    name = made.name
    image = _image(session, made, faults)
    made.secret_arn = _secret(session, made, faults)
    role = _execution_role(session, made, faults)
    ecs = session.client("ecs")
    service: Any = {"name": "service", "image": image, "memory": 4096, "essential": True}
    service["secrets"] = [{"name": "CODING_AGENT_API_KEY_DIGESTS", "valueFrom": made.secret_arn}]
    ecs.register_task_definition(family=f"{name}-service", executionRoleArn=role, containerDefinitions=[service])
    runner: Any = {
        "family": f"{name}-runner",
        "containerDefinitions": [{"name": "runner", "image": image, "memory": 512}],
    }
    if faults.runner_role:
        runner["taskRoleArn"] = role
    ecs.register_task_definition(**runner)
    ecs.create_cluster(clusterName=name)
    groups = session.client("elbv2").describe_target_groups(Names=[name])["TargetGroups"]
    ecs.create_service(
        cluster=name,
        serviceName=name,
        taskDefinition=f"{name}-service",
        desiredCount=2,
        loadBalancers=[
            {"targetGroupArn": groups[0]["TargetGroupArn"], "containerName": "service", "containerPort": 8000}
        ],
    )


def _image(session: boto3.session.Session, made: Made, faults: Faults) -> str:
    ecr = session.client("ecr")
    uri = ecr.create_repository(repositoryName=f"{made.name}/service")["repository"]["repositoryUri"]
    if faults.image_by_tag:
        return f"{uri}:latest"
    if faults.image_missing:
        return f"{uri}@sha256:{'0' * 64}"
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = json.dumps(
        {"schemaVersion": 2, "mediaType": kind, "config": {"digest": f"sha256:{uuid.uuid4().hex * 2}"}, "layers": []}
    )
    pushed = ecr.put_image(repositoryName=f"{made.name}/service", imageManifest=manifest, imageTag="v1")
    return f"{uri}@{pushed['image']['imageId']['imageDigest']}"


def _secret(session: boto3.session.Session, made: Made, faults: Faults) -> str:
    secrets = session.client("secretsmanager")
    if faults.secret_missing:
        return f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{made.name}/api-key-AAAAAA"
    if faults.secret_without_value:
        return secrets.create_secret(Name=f"{made.name}/api-key")["ARN"]
    return secrets.create_secret(Name=f"{made.name}/api-key", SecretString=uuid.uuid4().hex)["ARN"]


def _execution_role(session: boto3.session.Session, made: Made, faults: Faults) -> str:
    iam = session.client("iam")
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs"}}]}
    name = f"{made.name}-service-execution"
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn=_PULL)
    resource = "arn:aws:secretsmanager:*:*:secret:other-*" if faults.secret_not_allowed else made.secret_arn
    statements = [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": resource}]
    if faults.secret_denied:
        statements.append({"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"})
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=name, PolicyName="start", PolicyDocument=policy)
    return arn
