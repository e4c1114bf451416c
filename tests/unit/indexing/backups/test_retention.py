"""Which backups stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.indexing.backups.record import BackupName
from finrag_ml_tg1.indexing.backups.retention import Retention, kept_backups

moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))
names = st.lists(st.builds(BackupName, moments, st.just("0" * 16)), unique=True, max_size=60)
retentions = st.builds(Retention, st.integers(0, 10), st.integers(0, 10))


def at(*days: str) -> list[BackupName]:
    return [BackupName(datetime.fromisoformat(day).replace(tzinfo=UTC), "0" * 16) for day in days]


def test_the_last_of_each_day_and_of_each_week_stay() -> None:
    """SU-07. 2026-11-23 and 2026-11-16 are Mondays."""
    made = at(
        "2026-11-25T06:00",
        "2026-11-25T03:00",
        "2026-11-24T03:00",
        "2026-11-23T03:00",
        "2026-11-22T03:00",
        "2026-11-16T03:00",
        "2026-11-15T03:00",
    )
    kept = kept_backups(made, Retention(daily=2, weekly=3))
    assert kept == at("2026-11-25T06:00", "2026-11-24T03:00", "2026-11-22T03:00", "2026-11-15T03:00")


def test_days_without_a_backup_do_not_count() -> None:
    made = at("2026-11-25T03:00", "2026-10-01T03:00", "2026-01-01T03:00")
    assert kept_backups(made, Retention(daily=3, weekly=0)) == made


@given(names, retentions)
@settings(deadline=None)
def test_the_newest_always_stays_and_no_more_than_asked_for(made: list[BackupName], retention: Retention) -> None:
    kept = kept_backups(made, retention)
    assert kept[:1] == sorted(made, reverse=True)[:1]
    assert len(kept) <= max(1, retention.daily + retention.weekly)
    assert kept_backups(kept, retention) == kept


@given(names, retentions)
@settings(deadline=None)
def test_what_stays_is_the_last_of_its_day(made: list[BackupName], retention: Retention) -> None:
    for name in kept_backups(made, retention):
        same_day = [other for other in made if other.made_at.date() == name.made_at.date()]
        assert name == max(same_day)


@given(moments, st.integers(28, 40))
@settings(deadline=None)
def test_of_daily_backups_the_last_of_four_weeks_stays(newest: datetime, count: int) -> None:
    made = [BackupName(newest - timedelta(days=day), "0" * 16) for day in range(count)]
    kept = kept_backups(made, Retention(daily=7, weekly=4))
    assert kept[:7] == made[:7]
    assert newest - kept[-1].made_at >= timedelta(days=15)
