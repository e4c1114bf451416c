"""The checks of AWS, on a deployment that is well and on ones with one thing wrong; and without credentials."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from click.testing import CliRunner

from coding_agent.operations.commands import doctor
from coding_agent.operations.doctor import aws_deployment
from coding_agent.operations.doctor.aws import deployment_checks
from coding_agent.operations.doctor.aws_deployment import Deployment
from coding_agent.operations.doctor.aws_network import aws_network_checks
from coding_agent.operations.doctor.execution_role import may_read
from coding_agent.operations.doctor.finding import CHECKS, Finding, State, examine
from coding_agent.tests.aws_deployment import Faults, deploy
from coding_agent.tests.moto_server import client_environment, moto_server


@pytest.fixture(scope="module")
def aws() -> Iterator[boto3.session.Session]:
    with moto_server() as url, pytest.MonkeyPatch.context() as patch:
        for name, value in client_environment(url).items():
            patch.setenv(name, value)
        # What moto lacks it answers with 500, which would be asked again after a pause.
        patch.setattr(aws_deployment, "CLIENT", Config(retries={"total_max_attempts": 1}))
        yield boto3.session.Session()


def _findings(aws: boto3.session.Session, name: str) -> dict[str, Finding]:
    deployment = Deployment(aws, name)
    return dict(examine([*deployment_checks(deployment), *aws_network_checks(deployment)]))


def test_what_is_well_is_ok(aws: boto3.session.Session) -> None:
    found = _findings(aws, deploy(aws, Faults()).name)
    states = {name: finding.state for name, finding in found.items()}
    # moto starts no tasks of services, so that these two see what a service that does not start looks like.
    assert states.pop("tasks") is State.PROBLEM
    assert states.pop("targets") is State.PROBLEM
    assert set(states.values()) == {State.OK}, found
    assert found["tasks"].cause.startswith("0 of 2 tasks run")


def test_it_says_how_the_right_to_read_was_found(aws: boto3.session.Session) -> None:
    found = _findings(aws, deploy(aws, Faults()).name)
    assert "policies compared" in found["secrets"].cause


@pytest.mark.parametrize(
    ("faults", "check", "says"),
    [
        (Faults(image_by_tag=True), "image", "by a tag"),
        (Faults(image_missing=True), "image", "CannotPullContainerError"),
        (Faults(secret_without_value=True), "secrets", "has no value"),
        (Faults(secret_missing=True), "secrets", "there is no secret"),
        (Faults(secret_denied=True), "secrets", "may not read"),
        (Faults(secret_not_allowed=True), "secrets", "may not read"),
        (Faults(runner_role=True), "runner role", "have the role"),
        (Faults(internal=True), "load balancer", "is internal"),
        (Faults(no_listener=True), "load balancer", "no HTTPS listener"),
        (Faults(alb_closed=True), "security groups", "443 is not open"),
        (Faults(service_closed=True), "security groups", "8000 is not open"),
        (Faults(service_open=True), "security groups", "lets in more than 8000"),
        (Faults(runner_open=True), "security groups", "lets out more"),
        (Faults(runner_lets_in=True), "security groups", "lets something in"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_a_fault_is_found_where_it_is(aws: boto3.session.Session, faults: Faults, check: str, says: str) -> None:
    found = _findings(aws, deploy(aws, faults).name)
    wrong = {name for name, finding in found.items() if finding.state is not State.OK} - {"tasks", "targets"}
    assert wrong == {check}
    assert says in found[check].cause
    assert found[check].fix


def test_iam_is_asked_to_simulate_where_it_offers_that(aws: boto3.session.Session) -> None:
    deployment = Deployment(aws, "simulated")
    role, secret, other = "arn:aws:iam::123456789012:role/r", "arn:aws:secretsmanager:a", "arn:aws:secretsmanager:b"
    results = [
        {"EvalActionName": "secretsmanager:GetSecretValue", "EvalResourceName": arn, "EvalDecision": decision}
        for arn, decision in ((secret, "allowed"), (other, "implicitDeny"))
    ]
    asked = {
        "PolicySourceArn": role,
        "ActionNames": ["secretsmanager:GetSecretValue"],
        "ResourceArns": [secret, other],
    }
    with Stubber(deployment.iam) as iam:
        iam.add_response("simulate_principal_policy", {"EvaluationResults": results}, asked)
        assert may_read(deployment, role, [secret, other]) == ([other], "simulated by IAM")


def test_an_empty_account_is_told_what_to_do(aws: boto3.session.Session) -> None:
    found = _findings(aws, "nobody")
    assert found["image"].state is State.PROBLEM
    assert "terraform apply" in found["image"].fix
    assert "there is no ECS service nobody" in found["tasks"].cause
    assert "there is no load balancer" in found["load balancer"].cause


def test_without_credentials_it_says_so_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    result = CliRunner().invoke(doctor, [])
    assert result.exit_code == 1
    assert "AWS credentials: " in result.output
    assert "Traceback" not in result.output


def test_credentials_that_aws_refuses_are_a_problem_of_one_line(
    aws: boto3.session.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    result = CliRunner().invoke(doctor, ["--name", "x"])
    assert result.exit_code == 1
    assert "AWS was not reached" in result.output


def test_every_check_that_is_made_is_documented_and_the_other_way_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CODING_AGENT_URL", raising=False)
    told = set()
    for arguments in ([], ["--local"]):
        lines = CliRunner().invoke(doctor, arguments).output.splitlines()[:-1]
        told |= {line[10:29].strip() for line in lines}
    assert told == set(CHECKS)
