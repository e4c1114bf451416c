"""When a trigger is due: croniter's dialect, with ticks that keep to the wall clock of a time zone.

Five fields (minute hour day month weekday), or six with the seconds first, or `@hourly`, `@daily`, `@midnight`,
`@weekly`, `@monthly`, `@yearly`, `@annually`. Where day and weekday are both given, either is enough.

croniter reads the pattern; the ticks are found here: croniter 2.0.7 leaves out 1 March of `0 0 1,30 * *`, and in a
time zone runs `30 2 * * *` an hour late on the day after summer time ended, `*/10 * * * *` not at all in the hour that
comes twice.

When the clocks change:
- A time that is skipped is due as much later as the clocks were put forward: 02:30 in Berlin at 03:30.
- A time that comes twice is due once, the first time; a pattern for every hour is due in both hours.
"""

from __future__ import annotations

import calendar
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter
from croniter.croniter import EXPRESSIONS, CroniterError  # type: ignore[attr-defined] # not in the stubs

__all__ = ["CronError", "next_run", "read_zone", "shortest_interval_s"]

_LONGEST = 100
# The same weekday on 29 February can be 40 years away.
_MOST_YEARS = 41
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
# A year with 29 February and what follows: every distance between two days of a pattern that is shorter is in it.
_SAMPLE = tuple(date(2024, 1, 1) + timedelta(days=day) for day in range(400))


class CronError(ValueError):
    """A pattern or time zone that cannot be used; the message is for whoever wrote it."""


def next_run(cron: str, tz: str, after: datetime) -> datetime:
    """Return the first tick later than `after` (which has a time zone), in UTC. Raises CronError."""
    pattern, zone = _pattern(cron), read_zone(tz)
    about = (after - _DAY, after, after + _DAY)
    offsets = [_offset(moment, zone) for moment in about]
    wall = after.astimezone(zone).replace(tzinfo=None) - (max(offsets) - min(offsets))
    best: datetime | None = None
    # Around a change of the clocks a later time by the wall clock can be the earlier moment.
    while True:
        wall = pattern.following(wall)
        for moment in _moments(wall, zone, twice=pattern.is_hourly):
            if moment > after and (best is None or moment < best):
                best = moment
                offsets += [_offset(best - _DAY, zone), _offset(best + _DAY, zone)]
        if best is not None and wall.replace(tzinfo=UTC) - max(offsets) >= best:
            return best


def shortest_interval_s(cron: str) -> int:
    """Return the seconds between the two closest ticks, by the wall clock; 400 days at most. Raises CronError."""
    return _pattern(cron).shortest_interval_s()


def read_zone(tz: str) -> ZoneInfo:
    """Return an IANA time zone. Raises CronError."""
    try:
        return ZoneInfo(tz[:64])
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise CronError("is no time zone of the IANA list, such as Europe/Berlin or UTC") from None


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _moments(wall: datetime, zone: ZoneInfo, *, twice: bool) -> Iterator[datetime]:
    # Before a change the old offset holds: it moves a skipped time forward, and is the first of two.
    first = wall.replace(tzinfo=zone).astimezone(UTC)
    yield first
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if twice and second > first:
        yield second


