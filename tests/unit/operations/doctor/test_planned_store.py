"""The pod's store and size before a deployment: keys of its own, no more rights than it needs, enough memory."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import boto3
import pytest
from pydantic import SecretStr

from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.operations.doctor.checks import run_checks
from finrag_ml_tg1.operations.doctor.index import IndexInStore
from finrag_ml_tg1.operations.doctor.memory import memory_need
from finrag_ml_tg1.operations.doctor.s3_access import S3Access
from finrag_ml_tg1.operations.doctor.sevalla.before_deploy import planned_checks
from finrag_ml_tg1.operations.doctor.sevalla.permissions import (
    check_least_privilege,
    check_pod_keys,
    check_store_address,
)
from finrag_ml_tg1.operations.doctor.sevalla.sizes import check_backend_size, check_frontend_size
from tests.s3_server import moto_endpoint
from tests.sample_index import sample_store
from tests.unit.operations.doctor.answering_server import Reply, Request, s3_refusal, serve
from tests.unit.operations.doctor.planned import planned

__all__ = ["moto_endpoint", "sample_store"]

KEY, SECRET = SecretStr("testing"), SecretStr("testing-secret")


def config_for(endpoint: str) -> MLConfig:
    return MLConfig(
        aws_endpoint_url_s3=endpoint, aws_access_key_id=KEY, aws_secret_access_key=SECRET, aws_region="us-east-1"
    )


def test_store_and_keys_of_this_machine_are_not_the_pods() -> None:
    assert check_store_address("s3://filings/finrag").state == "ok"
    folder = check_store_address("/var/finrag/store")
    assert folder.state == "failed"
    assert "finrag publish" in folder.advice[0]
    assert check_pod_keys(config_for("http://127.0.0.1:9")).state == "ok"
    assert check_pod_keys(MLConfig()).state == "failed"
    temporary = config_for("http://127.0.0.1:9").model_copy(update={"aws_session_token": SecretStr("of-an-hour")})
    assert check_pod_keys(temporary).state == "warning"


def test_nothing_is_written_unless_asked_for() -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Reply:
        asked.append(request)
        return Reply(200)

    with serve(answer) as url:
        finding = check_least_privilege(S3Access("bucket", "x", config_for(url)), writes=False)
    assert finding.state == "skipped"
    assert "--write" in finding.advice[0]
    assert not asked
    assert check_least_privilege(None, writes=True).state == "skipped"


@pytest.mark.parametrize(
    ("allowed", "state", "word"),
    [
        (("logs/", "feedback/"), "ok", "nowhere else"),
        (("logs/", "feedback/", "index/"), "warning", "replace the index"),
        (("logs/",), "warning", "feedback/"),
        ((), "warning", "not kept"),
    ],
)
def test_rights_of_the_keys_are_told_by_what_is_denied(allowed: tuple[str, ...], state: str, word: str) -> None:
    stored: set[str] = set()

    def answer(request: Request) -> Reply:
        key = request.path.partition("?")[0].removeprefix("/bucket/prefix/")
        if request.method == "PUT" and key.startswith(allowed):
            stored.add(key)
            return Reply(200, headers={"ETag": '"1"'})
        if request.method == "DELETE" and key.startswith("index/"):
            stored.discard(key)
            return Reply(204)
        return s3_refusal(403, "AccessDenied")

    with serve(answer) as url:
        finding = check_least_privilege(S3Access("bucket", "prefix", config_for(url)), writes=True)
    assert finding.state == state
    assert word in finding.found
    # What these keys may not delete stays: one object in each of the two folders, however often it is tried.
    assert stored <= {"logs/doctor/pod", "feedback/doctor/pod"}
    assert {key for key in ("logs/doctor/pod", "feedback/doctor/pod") if key in str(finding)} == stored


def test_objects_that_stay_are_named_whatever_comes_after_them() -> None:
    """The keys write and overwrite everywhere, delete nothing, and the service fails at the last folder."""
    stored: list[str] = []

    def answer(request: Request) -> Reply:
        key = request.path.partition("?")[0].removeprefix("/bucket/prefix/")
        if key.startswith("feedback/"):
            return s3_refusal(503, "SlowDown")
        if request.method == "PUT":
            stored.append(key)
            return Reply(200, headers={"ETag": '"1"'})
        return s3_refusal(403, "AccessDenied")

    with serve(answer) as url:
        finding = check_least_privilege(S3Access("bucket", "prefix", config_for(url)), writes=True)
    assert finding.state == "failed"
    assert len(stored) == 4
    assert [key for key in stored if key not in str(finding.advice)] == []


def test_service_that_fails_is_not_taken_for_a_denial() -> None:
    with serve(lambda request: s3_refusal(500, "InternalError")) as url:
        assert check_least_privilege(S3Access("bucket", "x", config_for(url)), writes=True).state == "failed"


def test_service_that_fails_where_the_keys_may_write_is_not_taken_for_a_denial() -> None:
    def answer(request: Request) -> Reply:
        return s3_refusal(503, "SlowDown") if "/feedback/" in request.path else s3_refusal(403, "AccessDenied")

    with serve(answer) as url:
        finding = check_least_privilege(S3Access("bucket", "x", config_for(url)), writes=True)
    assert finding.state == "failed"
    assert "503" in finding.found


def test_keys_that_may_do_everything_draw_a_warning_and_nothing_stays(moto_endpoint: str) -> None:
    bucket = f"bucket-{uuid.uuid4().hex[:12]}"
    client = boto3.client(
        "s3",
        endpoint_url=moto_endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEY.get_secret_value(),
        aws_secret_access_key=SECRET.get_secret_value(),
    )
    client.create_bucket(Bucket=bucket)
    finding = check_least_privilege(S3Access(bucket, "finrag", config_for(moto_endpoint)), writes=True)
    assert finding.state == "warning"
    assert "index/, raw/, doctor/" in finding.found
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    client.close()


@pytest.mark.parametrize(
    ("memory_mb", "state", "advice"),
    [(10, "failed", "choose"), (0, "warning", "choose"), (2000, "ok", "")],
)
def test_size_is_held_against_what_the_index_needs(
    memory_mb: int, state: str, advice: str, sample_store: Path, tmp_path: Path
) -> None:
    index, config = IndexInStore(LocalFolderStore(sample_store)), MLConfig()
    need = memory_need(index, config)
    tight_mb = (need.least_bytes + need.good_bytes) // 2_000_000
    plan = planned(tmp_path, size="T1")
    prices = tmp_path / "deploy" / "pricing.yaml"
    tried = f'      T1: {{cpu: "1", memory_mb: {memory_mb or tight_mb}, month: "3", confidence: reported}}\n'
    prices.write_text(prices.read_text("utf-8").replace("    sizes:\n", f"    sizes:\n{tried}", 1), "utf-8")
    finding = check_backend_size(plan, index, config)
    assert finding.state == state
    assert "T1 (1 CPU" in finding.found
    if advice:
        # 1 CPU, and of those with one the least a month among what the platform lists.
        assert "the cheapest that fits is C1 (1 CPU, 1,000 MB, $18 a month)" in finding.advice[0]
        assert "Update process > Resource" in finding.advice[1]


def test_sizes_of_the_descriptor_and_unknown_ones(sample_store: Path, tmp_path: Path) -> None:
    index, config = IndexInStore(LocalFolderStore(sample_store)), MLConfig()
    of_descriptor = check_backend_size(planned(tmp_path / "a"), index, config)
    assert of_descriptor.state == "ok"
    assert "S2 (1 CPU, 2,000 MB, $40 a month)" in of_descriptor.found
    assert "sizes today: H1, S1, S2" in check_backend_size(planned(tmp_path / "b", size="XL"), index, config).advice[0]
    half = check_backend_size(planned(tmp_path / "c", size="S1"), index, config)
    assert half.state == "warning"
    assert "one CPU" in half.found


def test_sizes_are_those_of_the_newest_catalogue_wherever_it_stands_in_the_file(
    sample_store: Path, tmp_path: Path
) -> None:
    plan = planned(tmp_path)
    prices = tmp_path / "deploy" / "pricing.yaml"
    head, listed, notes, rest = re.split(r"^(?=  [a-z]+-20|s3:)", prices.read_text("utf-8"), flags=re.MULTILINE)
    prices.write_text(head + notes + listed + rest, "utf-8")
    found = check_backend_size(plan, IndexInStore(LocalFolderStore(sample_store)), MLConfig()).found
    assert "S2 (1 CPU, 2,000 MB, $40 a month)" in found


@pytest.mark.parametrize(("memory_mb", "state"), [(64, "failed"), (128, "warning"), (300, "ok")])
def test_front_end_fits_its_size(memory_mb: int, state: str, tmp_path: Path) -> None:
    plan = planned(tmp_path)
    prices = tmp_path / "deploy" / "pricing.yaml"
    prices.write_text(prices.read_text("utf-8").replace("memory_mb: 1000", f"memory_mb: {memory_mb}", 1), "utf-8")
    assert check_frontend_size(plan).state == state


def test_all_checks_of_a_plan_on_an_empty_bucket(moto_endpoint: str, tmp_path: Path) -> None:
    plan = planned(tmp_path, backend={"AWS_ENDPOINT_URL_S3": moto_endpoint, "FINRAG_STORE": "s3://of-nobody/x"})
    findings = {result.name: result.finding for result in run_checks(planned_checks(plan), total_s=20)}
    assert findings["store"].state == "failed"
    assert findings["back end size"].state == "skipped"
    assert findings["dashboard"].state == "skipped"
    bad = {name for name, finding in findings.items() if finding.state == "failed"}
    assert bad == {"store"}


def test_pod_with_the_least_rights_passes(sample_store: Path, tmp_path: Path) -> None:
    """It reads below index/ and writes below logs/ and feedback/; it lists and deletes nothing."""

    def answer(request: Request) -> Reply:
        key = request.path.partition("?")[0].removeprefix("/of-ours/finrag/")
        if request.method in {"GET", "HEAD"} and key.startswith("index/"):
            return Reply(200, (sample_store / key).read_bytes(), {"ETag": '"1"'})
        if request.method == "PUT" and key.startswith(("logs/", "feedback/")):
            return Reply(200, headers={"ETag": '"1"'})
        return s3_refusal(403, "AccessDenied")

    with serve(answer) as url:
        plan = planned(tmp_path, backend={"AWS_ENDPOINT_URL_S3": url, "FINRAG_STORE": "s3://of-ours/finrag"})
        findings = {result.name: result.finding for result in run_checks(planned_checks(plan, writes=True), total_s=20)}
    assert {name for name, finding in findings.items() if finding.state in {"warning", "failed"}} == set()
    for name in ("store", "least privilege", "index", "index files", "back end size"):
        assert findings[name].state == "ok", findings[name]


def test_missing_index_is_thought_of_where_nothing_may_be_listed(tmp_path: Path) -> None:
    with serve(lambda request: s3_refusal(403, "AccessDenied")) as url:
        plan = planned(tmp_path, backend={"AWS_ENDPOINT_URL_S3": url, "FINRAG_STORE": "s3://of-ours/finrag"})
        findings = {result.name: result.finding for result in run_checks(planned_checks(plan), total_s=20)}
    assert findings["store"].state == "failed"
    assert "or there is no index" in findings["store"].found


def test_plan_without_a_valid_descriptor_says_so_and_asks_nothing(tmp_path: Path) -> None:
    plan = planned(tmp_path, descriptor=("auto_deploy: false", "auto_deploy: true"))
    findings = {result.name: result.finding for result in run_checks(planned_checks(plan), total_s=20)}
    assert findings["descriptor"].state == "failed"
    assert "store" not in findings
    assert findings["settings"].state == "skipped"
