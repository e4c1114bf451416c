"""Whether AWS can start the service's tasks: images, secrets, roles, and what runs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from coding_agent.operations.doctor.aws_deployment import Deployment
from coding_agent.operations.doctor.execution_role import may_read
from coding_agent.operations.doctor.finding import Check, Finding, not_made, ok, problem

__all__ = ["deployment_checks"]

_IMAGE = re.compile(
    r"(?P<account>\d+)\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/(?P<name>[^@:]+)(?:@(?P<digest>sha256:\w+))?"
)
_APPLY = "run terraform apply with image_digests (docs/AWS_FARGATE_DEPLOYMENT.md)"


def deployment_checks(deployment: Deployment) -> Sequence[Check]:
    """Return the checks of what starts tasks."""
    return (
        Check("image", lambda: _image(deployment)),
        Check("secrets", lambda: _secrets(deployment)),
        Check("tasks", lambda: _tasks(deployment)),
        Check("runner role", lambda: _runner_role(deployment)),
    )


def _image(deployment: Deployment) -> Finding:
    if "service" not in deployment.task_definitions:
        return problem(f"there is no task definition {deployment.name}-service", _APPLY)
    images = {c["image"] for each in deployment.task_definitions.values() for c in each["containerDefinitions"]}
    for image in sorted(images):
        found = _IMAGE.match(image)
        if not found:
            return problem(f"{image} is not in ECR", "push it to ECR and give its digest in image_digests")
        if not found["digest"]:
            return problem(f"{image} is named by a tag, which may be moved", "give its digest in image_digests")
        try:
            deployment.ecr.describe_images(
                registryId=found["account"],
                repositoryName=found["name"],
                imageIds=[{"imageDigest": found["digest"]}],
            )
        except (
            deployment.ecr.exceptions.ImageNotFoundException,
            deployment.ecr.exceptions.RepositoryNotFoundException,
        ):
            return problem(
                f"ECR has no {found['name']}@{found['digest'][:19]}…: the task stops with CannotPullContainerError",
                "push the image, and give the digest that docker push prints in image_digests",
            )
    return ok(f"{len(images)} images, each in ECR by its digest")


def _secrets(deployment: Deployment) -> Finding:
    definition = deployment.task_definitions.get("service")
    if definition is None:
        return problem(f"there is no task definition {deployment.name}-service", _APPLY)
    arns = sorted({s["valueFrom"] for c in definition["containerDefinitions"] for s in c.get("secrets", [])})
    if not arns:
        return problem("the service's task definition names no secret", _APPLY)
    if wrong := next(filter(None, (_without_value(deployment, arn) for arn in arns)), None):
        return wrong
    role = definition.get("executionRoleArn", "")
    refused, how = may_read(deployment, role, arns)
    if refused:
        names = ", ".join(arn.rpartition(":secret:")[2] for arn in refused)
        return problem(
            f"{role.rpartition('/')[2] or 'no execution role'} may not read {names} ({how})",
            "allow secretsmanager:GetSecretValue on exactly this ARN to the execution role, and kms:Decrypt on its key",
        )
    return ok(f"{len(arns)} secrets with a value, readable by the execution role ({how})")


def _without_value(deployment: Deployment, arn: str) -> Finding | None:
    name = arn.rpartition(":secret:")[2] or arn
    try:
        secret = deployment.secrets.describe_secret(SecretId=arn)
    except deployment.secrets.exceptions.ResourceNotFoundException:
        return problem(f"there is no secret {name}", "run terraform apply")
    if secret.get("DeletedDate"):
        return problem(f"secret {name} is going to be deleted", f"aws secretsmanager restore-secret --secret-id {name}")
    if not any("AWSCURRENT" in stages for stages in secret.get("VersionIdsToStages", {}).values()):
        return problem(f"secret {name} has no value", f"aws secretsmanager put-secret-value --secret-id {name}")
    return None


def _tasks(deployment: Deployment) -> Finding:
    service = deployment.service
    if service is None:
        return problem(f"there is no ECS service {deployment.name} in cluster {deployment.name}", _APPLY)
    seen = f"{service['runningCount']} of {service['desiredCount']} tasks run"
    if service["runningCount"] >= service["desiredCount"] > 0:
        return ok(seen)
    if service["desiredCount"] == 0:
        return problem(f"{seen}: none are wanted", "set service_min_tasks and run terraform apply")
    reason = deployment.last_stop()
    return problem(f"{seen}; the last stopped because: {reason or 'not told'}", "see the checks above, then `logs`")


def _runner_role(deployment: Deployment) -> Finding:
    definition = deployment.task_definitions.get("runner")
    if definition is None:
        return not_made(f"there is no task definition {deployment.name}-runner")
    if role := definition.get("taskRoleArn"):
        return problem(
            f"tasks of jobs have the role {role.rpartition('/')[2]}: commands of a model could use it",
            "remove task_role_arn from the runner's task definition",
        )
    return ok("tasks of jobs have no role")
