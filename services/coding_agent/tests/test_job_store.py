"""What every store of jobs does, tried with both: SQLite, and a real Redis."""

from __future__ import annotations

import itertools
import stat
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from coding_agent.errors import CodingAgentError, JobNotFoundError, MoveRefusedError, StoreUnavailableError
from coding_agent.jobs import job as job_types
from coding_agent.jobs.bounds import MAX_LINE_CHARS
from coding_agent.jobs.job import ENDED, Job, JobError, JobStatus, Stage
from coding_agent.jobs.open_store import open_store
from coding_agent.jobs.redis_store import RedisStore
from coding_agent.jobs.store import Artifact, Idempotency, JobStore, LeaseState
from coding_agent.settings import Settings
from coding_agent.tests.callback_receiver import tls_contexts
from coding_agent.tests.job_samples import KINDS, a_job, a_store, store_address
from coding_agent.tests.redis_server import free_port, redis_server

DAY_S = 86_400.0


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    kind = request.param
    return store_address(kind, tmp_path, request.getfixturevalue("redis_url") if kind == "redis" else "")


@pytest.fixture
def store(address: str) -> Iterator[JobStore]:
    store = a_store(address)
    yield store
    store.close()


def claimed(store: JobStore, worker: str = "w1", lease_s: float = 60) -> Job:
    job = store.claim(worker, lease_s)
    assert job is not None
    return job


def lose_lease(store: JobStore, job: Job, worker: str) -> None:
    store.extend(job.id, worker, -1)


# Submitting


def test_submit_returns_the_job_that_get_returns(store: JobStore) -> None:
    job = a_job()
    submission = store.submit(job)
    assert submission.created
    assert submission.job == job == store.get(job.id)


def test_get_raises_for_a_job_that_is_not_there(store: JobStore) -> None:
    with pytest.raises(JobNotFoundError):
        store.get("none")


def test_submit_gives_the_same_job_for_the_same_key_and_body(store: JobStore) -> None:
    key = Idempotency("alice", "k", "d1")
    first = store.submit(a_job(1), key)
    again = store.submit(a_job(2), key)
    assert (again.created, again.job.id) == (False, first.job.id)


def test_submit_gives_the_same_job_for_a_key_after_its_job_has_ended(store: JobStore) -> None:
    key = Idempotency("alice", "k", "d1")
    job = store.submit(a_job(1), key).job
    store.cancel(job.id)
    again = store.submit(a_job(1), key)
    assert (again.created, again.job.status) == (False, JobStatus.CANCELLED)


def test_submit_refuses_a_key_that_came_with_another_body(store: JobStore) -> None:
    store.submit(a_job(1), Idempotency("alice", "k", "d1"))
    with pytest.raises(CodingAgentError) as error:
        store.submit(a_job(2), Idempotency("alice", "k", "d2"))
    assert error.value.code == "idempotency_mismatch"
    assert len(store.find().jobs) == 1


def test_submit_tells_equal_keys_of_two_clients_apart(store: JobStore) -> None:
    store.submit(a_job(1), Idempotency("alice", "k", "d1"))
    assert store.submit(a_job(2), Idempotency("bob", "k", "d2")).created


@pytest.mark.parametrize("running", [False, True])
def test_submit_gives_the_open_job_of_the_same_issue(store: JobStore, running: bool) -> None:
    first = store.submit(a_job(7)).job
    if running:
        claimed(store)
    again = store.submit(a_job(7), Idempotency("alice", "k", "d"))
    assert (again.created, again.job.id) == (False, first.id)
    # The second key stands for that job from now on.
    store.cancel(first.id)
    if running:
        store.finish(first.id, "w1", JobStatus.CANCELLED)
    assert store.submit(a_job(7), Idempotency("alice", "k", "d")).job.id == first.id


@pytest.mark.parametrize("status", sorted(ENDED))
def test_submit_takes_an_issue_again_once_its_job_has_ended(store: JobStore, status: JobStatus) -> None:
    store.submit(a_job(7))
    store.finish(claimed(store).id, "w1", status)
    assert store.submit(a_job(7)).created


def test_submit_tells_dry_runs_issues_and_repositories_apart(store: JobStore) -> None:
    jobs = [a_job(7), a_job(7, dry_run=True), a_job(8), a_job(7, "acme/other")]
    assert all(store.submit(job).created for job in jobs)


