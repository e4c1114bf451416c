"""Numbers and moments as people read them. All moments are shown in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["ago", "duration", "from_ms", "moment", "percent", "until"]

_STEPS = ((86_400, "d"), (3600, "h"), (60, "min"))


def from_ms(milliseconds: int | None) -> datetime | None:
    """Return the moment of milliseconds since 1970."""
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def moment(value: datetime | str | None) -> str:
    """Return `2026-11-27 13:05:09`, or a dash."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return "–" if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def duration(milliseconds: float | None) -> str:
    """Return `350 ms`, `1.24 s` or `2 min 5 s`, or a dash."""
    if milliseconds is None:
        return "–"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:.2f} s"
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{minutes} min {seconds} s"


def percent(value: float | None) -> str:
    """Return `99.5 %`; never 100 % where something failed."""
    if value is None:
        return "–"
    shown = min(round(value, 1), 99.9) if value < 100 else 100.0
    return f"{shown:g} %"


def until(value: datetime | None, now: datetime) -> str:
    """Return `in 5 min`, or how late it is."""
    if value is None:
        return "–"
    seconds = (value - now).total_seconds()
    return f"in {_about(seconds)}" if seconds >= 0 else f"{_about(-seconds)} overdue"


def ago(seconds: float | None) -> str:
    """Return `5 min ago`, or `never`."""
    return "never" if seconds is None else f"{_about(max(seconds, 0.0))} ago"


def _about(seconds: float) -> str:
    for size, unit in _STEPS:
        if seconds >= size:
            whole, rest = divmod(int(seconds), size)
            smaller = {"d": (3600, "h"), "h": (60, "min")}.get(unit)
            more = f" {rest // smaller[0]} {smaller[1]}" if smaller and rest >= smaller[0] else ""
            return f"{whole} {unit}{more}"
    return f"{seconds:.0f} s"
