"""A planted mistake in the descriptor or in the variables is found by the check it belongs to, before a deployment."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from finrag_ml_tg1.errors import FinRAGError
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.operations.deployment.descriptor import DescriptorError
from finrag_ml_tg1.operations.doctor.checks import Finding
from finrag_ml_tg1.operations.doctor.sevalla.descriptor_checks import (
    PROBE_PATHS,
    check_descriptor,
    check_location,
    check_ports,
    check_probes,
)
from finrag_ml_tg1.operations.doctor.sevalla.pair import check_backend_address, check_shared_key
from finrag_ml_tg1.operations.doctor.sevalla.pasted import from_file, from_here
from finrag_ml_tg1.operations.doctor.sevalla.plan import Plan
from finrag_ml_tg1.operations.doctor.sevalla.variables import (
    check_legal,
    check_placeholders,
    check_present,
    check_settings,
    check_spare,
)
from serving.backend.routes import router
from tests.unit.operations.doctor.planned import BACKEND, FRONTEND, planned

CHECKS: tuple[Callable[[Plan], Finding], ...] = (
    check_descriptor,
    check_ports,
    check_probes,
    lambda plan: check_present(plan, "backend"),
    lambda plan: check_present(plan, "frontend"),
    check_legal,
    check_settings,
    check_placeholders,
    check_spare,
    check_backend_address,
    check_shared_key,
    check_location,
)


def test_right_plan_passes(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    assert [finding for check in CHECKS if (finding := check(plan)).state != "ok"] == []


@pytest.mark.parametrize(
    ("check", "text", "instead", "word"),
    [
        (check_ports, "--port ${PORT:-8000}", "--port ${PORT:-8080}", "8080"),
        (check_ports, "--server.port ${PORT:-8501}", "--server.port 8501", "no ${PORT"),
        (check_ports, "http://internal-hostname:8000", "http://internal-hostname:8001", "BACKEND_URL"),
        (check_probes, "readiness: {path: /readyz", "readiness: {path: /livez", "/readyz"),
        (check_probes, "path: /_stcore/health", "path: /healthz", "/_stcore/health"),
        (check_probes, "failures: 3, body: ok", "failures: 3", "body"),
    ],
)
def test_mistake_in_the_descriptor(
    check: Callable[[Plan], Finding], text: str, instead: str, word: str, tmp_path: Path
) -> None:
    finding = check(planned(tmp_path, descriptor=(text, instead)))
    assert finding.state == "failed"
    assert word in finding.found


@pytest.mark.parametrize(
    ("text", "instead"),
    [("auto_deploy: false", "auto_deploy: true"), ("port: 8000", "port: 15021"), ("size: S2", "size: medium")],
)
def test_descriptor_that_breaks_a_rule_of_the_platform_is_refused(text: str, instead: str, tmp_path: Path) -> None:
    plan = planned(tmp_path, descriptor=(text, instead))
    assert not plan.is_valid
    with pytest.raises(DescriptorError, match=text.split(":", maxsplit=1)[0]):
        check_descriptor(plan)


def test_schema_of_another_day_draws_a_warning(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    (tmp_path / "deploy" / "sevalla" / "sevalla.schema.json").write_text("{}")
    assert check_descriptor(plan).state == "warning"


def test_probes_ask_routes_that_the_back_end_has() -> None:
    assert set(PROBE_PATHS["backend"]) <= {getattr(route, "path", "") for route in router.routes}


@pytest.mark.parametrize("name", BACKEND)
def test_missing_variable_of_the_back_end_is_named(name: str, tmp_path: Path) -> None:
    finding = check_present(planned(tmp_path, backend={name: None}), "backend")
    assert finding.state == "failed"
    assert finding.found.endswith(f": {name}")
    assert finding.advice[0].startswith(f"{name}=")


@pytest.mark.parametrize("name", FRONTEND)
def test_missing_variable_of_the_front_end_is_named(name: str, tmp_path: Path) -> None:
    assert name in check_present(planned(tmp_path, frontend={name: None}), "frontend").found


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("Canary(1)", "parenthesis"),
        ('{"Canary": 1}', "JSON"),
        ('[\\"Canary\\"]', "JSON"),
        ("Canary,2", "comma"),
        ('"Canary"', "double quote"),
        ("'Canary'", "quotes"),
        ("${Canary}", "another variable"),
        ("Canary # of mine", "comment"),
        ("Canary\nand a second line", "line 4"),
        ("Canary\nFINRAG_STORE=s3://again", "again"),
    ],
)
def test_value_that_the_platform_does_not_take_is_named_and_not_shown(value: str, word: str, tmp_path: Path) -> None:
    finding = check_legal(planned(tmp_path, frontend={"STREAMLIT_SERVER_COOKIE_SECRET": value}))
    if "again" in value:
        finding = check_legal(planned(tmp_path / "other", backend={"LOG_LEVEL": value}))
    assert finding.state == "failed"
    assert any(word in line for line in finding.advice), finding
    assert "Canary" not in str(finding)


def test_escaped_commas_and_quotes_are_taken_and_reach_the_program_without_backslash(tmp_path: Path) -> None:
    plan = planned(tmp_path, backend={"FINRAG_SEC_CONTACT": 'Jane \\"J\\" Doe\\, jane@example.com'})
    assert check_legal(plan).state == "ok"
    assert plan.settings("backend").config.sec_contact == 'Jane "J" Doe, jane@example.com'


@pytest.mark.parametrize(
    ("change", "state", "name"),
    [
        ({"LOG_LEVEL": "loud"}, "failed", "LOG_LEVEL in backend.env"),
        ({"FINRAG_CACHE_MB": "0"}, "failed", "FINRAG_CACHE_MB in backend.env"),
        ({"AWS_SECRET_ACCESS_KEY": None}, "failed", "AWS_ACCESS_KEY_ID"),
        ({"FINRAG_API_KEYS": "x"}, "warning", "did you mean FINRAG_API_KEY"),
    ],
)
def test_value_that_the_servers_cannot_use(
    change: dict[str, str | None], state: str, name: str, tmp_path: Path
) -> None:
    finding = check_settings(planned(tmp_path, backend=change))
    assert finding.state == state
    assert name in finding.advice[0]


def test_values_of_examples_are_found(tmp_path: Path) -> None:
    plan = planned(tmp_path / "a", backend={"FINRAG_STORE": "s3://bucket/finrag"})
    assert "FINRAG_STORE" in check_placeholders(plan).found
    plan = planned(tmp_path / "b", frontend={"BACKEND_URL": "http://internal-hostname:8000"})
    assert "BACKEND_URL" in check_placeholders(plan).found
    plan = planned(tmp_path / "c", backend={"AWS_SECRET_ACCESS_KEY": "not-a-real-secret-replace-me"})
    assert check_placeholders(plan).state == "failed"
    plan = planned(tmp_path / "d", backend={"FINRAG_MODEL": "bedrock", "FINRAG_DAILY_BUDGET_USD": "5"})
    assert check_placeholders(plan).state == "ok"


def test_variables_that_should_not_be_there(tmp_path: Path) -> None:
    given = {name: BACKEND[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    finding = check_spare(planned(tmp_path, frontend={"PORT": "8501", **given}))
    assert finding.state == "warning"
    assert [line.split()[0] for line in finding.advice] == ["PORT", *given]


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("http://backend:8000", "leads nowhere"),
        ("http://localhost:8000", "leads nowhere"),
        ("127.0.0.1:8000", "leads nowhere"),
        ("https://finrag-backend-k3j4h.sevalla.app", "public address"),
        ("https://finrag-backend-k3j4h.svc.cluster.local:8000", "no TLS"),
        ("http://finrag-backend-k3j4h.svc.cluster.local", "port is 8000"),
        ("http://finrag-backend-k3j4h.svc.cluster.local:8000/api", "path"),
        (None, "not set"),
    ],
)
def test_address_that_cannot_lead_to_the_back_end(address: str | None, word: str, tmp_path: Path) -> None:
    finding = check_backend_address(planned(tmp_path, frontend={"BACKEND_URL": address}))
    assert finding.state == "failed"
    assert word in finding.found
    assert "Add internal connection" in finding.advice[0]


def test_address_without_its_scheme_is_taken_as_the_front_end_takes_it(tmp_path: Path) -> None:
    plan = planned(tmp_path, frontend={"BACKEND_URL": "finrag-backend-k3j4h.svc.cluster.local:8000"})
    assert check_settings(plan).state == "ok"
    assert check_backend_address(plan).state == "ok"


def test_keys_that_differ_or_can_be_guessed(tmp_path: Path) -> None:
    other = secrets.token_urlsafe(32)
    differs = check_shared_key(planned(tmp_path / "a", frontend={"FINRAG_API_KEY": other}))
    assert differs.state == "failed"
    assert other not in str(differs)
    weak = {"FINRAG_API_KEY": "test"}
    assert check_shared_key(planned(tmp_path / "b", backend=weak, frontend=weak)).state == "warning"
    short = planned(tmp_path / "c", frontend={"STREAMLIT_SERVER_COOKIE_SECRET": "short"})
    assert check_shared_key(short).state == "warning"


def test_bucket_in_another_part_of_the_world_draws_a_warning(tmp_path: Path) -> None:
    assert check_location(planned(tmp_path / "a", backend={"AWS_REGION": "eu-west-1"})).state == "warning"
    elsewhere = {"AWS_ENDPOINT_URL_S3": "https://x.r2.cloudflarestorage.com"}
    assert check_location(planned(tmp_path / "b", backend=elsewhere)).state == "skipped"


def test_variables_of_this_environment_are_completed_by_the_descriptor(tmp_path: Path) -> None:
    secrets_file = tmp_path / ".aws_secrets" / "aws_credentials.env"
    secrets_file.parent.mkdir()
    given = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "FINRAG_API_KEY")
    secrets_file.write_text("".join(f"{name}='{BACKEND[name]}'\n" for name in given))
    here = from_here(tmp_path, {"FINRAG_STORE": BACKEND["FINRAG_STORE"], "OPENAI_API_KEY": "a,b(", "EDITOR": "(x)"})
    plan = Plan(planned(tmp_path / "plan").file, {"backend": here, "frontend": here}, tmp_path)
    assert check_present(plan, "backend").state == "ok"
    assert check_present(plan, "frontend").found.endswith("BACKEND_URL, STREAMLIT_SERVER_COOKIE_SECRET")
    assert plan.environment("backend")["AWS_REGION"] == "us-east-1"
    assert plan.settings("backend").config.cache_mb == 4096
    assert check_legal(plan).advice == (
        "OPENAI_API_KEY in this environment: it has a parenthesis, which the platform does not take",
    )
    escaped = from_here(tmp_path, {"OPENAI_API_KEY": "a,b"})
    plan = Plan(plan.file, {"backend": escaped, "frontend": escaped}, tmp_path)
    assert check_legal(plan).state == "warning"


def test_settings_of_the_pod_are_not_those_of_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ml_config.yaml").write_text("FINRAG_ANSWER_CACHE_MB: 7\n")
    monkeypatch.setenv("FINRAG_REFRESH_S", "77")
    config = plan.settings("backend").config
    assert config.answer_cache_mb == MLConfig().answer_cache_mb != 7
    assert config.refresh_s == MLConfig().refresh_s != 77
    assert BACKEND["AWS_ACCESS_KEY_ID"] not in os.environ.values()


def test_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FinRAGError, match="No such file"):
        from_file(tmp_path / "none.env")
