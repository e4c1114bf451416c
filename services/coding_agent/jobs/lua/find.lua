-- Returns {number, record, …} of at most so many jobs of an index, newest first, below a number.
-- KEYS[1] is the index. ARGV: prefix, highest number ('+inf' or '(N'), how many
local found, from, wanted = {}, 0, tonumber(ARGV[3])
while #found < 2 * wanted do
  local page = redis.call('ZREVRANGEBYSCORE', KEYS[1], ARGV[2], '-inf', 'WITHSCORES', 'LIMIT', from, wanted)
  if #page == 0 then
    break
  end
  for at = 1, #page, 2 do
    local record = redis.call('HGET', ARGV[1] .. 'job:' .. page[at], 'record')
    -- A job that has expired stays in its indexes until the next reap.
    if record and #found < 2 * wanted then
      found[#found + 1] = page[at + 1]
      found[#found + 1] = record
    end
  end
  from = from + wanted
end
return found