def test_submit_refuses_a_job_that_is_not_pending_and_an_id_that_is_taken(store: JobStore) -> None:
    with pytest.raises(MoveRefusedError):
        store.submit(replace(a_job(), status=JobStatus.SUCCESS))
    store.submit(a_job(1, job_id="x"))
    with pytest.raises(MoveRefusedError):
        store.submit(a_job(2, job_id="x"))


# The state machine


def in_status(store: JobStore, status: JobStatus) -> Job:
    job = store.submit(a_job()).job
    if status is JobStatus.PENDING:
        return job
    claimed(store)
    return store.get(job.id) if status is JobStatus.RUNNING else store.finish(job.id, "w1", status)


# By hand from the row of states of the requirements, not from the module's table.
ALLOWED = {(JobStatus.RUNNING, end) for end in ENDED}


@pytest.mark.parametrize(("now", "then"), list(itertools.product(JobStatus, JobStatus)))
def test_finish_makes_only_moves_from_running_to_an_end(store: JobStore, now: JobStatus, then: JobStatus) -> None:
    job = in_status(store, now)
    if (now, then) in ALLOWED:
        assert store.finish(job.id, "w1", then).status is then
    else:
        with pytest.raises(MoveRefusedError):
            store.finish(job.id, "w1", then)
        assert store.get(job.id) == job


@pytest.mark.parametrize("now", list(JobStatus))
def test_cancel_release_update_and_claim_follow_the_table(store: JobStore, now: JobStatus) -> None:
    job = in_status(store, now)
    if now is not JobStatus.RUNNING:
        with pytest.raises(MoveRefusedError):
            store.release(job.id, "w1")
        with pytest.raises(MoveRefusedError):
            store.update(job.id, "w1", steps=1)
        assert store.extend(job.id, "w1", 60) is LeaseState.LOST
    assert store.get(job.id) == job
    if now in ENDED:
        with pytest.raises(MoveRefusedError):
            store.cancel(job.id)
    assert (store.claim("w2", 60) is not None) == (now is JobStatus.PENDING)


def test_cancel_ends_a_pending_job_at_once(store: JobStore) -> None:
    job = store.cancel(store.submit(a_job()).job.id)
    assert job.status is JobStatus.CANCELLED
    assert job.ended_at is not None
    assert store.claim("w1", 60) is None


def test_cancel_of_a_running_job_is_told_to_its_worker(store: JobStore) -> None:
    store.submit(a_job())
    job = claimed(store)
    assert store.extend(job.id, "w1", 60) is LeaseState.HELD
    assert store.cancel(job.id).status is JobStatus.RUNNING
    assert store.cancel(job.id).cancel_requested
    assert store.extend(job.id, "w1", 60) is LeaseState.CANCEL_REQUESTED
    assert store.finish(job.id, "w1", JobStatus.CANCELLED).status is JobStatus.CANCELLED


# The queue


def test_claim_takes_the_oldest_pending_job(store: JobStore) -> None:
    ids = [store.submit(a_job(number)).job.id for number in range(3)]
    assert [claimed(store, f"w{number}").id for number in range(3)] == ids
    assert store.claim("w9", 60) is None


def test_claim_makes_a_job_running_and_counts_the_attempt(store: JobStore) -> None:
    store.submit(a_job())
    job = claimed(store)
    assert (job.status, job.attempt, job.stage) == (JobStatus.RUNNING, 1, None)
    assert job.started_at is not None
    assert job == store.get(job.id)


def test_release_puts_a_job_before_those_never_claimed_and_does_not_count(store: JobStore) -> None:
    first = store.submit(a_job(1)).job
    store.submit(a_job(2))
    claimed(store)
    store.update(first.id, "w1", stage=Stage.EDIT)
    released = store.release(first.id, "w1")
    assert (released.status, released.attempt, released.stage) == (JobStatus.PENDING, 0, None)
    again = claimed(store, "w2")
    assert (again.id, again.attempt) == (first.id, 1)


def test_release_of_a_job_to_be_cancelled_cancels_it(store: JobStore) -> None:
    store.submit(a_job())
    job = claimed(store)
    store.cancel(job.id)
    assert store.release(job.id, "w1").status is JobStatus.CANCELLED


