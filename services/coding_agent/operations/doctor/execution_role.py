"""Whether a role may read secrets: by IAM's own simulation where it is offered, else by its policies' statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from coding_agent.operations.doctor.aws_deployment import Deployment

__all__ = ["may_read"]

_ACTION = "secretsmanager:GetSecretValue"


def may_read(deployment: Deployment, role_arn: str, secrets: Sequence[str]) -> tuple[list[str], str]:
    """Return the secrets that the role may not read, and how this was found."""
    if not role_arn:
        return list(secrets), "there is none"
    try:
        answer = deployment.iam.simulate_principal_policy(
            PolicySourceArn=role_arn, ActionNames=[_ACTION], ResourceArns=list(secrets)
        )
    except (ClientError, ResponseParserError) as error:
        why = "not offered"
        if isinstance(error, ClientError) and "AccessDenied" in error.response.get("Error", {}).get("Code", ""):
            why = "not allowed"
        statements = list(_statements(deployment, role_arn.rpartition("/")[2]))
        refused = [secret for secret in secrets if not _allowed(statements, secret)]
        return refused, f"policies compared, their conditions not, since IAM's simulation is {why} here"
    return (
        [e["EvalResourceName"] for e in answer["EvaluationResults"] if e["EvalDecision"] != "allowed"],
        "simulated by IAM",
    )


def _statements(deployment: Deployment, role: str) -> Iterator[Mapping[str, Any]]:
    """The statements of the role's own policies and of those attached to it."""
    iam = deployment.iam
    documents: list[Any] = [
        iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]["DefaultVersionId"]
        answer = iam.get_policy_version(PolicyArn=attached["PolicyArn"], VersionId=version)
        documents.append(answer["PolicyVersion"]["Document"])
    for document in documents:
        yield from _listed(document["Statement"])


def _allowed(statements: Sequence[Mapping[str, Any]], secret: str) -> bool:
    effects = {
        statement["Effect"]
        for statement in statements
        if any(fnmatchcase(_ACTION.lower(), action.lower()) for action in _listed(statement.get("Action", [])))
        and any(fnmatchcase(secret, resource) for resource in _listed(statement.get("Resource", [])))
    }
    return effects == {"Allow"}


def _listed(value: Any) -> list[Any]:  # noqa: ANN401
    return value if isinstance(value, list) else [value]
