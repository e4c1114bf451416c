-- Removes ended jobs whose time is over, from every index too. KEYS[1] is the list of what expires.
-- ARGV: prefix, now (s), at most how many. Returns how many.
local prefix = ARGV[1]
local members = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])
for _, member in ipairs(members) do
  local id, status, repository = string.match(member, '^(%S+) (%S+) (%S+)$')
  redis.call('ZREM', prefix .. 'jobs', id)
  redis.call('ZREM', prefix .. 'status:' .. status, id)
  redis.call('ZREM', prefix .. 'repository:' .. repository, id)
  redis.call('ZREM', prefix .. 'repository-status:' .. repository .. ':' .. status, id)
  redis.call('DEL', prefix .. 'job:' .. id, prefix .. 'log:' .. id, prefix .. 'artifacts:' .. id)
  redis.call('ZREM', KEYS[1], member)
end
return #members
