"""Do triggers run: workers, the queue, the triggers that there should be, their next runs."""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterator, Mapping, Sequence

from scheduler.operations.doctor.finding import Check, Finding, fail, ok, warn
from scheduler.operations.doctor.surroundings import Surroundings
from scheduler.queueing.job import JobState, Schedule
from scheduler.triggers.trigger import TriggerSet, job_id

__all__ = ["running_checks"]

# A worker says that it is there every few seconds; the queue forgets it after its own time-out.
_OLD_BEAT_S = 30.0
_LATE_S = 60.0
_MANY_WAITING = 1000
_SHOWN = 5
_WORKER_PODS = "kubectl get pods -n scheduler -l app=scheduler-worker"
_JOBS = "python -m scheduler view-jobs"


def running_checks(around: Surroundings) -> Iterator[Check]:
    """Yield the checks of what makes triggers run."""
    yield Check("worker", lambda: _workers(around), _WORKER_PODS, needs=("redis",))
    yield Check("queue", lambda: _queue(around), _JOBS, needs=("redis",))
    if around.workspace is not None:
        yield Check("workspace", lambda: _workspace(around, str(around.workspace)), needs=("redis",))
    yield Check("triggers", lambda: _triggers(around), needs=("redis",))
    yield Check("next runs", lambda: _next_runs(around), f"{_JOBS} --state delayed", needs=("redis",))


async def _workers(around: Surroundings) -> Sequence[Finding]:
    beats = await around.queue.workers()
    if not beats:
        fix = "start a worker (python -m scheduler worker), or see why its pods do not start; the API makes no calls"
        return [fail("no worker says that it is there: what is due waits", fix, _WORKER_PODS)]
    age = time.time() - max(beat.beat_at for beat in beats)
    running = sum(beat.running for beat in beats)
    told = f"workers: {len(beats)}, the last sign of life {max(0.0, age):.0f} s ago, calls now: {running}"
    if age > _OLD_BEAT_S:
        return [warn(told, "see whether it hangs, and the clocks", _WORKER_PODS)]
    if running >= (room := sum(beat.concurrency for beat in beats)):
        fix = "more replicas of scheduler-worker, or a higher SCHEDULER_CONCURRENCY"
        return [warn(f"{told} of {room}: no room for more", fix, _JOBS)]
    return [ok(told)]


async def _queue(around: Surroundings) -> Sequence[Finding]:
    counts = await around.queue.counts()
    told = ", ".join(f"{count} {state}" for state, count in counts.items())
    if await around.queue.is_paused():
        return [fail(f"the queue is paused: nothing runs ({told})", "resume it at /admin/queues")]
    if counts.get(JobState.WAITING, 0) > _MANY_WAITING:
        return [warn(f"more is due than workers manage ({told})", "more replicas of scheduler-worker", _JOBS)]
    return [ok(told)]


async def _workspace(around: Surroundings, workspace: str) -> Sequence[Finding]:
    known = {each.workspace_id for each in await around.store.all() if each.triggers}
    if workspace in known:
        return [ok(f"{workspace} has triggers")]
    near = difflib.get_close_matches(workspace.lower(), {name.lower(): name for name in known}, n=1, cutoff=0.6)
    meant = next((name for name in sorted(known) if near and name.lower() == near[0]), None)
    hint = f"is {meant} meant?" if meant else "see where its triggers are set, and with which id"
    return [fail(f"no trigger is of the workspace {workspace}: ids are matched exactly, letters too", hint)]


async def _triggers(around: Surroundings) -> Sequence[Finding]:
    sets = await _sets(around)
    placed = [each for owner in sets for each in owner.triggers]
    if not placed:
        whose = f"{around.workspace} has" if around.workspace else "no workspace has"
        fix = "set some: POST /api/workspaces/{id}/triggers, or python -m scheduler triggers apply"
        return [fail(f"{whose} {'no ' if around.workspace else ''}triggers: nothing can run", fix)]
    paused = sum(not each.trigger.enabled for each in placed)
    if paused == len(placed):
        return [warn(f"all {paused} triggers are paused", 'resume them: PATCH with {"enabled": true}')]
    return [ok(f"{len(placed)} triggers in {len(sets)} sets, {paused} of them paused")]


async def _next_runs(around: Surroundings) -> Sequence[Finding]:
    wanted = {
        job_id(owner.workspace_id, owner.environment, each.index)
        for owner in await _sets(around)
        for each in owner.triggers
        if each.trigger.enabled
    }
    schedules: Mapping[str, Schedule] = {each.key: each for each in await around.queue.schedules()}
    reconciled = f"the reconciler repairs it within {around.settings.reconcile_s:g} s while the API runs"
    found = []
    if missing := wanted - set(schedules):
        fix = f"{reconciled}; if it stays so, see its errors in the log"
        found.append(fail(f"{_some(missing)}: enabled, and not scheduled", fix, "python -m scheduler view-logs"))
    late = time.time() * 1000 - _LATE_S * 1000
    broken = {key for key in wanted & set(schedules) if _is_broken(schedules[key], late)}
    if broken:
        fix = f"see that a worker runs; where the chain of runs broke, {reconciled}"
        found.append(
            fail(
                f"{_some(broken)}: the next run is in the past, or no job waits for it", fix, f"{_JOBS} --state delayed"
            )
        )
    if around.workspace is None and (orphans := set(schedules) - wanted):
        found.append(warn(f"{_some(orphans)}: scheduled, and no trigger says so", reconciled))
    return found or [ok(f"{len(wanted)} enabled triggers, each with its next run")]


async def _sets(around: Surroundings) -> Sequence[TriggerSet]:
    if around.workspace is None:
        return await around.store.all()
    return await around.store.of_workspace(around.workspace)


def _is_broken(schedule: Schedule, late: float) -> bool:
    return schedule.broken or schedule.next_ms is None or schedule.next_ms < late


def _some(keys: set[str]) -> str:
    shown = ", ".join(sorted(keys)[:_SHOWN])
    return shown if len(keys) <= _SHOWN else f"{shown} and {len(keys) - _SHOWN} more"
