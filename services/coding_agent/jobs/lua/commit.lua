-- Replaces the record of a job if nobody has changed it since it was read, and moves the job in every index.
-- KEYS[1] is the job's hash; further keys are made from the prefix, whose {tag} puts all into one slot.
-- ARGV: prefix, id, revision that was read, new revision, record, status, queued at (s, '' unless pending),
--       lease until (s, '' for none), retention (ms, '' unless ended), expires at (s, '' unless ended)
-- Returns 1: done; 0: somebody was faster; -1: there is no such job.
local prefix, id, read, new, record, status = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local queued_at, lease_until, retention_ms, expires_at = ARGV[7], ARGV[8], ARGV[9], ARGV[10]

local now = redis.call('HMGET', KEYS[1], 'revision', 'number', 'status', 'repository', 'issue')
local revision, number, before, repository, issue = now[1], now[2], now[3], now[4], now[5]
if not revision then
  return -1
end
if revision == new then
  return 1 -- the reply to this very change was lost, and it was sent again
end
if revision ~= read then
  return 0
end

redis.call('HSET', KEYS[1], 'record', record, 'revision', new, 'status', status)
if status ~= before then
  redis.call('ZREM', prefix .. 'status:' .. before, id)
  redis.call('ZREM', prefix .. 'repository-status:' .. repository .. ':' .. before, id)
  redis.call('ZADD', prefix .. 'status:' .. status, number, id)
  redis.call('ZADD', prefix .. 'repository-status:' .. repository .. ':' .. status, number, id)
end

if queued_at == '' then
  redis.call('ZREM', prefix .. 'waiting', id)
else
  redis.call('ZADD', prefix .. 'waiting', queued_at, id)
end

if lease_until == '' then
  redis.call('ZREM', prefix .. 'leases', id)
else
  redis.call('ZADD', prefix .. 'leases', lease_until, id)
end

if retention_ms ~= '' then
  if redis.call('HGET', prefix .. 'open', issue) == id then
    redis.call('HDEL', prefix .. 'open', issue)
  end
  -- All that is needed to leave the indexes once the hash itself is gone.
  redis.call('ZADD', prefix .. 'expiring', expires_at, id .. ' ' .. status .. ' ' .. repository)
  redis.call('PEXPIRE', KEYS[1], retention_ms)
  redis.call('PEXPIRE', prefix .. 'log:' .. id, retention_ms)
  redis.call('PEXPIRE', prefix .. 'artifacts:' .. id, retention_ms)
end
return 1
