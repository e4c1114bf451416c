"""SC-14: the doctor finds each fault that is planted, says its cause and what to do, and nothing else is wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from scheduler.operations.doctor import records, redis_server
from scheduler.operations.doctor.finding import Finding, State
from scheduler.operations.doctor.surroundings import Surroundings, open_surroundings
from scheduler.queueing.bullmq_worker import BullMqWorker
from scheduler.queueing.job import JobState
from scheduler.settings import Settings
from scheduler.tests.queue_pieces import Calls, eventually, worker_options
from scheduler.tests.running_doctor import BEAT, Installation, Plant, examined, of_check, say
from scheduler.tests.running_redis import free_port, running_redis
from scheduler.tests.running_s3 import running_s3


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with running_redis() as redis, running_s3() as s3:
        yield Installation(redis, s3)


@pytest.fixture
def settings(installation: Installation) -> Settings:
    """Of an installation in which all is well."""
    made = installation.settings()
    asyncio.run(installation.well(made))
    return made


def wrong(found: dict[str, list[Finding]]) -> set[str]:
    return {check for check, findings in found.items() if any(each.state is not State.OK for each in findings)}


def test_nothing_is_told_of_an_installation_in_which_all_is_well(settings: Settings) -> None:
    found = examined(settings, workspace="acme")
    assert wrong(found) == set()
    assert "2 enabled triggers" in found["next runs"][0].cause


def test_redis_that_is_away_is_told_and_what_needs_it_is_not_looked_at(installation: Installation) -> None:
    """Trouble jobs not running: queue reachable."""
    away = installation.settings(redis_url=SecretStr(f"redis://127.0.0.1:{free_port()}/0"))
    found = examined(away)
    assert "nothing answers there" in of_check(found, "redis", State.FAIL).cause
    assert of_check(found, "worker", State.UNKNOWN).cause == "not looked at: see redis"
    of_check(found, "s3", State.OK)


def test_a_refused_password_is_told_and_never_shown(installation: Installation) -> None:
    with running_redis(password=True) as redis:
        url = redis.url.replace(str(redis.password), "s3cret-guess")
        found = examined(installation.settings(redis_url=SecretStr(url)), only=["redis"])
    assert "refuses the user or password" in of_check(found, "redis", State.FAIL).cause
    assert "s3cret-guess" not in repr(found)


def test_a_certificate_of_an_unknown_authority_is_told(installation: Installation) -> None:
    """Trouble jobs not running: Redis PING over TLS."""
    with running_redis(tls=True) as redis:
        ca_file = redis.certificates.ca if redis.certificates else None
        known = installation.settings(redis_url=SecretStr(redis.url), redis_ca_file=ca_file)
        # The tests' authority makes certificates for a day.
        assert "ends on" in of_check(examined(known, only=["redis tls"]), "redis tls", State.WARN).cause
        of_check(examined(known, only=["redis"]), "redis", State.OK)

        found = examined(
            installation.settings(redis_url=SecretStr(redis.url), redis_ca_file=None), only=["redis", "redis tls"]
        )

    told = of_check(found, "redis tls", State.FAIL)
    assert "certificate is not accepted" in told.cause
    assert "SCHEDULER_REDIS_CA_FILE" in told.fix
    of_check(found, "redis", State.FAIL)


def test_tls_to_a_port_without_it_is_told(installation: Installation) -> None:
    plain = installation.settings(redis_url=SecretStr(f"rediss://127.0.0.1:{installation.redis.port}/0"))
    found = examined(plain, only=["redis tls"])
    assert "does not speak TLS" in of_check(found, "redis tls", State.FAIL).cause


def test_a_way_to_another_machine_without_tls_is_told(installation: Installation) -> None:
    found = examined(installation.settings(redis_url=SecretStr("redis://:pw@redis.invalid:6379/0")), only=["redis tls"])
    assert "not encrypted" in of_check(found, "redis tls", State.WARN).cause
    assert ":pw@" not in repr(found)


def test_a_redis_that_throws_keys_away_is_told(installation: Installation) -> None:
    with running_redis() as redis:

        async def plant(around: Surroundings) -> None:
            client = around.address.connect()
            await client.config_set("maxmemory", "64mb")
            await client.config_set("maxmemory-policy", "allkeys-lru")
            await client.aclose()

        found = examined(installation.settings(redis_url=SecretStr(redis.url)), plant, only=["redis memory"])
    assert "allkeys-lru" in of_check(found, "redis memory", State.FAIL).cause


@pytest.mark.parametrize(("apart", "state"), [(1.0, State.OK), (10.0, State.WARN), (90.0, State.FAIL)])
def test_clocks_that_differ_are_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, apart: float, state: State
) -> None:
    shifted = SimpleNamespace(time=lambda: time.time() + apart)
    monkeypatch.setattr(redis_server, "time", shifted)
    assert "apart" in of_check(examined(settings, only=["clock"]), "clock", state).cause


def test_no_worker_is_told(installation: Installation) -> None:
    """Trouble jobs not running: worker heartbeat."""
    alone = installation.settings()
    asyncio.run(installation.well(alone, beat=None))
    found = examined(alone)
    told = of_check(found, "worker", State.FAIL)
    assert "no worker" in told.cause
    assert told.command == "kubectl get pods -n scheduler -l app=scheduler-worker"
    assert wrong(found) == {"worker", "writer"}


def test_a_worker_that_hangs_or_has_no_room_is_told(installation: Installation) -> None:
    for beat, words in ((replace(BEAT, beat_at=1_000.0), "hangs"), (replace(BEAT, running=10), "replicas")):
        made = installation.settings()
        asyncio.run(installation.well(made, beat=beat))
        assert words in of_check(examined(made, only=["worker"]), "worker", State.WARN).fix


def test_a_paused_queue_is_told(settings: Settings) -> None:
    """Trouble jobs not running: somebody paused it."""
    found = examined(settings, lambda around: around.queue.pause())
    assert "paused" in of_check(found, "queue", State.FAIL).cause
    assert wrong(found) == {"queue"}


def test_no_triggers_are_told(installation: Installation) -> None:
    """Trouble jobs not running: triggers exist."""
    found = examined(installation.settings(), only=["triggers"])
    assert "no workspace has triggers" in of_check(found, "triggers", State.FAIL).cause


def test_triggers_that_are_all_paused_are_told(settings: Settings) -> None:
    async def plant(around: Surroundings) -> None:
        for index in (0, 1):
            await around.store.set_enabled("acme", "prod", index, enabled=False)
            await around.queue.remove(f"acme:prod:{index}")

    found = examined(settings, plant, only=["triggers"])
    assert "all 2 triggers are paused" in of_check(found, "triggers", State.WARN).cause


@pytest.mark.parametrize(("asked", "hint"), [("acem", "acme"), ("Acme", "acme"), ("acme-prod", "acme"), ("zzz", "")])
def test_a_workspace_id_with_a_slip_is_told_with_what_may_be_meant(settings: Settings, asked: str, hint: str) -> None:
    """Trouble metrics not showing: workspace id typo hint."""
    found = examined(settings, workspace=asked, only=["workspace", "triggers"])
    told = of_check(found, "workspace", State.FAIL)
    assert (f"is {hint} meant?" == told.fix) is bool(hint)
    of_check(found, "triggers", State.FAIL)


def test_a_part_of_a_workspace_id_finds_nothing(settings: Settings) -> None:
    """Original: `name.includes(workspace_id)`: "ac" found the jobs of "acme"."""
    names = ["acme-prod-trigger-0", "acme-prod-trigger-1"]
    assert [name for name in names if "ac" in name] == names  # What the original did.

    found = examined(settings, workspace="ac", only=["triggers"])
    assert "ac has no triggers" in of_check(found, "triggers", State.FAIL).cause


def test_a_trigger_without_a_schedule_is_told(installation: Installation) -> None:
    made = installation.settings()
    asyncio.run(installation.well(made, scheduled=False))
    told = of_check(examined(made, only=["next runs"]), "next runs", State.FAIL)
    assert told.cause == "acme:prod:0, acme:prod:1: enabled, and not scheduled"
    assert "reconciler" in told.fix


def test_a_schedule_that_no_trigger_says_is_told(settings: Settings) -> None:
    async def plant(around: Surroundings) -> None:
        await around.store.delete_one("acme", "prod", 1)

    assert (
        "acme:prod:1: scheduled"
        in of_check(examined(settings, plant, only=["next runs"]), "next runs", State.WARN).cause
    )


async def _lose_the_next_job(around: Surroundings) -> None:
    client = around.address.connect()
    begin = f"{around.settings.prefix}:{around.settings.queue}"
    [job] = [job for job in await client.zrange(f"{begin}:delayed", 0, -1) if ":prod:0:" in job]
    await client.zrem(f"{begin}:delayed", job)
    await client.delete(f"{begin}:{job}")
    await client.aclose()


async def _put_the_next_run_into_the_past(around: Surroundings) -> None:
    client = around.address.connect()
    await client.zadd(f"{around.settings.prefix}:{around.settings.queue}:repeat", {"acme:prod:0": 1_000_000})
    await client.aclose()


@pytest.mark.parametrize(
    "plant", [_lose_the_next_job, _put_the_next_run_into_the_past], ids=["job lost", "in the past"]
)
def test_a_broken_chain_of_runs_is_told(settings: Settings, plant: Plant) -> None:
    """Trouble jobs not running: next run in the past = broken chain."""
    told = of_check(examined(settings, plant, only=["next runs"]), "next runs", State.FAIL)
    assert told.cause.startswith("acme:prod:0: the next run is in the past")


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((403, "InvalidAccessKeyId"), "refuses the access key (403 InvalidAccessKeyId)"),
        ((403, "SignatureDoesNotMatch"), "refuses the access key (403 SignatureDoesNotMatch)"),
        ((403, "AccessDenied"), "may not use the bucket"),
        ((404, "NoSuchBucket"), "no bucket calvin-runtime-scheduler (404)"),
        ((503, "SlowDown"), "answered 503 SlowDown"),
    ],
    ids=["key", "secret", "rights", "bucket", "busy"],
)
def test_refusals_of_the_object_store_are_told_apart(
    installation: Installation, settings: Settings, refusal: tuple[int, str], words: str
) -> None:
    """Trouble metrics not showing: credentials, 403 vs 404 told apart."""
    installation.s3.refusal = refusal
    try:
        found = examined(settings, only=["s3", "recent records"])
    finally:
        installation.s3.refusal = None
    assert words in of_check(found, "s3", State.FAIL).cause
    assert of_check(found, "recent records", State.UNKNOWN).cause == "not looked at: see s3"


def test_a_bucket_that_is_not_there_is_told(installation: Installation) -> None:
    found = examined(installation.settings(s3_bucket="nobodys"), only=["s3"])
    assert "no bucket nobodys (404)" in of_check(found, "s3", State.FAIL).cause


def test_an_object_store_that_is_away_is_told(installation: Installation) -> None:
    away = installation.settings(s3_endpoint=f"http://127.0.0.1:{free_port()}")
    found = examined(away, only=["s3"])
    told = of_check(found, "s3", State.FAIL)
    assert "does not answer" in told.cause
    assert "SCHEDULER_S3_ENDPOINT" in told.fix


def test_what_a_worker_cannot_write_is_told(settings: Settings) -> None:
    """Trouble metrics not showing: writer errors."""
    beat = replace(BEAT, last_flush_error="S3 refuses the access key (403)", pending_records=42)
    found = examined(settings, lambda around: say(settings, around, beat), only=["writer"])
    told = of_check(found, "writer", State.FAIL)
    assert "403" in told.cause
    assert "42 records wait" in told.fix


@pytest.mark.parametrize("by_workspace", [False, True])
def test_executions_that_come_to_no_object_are_told(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, by_workspace: bool
) -> None:
    """Trouble metrics not showing: newest object age."""
    settings = installation.settings(metrics_flush_s=1.0, metrics_by_workspace=by_workspace)
    asyncio.run(installation.well(settings))
    of_check(examined(settings, only=["recent records"]), "recent records", State.OK)  # Nothing ended yet.
    asyncio.run(_run_one(settings))
    of_check(examined(settings, only=["recent records"]), "recent records", State.OK)  # Just now: it may still come.

    monkeypatch.setattr(records, "time", SimpleNamespace(time=lambda: time.time() + 120))
    told = of_check(examined(settings, only=["recent records"]), "recent records", State.FAIL)
    assert "no object is of yesterday or today" in told.cause

    folder = "workspace=acme/" if by_workspace else ""
    key = f"{settings.metrics_prefix}{folder}{datetime.now(UTC):year=%Y/month=%m/day=%d/hour=%H}/metrics-1.json"
    installation.s3.put(key, b"[]")
    of_check(examined(settings, only=["recent records"]), "recent records", State.OK)
    of_check(examined(settings, only=["recent records"], workspace="acme"), "recent records", State.OK)


async def _run_one(settings: Settings) -> None:
    handler = Calls()
    async with open_surroundings(settings) as around:
        worker = BullMqWorker(
            around.address, name=settings.queue, prefix=settings.prefix, handler=handler, options=worker_options()
        )
        running = asyncio.create_task(worker.run())
        [owner] = await around.store.of_workspace("acme")
        await around.queue.run_now(owner, owner.triggers[0])
        await eventually(lambda: bool(handler.seen))
        while not (await around.queue.counts())[JobState.COMPLETED]:
            await asyncio.sleep(0.01)
        await worker.stop(5)
        await running
