-- Adds lines to a job's log and drops the oldest beyond a number. KEYS: the job's hash, its log.
-- ARGV: token of this call, most lines, lines… Returns 1, or 0 when there is no such job.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
if redis.call('HGET', KEYS[1], 'log_token') == ARGV[1] then
  return 1 -- the reply was lost, and the lines were sent again
end
local time = redis.call('TIME')
local at = time[1] .. '.' .. string.format('%06d', time[2])
for line = 3, #ARGV do
  redis.call('RPUSH', KEYS[2], at .. ' ' .. ARGV[line])
end
redis.call('HSET', KEYS[1], 'log_token', ARGV[1])
redis.call('HINCRBY', KEYS[1], 'log_count', #ARGV - 2)
redis.call('LTRIM', KEYS[2], -tonumber(ARGV[2]), -1)
local left = redis.call('PTTL', KEYS[1])
if left > 0 then
  redis.call('PEXPIRE', KEYS[2], left)
end
return 1