@dataclass(frozen=True, slots=True)
class _Pattern:
    """Sorted values of each field. `days` and `weekdays` are None where any will do; Sunday is 0."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    days: frozenset[int] | None
    is_last_day: bool
    weekdays: frozenset[int] | None
    # Weekday to which of its days in a month: 1 to 5, or "l" for the last.
    nth: Mapping[int, frozenset[int | str]]

    @property
    def is_hourly(self) -> bool:
        return len(self.hours) == 24

    def following(self, wall: datetime) -> datetime:
        """Return the first time later than `wall`. Raises CronError where there is none."""
        begin = wall.replace(microsecond=0) + _SECOND
        found = self._time_from(begin.time()) if self._has_day(begin.date()) else None
        if found is not None:
            return datetime.combine(begin.date(), found)
        first = time(self.hours[0], self.minutes[0], self.seconds[0])
        return datetime.combine(self._day_after(begin.date()), first)

    def shortest_interval_s(self) -> int:
        minutes = [hour * 60 + minute for hour in self.hours for minute in self.minutes]
        within = self.seconds[-1] - self.seconds[0]
        gaps = [later - sooner for sooner, later in pairwise(self.seconds)]
        gaps += [(later - sooner) * 60 - within for sooner, later in pairwise(minutes)]
        days = [index for index, day in enumerate(_SAMPLE) if self._has_day(day)]
        apart = min((later - sooner for sooner, later in pairwise(days)), default=len(_SAMPLE))
        gaps.append(apart * 86_400 - (minutes[-1] - minutes[0]) * 60 - within)
        return min(gaps)

    def _time_from(self, begin: time) -> time | None:
        for hour in self.hours[bisect_left(self.hours, begin.hour) :]:
            if hour > begin.hour:
                return time(hour, self.minutes[0], self.seconds[0])
            for minute in self.minutes[bisect_left(self.minutes, begin.minute) :]:
                if minute > begin.minute:
                    return time(hour, minute, self.seconds[0])
                if later := self.seconds[bisect_left(self.seconds, begin.second) :]:
                    return time(hour, minute, later[0])
        return None

    def _day_after(self, day: date) -> date:
        last_year = day.year + _MOST_YEARS
        day += _DAY
        while day.year <= last_year:
            if day.month not in self.months:
                day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
            elif self._has_day(day):
                return day
            else:
                day += _DAY
        raise CronError("names a date that never comes, such as 30 February")

    def _has_day(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        if self.days is None:
            return self.weekdays is None or self._has_weekday(day)
        return self._has_day_of_month(day) or (self.weekdays is not None and self._has_weekday(day))

    def _has_day_of_month(self, day: date) -> bool:
        assert self.days is not None
        return day.day in self.days or (self.is_last_day and day.day == _last_day(day))

    def _has_weekday(self, day: date) -> bool:
        weekday = day.isoweekday() % 7
        if self.nth:
            wanted = self.nth.get(weekday, frozenset())
            return (day.day + 6) // 7 in wanted or ("l" in wanted and day.day + 7 > _last_day(day))
        assert self.weekdays is not None
        return weekday in self.weekdays


def _last_day(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


@lru_cache(maxsize=2048)
def _pattern(cron: str) -> _Pattern:
    fields, nth = _expanded(cron)
    minutes, hours, days, months, weekdays = fields[:5]
    pattern = _Pattern(
        seconds=_values(fields[5], range(60)) if len(fields) == 6 else (0,),
        minutes=_values(minutes, range(60)),
        hours=_values(hours, range(24)),
        months=frozenset(_values(months, range(1, 13))),
        days=None if days == ["*"] else frozenset(day for day in days if isinstance(day, int)),
        is_last_day="l" in days,
        weekdays=None if weekdays == ["*"] and not nth else frozenset(_values(weekdays, range(7))),
        nth={int(weekday): frozenset(which) for weekday, which in nth.items()},
    )
    if nth and pattern.weekdays != frozenset(pattern.nth):
        raise CronError("mixes plain weekdays with those of a certain week (1#2, L5)")
    # Refused at once where no day of it ever comes.
    pattern.following(datetime(2024, 1, 1))
    return pattern


def _values(field: Sequence[int | str], every: range) -> tuple[int, ...]:
    return tuple(every) if field == ["*"] else tuple(sorted(value for value in field if isinstance(value, int)))


def _expanded(cron: str) -> tuple[Sequence[Sequence[int | str]], Mapping[int, AbstractSet[int | str]]]:
    """Return croniter's reading: minute, hour, day, month, weekday, seconds; and weekdays of certain weeks."""
    if len(cron) > _LONGEST or not cron.isascii() or not cron.isprintable():
        raise CronError(f"is longer than {_LONGEST} characters, or has characters that no pattern has")
    fields = cron.split()
    is_alias = cron.startswith("@")
    if not is_alias and len(fields) not in (5, 6):
        raise CronError(f"has {len(fields)} fields; it needs 5, or 6 with the seconds first")
    # croniter's R means a random time, another one whenever the pattern is read.
    if not is_alias and any(part.lower().startswith(("r", "h")) for field in fields for part in field.split(",")):
        raise CronError("has R or H in it: their times are not fixed")
    try:
        expanded, nth = croniter.expand(cron, second_at_beginning=True)
    except CroniterError as error:
        raise CronError(_words(cron, is_alias=is_alias, error=error)) from None
    finally:
        # croniter remembers every pattern it has ever seen.
        EXPRESSIONS.pop((cron, None, True), None)
    return expanded, nth


def _words(cron: str, *, is_alias: bool, error: CroniterError) -> str:
    if is_alias:
        return "is not one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually"
    fields = cron.split()
    names = ("second", "minute", "hour", "day", "month", "weekday")[-len(fields) :]
    for place, (name, field) in enumerate(zip(names, fields, strict=True)):
        alone = ["*"] * len(fields)
        alone[place] = field
        try:
            croniter.expand(" ".join(alone), second_at_beginning=True)
        except CroniterError:
            return f"has a {name} field ({field}) that cannot be used"
        finally:
            EXPRESSIONS.pop((" ".join(alone), None, True), None)
    return "cannot be used: its fields do not fit together"