def test_update_changes_fields_and_goes_forward_through_stages(store: JobStore) -> None:
    store.submit(a_job())
    job = claimed(store)
    tests = job_types.TestOutcome(command=("pytest", "-q"), exit_code=None, output="\ud800 \x00 ü")
    updated = store.update(job.id, "w1", stage=Stage.TEST, tests=tests, cost_usd=0.1, steps=3, branch="fix/issue-1")
    assert (updated.stage, updated.tests, updated.cost_usd, updated.steps) == (Stage.TEST, tests, 0.1, 3)
    assert store.get(job.id) == updated
    assert store.update(job.id, "w1", stage=Stage.TEST).stage is Stage.TEST
    with pytest.raises(MoveRefusedError):
        store.update(job.id, "w1", stage=Stage.PLAN)


def test_update_refuses_fields_that_are_the_stores(store: JobStore) -> None:
    store.submit(a_job())
    job = claimed(store)
    with pytest.raises(TypeError, match="status"):
        store.update(job.id, "w1", status=JobStatus.SUCCESS)  # type: ignore[call-arg]
    assert store.get(job.id) == job


def test_finish_keeps_the_error(store: JobStore) -> None:
    store.submit(a_job())
    error = JobError(code="model_failed", message="The model does not answer")
    job = store.finish(claimed(store).id, "w1", JobStatus.FAILED, error=error)
    assert job.error == error
    assert job.ended_at is not None
    assert job.has_ended


# Leases


def test_reap_leaves_leases_that_hold(store: JobStore) -> None:
    store.submit(a_job())
    claimed(store, lease_s=60)
    assert store.reap() == []


def test_a_lease_runs_out_by_itself(store: JobStore) -> None:
    store.submit(a_job())
    claimed(store, lease_s=0.05)
    time.sleep(0.1)
    assert [job.status for job in store.reap()] == [JobStatus.PENDING]


def test_an_extended_lease_holds(store: JobStore) -> None:
    store.submit(a_job())
    job = claimed(store, lease_s=0.05)
    assert store.extend(job.id, "w1", 60) is LeaseState.HELD
    time.sleep(0.1)
    assert store.reap() == []


def test_reap_queues_a_job_first_once_and_fails_it_the_second_time(store: JobStore) -> None:
    first = store.submit(a_job(1)).job
    store.submit(a_job(2))
    lose_lease(store, claimed(store, "w1"), "w1")
    (job,) = store.reap()
    assert (job.id, job.status, job.attempt) == (first.id, JobStatus.PENDING, 1)
    again = claimed(store, "w2")
    assert (again.id, again.attempt) == (first.id, 2)
    lose_lease(store, again, "w2")
    (job,) = store.reap()
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert job.error.code == "worker_lost"
    assert store.reap() == []
    assert store.submit(a_job(1)).created


def test_reap_cancels_a_lost_job_that_was_to_be_cancelled(store: JobStore) -> None:
    store.submit(a_job())
    job = claimed(store)
    store.cancel(job.id)
    lose_lease(store, job, "w1")
    assert [each.status for each in store.reap()] == [JobStatus.CANCELLED]
    assert store.claim("w2", 60) is None


@pytest.mark.parametrize("taken_over", [False, True])
def test_a_worker_that_lost_its_lease_changes_nothing(store: JobStore, taken_over: bool) -> None:
    store.submit(a_job())
    job = claimed(store, "w1")
    lose_lease(store, job, "w1")
    store.reap()
    if taken_over:
        claimed(store, "w2")
    before = store.get(job.id)
    assert store.extend(job.id, "w1", 60) is LeaseState.LOST
    with pytest.raises(MoveRefusedError):
        store.update(job.id, "w1", pr_url="https://github.com/acme/app/pull/1")
    with pytest.raises(MoveRefusedError):
        store.finish(job.id, "w1", JobStatus.SUCCESS)
    with pytest.raises(MoveRefusedError):
        store.release(job.id, "w1")
    assert store.get(job.id) == before


# Lists


