"""The policies of deploy/policies on a server that enforces them: what a back end and a publisher need, and no more."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from finrag_ml_tg1.errors import StoreDeniedError
from finrag_ml_tg1.index.manifest import CURRENT_KEY
from finrag_ml_tg1.loaders.ml_config_loader import load_config
from finrag_ml_tg1.loaders.s3_store import S3Store
from serving.backend.dated_keys import day_folder
from serving.backend.query_batches import QUERIES_FOLDER
from serving.backend.query_journal import QueryJournal
from serving.backend.query_record import queries_parquet
from tests.contract.conftest import EMPLOYEES, Json
from tests.contract.served_stores import index_on_s3
from tests.contract.test_query_validation import assert_problem
from tests.iam_server import IamServer, enforced
from tests.index_versions import LEFT_OUT_QUESTION, TwoVersions, two_versions
from tests.local_processes import Server, clean_environment, serve_backend, wait_until
from tests.logged_queries import logged_rows, record

__all__ = ["two_versions"]

Deed = Callable[[S3Store], object]

PREFIX = "finrag"
FEEDBACK = {"request_id": "request-of-answer", "verdict": "good"}


class Bucket:
    """A bucket with the index, whose users' policies are kept to; `owner` may do everything."""

    def __init__(self, server: IamServer, folder: Path, opened: ExitStack) -> None:
        self.server = server
        self.url = f"s3://{server.bucket}/{PREFIX}"
        self.keys = {
            "reader": server.keys_for("pod-reader"),
            "pod": server.keys_for("pod-reader", "pod-logs"),
            "publisher": server.keys_for("publisher"),
            "owner": server.owners_keys(),
        }
        self.stores = {
            user: opened.enter_context(
                closing(S3Store(server.bucket, PREFIX, load_config(environ=keys, folder=folder)))
            )
            for user, keys in self.keys.items()
        }


