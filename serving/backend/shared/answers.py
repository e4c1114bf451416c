"""Answers that any back end may give again, in a Redis: the second level behind each one's memory."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import cast

from finrag_ml_tg1 import __version__
from serving.backend.schemas.answers import QueryResponse
from serving.backend.shared.connection import SharedAwayError, SharedRedis

__all__ = ["SharedAnswer", "SharedAnswers"]

# KEYS: the answer; those kept, by when they were last used; their sizes; the sum of these.
_GET = """
local data = redis.call('GET', KEYS[1])
if not data then return false end
local time = redis.call('TIME')
redis.call('ZADD', KEYS[2], 'XX', time[1] + time[2] / 1000000, KEYS[1])
return {data, redis.call('PTTL', KEYS[1])}
"""
# ARGV: the answer, milliseconds that it may be kept, the most bytes of all.
_PUT = """
local function remove(key)
    redis.call('DEL', key)
    redis.call('ZREM', KEYS[2], key)
    redis.call('DECRBY', KEYS[4], redis.call('HGET', KEYS[3], key) or 0)
    redis.call('HDEL', KEYS[3], key)
end
remove(KEYS[1])
if #ARGV[1] > tonumber(ARGV[3]) then return end
local time = redis.call('TIME')
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('ZADD', KEYS[2], time[1] + time[2] / 1000000, KEYS[1])
redis.call('HSET', KEYS[3], KEYS[1], #ARGV[1])
redis.call('INCRBY', KEYS[4], #ARGV[1])
while tonumber(redis.call('GET', KEYS[4])) > tonumber(ARGV[3]) do
    local oldest = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
    if not oldest then redis.call('SET', KEYS[4], 0) break end
    remove(oldest)
end
for index = 2, 4 do redis.call('PEXPIRE', KEYS[index], ARGV[2]) end
"""


@dataclass(frozen=True, slots=True)
class SharedAnswer:
    """A response as compressed JSON, and the seconds it may still be kept."""

    data: bytes
    left_s: float


class SharedAnswers:
    """At most `max_bytes` of compressed responses over all back ends; those used least recently go first.

    What a back end of another version has kept is not found. The keys of one Redis server: no cluster.
    """

    def __init__(self, shared: SharedRedis, max_bytes: int) -> None:
        self._shared = shared
        self._max_bytes = max_bytes
        form = json.dumps([__version__, QueryResponse.model_json_schema()], sort_keys=True).encode()
        self._prefix = f"{shared.prefix}answer:{hashlib.sha256(form).hexdigest()[:12]}:"
        self._books = tuple(f"{shared.prefix}answers:{name}" for name in ("used", "sizes", "bytes"))

    def get(self, key: str) -> SharedAnswer | None:
        """Return a response that is kept; None also while the Redis is away."""
        try:
            told = self._shared.run(_GET, (self._prefix + key, *self._books))
        except SharedAwayError:
            return None
        found = cast("tuple[bytes, int] | None", told)
        return None if found is None else SharedAnswer(found[0], found[1] / 1000)

    def put(self, key: str, data: bytes, ttl_s: float) -> None:
        """Have a response kept, soon; not while the Redis is away."""
        keys, arguments = (self._prefix + key, *self._books), (data, round(ttl_s * 1000), self._max_bytes)
        self._shared.later(lambda: self._shared.run(_PUT, keys, arguments))
