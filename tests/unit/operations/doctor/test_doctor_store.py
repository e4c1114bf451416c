"""What S3 refuses is named as a policy names it; other refusals carry the advice that ends them."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from email.utils import formatdate
from pathlib import Path

import boto3
import pytest
from pydantic import SecretStr

from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.ml_config_loader import inspect_config
from finrag_ml_tg1.operations.doctor.checks import Finding
from finrag_ml_tg1.operations.doctor.clock import check_clock
from finrag_ml_tg1.operations.doctor.credentials import check_credentials
from finrag_ml_tg1.operations.doctor.s3_access import S3Access
from finrag_ml_tg1.operations.doctor.store import (
    check_folder_reading,
    check_folder_writing,
    check_s3_reading,
    check_s3_writing,
)
from tests.s3_server import moto_endpoint
from tests.unit.operations.doctor.answering_server import Reply, Request, s3_refusal, serve

__all__ = ["moto_endpoint"]

URL = "s3://bucket/prefix"
NOT_THERE = s3_refusal(404, "NoSuchKey")
NO_KEYS = Reply(200, b"<ListBucketResult></ListBucketResult>", {"Content-Type": "application/xml"})


@pytest.fixture(autouse=True)
def _no_own_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no_config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no_credentials"))


def config_for(endpoint: str, region: str = "us-east-1") -> MLConfig:
    return MLConfig(
        aws_endpoint_url_s3=endpoint,
        aws_access_key_id=SecretStr("testing"),
        aws_secret_access_key=SecretStr("testing-secret"),
        aws_region=region,
    )


class Service:
    """An S3 service that answers as it is told to, asked through one client: making one takes a while."""

    def __init__(self) -> None:
        self.told: Callable[[Request], Reply] = lambda request: NOT_THERE
        self.access = S3Access("bucket", "prefix", MLConfig())

    def answer(self, request: Request) -> Reply:
        """Return what the test that runs has told."""
        return self.told(request)

    def read_with(self, answer: Callable[[Request], Reply]) -> Finding:
        """Return what is found when it answers so."""
        self.told, self.access.skew_s, self.access.bucket_region = answer, None, None
        return check_s3_reading(self.access, URL)

    def write_with(self, answer: Callable[[Request], Reply]) -> Finding:
        """Return what is found when it answers so."""
        self.told = answer
        return check_s3_writing(self.access)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    service = Service()
    with serve(service.answer) as endpoint:
        service.access = S3Access("bucket", "prefix", config_for(endpoint))
        yield service


def is_listing(request: Request) -> bool:
    return "list-type" in request.path


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "ExpiredToken", "renew AWS_SESSION_TOKEN"),
        (400, "ExpiredToken", "renew AWS_SESSION_TOKEN"),
        (403, "InvalidAccessKeyId", "check AWS_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", "check AWS_SECRET_ACCESS_KEY"),
        (403, "RequestTimeTooSkewed", "set this machine's clock"),
        (301, "PermanentRedirect", "check AWS_REGION"),
        (400, "AuthorizationHeaderMalformed", "check AWS_REGION"),
        (404, "NoSuchBucket", "check FINRAG_STORE"),
        (503, "SlowDown", "try again later"),
    ],
)
def test_refusal_says_what_to_do(service: Service, status: int, code: str, words: str) -> None:
    # To HEAD, which tells boto3 a bucket's region, this one gives no more than that there is none.
    finding = service.read_with(lambda request: NOT_THERE if request.method == "HEAD" else s3_refusal(status, code))
    assert finding.state == "failed"
    assert words in finding.found


def test_denied_actions_are_named_as_in_a_policy(service: Service) -> None:
    denied = s3_refusal(403, "AccessDenied")
    both = service.read_with(lambda request: denied)
    assert both.state == "failed"
    assert "s3:ListBucket and s3:GetObject are denied" in both.found
    get = service.read_with(lambda request: NO_KEYS if is_listing(request) else denied)
    assert get.state == "failed"
    assert get.found.startswith("s3:GetObject is denied")
    listing = service.read_with(lambda request: denied if is_listing(request) else Reply(200, b"0123456789abcdef"))
    assert listing.state == "warning"
    assert "s3:ListBucket is denied" in listing.found


def test_bucket_of_another_region_that_answers_all_the_same_draws_a_warning(service: Service) -> None:
    elsewhere = Reply(NO_KEYS.status, NO_KEYS.body, {**NO_KEYS.headers, "x-amz-bucket-region": "eu-central-1"})
    finding = service.read_with(lambda request: elsewhere if is_listing(request) else NOT_THERE)
    assert finding.state == "warning"
    assert "AWS_REGION=eu-central-1" in finding.advice[0]


def test_address_where_nothing_listens_fails_at_once() -> None:
    began = time.monotonic()
    finding = check_s3_reading(S3Access("bucket", "", config_for("http://127.0.0.1:9")), "s3://bucket")
    assert finding.state == "failed"
    assert "cannot be reached" in finding.found
    assert time.monotonic() - began < 3


def test_read_only_key_is_a_warning_with_the_action(service: Service) -> None:
    finding = service.write_with(lambda request: s3_refusal(403, "AccessDenied"))
    assert finding.state == "warning"
    assert finding.found == "s3:PutObject denied"
    assert "s3:PutObject" in finding.advice[1]


def test_key_that_may_not_delete_is_told_what_was_left(service: Service) -> None:
    written: list[str] = []

    def answer(request: Request) -> Reply:
        if request.method == "DELETE":
            return s3_refusal(403, "AccessDenied")
        if written and request.headers.get("If-None-Match"):
            return s3_refusal(412, "PreconditionFailed")
        written.append(request.path)
        return Reply(200, headers={"ETag": '"1"'})

    finding = service.write_with(answer)
    assert finding.state == "warning"
    assert finding.found == "s3:DeleteObject denied"
    assert any("logs/doctor/" in line for line in finding.advice)


@pytest.mark.parametrize("status", [403, 500])
def test_object_that_can_be_neither_overwritten_nor_deleted_is_named(service: Service, status: int) -> None:
    written: list[str] = []

    def answer(request: Request) -> Reply:
        if request.method == "PUT" and not written:
            written.append(request.path.partition("?")[0])
            return Reply(200, headers={"ETag": '"1"'})
        if request.headers.get("If-None-Match"):
            return s3_refusal(412, "PreconditionFailed")
        return s3_refusal(status, "AccessDenied" if status == 403 else "InternalError")

    finding = service.write_with(answer)
    assert finding.state == ("warning" if status == 403 else "failed")
    [key] = written
    assert any(line.startswith("remove ") and key[key.index("logs/") :] in line for line in finding.advice)


def test_service_that_ignores_conditions_fails(service: Service) -> None:
    finding = service.write_with(lambda request: Reply(200, headers={"ETag": '"1"'}))
    assert finding.state == "failed"
    assert "conditional puts are not kept" in finding.found


def test_working_bucket_passes_and_keeps_nothing(moto_endpoint: str) -> None:
    name = f"doctor-{uuid.uuid4().hex}"
    config = config_for(moto_endpoint)
    with closing(
        boto3.client(
            "s3",
            endpoint_url=moto_endpoint,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )
    ) as client:
        client.create_bucket(Bucket=name)
        access = S3Access(name, "some/prefix", config)
        assert check_s3_reading(access, f"s3://{name}/some/prefix").state == "ok"
        assert check_s3_writing(access).state == "ok"
        assert client.list_objects_v2(Bucket=name)["KeyCount"] == 0
    assert "there is no such bucket" in check_s3_reading(S3Access(f"{name}-x", "", config), "s3://x").found


def test_folder_is_read_and_written_and_keeps_nothing(tmp_path: Path) -> None:
    store = LocalFolderStore(tmp_path / "store")
    assert check_folder_reading(store).state == "warning"
    store.put("index/CURRENT", b"0123456789abcdef")
    assert check_folder_reading(store).state == "ok"
    assert check_folder_writing(store).state == "ok"
    assert [info.key for info in store.list("")] == ["index/CURRENT"]


@pytest.mark.parametrize(
    ("off_s", "state"), [(0, "ok"), (-50, "ok"), (90, "warning"), (-90, "warning"), (1000, "failed"), (-4000, "failed")]
)
def test_clock_is_compared_with_the_date_of_the_store(service: Service, off_s: int, state: str) -> None:
    date = formatdate(time.time() - off_s, usegmt=True)
    service.read_with(
        lambda request: Reply(200, NO_KEYS.body, NO_KEYS.headers, date) if is_listing(request) else missing_at(date)
    )
    finding = check_clock(service.access)
    assert finding.state == state
    if state != "ok":
        assert ("ahead of" if off_s > 0 else "behind") in finding.found


def missing_at(date: str) -> Reply:
    return s3_refusal(404, "NoSuchKey", date=date)


def test_clock_is_told_when_s3_refuses_for_it(service: Service) -> None:
    date = formatdate(time.time() - 7200, usegmt=True)
    finding = service.read_with(lambda request: s3_refusal(403, "RequestTimeTooSkewed", date=date))
    assert "clock" in finding.found
    assert "7200 s ahead of" in check_clock(service.access).found


def test_clock_has_nothing_to_compare_with_in_a_folder() -> None:
    assert check_clock(None).state == "skipped"
    assert check_clock(S3Access("bucket", "", MLConfig())).state == "skipped"


def test_source_of_credentials_is_told_and_their_values_are_not(tmp_path: Path) -> None:
    secret = {"AWS_ACCESS_KEY_ID": "c4n4ry-id", "AWS_SECRET_ACCESS_KEY": "c4n4ry-secret", "AWS_SESSION_TOKEN": "c4n4ry"}
    finding = check_credentials(inspect_config(environ={**secret, "AWS_REGION": "us-east-1"}, folder=tmp_path), {})
    assert finding.state == "ok"
    assert finding.found == "from the environment, temporary"
    assert "c4n4ry" not in str(finding)
    without_region = check_credentials(inspect_config(environ=secret, folder=tmp_path), {})
    assert without_region.state == "warning"


def test_no_credentials_and_unknown_profiles_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inspected = inspect_config(environ={}, folder=tmp_path)
    assert "finds no credentials" in check_credentials(inspected, {}).found
    monkeypatch.setenv("AWS_PROFILE", "of-nobody")
    finding = check_credentials(inspected)
    assert finding.state == "failed"
    assert "AWS_PROFILE=of-nobody" in finding.found
