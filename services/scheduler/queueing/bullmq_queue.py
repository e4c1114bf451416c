"""The queue on BullMQ: schedules are its job schedulers, which hold exactly one next job each."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Collection, Mapping, Sequence

import bullmq

from scheduler.errors import JobActionError
from scheduler.queueing.bullmq_job import call_data, read_job, read_schedule, run_id
from scheduler.queueing.claims import OUTCOME_FIELD
from scheduler.queueing.job import Action, Job, JobState, Schedule, WorkerBeat
from scheduler.queueing.redis_address import RedisAddress
from scheduler.queueing.ticks import keep_our_ticks
from scheduler.queueing.worker_beats import WorkerBeats
from scheduler.triggers.trigger import PlacedTrigger, TriggerSet, job_id, job_name

__all__ = ["BullMqQueue"]

# Jobs removed at a time, so that Redis serves others in between.
_BATCH = 1000
# What BullMQ answers when the job of that tick was already made: by a clock that is ahead of ours.
_COLLISION = "job ID already exists"
_NEXT_OF_SCHEDULE = -8
_PENDING = ("delayed", "waiting", "active", "prioritized")


class BullMqQueue:
    """The queue as the API, the pages and the reconciler use it."""

    def __init__(self, address: RedisAddress, *, name: str, prefix: str) -> None:
        self._address = address
        self._redis = address.connect()
        self._queue = bullmq.Queue(name, {"connection": self._redis, "prefix": prefix})
        keep_our_ticks(self._queue)
        self._beats = WorkerBeats(self._redis, prefix=prefix, queue=name)

    async def close(self) -> None:
        """Close the connections."""
        await self._queue.close()

    async def upsert(self, owner: TriggerSet, placed: PlacedTrigger) -> Schedule:
        """Make or change the schedule of an enabled trigger: exactly one, however many ask at once."""
        key = job_id(owner.workspace_id, owner.environment, placed.index)
        name = job_name(owner.workspace_id, owner.environment, placed.index)
        repeat = {"pattern": placed.trigger.cron, "tz": placed.trigger.tz}
        data = call_data(owner, placed)
        with self._address.errors():
            try:
                made = await self._queue.upsertJobScheduler(key, repeat, name, data)
            except TypeError as error:
                if _COLLISION not in str(error):
                    raise
                after = {"prevMillis": await self._tick_made(key)}
                made = await self._queue.upsertJobScheduler(key, repeat, name, data, after)
        next_ms = int(made.id.rsplit(":", 1)[1])
        return Schedule(key, name, placed.trigger.cron, placed.trigger.tz, next_ms, placed.revision)

    async def remove(self, key: str) -> bool:
        """Remove a schedule with its next job; return whether there was one. Runs under way end."""
        with self._address.errors():
            return bool(await self._queue.removeJobScheduler(key) == 0)

    async def schedules(self) -> Sequence[Schedule]:
        """Return all schedules."""
        with self._address.errors():
            members = await self._redis.zrange(self._queue.keys["repeat"], 0, -1, withscores=True)
            return await self._read({key: int(score) for key, score in members})

    async def schedules_of(self, keys: Collection[str]) -> Sequence[Schedule]:
        """Return the schedules with these keys, of those that there are."""
        if not keys:
            return []
        with self._address.errors():
            scores = await self._redis.zmscore(self._queue.keys["repeat"], list(keys))
            found = zip(keys, scores, strict=True)
            return await self._read({key: int(score) for key, score in found if score is not None})

    async def run_now(self, owner: TriggerSet, placed: PlacedTrigger) -> str:
        """Add one run beside the schedule; return the id of its job."""
        key = job_id(owner.workspace_id, owner.environment, placed.index)
        name = job_name(owner.workspace_id, owner.environment, placed.index)
        with self._address.errors():
            made = await self._queue.add(name, call_data(owner, placed), {"jobId": f"now:{key}:{uuid.uuid4().hex}"})
        return str(made.id)

    async def counts(self) -> Mapping[JobState, int]:
        """Return how many jobs are in each state."""
        with self._address.errors():
            counts = await self._queue.getJobCounts(*JobState)
        return {state: counts[state] for state in JobState}

    async def jobs(self, state: JobState, *, start: int = 0, count: int = 50) -> Sequence[Job]:
        """Return jobs in a state, the newest first (delayed: the next one first)."""
        with self._address.errors():
            found = await self._queue.getJobs([state], start, start + count - 1, state is JobState.DELAYED)
            due = await self._due([one.id for one in found]) if state is JobState.DELAYED else {}
        return [read_job(one, state, due.get(one.id)) for one in found]

    async def job(self, job_id: str) -> Job | None:
        """Return one job, or None where it is no longer kept."""
        with self._address.errors():
            found = await self._queue.getJob(job_id)
            if found is None:
                return None
            state = await self._queue.getJobState(job_id)
            due = await self._due([job_id])
        return read_job(found, JobState(state), due.get(job_id)) if state in list(JobState) else None

    async def act(self, action: Action, job_id: str) -> None:
        """Do something to a job. Raises JobActionError where the job is gone or in a state that does not allow it."""
        with self._address.errors():
            found = await self._queue.getJob(job_id)
            if found is None:
                raise JobActionError(f"there is no job {job_id}")
            match action:
                case Action.RETRY:
                    await self._retry(found)
                case Action.PROMOTE:
                    await _allowed(found.promote(), f"{job_id} is not delayed: only delayed jobs can be promoted")
                case Action.REMOVE:
                    await self._remove(found)

    async def clean(self, state: JobState) -> int:
        """Remove all completed or failed jobs; return how many. Raises JobActionError for another state."""
        if state not in (JobState.COMPLETED, JobState.FAILED):
            raise JobActionError(f"jobs that are {state} cannot be cleaned: only completed and failed ones")
        removed = 0
        with self._address.errors():
            while batch := len(await self._queue.clean(0, _BATCH, state)):
                removed += batch
        return removed

    async def pause(self) -> None:
        """Take no more jobs, in any worker, until `resume`."""
        with self._address.errors():
            await self._queue.pause()

    async def resume(self) -> None:
        """Take jobs again."""
        with self._address.errors():
            await self._queue.resume()

    async def is_paused(self) -> bool:
        """Return whether the queue is paused."""
        with self._address.errors():
            return bool(await self._queue.isPaused())

    async def workers(self) -> Sequence[WorkerBeat]:
        """Return the workers that said within their time-out that they are there."""
        with self._address.errors():
            return await self._beats.all()

    async def _read(self, next_runs: Mapping[str, int]) -> Sequence[Schedule]:
        """Return schedules as BullMQ keeps them. Its own getter fails for one that is gone, and asks for each alone."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in next_runs:
                pipe.hgetall(f"{self._queue.keys['repeat']}:{key}")
            kept = await pipe.execute()
        broken = await self._broken(next_runs)
        return [
            read_schedule(key, fields, next_runs[key], broken=key in broken)
            for key, fields in zip(next_runs, kept, strict=True)
        ]

    async def _retry(self, found: bullmq.Job) -> None:
        state = await self._queue.getJobState(found.id)
        if state not in (JobState.COMPLETED, JobState.FAILED):
            raise JobActionError(f"{found.id} is {state}: only completed and failed jobs can be run again")
        # What is known of the former run is no outcome of the new one.
        await self._redis.hdel(self._queue.toKey(found.id), OUTCOME_FIELD, "stc")  # type: ignore[misc]
        retrying = found.retry(state, {"resetAttemptsMade": True, "resetAttemptsStarted": True})
        await _allowed(retrying, f"{found.id} is no longer {state}: look again")

    async def _remove(self, found: bullmq.Job) -> None:
        # Job.remove() takes the refusal -8 for a removal.
        answer = await self._queue.remove(found.id)
        if answer == _NEXT_OF_SCHEDULE:
            raise JobActionError(f"{found.id} is the next run of a schedule: disable or delete its trigger instead")
        if answer != 1:
            raise JobActionError(f"{found.id} runs: it can be removed when it has ended")

    async def _tick_made(self, key: str) -> int:
        """Return the tick whose job was made before its time, so that the schedule goes on after it."""
        score = await self._redis.zscore(self._queue.keys["repeat"], key)
        return max(int(score or 0), int(time.time() * 1000) + 1000)

    async def _due(self, ids: Sequence[str]) -> dict[str, int]:
        """Return when delayed jobs become due. BullMQ keeps 12 bits of order below the milliseconds."""
        if not ids:
            return {}
        scores = await self._redis.zmscore(self._queue.keys["delayed"], list(ids))
        return {id_: int(score) // 0x1000 for id_, score in zip(ids, scores, strict=True) if score is not None}

    async def _broken(self, next_runs: Mapping[str, int]) -> set[str]:
        """Return the schedules whose next job is nowhere, although nobody moved the schedule on in between."""
        ids = {key: run_id(key, due) for key, due in next_runs.items()}
        delayed = await self._due(list(ids.values()))
        suspects = [key for key, id_ in ids.items() if id_ not in delayed]
        states = await asyncio.gather(*(self._queue.getJobState(ids[key]) for key in suspects))
        lost = [key for key, state in zip(suspects, states, strict=True) if state not in _PENDING]
        if not lost:
            return set()
        scores = await self._redis.zmscore(self._queue.keys["repeat"], lost)
        return {key for key, score in zip(lost, scores, strict=True) if score == next_runs[key]}


async def _allowed(doing: Awaitable[object], otherwise: str) -> None:
    try:
        await doing
    except TypeError:
        # BullMQ's error for a job that is gone or in another state.
        raise JobActionError(otherwise) from None
