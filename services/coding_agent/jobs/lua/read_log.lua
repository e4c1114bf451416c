-- KEYS: the job's hash, its log. ARGV: number after which, at most how many ('' for all).
-- Returns {number of the first line returned, lines…}, or nothing when there is no such job.
local count = tonumber(redis.call('HGET', KEYS[1], 'log_count'))
if not count then
  return {}
end
local first = math.max(count - redis.call('LLEN', KEYS[2]), tonumber(ARGV[1])) + 1
if ARGV[2] ~= '' then
  first = math.max(first, count - tonumber(ARGV[2]) + 1)
end
if first > count then
  return {first}
end
local lines = redis.call('LRANGE', KEYS[2], first - count - 1, -1)
table.insert(lines, 1, first)
return lines
