-- Keeps a new pending job and puts it into every index, unless its idempotency key or its open issue has a job.
-- KEYS[1] is the job's hash; further keys are made from the prefix, whose {tag} puts all into one slot.
-- ARGV: prefix, id, token of this submission, record, repository, issue, queued at (s),
--       idempotency key ('' for none), digest of the body, lifetime of that key (ms)
-- Returns {outcome, record}: created, existing, mismatch or taken.
local prefix, id, token, record = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local repository, issue, queued_at = ARGV[5], ARGV[6], ARGV[7]
local key, digest, key_ms = ARGV[8], ARGV[9], ARGV[10]

local function record_of(other)
  return redis.call('HGET', prefix .. 'job:' .. other, 'record')
end

-- The reply to this very submission was lost, and it was sent again.
local before = redis.call('HGET', KEYS[1], 'submission')
if before == token then
  return {'created', record_of(id)}
end

if key ~= '' then
  local sent = redis.call('HMGET', prefix .. 'idempotency:' .. key, 'digest', 'job')
  local known = sent[2] and record_of(sent[2])
  if known then
    if sent[1] ~= digest then
      return {'mismatch', ''}
    end
    return {'existing', known}
  end
end

local function remember(job)
  if key ~= '' then
    redis.call('HSET', prefix .. 'idempotency:' .. key, 'digest', digest, 'job', job)
    redis.call('PEXPIRE', prefix .. 'idempotency:' .. key, key_ms)
  end
end

local open = redis.call('HGET', prefix .. 'open', issue)
local known = open and record_of(open)
if known then
  remember(open)
  return {'existing', known}
end

if before then
  return {'taken', ''}
end

local number = redis.call('INCR', prefix .. 'number')
redis.call('HSET', KEYS[1], 'record', record, 'revision', token, 'submission', token, 'number', number,
  'status', 'pending', 'repository', repository, 'issue', issue, 'log_count', 0)
redis.call('ZADD', prefix .. 'jobs', number, id)
redis.call('ZADD', prefix .. 'status:pending', number, id)
redis.call('ZADD', prefix .. 'repository:' .. repository, number, id)
redis.call('ZADD', prefix .. 'repository-status:' .. repository .. ':pending', number, id)
redis.call('ZADD', prefix .. 'waiting', queued_at, id)
redis.call('HSET', prefix .. 'open', issue, id)
remember(id)
return {'created', record}