@pytest.fixture(scope="module")
def bucket(moto_endpoint: str, two_versions: TwoVersions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    folder = tmp_path_factory.mktemp("no-settings")
    with index_on_s3(two_versions.folder, moto_endpoint) as served, ExitStack() as opened:
        for key in ("raw/filing", "text/filing", "feedback/dt=2026-01-01/x.jsonl"):
            served.store.put(key, b"there before")
        bucket = Bucket(IamServer(moto_endpoint, served.url.split("/")[2], PREFIX), folder, opened)
        with enforced(bucket.server):
            yield bucket


def ask(server: Server, question: str = EMPLOYEES) -> str:
    response = httpx.post(f"{server.url}/query", json={"question": question}, trust_env=False, timeout=30)
    return str(response.raise_for_status().json()["status"])


def health(server: Server) -> Json:
    body: Json = httpx.get(f"{server.url}/health", trust_env=False).json()
    return body


def usage(server: Server) -> Json:
    body: Json = httpx.get(f"{server.url}/usage", trust_env=False).json()
    return body


def warnings_in(output: str) -> list[str]:
    return [line for line in output.splitlines() if '"WARNING"' in line]


def test_back_end_needs_what_both_policies_allow_and_nothing_else(bucket: Bucket, tmp_path: Path) -> None:
    owner = bucket.stores["owner"]
    earlier = queries_parquet([record(timestamp=datetime.now(UTC))])
    owner.put(f"{day_folder(QUERIES_FOLDER, datetime.now(UTC).date())}00000000T000000Z-earlier.parquet", earlier)
    bucket.server.requests.clear()
    with serve_backend(bucket.url, tmp_path / "backend", access=bucket.keys["pod"]) as server:
        assert ask(server) == "answered"
        given = httpx.post(f"{server.url}/feedback", json=FEEDBACK, trust_env=False)
        assert given.status_code == httpx.codes.ACCEPTED
        wait_until(lambda: usage(server)["total"]["queries"] == 2, "the log is counted")
        assert usage(server)["since_start_only"] is False
        assert health(server)["warnings"] == []
    assert warnings_in(server.output) == []
    requests = list(bucket.server.requests)
    folders = {
        action: {each.key.split("/")[0] for each in requests if each.action == action}
        for action in {each.action for each in requests}
    }
    assert folders == {
        "s3:GetObject": {"index", "logs"},
        "s3:PutObject": {"logs", "feedback"},
        "s3:ListBucket": {"logs"},
    }
    assert len(logged_rows(owner)) == 2


def leave_a_row(folder: Path, store_url: str) -> Path:
    """Leave a row as a process that was killed does, so that the next writes it at once; return its file."""
    journal = QueryJournal(folder, store_url)
    file = journal.begin("20260314T120000000000Z-01234567")
    assert file is not None
    journal.add(record(timestamp=datetime.now(UTC)), file)
    file.leave()
    [path] = journal.folder.iterdir()
    return path


def test_back_end_that_may_only_read_answers_warns_once_and_keeps_nothing(bucket: Bucket, tmp_path: Path) -> None:
    left = leave_a_row(tmp_path / "backend" / "cache", bucket.url)
    with serve_backend(bucket.url, tmp_path / "backend", access=bucket.keys["reader"]) as server:
        wait_until(lambda: "writing logs/" in str(health(server)["warnings"]), "the log is switched off")
        for _ in range(3):
            assert ask(server) == "answered"
        for _ in range(2):
            refused = httpx.post(f"{server.url}/feedback", json=FEEDBACK, trust_env=False)
            assert "may not keep feedback" in assert_problem(refused, 503)["detail"]
            assert "Retry-After" not in refused.headers
        assert list(left.parent.iterdir()) == [left], "nothing is added, and what was left stays for other keys"
        state, used = health(server), usage(server)
    assert state["status"] == "ok"
    [warning] = state["warnings"]
    assert all(deed in warning for deed in ("reading logs/", "writing logs/", "writing feedback/", "FINRAG_QUERY_LOG"))
    assert (used["since_start_only"], used["today"]["queries"]) == (True, 4)
    [line] = warnings_in(server.output)
    assert "deploy/policies/pod-logs.json" in line


FORBIDDEN: list[tuple[str, str, Deed]] = [
    ("reader", "put into the index", lambda store: store.put("index/x", b"")),
    ("reader", "name another version", lambda store: store.put(CURRENT_KEY, b"other")),
    ("reader", "delete the index", lambda store: store.delete(CURRENT_KEY)),
    ("reader", "read filings", lambda store: store.get("raw/filing")),
    ("reader", "read texts", lambda store: store.get("text/filing")),
    ("reader", "list the bucket", lambda store: list(store.list(""))),
    ("reader", "see what is missing", lambda store: store.get("index/missing")),
    ("reader", "list the index", lambda store: list(store.list("index/"))),
    ("reader", "put logs", lambda store: store.put("logs/queries/x", b"")),
    ("reader", "put feedback", lambda store: store.put("feedback/x", b"")),
    ("pod", "put into the index", lambda store: store.put("index/x", b"")),
    ("pod", "name another version", lambda store: store.put(CURRENT_KEY, b"other")),
    ("pod", "delete the index", lambda store: store.delete(CURRENT_KEY)),
    ("pod", "delete logs", lambda store: store.delete("logs/queries/x")),
    ("pod", "read feedback", lambda store: store.get("feedback/dt=2026-01-01/x.jsonl")),
    ("pod", "list feedback", lambda store: list(store.list("feedback/"))),
    ("pod", "list the bucket", lambda store: list(store.list(""))),
    ("pod", "read filings", lambda store: store.get("raw/filing")),
    ("publisher", "read filings", lambda store: store.get("raw/filing")),
    ("publisher", "delete filings", lambda store: store.delete("raw/filing")),
    ("publisher", "put logs", lambda store: store.put("logs/queries/x", b"")),
    ("publisher", "read logs", lambda store: store.get("logs/queries/x")),
]


@pytest.mark.parametrize(("user", "what", "deed"), FORBIDDEN, ids=[f"{user}: {what}" for user, what, _ in FORBIDDEN])
def test_whatever_a_policy_does_not_name_is_denied(bucket: Bucket, user: str, what: str, deed: Deed) -> None:
    with pytest.raises(StoreDeniedError, match="AccessDenied"):
        deed(bucket.stores[user])


def test_laptop_publishes_and_the_running_pod_picks_it_up(
    bucket: Bucket, two_versions: TwoVersions, tmp_path: Path
) -> None:
    target = f"s3://{bucket.server.bucket}/{PREFIX}"

    def publish(version: str) -> str:
        command = [sys.executable, "-m", "finrag_ml_tg1", "publish", "--to", target, "--version", version]
        environment = clean_environment(
            FINRAG_STORE=str(two_versions.folder), PYTHONPATH=os.pathsep.join(sys.path), **bucket.keys["publisher"]
        )
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    owner = bucket.stores["owner"]
    for entry in list(owner.list("index/")):
        owner.delete(entry.key)
    assert "now current" in publish(two_versions.smaller)
    bucket.server.requests.clear()
    access = bucket.keys["reader"] | {"FINRAG_QUERY_LOG": "off", "FINRAG_REFRESH_S": "0.2"}
    with serve_backend(target, tmp_path / "pod", access=access) as pod:
        assert health(pod)["index_version"] == two_versions.smaller
        assert ask(pod, LEFT_OUT_QUESTION) == "abstained"
        assert "now current" in publish(two_versions.whole)
        wait_until(lambda: health(pod)["index_version"] == two_versions.whole, "the pod takes the new version")
        assert ask(pod, LEFT_OUT_QUESTION) == "answered"
        assert pod.process.poll() is None

        refused = httpx.post(f"{pod.url}/feedback", json=FEEDBACK, trust_env=False)
        assert "FINRAG_QUERY_LOG is off" in assert_problem(refused, 503)["detail"]
        assert health(pod)["warnings"] == []
        assert usage(pod)["since_start_only"] is True
    assert warnings_in(pod.output) == []
    of_pod = [each for each in bucket.server.requests if each.access_key == access["AWS_ACCESS_KEY_ID"]]
    assert {(each.action, each.key.split("/")[0]) for each in of_pod} == {("s3:GetObject", "index")}
    assert not (tmp_path / "pod" / "cache" / "query-journal").exists()