def test_find_filters_by_status_and_repository(store: JobStore) -> None:
    mine = [store.submit(a_job(number)).job.id for number in range(3)]
    other = store.submit(a_job(1, "acme/other")).job.id
    store.cancel(mine[0])
    assert [job.id for job in store.find().jobs] == [other, *reversed(mine)]
    assert [job.id for job in store.find(repository="acme/app").jobs] == list(reversed(mine))
    assert [job.id for job in store.find(status=JobStatus.CANCELLED).jobs] == [mine[0]]
    both = store.find(status=JobStatus.PENDING, repository="acme/app")
    assert [job.id for job in both.jobs] == [mine[2], mine[1]]
    assert store.find(repository="acme/none").jobs == ()


def test_cursors_are_stable_while_jobs_are_added(store: JobStore) -> None:
    ids = [store.submit(a_job(number)).job.id for number in range(7)]
    seen: list[str] = []
    cursor = None
    for added in itertools.count(100):
        page = store.find(limit=3, cursor=cursor)
        seen += [job.id for job in page.jobs]
        store.submit(a_job(added))
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == list(reversed(ids))


def test_the_last_page_has_no_cursor(store: JobStore) -> None:
    for number in range(4):
        store.submit(a_job(number))
    cursor = store.find(limit=2).next_cursor
    assert cursor is not None
    assert store.find(limit=2, cursor=cursor).next_cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "0", "-1", "1 OR 1", "9" * 40, "1\n", "١"])
def test_find_refuses_a_cursor_that_it_never_gave(store: JobStore, cursor: str) -> None:
    with pytest.raises(CodingAgentError) as error:
        store.find(cursor=cursor)
    assert error.value.code == "bad_cursor"


def test_queue_state_counts_and_tells_how_long_the_oldest_waits(store: JobStore) -> None:
    assert store.queue_state().oldest_pending_s == 0
    for number in range(3):
        store.submit(a_job(number))
    claimed(store)
    time.sleep(0.05)
    state = store.queue_state()
    assert set(state.counts) == set(JobStatus)
    assert (state.counts[JobStatus.PENDING], state.counts[JobStatus.RUNNING]) == (2, 1)
    assert sum(state.counts.values()) == 3
    assert 0.05 <= state.oldest_pending_s < 60


# Logs, artifacts, deliveries


def test_a_log_is_read_after_a_number_and_from_its_end(store: JobStore) -> None:
    job = store.submit(a_job()).job
    assert store.read_log(job.id) == []
    store.append_log(job.id, ["one", "two\nthree", ""])
    assert [(line.number, line.text) for line in store.read_log(job.id)] == [
        (1, "one"),
        (2, "two"),
        (3, "three"),
        (4, ""),
    ]
    assert [line.number for line in store.read_log(job.id, after=2)] == [3, 4]
    assert [line.number for line in store.read_log(job.id, tail=1)] == [4]
    assert [line.number for line in store.read_log(job.id, after=1, tail=2)] == [3, 4]
    assert store.read_log(job.id, after=4) == []
    assert store.read_log(job.id, tail=0) == []
    assert abs(store.read_log(job.id)[0].at - time.time()) < 60


def test_a_log_is_bounded_in_lines_and_in_the_length_of_a_line(address: str) -> None:
    store = a_store(address, max_log_lines=10)
    job = store.submit(a_job()).job
    for number in range(5):
        store.append_log(job.id, [f"{number}.{part}" for part in range(5)])
    assert [line.number for line in store.read_log(job.id)] == list(range(16, 26))
    assert [line.text for line in store.read_log(job.id, after=3, tail=1)] == ["4.4"]
    store.append_log(job.id, ["x" * 100_000, "\ud800 \x00 ü"])
    cut, odd = store.read_log(job.id, tail=2)
    assert len(cut.text) == MAX_LINE_CHARS
    assert odd.text == "? \x00 ü"
    store.close()


def test_an_artifact_replaces_the_one_before_and_is_bounded(address: str) -> None:
    store = a_store(address, max_artifact_bytes=1000)
    job = store.submit(a_job()).job
    assert store.get_artifact(job.id, Artifact.PATCH) is None
    store.put_artifact(job.id, Artifact.PATCH, b"old")
    data = bytes(range(250)) * 4
    store.put_artifact(job.id, Artifact.PATCH, data)
    store.put_artifact(job.id, Artifact.OUTCOME, b"")
    assert store.get_artifact(job.id, Artifact.PATCH) == data
    assert store.get_artifact(job.id, Artifact.OUTCOME) == b""
    with pytest.raises(CodingAgentError) as error:
        store.put_artifact(job.id, Artifact.PATCH, data + b"!")
    assert error.value.code == "artifact_too_large"
    assert store.get_artifact(job.id, Artifact.PATCH) == data
    store.close()


