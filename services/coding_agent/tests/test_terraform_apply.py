"""Everything is made in an account on loopback, nothing of it changes by itself, and everything goes away again."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from coding_agent.tests.moto_server import client_environment, moto_server
from coding_agent.tests.terraform_cli import Terraform, configuration_copy

# Nearly three minutes, most of it moto's.
pytestmark = pytest.mark.soak

# Moto gives these back otherwise than they were sent; nothing of it is made anew.
READ_BACK_OTHERWISE = {
    "aws_ecs_service": {
        "availability_zone_rebalancing",
        "enable_ecs_managed_tags",
        "health_check_grace_period_seconds",
        "propagate_tags",
    },
    "aws_vpc_security_group_egress_rule": {"description"},
    "aws_vpc_security_group_ingress_rule": {"description"},
}


class Account:
    """An empty account with a zone, and Terraform with its state in a bucket there."""

    def __init__(self, folder: Path, url: str) -> None:
        environment = client_environment(url)
        self.session = boto3.session.Session("testing", "testing", region_name="us-east-1")
        self.url = url
        self.client("s3").create_bucket(Bucket="state")
        zone = self.client("route53").create_hosted_zone(Name="example.com", CallerReference="test")["HostedZone"]["Id"]
        self.terraform = Terraform(folder, environment)
        (folder / "backend.hcl").write_text(
            'bucket = "state"\nkey = "agent.tfstate"\nregion = "us-east-1"\nuse_path_style = true\n', "utf-8"
        )
        self.variables: dict[str, Any] = {
            "domain_name": "agent.example.com",
            "hosted_zone_id": zone.rpartition("/")[2],
            "repositories": ["acme/app"],
            "github_app_id": "1234",
            "webhook": True,
            "callbacks": True,
            "alarm_email": "ops@example.com",
            "protect_from_destroy": False,
        }
        self._folder = folder
        self.terraform.init("-backend-config=backend.hcl")

    def client(self, name: str) -> Any:  # noqa: ANN401 (each service has a type of its own)
        return self.session.client(name, endpoint_url=self.url)  # type: ignore[call-overload]

    def run(self, command: str, *arguments: str, timeout_s: float) -> str:
        (self._folder / "test.auto.tfvars.json").write_text(json.dumps(self.variables), "utf-8")
        started = time.monotonic()
        output = self.terraform.run(command, "-parallelism=30", *arguments, timeout_s=timeout_s)
        counted = re.search(r"(Apply|Destroy) complete! Resources: .*", output)
        print(f"{command}: {time.monotonic() - started:.0f} s {counted[0] if counted else ''}")  # noqa: T201
        return output

    def outputs(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.terraform.run("output", "-json", timeout_s=60))
        return {name: output["value"] for name, output in found.items()}

    def resources(self) -> list[str]:
        listed = self.terraform.run("state", "list", timeout_s=60).splitlines()
        return [name for name in listed if not name.startswith("data.")]


def test_apply_plan_destroy(tmp_path: Path) -> None:
    _from_nothing_to_nothing(tmp_path, wait_for_store=False)


def test_apply_plan_destroy_with_the_store(tmp_path: Path) -> None:
    _from_nothing_to_nothing(tmp_path, wait_for_store=True)


def _from_nothing_to_nothing(folder: Path, *, wait_for_store: bool) -> None:
    with moto_server(folder / "moto.log") as url:
        account = Account(configuration_copy(folder), url)

        # As in the documentation: first without images, then secrets and images, then with them.
        account.run("apply", "-auto-approve", timeout_s=400)
        outputs = account.outputs()
        assert "ecs_service_name" not in outputs
        secrets = account.client("secretsmanager")
        for name in outputs["secret_names"]:
            secrets.put_secret_value(SecretId=name, SecretString="value")
        account.variables["image_digests"] = {
            name: f"sha256:{number * 64}" for name, number in (("service", "1"), ("runner", "2"), ("egress_proxy", "3"))
        }
        account.run("apply", "-auto-approve", timeout_s=300)
        made = account.resources()
        print(f"{len(made)} resources applied")  # noqa: T201
        assert len(made) > 120

        _runs_as_it_should(account)

        account.run("plan", "-out=next.plan", timeout_s=200)
        plan = json.loads(account.terraform.run("show", "-json", "next.plan", timeout_s=60))
        assert _unexpected(plan["resource_changes"]) == {}

        if not wait_for_store:
            # The provider sleeps for five minutes before it looks whether the store is gone.
            account.client("memorydb").delete_cluster(ClusterName="coding-agent")
        output = account.run("destroy", "-auto-approve", timeout_s=900 if wait_for_store else 300)
        destroyed = re.search(r"Resources: (\d+) destroyed", output)
        assert destroyed
        assert int(destroyed[1]) == len(made) - (0 if wait_for_store else 1)
        assert account.resources() == []
        assert account.client("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.0.0.0/16"]}])["Vpcs"] == []
        assert account.client("elbv2").describe_load_balancers()["LoadBalancers"] == []
        # ECS goes on to show clusters that are gone, as what they are.
        names = ["coding-agent", "coding-agent-runners"]
        clusters = account.client("ecs").describe_clusters(clusters=names)["clusters"]
        assert {cluster["status"] for cluster in clusters} <= {"INACTIVE"}


def _unexpected(changes: list[dict[str, Any]]) -> dict[str, object]:
    """What would be made, removed, or changed in more than moto's own ways, by address."""
    found: dict[str, object] = {}
    for each in changes:
        change = each["change"]
        if change["actions"] == ["update"]:
            changed = {name for name, value in change["after"].items() if change["before"].get(name) != value}
            if more := changed - READ_BACK_OTHERWISE.get(each["type"], set()):
                found[each["address"]] = more
        elif change["actions"] not in (["no-op"], ["read"]):
            found[each["address"]] = change["actions"]
    return found


