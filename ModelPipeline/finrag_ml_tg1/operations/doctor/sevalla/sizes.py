"""Checks of the sizes: that back end and front end fit what they are given, and what the smallest that fits costs."""

from __future__ import annotations

from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.operations.cost.prices import PRICES_FILE, Size, read_prices
from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, warning
from finrag_ml_tg1.operations.doctor.index import IndexInStore
from finrag_ml_tg1.operations.doctor.memory import memory_need
from finrag_ml_tg1.operations.doctor.sevalla.dashboard import size_advice
from finrag_ml_tg1.operations.doctor.sevalla.plan import Plan

__all__ = ["check_backend_size", "check_frontend_size"]

_MB = 1_000_000
# README, front end: 57 MB idle, 88 MB with 25 sessions of ten questions; twice that leaves room for more.
_FRONTEND_MB = 88
_FRONTEND_GOOD_MB = 176


def check_backend_size(plan: Plan, index: IndexInStore, config: MLConfig) -> Finding:
    """Look whether the index fits the size's memory, as measured, and name the cheapest that it fits."""
    name = plan.size or plan.application("backend").size
    sizes = _sizes(plan)
    size = sizes.get(name)
    if size is None:
        return _unknown(name, sizes)
    need = memory_need(index, config)
    has = size.memory_mb * _MB
    found = (
        f"{_shown(name, size)}; a back end needs {need.least_bytes / _MB:,.0f} MB, and "
        f"{need.good_bytes / _MB:,.0f} MB to stay fast"
    )
    fitting = _cheapest(sizes, need.good_bytes, least_cpu=min(1.0, float(size.cpu)))
    other = f"the cheapest that fits is {_shown(fitting, sizes[fitting])}" if fitting else "no size listed is enough"
    if has < need.least_bytes:
        return failed(f"does not fit {found}", other, size_advice(fitting or "a larger one"))
    if has < need.good_bytes:
        return warning(f"tight in {found}", other, size_advice(fitting or "a larger one"))
    if size.cpu < 1:
        return warning(
            f"fits {found}; answers were measured with one CPU", "expect longer answers, the first ones above all"
        )
    if fitting not in {None, name}:
        return ok(f"fits {found}; {other}")
    return ok(f"fits {found}")


def check_frontend_size(plan: Plan) -> Finding:
    """Look whether the front end fits its size."""
    name = plan.application("frontend").size
    sizes = _sizes(plan)
    size = sizes.get(name)
    if size is None:
        return _unknown(name, sizes)
    found = f"{_shown(name, size)}; a front end with 25 sessions needs {_FRONTEND_MB} MB"
    if size.memory_mb < _FRONTEND_GOOD_MB:
        fitting = _cheapest(sizes, _FRONTEND_GOOD_MB * _MB, least_cpu=0)
        state = failed if size.memory_mb < _FRONTEND_MB else warning
        return state(f"{'does not fit' if state is failed else 'tight in'} {found}", size_advice(fitting or "another"))
    return ok(f"fits {found}")


def _sizes(plan: Plan) -> dict[str, Size]:
    return read_prices(plan.file.parent / PRICES_FILE).current.sizes


def _cheapest(sizes: dict[str, Size], needed_bytes: int, *, least_cpu: float) -> str | None:
    fitting = [
        name for name, size in sizes.items() if size.memory_mb * _MB >= needed_bytes and float(size.cpu) >= least_cpu
    ]
    return min(fitting, key=lambda name: sizes[name].month, default=None)


def _shown(name: str, size: Size) -> str:
    return f"{name} ({size.cpu} CPU, {size.memory_mb:,} MB, ${size.month} a month)"


def _unknown(name: str, sizes: dict[str, Size]) -> Finding:
    return failed(f"there is no size {name}", f"sizes today: {', '.join(sizes)}")