def test_logs_and_artifacts_of_no_job_are_refused(store: JobStore) -> None:
    for call in (
        lambda: store.append_log("none", ["x"]),
        lambda: store.read_log("none"),
        lambda: store.put_artifact("none", Artifact.PATCH, b""),
        lambda: store.get_artifact("none", Artifact.PATCH),
        lambda: store.cancel("none"),
        lambda: store.finish("none", "w1", JobStatus.SUCCESS),
    ):
        with pytest.raises(JobNotFoundError):
            call()
    assert store.extend("none", "w1", 60) is LeaseState.LOST


def test_a_delivery_is_new_once_until_it_is_forgotten(store: JobStore) -> None:
    assert store.first_sight("d1", 60)
    assert not store.first_sight("d1", 60)
    assert store.first_sight("d2", 0.05)
    time.sleep(0.1)
    assert store.first_sight("d2", 60)


# Retention


def test_ended_jobs_go_with_all_they_had_once_their_time_is_over(address: str) -> None:
    store = a_store(address, retention_days=0.2 / DAY_S)
    key = Idempotency("alice", "k", "d1")
    ended = store.submit(a_job(1), key).job
    store.append_log(ended.id, ["line"])
    store.put_artifact(ended.id, Artifact.PATCH, b"patch")
    store.cancel(ended.id)
    store.append_log(ended.id, ["after its end"])
    open_job = store.submit(a_job(2)).job
    time.sleep(0.3)
    store.reap()
    for call in (
        lambda: store.get(ended.id),
        lambda: store.read_log(ended.id),
        lambda: store.get_artifact(ended.id, Artifact.PATCH),
    ):
        with pytest.raises(JobNotFoundError):
            call()
    assert [job.id for job in store.find().jobs] == [open_job.id]
    assert store.find(repository="acme/app").jobs == store.find().jobs
    assert store.queue_state().counts[JobStatus.CANCELLED] == 0
    # Neither the key nor the issue stands for the job that is gone.
    assert store.submit(a_job(1), Idempotency("alice", "k", "another body")).created
    store.close()


def test_ended_jobs_stay_within_their_time(store: JobStore) -> None:
    job = store.cancel(store.submit(a_job()).job.id)
    store.reap()
    assert store.get(job.id) == job


def test_nothing_of_an_expired_job_stays_in_redis(redis_url: str) -> None:
    store = a_store(redis_url, retention_days=0.1 / DAY_S)
    job = store.submit(a_job(), Idempotency("alice", "k", "d")).job
    store.append_log(job.id, ["line"])
    store.put_artifact(job.id, Artifact.PATCH, b"patch")
    claimed(store)
    store.finish(job.id, "w1", JobStatus.SUCCESS)
    time.sleep(0.2)
    # Expired and not yet reaped: no list shows it.
    assert store.find().jobs == ()
    store.reap()
    store.close()
    with redis.Redis.from_url(redis_url, socket_timeout=10) as client:
        assert client.keys() == [b"{coding-agent}:number"]


# Opening, and stores that are away


def test_jobs_are_there_after_the_store_was_opened_again(address: str) -> None:
    store = a_store(address)
    job = store.submit(a_job()).job
    store.close()
    store = a_store(address, empty=False)
    store.ping()
    assert store.get(job.id) == job
    assert claimed(store).id == job.id
    store.close()


def test_a_file_of_jobs_is_its_owners_only(tmp_path: Path) -> None:
    a_store(store_address("sqlite", tmp_path, "")).close()
    assert stat.S_IMODE((tmp_path / "jobs.db").stat().st_mode) == 0o600


def test_a_store_that_is_closed_says_so(tmp_path: Path) -> None:
    store = a_store(store_address("sqlite", tmp_path, ""))
    store.close()
    with pytest.raises(StoreUnavailableError):
        store.ping()