def _runs_as_it_should(account: Account) -> None:
    """What ECS, IAM and the load balancer have is what the service then meets."""
    outputs = account.outputs()
    ecs = account.client("ecs")
    service = ecs.describe_services(cluster=outputs["ecs_cluster_name"], services=[outputs["ecs_service_name"]])[
        "services"
    ][0]
    assert service["desiredCount"] == 2
    runner = ecs.describe_task_definition(taskDefinition=outputs["runner_task_definition"])["taskDefinition"]
    assert not runner.get("taskRoleArn")
    assert not runner.get("volumes")
    definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    settings = {each["name"]: each["value"] for each in definition["containerDefinitions"][0]["environment"]}
    assert settings["CODING_AGENT_FARGATE_TASK_DEFINITION"] == outputs["runner_task_definition"]
    assert settings["CODING_AGENT_PUBLIC_URL"] == outputs["service_url"]
    secrets = account.client("secretsmanager")
    for secret in definition["containerDefinitions"][0]["secrets"]:
        assert secrets.get_secret_value(SecretId=secret["valueFrom"])["SecretString"]
    task = ecs.run_task(
        cluster=settings["CODING_AGENT_FARGATE_CLUSTER"],
        taskDefinition=settings["CODING_AGENT_FARGATE_TASK_DEFINITION"],
        launchType="FARGATE",
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": settings["CODING_AGENT_FARGATE_SUBNETS"].split(","),
                "securityGroups": settings["CODING_AGENT_FARGATE_SECURITY_GROUPS"].split(","),
                "assignPublicIp": "DISABLED",
            }
        },
    )["tasks"][0]
    assert task["taskDefinitionArn"] == outputs["runner_task_definition"]
    ecs.stop_task(cluster=settings["CODING_AGENT_FARGATE_CLUSTER"], task=task["taskArn"])
    alias = account.client("route53").list_resource_record_sets(HostedZoneId=account.variables["hosted_zone_id"])
    targets = [each["AliasTarget"]["DNSName"] for each in alias["ResourceRecordSets"] if "AliasTarget" in each]
    assert [target.rstrip(".").removeprefix("dualstack.") for target in targets] == [outputs["alb_dns_name"]]
