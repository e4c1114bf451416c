"""Where records lie on S3: below the UTC hour in which they began, in the layout of Hive partitions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from scheduler.settings import Settings

__all__ = ["day_folder", "day_of", "day_prefixes", "days_between", "hour_folder", "hour_of", "object_key", "roots"]

_DAY = re.compile(r"year=(\d{4})/month=(\d{2})/day=(\d{2})/")
_HOUR = re.compile(r"year=(\d{4})/month=(\d{2})/day=(\d{2})/hour=(\d{2})/")


def hour_folder(settings: Settings, timestamp: str, workspace_id: str) -> str:
    """Return the folder of a record's hour: `metrics/[workspace=W/]year=YYYY/month=MM/day=DD/hour=HH/`."""
    hour = datetime.fromisoformat(timestamp).astimezone(UTC)
    workspace = f"workspace={workspace_id}/" if settings.metrics_by_workspace else ""
    return f"{settings.metrics_prefix}{workspace}{hour:year=%Y/month=%m/day=%d/hour=%H/}"


def object_key(folder: str, batch: str) -> str:
    """Return the key of a batch: the same however often it is written, so that a second time replaces the first."""
    return f"{folder}metrics-{batch}.json"


def day_folder(root: str, day: date) -> str:
    """Return the folder of a day below the one in which years begin."""
    return f"{root}{day:year=%Y/month=%m/day=%d/}"


def roots(settings: Settings, workspace_id: str) -> tuple[str, str]:
    """Return where years begin in the common layout, and in that with a folder for each workspace."""
    return settings.metrics_prefix, f"{settings.metrics_prefix}workspace={workspace_id}/"


def day_prefixes(settings: Settings, day: date, workspace_id: str) -> tuple[str, ...]:
    """Return the folders in which a day's records of a workspace may lie, in either layout."""
    return tuple(day_folder(root, day) for root in roots(settings, workspace_id))


def days_between(since: datetime, until: datetime) -> Iterator[date]:
    """Yield the UTC days that [since, until) touches."""
    day, last = since.astimezone(UTC).date(), (until - timedelta(microseconds=1)).astimezone(UTC).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def day_of(key: str) -> date | None:
    """Return the day of a key or a folder; None for what is none of ours."""
    found = _DAY.search(key)
    return date(*map(int, found.groups())) if found else None


def hour_of(key: str) -> datetime | None:
    """Return the hour of a key (UTC); None for a day's object and for what is none of ours."""
    found = _HOUR.search(key)
    return datetime(*map(int, found.groups()), tzinfo=UTC) if found else None  # type: ignore[misc,arg-type]
