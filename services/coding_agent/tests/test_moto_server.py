"""The calls that Terraform's provider makes and moto lacks, asked for as boto3 does."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest

from coding_agent.tests.moto_server import client_environment, moto_server


@pytest.fixture(scope="module")
def session() -> Iterator[boto3.session.Session]:
    with moto_server() as url, pytest.MonkeyPatch.context() as patch:
        for name, value in client_environment(url).items():
            patch.setenv(name, value)
        yield boto3.session.Session()


def test_tags_of_a_scalable_target_are_read_back(session: boto3.session.Session) -> None:
    client = session.client("application-autoscaling")
    ecs = session.client("ecs")
    ecs.create_cluster(clusterName="a")
    ecs.register_task_definition(family="t", containerDefinitions=[{"name": "c", "image": "i", "memory": 128}])
    ecs.create_service(cluster="a", serviceName="b", taskDefinition="t", desiredCount=1)
    target = client.register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId="service/a/b",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=2,
        MaxCapacity=10,
        Tags={"Project": "test"},
    )["ScalableTargetARN"]
    assert client.list_tags_for_resource(ResourceARN=target)["Tags"] == {"Project": "test"}


def test_tags_of_a_budget_are_read_back(session: boto3.session.Session) -> None:
    client = session.client("budgets")
    client.create_budget(
        AccountId="123456789012",
        Budget={
            "BudgetName": "month",
            "BudgetLimit": {"Amount": "400", "Unit": "USD"},
            "TimeUnit": "MONTHLY",
            "BudgetType": "COST",
        },
        ResourceTags=[{"Key": "Project", "Value": "test"}],
    )
    answer = client.list_tags_for_resource(ResourceARN="arn:aws:budgets::123456789012:budget/month")
    assert answer["ResourceTags"] == [{"Key": "Project", "Value": "test"}]


def test_access_list_of_memorydb_lives_and_ends(session: boto3.session.Session) -> None:
    client = session.client("memorydb")
    made = client.create_acl(ACLName="service", UserNames=["agent"], Tags=[{"Key": "Project", "Value": "test"}])["ACL"]
    assert client.describe_acls(ACLName="service")["ACLs"] == [made]
    assert made["UserNames"] == ["agent"]
    assert client.list_tags(ResourceArn=made["ARN"])["TagList"] == [{"Key": "Project", "Value": "test"}]
    client.delete_acl(ACLName="service")
    with pytest.raises(client.exceptions.ACLNotFoundFault):
        client.describe_acls(ACLName="service")


def test_managed_policies_of_aws_are_there(session: boto3.session.Session) -> None:
    arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    assert session.client("iam").get_policy(PolicyArn=arn)["Policy"]["IsAttachable"]
