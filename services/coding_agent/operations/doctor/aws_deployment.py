"""What Terraform made, found by its names: the service, its task definitions and its load balancer, each read once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3

from coding_agent.operations.aws_session import CLIENT

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ServiceTypeDef, TaskDefinitionTypeDef

__all__ = ["Deployment"]


class Deployment:
    """The deployment of deploy/fargate/terraform whose `name` variable this is."""

    def __init__(self, session: boto3.session.Session, name: str) -> None:
        self.name = name
        self.ecs = session.client("ecs", config=CLIENT)
        self.ecr = session.client("ecr", config=CLIENT)
        self.iam = session.client("iam", config=CLIENT)
        self.ec2 = session.client("ec2", config=CLIENT)
        self.elb = session.client("elbv2", config=CLIENT)
        self.logs = session.client("logs", config=CLIENT)
        self.alarms = session.client("cloudwatch", config=CLIENT)
        self.secrets = session.client("secretsmanager", config=CLIENT)
        self.budgets = session.client("budgets", config=CLIENT)
        self._sts: Any = session.client("sts", config=CLIENT)

    @cached_property
    def identity(self) -> dict[str, str]:
        """Whose credentials these are: Account and Arn."""
        answer = self._sts.get_caller_identity()
        return {"Account": answer["Account"], "Arn": answer["Arn"]}

    @cached_property
    def service(self) -> ServiceTypeDef | None:
        """The ECS service; None before images were given."""
        if not self.ecs.describe_clusters(clusters=[self.name])["clusters"]:
            return None
        found = self.ecs.describe_services(cluster=self.name, services=[self.name])["services"]
        return next((each for each in found if each.get("status") == "ACTIVE"), None)

    @cached_property
    def task_definitions(self) -> dict[str, TaskDefinitionTypeDef]:
        """The newest task definition of service, runner and proxy; those that are not there are left out."""
        found = {}
        for role in ("service", "runner", "egress-proxy"):
            family = f"{self.name}-{role}"
            listed = self.ecs.list_task_definitions(familyPrefix=family, status="ACTIVE", sort="DESC", maxResults=1)
            if listed["taskDefinitionArns"]:
                answer = self.ecs.describe_task_definition(taskDefinition=listed["taskDefinitionArns"][0])
                found[role] = answer["taskDefinition"]
        return found

    def targets(self) -> list[tuple[str, str]]:
        """Health of each target of the service, and why it is not healthy."""
        groups = [each["targetGroupArn"] for each in (self.service or {}).get("loadBalancers", [])]
        return [
            (health["TargetHealth"]["State"], health["TargetHealth"].get("Description", ""))
            for group in groups
            for health in self.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        ]

    def last_stop(self) -> str | None:
        """Why the task that stopped last did, in ECS's words; ECS forgets them after an hour."""
        stopped = self.ecs.list_tasks(cluster=self.name, serviceName=self.name, desiredStatus="STOPPED")["taskArns"]
        if not stopped:
            return None
        tasks = self.ecs.describe_tasks(cluster=self.name, tasks=stopped[:100])["tasks"]
        last = max(tasks, key=lambda task: task["stoppedAt"].timestamp() if "stoppedAt" in task else 0.0)
        reasons = [last.get("stoppedReason", ""), *(each.get("reason", "") for each in last.get("containers", []))]
        return "; ".join(filter(None, reasons)) or None
