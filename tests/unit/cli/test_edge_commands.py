"""`finrag share` and `finrag edge`: an answer as a page, and pages on moto's S3 and CloudFront."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from finrag_ml_tg1.cli import main
from tests.local_processes import SETTINGS
from tests.s3_server import moto_endpoint
from tests.sample_index import sample_store

__all__ = ["moto_endpoint", "sample_store"]

QUESTION = "How many employees does Orquenna have in fiscal 2024?"
ACCESS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",  # pragma: allowlist secret
    "AWS_REGION": "us-east-1",
}


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(SETTINGS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FINRAG_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


class Network:
    """A bucket and the distribution in front of it."""

    def __init__(self, endpoint: str) -> None:
        access: dict[str, Any] = {
            "endpoint_url": endpoint,
            "region_name": "us-east-1",
            "aws_access_key_id": "testing",
            "aws_secret_access_key": "testing",  # pragma: allowlist secret
        }
        self.bucket = f"edge-{uuid.uuid4().hex}"
        self.s3 = boto3.client("s3", **access)
        self.s3.create_bucket(Bucket=self.bucket)
        self.cloudfront: Any = boto3.client("cloudfront", **access)
        origin = {
            "Id": "s3",
            "DomainName": f"{self.bucket}.s3.amazonaws.com",
            "S3OriginConfig": {"OriginAccessIdentity": ""},
        }
        behaviour = {"TargetOriginId": "s3", "ViewerProtocolPolicy": "redirect-to-https"}
        config = {
            "CallerReference": self.bucket,
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": behaviour,
        }
        self.distribution = self.cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"]

    def forgotten(self) -> list[list[str]]:
        """The paths of each invalidation, oldest first."""
        listed = self.cloudfront.list_invalidations(DistributionId=self.distribution)["InvalidationList"].get(
            "Items", []
        )
        batches = [
            self.cloudfront.get_invalidation(DistributionId=self.distribution, Id=entry["Id"])["Invalidation"]
            for entry in listed
        ]
        batches.sort(key=lambda batch: batch["CreateTime"])
        return [batch["InvalidationBatch"]["Paths"]["Items"] for batch in batches]

    def head(self, key: str) -> dict[str, Any]:
        return dict(self.s3.head_object(Bucket=self.bucket, Key=key))

    def keys(self) -> set[str]:
        return {entry["Key"] for entry in self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", ())}


@pytest.fixture
def network(moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    for name, value in ACCESS.items():
        monkeypatch.setenv(name, value)
    for service in ("S3", "CLOUDFRONT"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", moto_endpoint)
    network = Network(moto_endpoint)
    yield network
    network.s3.close()
    network.cloudfront.close()


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_an_answer_is_shared_as_a_page_that_needs_nothing_else(sample_store: Path, tmp_path: Path) -> None:
    """SU-10: question, answer, cited words and the filing's address; no script, and no address to load from."""
    (tmp_path / "a.json").write_text(run("ask", QUESTION, "--json", "--store", sample_store).stdout, encoding="utf-8")
    shared = run("share", "a.json", "--out", "shared")
    assert shared.exit_code == 0, shared.output
    (page,) = (tmp_path / "shared").iterdir()
    text = page.read_text(encoding="utf-8")
    assert re.fullmatch(r"finrag-.*employees.*-[0-9a-f]{16}\.html", page.name)
    assert QUESTION in text
    assert "<blockquote>" in text
    assert "<mark>" in text
    assert "default-src 'none'" in text
    assert re.findall(r"<(?:script|img|link|iframe)|\bsrc=", text) == []


@pytest.mark.parametrize("content", ["{}", "no JSON", '{"query": "x", "answer": 3}'])
def test_what_is_no_answer_is_not_shared(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content, encoding="utf-8")
    result = run("share", "a.json", "--out", "shared")
    assert result.exit_code == 2
    assert result.stderr == "finrag: a.json holds no answer as POST /query gives it: nothing was written\n"
    assert not (tmp_path / "shared").exists()


def test_pages_are_published_changed_and_removed(network: Network, tmp_path: Path) -> None:
    """SU-10: what changed is put and forgotten, what did not is left; a name with a hash stays."""
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "index.html").write_text("first")
    (folder / "a.html").write_text("a")
    (folder / "code.1234567c.js").write_text("1")
    to = ("--to", f"s3://{network.bucket}/share", "--distribution", network.distribution)
    first = run("edge", folder, *to)
    assert first.stdout == "3 of 3 files put, 0 removed, 0 paths invalidated\n", first.output
    asset, page = network.head("share/code.1234567c.js"), network.head("share/index.html")
    assert asset["CacheControl"] == "public, max-age=31536000, immutable"
    assert (page["CacheControl"], page["ContentType"]) == (
        "public, max-age=0, s-maxage=86400, must-revalidate",
        "text/html; charset=utf-8",
    )
    assert run("edge", folder, *to).stdout.startswith("0 of 3 files put")
    (folder / "index.html").write_text("second")
    (folder / "a.html").unlink()
    (folder / "code.1234567c.js").rename(folder / "code.abcdef12.js")
    shown = run("edge", folder, *to, "--prune", "--dry-run")
    assert "remove a.html\n" in shown.stdout
    assert network.forgotten() == []
    changed = run("edge", folder, *to, "--prune")
    assert changed.stdout == "2 of 2 files put, 1 removed, 3 paths invalidated\n", changed.output
    assert network.keys() == {"share/index.html", "share/code.1234567c.js", "share/code.abcdef12.js"}
    assert network.forgotten() == [["/share/", "/share/a.html", "/share/index.html"]]


def test_pages_that_the_network_still_has_are_named_when_it_cannot_be_told(network: Network, tmp_path: Path) -> None:
    """The bucket has the new page then, so the next run finds nothing to forget."""
    (tmp_path / "index.html").write_text("first")
    to = ("--to", f"s3://{network.bucket}/share", "--distribution")
    run("edge", tmp_path, *to, network.distribution)
    (tmp_path / "index.html").write_text("second")
    failed = run("edge", tmp_path, *to, "ENOSUCH")
    assert failed.exit_code == 2
    line = failed.stderr.splitlines()[-1]
    assert "/share/ /share/index.html" in line
    assert "a day" in line


@pytest.mark.parametrize(
    ("target", "words"), [("folder", "--to must be s3://bucket/prefix"), ("s3://no-such-bucket-here", "no such bucket")]
)
def test_what_cannot_be_published_is_refused(network: Network, tmp_path: Path, target: str, words: str) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "index.html").write_text("x")
    result = run("edge", "shared", "--to", target)
    assert result.exit_code == 2
    assert words in result.stderr
