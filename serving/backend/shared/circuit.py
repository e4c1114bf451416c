"""A circuit that several back ends share: closed, open for a while, then half-open with one trial among all of them.

Moments are those of the Redis, so clocks of back ends do not matter. Each change is one script: nothing happens between
looking and changing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from serving.backend.shared.connection import SharedRedis

__all__ = ["CircuitState", "RedisCircuit", "Verdict"]

CircuitState = Literal["closed", "open", "half-open"]

# KEYS: the circuit, the set of those who failed. ARGV: what to do, the attempt, who failed, how many failures open it,
# milliseconds that it is open, that a trial may last, and that failures count.
_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local kept = redis.call('HMGET', KEYS[1], 'open_until', 'trial', 'trial_until')
local open_until, trial, trial_until = tonumber(kept[1]), kept[2], tonumber(kept[3] or '0')
local deed, attempt, member = ARGV[1], ARGV[2], ARGV[3]
local is_trial = trial == attempt
-- Later than it can have been set: the clock was put back since, or is another server's.
if open_until and open_until > now + ARGV[5] then open_until = now end
if trial_until and trial_until > now + ARGV[6] then trial_until = now end
local function keep_for(milliseconds)
    redis.call('PEXPIRE', KEYS[1], milliseconds)
end
if deed == 'succeed' then
    redis.call('DEL', KEYS[1], KEYS[2])
elseif deed == 'leave' then
    if is_trial then redis.call('HDEL', KEYS[1], 'trial', 'trial_until') end
elseif deed == 'fail' then
    if is_trial then redis.call('HDEL', KEYS[1], 'trial', 'trial_until') end
    redis.call('SADD', KEYS[2], member)
    redis.call('PEXPIRE', KEYS[2], ARGV[7])
    if is_trial or (not open_until and redis.call('SCARD', KEYS[2]) >= tonumber(ARGV[4])) then
        redis.call('HSET', KEYS[1], 'open_until', string.format('%.0f', now + ARGV[5]))
        keep_for(86400000)
    end
elseif not open_until then
    return {'closed', 0, 0}
elseif now < open_until then
    return {'open', open_until - now, 0}
elseif deed == 'enter' and not (trial and now < trial_until) then
    redis.call('HSET', KEYS[1], 'trial', attempt, 'trial_until', string.format('%.0f', now + ARGV[6]))
    return {'half-open', 0, 1}
else
    return {'half-open', 0, 0}
end
return {'', 0, 0}
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the circuit stands, for how many seconds it stays open, and whether who asked may go through."""

    state: CircuitState
    wait_s: float
    may_pass: bool


class RedisCircuit:
    """The circuit of that name. Every method raises SharedAwayError.

    It opens when `failures_to_open` different members have failed and nothing has succeeded since; failures count for
    ten times `open_s`. A trial that does not end within `trial_s` is taken to have died with its process.
    """

    def __init__(self, shared: SharedRedis, name: str, *, failures_to_open: int, open_s: float, trial_s: float) -> None:
        self._shared = shared
        circuit = f"{shared.prefix}circuit:{name}"
        self._keys = (circuit, f"{circuit}:failed")
        self._limits = (failures_to_open, *(round(seconds * 1000) for seconds in (open_s, trial_s, 10 * open_s)))

    def enter(self, attempt: str) -> Verdict:
        """Ask for the right to go through; half-open, one attempt has it until it ends."""
        state, wait_ms, is_trial = self._run("enter", attempt)
        return Verdict(state, wait_ms / 1000, may_pass=state == "closed" or bool(is_trial))

    def look(self) -> CircuitState:
        """Return how it stands."""
        return self._run("look")[0]

    def succeed(self) -> None:
        """Close it."""
        self._run("succeed")

    def fail(self, attempt: str, member: str) -> None:
        """Count a failure of a member; that of the trial opens the circuit again."""
        self._run("fail", attempt, member)

    def leave(self, attempt: str) -> None:
        """Nothing was learned: a trial makes room for another."""
        self._run("leave", attempt)

    def _run(self, deed: str, attempt: str = "", member: str = "") -> tuple[CircuitState, int, int]:
        told = self._shared.run(_SCRIPT, self._keys, (deed, attempt, member, *self._limits))
        state, wait_ms, is_trial = cast("tuple[bytes, int, int]", told)
        return cast("CircuitState", state.decode()), wait_ms, is_trial
