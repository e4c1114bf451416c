"""Which checks there are and in which order they are made: from what all others need to who can reach the service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scheduler.operations.doctor.finding import Check
from scheduler.operations.doctor.platform import Platform, dns_check, platform_checks
from scheduler.operations.doctor.records import record_checks
from scheduler.operations.doctor.redis_server import redis_checks
from scheduler.operations.doctor.running import running_checks
from scheduler.operations.doctor.surroundings import Surroundings

__all__ = ["CHECKS", "checks"]

# What each check looks at; docs/scheduler.md has the same table, and names the checks in its table of troubles.
CHECKS: Mapping[str, str] = {
    "redis": "Redis answers, and how fast",
    "redis tls": "the way to Redis is encrypted, its certificate accepted and not about to end",
    "redis memory": "Redis throws nothing away",
    "clock": "this machine's clock against Redis'",
    "worker": "workers say that they are there",
    "queue": "it is not paused, and not too long",
    "workspace": "with --workspace: somebody has triggers under exactly this id; else which id is meant",
    "triggers": "there are some, and not all are paused",
    "next runs": "each enabled trigger has a next run, and it is not in the past",
    "s3": "the object store answers, takes our key, and has the bucket",
    "writer": "what workers say of their last writing",
    "recent records": "what ended is in an object by now",
    "api pods": "with --kubernetes: pods of the API, and what keeps them",
    "worker pods": "with --kubernetes: pods of the worker",
    "service": "with --kubernetes: the Service has ready endpoints",
    "domain mapping": "with --kubernetes: the DomainMapping is ready, and leads to the Service",
    "gateway": "with --kubernetes: Kourier's pods are ready",
    "dns": "with --kubernetes: the host has an address",
}


def checks(around: Surroundings, platform: Platform | None) -> Iterator[Check]:
    """Yield the checks of an installation; those of the cluster where one is given."""
    yield from redis_checks(around)
    yield from running_checks(around)
    yield from record_checks(around)
    if platform is not None:
        yield from platform_checks(platform)
        yield dns_check(platform.host)
