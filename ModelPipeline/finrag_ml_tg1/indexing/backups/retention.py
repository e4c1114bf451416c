"""Which backups stay: the last of each of the newest days and weeks that have any, and always the newest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from finrag_ml_tg1.indexing.backups.record import BackupName

__all__ = ["Retention", "kept_backups"]


@dataclass(frozen=True, slots=True)
class Retention:
    """For so many days and calendar weeks (ISO 8601, UTC) that have a backup, the last one of each stays."""

    daily: int = 7
    weekly: int = 4


def kept_backups(names: Iterable[BackupName], retention: Retention) -> list[BackupName]:
    """Return the backups that stay, newest first. The newest stays whatever `retention` says."""
    newest_first = sorted(names, reverse=True)
    days: dict[object, BackupName] = {}
    weeks: dict[object, BackupName] = {}
    for name in newest_first:
        days.setdefault(name.made_at.date(), name)
        weeks.setdefault(_week(name.made_at), name)
    kept = {*newest_first[:1], *list(days.values())[: retention.daily], *list(weeks.values())[: retention.weekly]}
    return sorted(kept, reverse=True)


def _week(moment: datetime) -> tuple[int, int]:
    year, week, _ = moment.isocalendar()
    return year, week
