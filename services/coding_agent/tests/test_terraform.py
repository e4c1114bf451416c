"""The configuration for AWS: written as it should be, valid, its own tests, what its policies allow, its variables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coding_agent.settings import Settings
from coding_agent.tests.terraform_cli import CONFIGURATION, Terraform, configuration_copy

# Every `*` of an action or a resource, and why it is there. More is a finding.
ARN = "arn:${local.partition}"
LOGS = f"{ARN}:s3:::${{local.logs_bucket}}"
STARS = {
    'main.tf: Action = "kms:*"': "the key's own policy, for the account: else nobody could change it any more",
    'main.tf: Resource = "*"': "in a key's policy that is the key itself",
    'network.tf: Action = "*"': "an endpoint's policy, for this account's credentials only",
    'network.tf: Resource = "*"': "the same",
    f'network.tf: Resource = "{ARN}:s3:::prod-${{var.region}}-starport-layer-bucket/*"': "layers of images",
    'network.tf: Resource = ["${local.flow_log_group_arn}", "${local.flow_log_group_arn}:log-stream:*"]': "streams",
    'load_balancer.tf: Action = "s3:*"': "a denial",
    f'load_balancer.tf: Resource = ["{LOGS}", "{LOGS}/*"]': "the same",
    f'load_balancer.tf: Resource = "{LOGS}/AWSLogs/${{local.account}}/*"': "objects of a log",
    'runner.tf: Resource = "*"': "ecr:GetAuthorizationToken knows no resource",
    'runner.tf: Resource = "${group.arn}:log-stream:*"': "streams of one log: named after tasks",
    'service.tf: Resource = "*"': "ecs:DescribeTaskDefinition knows no resource",
    'service.tf: Resource = "<ecs>:task-definition/${var.name}-runner:*"': "revisions of the one definition of jobs",
    'service.tf: Resource = "<ecs>:task/${var.name}-runners/*"': "tasks of jobs: ECS gives them their names",
    'service.tf: Resource = "<ecs>:task/${var.name}/*"': "the service's own tasks",
}


@pytest.fixture(scope="module")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    terraform = Terraform(configuration_copy(tmp_path_factory.mktemp("checks")))
    terraform.init("-backend=false")
    return terraform


def test_files_are_formatted() -> None:
    assert Terraform(CONFIGURATION).run("fmt", "-check", "-recursive", "-diff", timeout_s=30) == ""


def test_configuration_is_valid(terraform: Terraform) -> None:
    assert "Success" in terraform.run("validate", timeout_s=120)


def test_its_own_tests_pass(terraform: Terraform) -> None:
    output = terraform.run("test", timeout_s=500)
    print(re.search(r"Success! .*", output))  # noqa: T201
    assert re.search(r"Success! \d+ passed, 0 failed\.", output)


def test_policies_have_a_star_only_where_aws_leaves_no_choice() -> None:
    found = set()
    for path in sorted(CONFIGURATION.glob("*.tf")):
        for line in path.read_text("utf-8").splitlines():
            rule = re.sub(r"\s+", " ", line.strip())
            if re.match(r"(Action|Resource) = ", rule) and "*" in rule:
                found.add(f"{path.name}: {rule.replace(f'{ARN}:ecs:${{var.region}}:${{local.account}}', '<ecs>')}")
    assert found == set(STARS)


def test_no_policy_names_everything_but_something() -> None:
    text = "".join(path.read_text("utf-8") for path in CONFIGURATION.glob("*.tf"))
    assert "NotAction" not in text
    assert "NotResource" not in text
    # A document by data source would be a policy that the tests above do not see.
    assert "aws_iam_policy_document" not in text
    # Policies of AWS change without us.
    assert "aws_iam_role_policy_attachment" not in text


def test_variables_of_the_service_are_settings_that_exist() -> None:
    service = (CONFIGURATION / "service.tf").read_text("utf-8")
    secrets = (CONFIGURATION / "secrets.tf").read_text("utf-8")
    plain = service.partition("settings = merge(")[2].partition("var.settings,")[0]
    secret = secrets.partition("secret_settings = merge(")[2].partition("\n  )")[0]
    names = set(re.findall(r"\b([A-Z][A-Z_]+)\s+=", plain)) | set(re.findall(r"\b([A-Z][A-Z_]+)\s+=", secret))
    assert {"ENVIRONMENT", "FARGATE_TASK_DEFINITION", "GITHUB_APP_ID", "MODEL_URL", "STORE", "GITHUB_TOKEN"} <= names
    assert {name.lower() for name in names} <= set(Settings.model_fields)


def test_every_secret_setting_comes_from_secrets_manager() -> None:
    secrets = (CONFIGURATION / "secrets.tf").read_text("utf-8")
    variables = (CONFIGURATION / "variables.tf").read_text("utf-8")
    kept = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    kept |= {"store", "api_key_digests"}
    for name in kept:
        assert re.search(rf"\b{name.upper()}\b\s+=", secrets), f"{name} has no secret"
        assert f'"{name.upper()}"' in variables, f"{name} can be given as a plain variable"


def test_metrics_are_those_that_the_service_reports() -> None:
    emf = Path(__file__).parents[1] / "observability" / "emf.py"
    if not emf.exists():
        pytest.skip("the service reports no metrics yet")
    reported = emf.read_text("utf-8")
    watched = "".join((CONFIGURATION / name).read_text("utf-8") for name in ("observability.tf", "service.tf"))
    for name in ("QueueDepth", "OldestPendingAge", "JobsRunning", "JobsEnded"):
        assert f'"{name}"' in reported
        assert f'"{name}"' in watched
    assert 'NAMESPACE = "CodingAgent"' in reported
    assert '{"Service": "coding-agent"}' in reported
