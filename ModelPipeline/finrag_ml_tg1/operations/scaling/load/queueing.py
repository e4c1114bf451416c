"""The queue of one back end as serving/backend/admission.py has it: few places, and who comes beyond is refused.

M/M/1/K: requests of many independent clients (Poisson), a processor whose times are exponential, K places for those at
work and those who wait, no place for more. Real answers vary less than exponential ones do, so waiting and refusals
come out on the high side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Flow", "flow_of"]

_QUANTILE = 0.95
_PRECISION = 1e-4
_MOST_ROUNDS = 60


@dataclass(frozen=True, slots=True)
class Flow:
    """What becomes of one replica's requests when its load is steady.

    `refused` and `busy` are shares, `inside` the mean count at work or waiting, `rate` is in answers a second, `found`
    holds the share of those let in who find so many before them, and 95 % of the answers are there within `p95_s`.
    """

    refused: float
    busy: float
    inside: float
    rate: float
    found: tuple[float, ...]
    p95_s: float

    def slower_than(self, seconds: float) -> float:
        """Return the share of answers that take longer."""
        return _slower(self.found, self.rate * seconds)


@lru_cache(maxsize=4096)
def flow_of(offered: float, rate: float, places: int, retries: int) -> Flow:
    """Return one replica's flow at `offered` requests a second, of which it answers `rate` when it is always busy.

    Who is refused asks again, `retries` times, of a replica drawn by chance (the chat does so once, a proxy may): what
    comes again is load too, and `refused` is the share that was refused each time.
    """
    seen = offered
    shares = _shares(seen / rate, places)
    for _ in range(_MOST_ROUNDS if retries else 0):
        again = offered * sum(shares[-1] ** turn for turn in range(retries + 1))
        if abs(again - seen) <= _PRECISION * offered:
            break
        seen = again
        shares = _shares(seen / rate, places)
    let_in = 1 - shares[-1]
    found = tuple(share / let_in for share in shares[:-1])
    return Flow(
        refused=shares[-1] ** (retries + 1),
        busy=1 - shares[0],
        inside=sum(count * share for count, share in enumerate(shares)),
        rate=rate,
        found=found,
        p95_s=_done_at_quantile(found) / rate,
    )


def _slower(found: tuple[float, ...], done: float) -> float:
    """The share still waiting when so many answers could be done: who finds j before him waits for j + 1 (Erlang)."""
    term, tail, slower = math.exp(-done), 0.0, 0.0
    for before, share in enumerate(found):
        tail += term
        slower += share * tail
        term *= done / (before + 1)
    return slower


def _done_at_quantile(found: tuple[float, ...]) -> float:
    low, high = 0.0, 1.0
    while _slower(found, high) > 1 - _QUANTILE:
        low, high = high, 2 * high
    while high - low > _PRECISION * high:
        middle = (low + high) / 2
        low, high = (middle, high) if _slower(found, middle) > 1 - _QUANTILE else (low, middle)
    return high


def _shares(load: float, places: int) -> tuple[float, ...]:
    """The shares of time with 0 … `places` inside: powers of the load, from the larger end so that none overflows."""
    weights = (
        [load**count for count in range(places + 1)]
        if load <= 1
        else [load ** (count - places) for count in range(places + 1)]
    )
    whole = sum(weights)
    return tuple(weight / whole for weight in weights)