def test_files_that_cannot_be_opened_are_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match=r"none/jobs\.db"):
        open_store(Settings(store=f"sqlite:///{tmp_path}/none/jobs.db"))
    (tmp_path / "other.db").write_bytes(b"no database, but longer than its header would be" * 100)
    with pytest.raises(StoreUnavailableError, match=r"other\.db"):
        open_store(Settings(store=f"sqlite:///{tmp_path}/other.db"))


@pytest.mark.parametrize("address", ["postgres://h/d", "sqlite:///", "jobs.db", "redis:/h"])
def test_addresses_of_no_store_are_refused(address: str) -> None:
    with pytest.raises(CodingAgentError) as error:
        open_store(Settings(store=address))
    assert error.value.code == "bad_store"


def test_a_redis_that_is_away_is_named_without_its_password() -> None:
    port = free_port()
    word = "pass" + "word-of-the-store"
    store = open_store(Settings(store=f"redis://user:{word}@127.0.0.1:{port}/0"))
    with pytest.raises(StoreUnavailableError, match=f"127.0.0.1:{port}") as error:
        store.submit(a_job())
    assert word not in str(error.value)
    assert error.value.__cause__ is None
    store.close()


def test_a_redis_that_refuses_the_password_does_not_have_it_told(tmp_path: Path) -> None:
    word = "wrong" + "-password"
    with redis_server(tmp_path, "--requirepass", "right" + "-password") as url:
        store = open_store(Settings(store=url.replace("//", f"//:{word}@")))
        with pytest.raises(StoreUnavailableError) as error:
            store.ping()
        assert word not in str(error.value)
        store.close()


def fill(store: JobStore, job: Job) -> None:
    for _ in range(100):
        store.append_log(job.id, ["x" * 4000] * 100)


def test_a_full_redis_is_unavailable_and_changes_nothing(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--maxmemory", "3mb", "--maxmemory-policy", "noeviction") as url:
        store = a_store(url)
        job = store.submit(a_job()).job
        with pytest.raises(StoreUnavailableError):
            fill(store, job)
        assert store.get(job.id) == job
        store.close()


def test_a_redis_says_when_it_evicts_or_forgets(tmp_path: Path) -> None:
    for folder in ("bad", "good"):
        (tmp_path / folder).mkdir()
    with redis_server(tmp_path / "bad", "--maxmemory-policy", "allkeys-lru") as url:
        store = open_store(Settings(store=url))
        assert isinstance(store, RedisStore)
        evicts, forgets = store.durability_warnings()
        assert "noeviction" in evicts
        assert "appendonly" in forgets
        store.close()
    with redis_server(tmp_path / "good", "--appendonly", "yes") as url:
        store = open_store(Settings(store=url))
        assert isinstance(store, RedisStore)
        assert store.durability_warnings() == []
        store.close()


def test_a_redis_is_reached_with_tls_if_its_certificate_is_believed(tmp_path: Path) -> None:
    tls_contexts(tmp_path, "localhost")
    port, pair = free_port(), str(tmp_path / "localhost.pem")
    authority = str(tmp_path / "authority.pem")
    tls = ("--tls-port", str(port), "--tls-cert-file", pair, "--tls-key-file", pair, "--tls-auth-clients", "no")
    with redis_server(tmp_path, *tls, "--tls-ca-cert-file", authority):
        store = open_store(Settings(store=f"rediss://localhost:{port}/0?ssl_ca_certs={authority}"))
        job = store.submit(a_job()).job
        assert claimed(store).id == job.id
        store.close()
        unknown = open_store(Settings(store=f"rediss://localhost:{port}/0"))
        with pytest.raises(StoreUnavailableError, match="certificate"):
            unknown.ping()
        unknown.close()


def test_a_redis_that_evicted_a_job_does_not_block_the_queue(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    store = a_store(redis_url)
    lost = store.submit(a_job(1)).job
    kept = store.submit(a_job(2)).job
    with redis.Redis.from_url(redis_url, socket_timeout=10) as client:
        client.delete("{coding-agent}:job:" + lost.id)
    assert claimed(store).id == kept.id
    assert "evict" in caplog.text
    assert store.submit(a_job(1)).created
    store.close()
