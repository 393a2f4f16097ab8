--- identity: whether the partition has been compared with MongoDB since its server began its present life.
-- KEYS  1 epoch  2 server
-- ARGV  none
-- Answer {'same' | 'changed', identity, epoch, epoch ms now}
--     or {'again' | 'later', identity, epoch, epoch ms now}: it has been compared, and is to be compared once more, now or
--        in a while
--     or {'no-epoch'}
-- Event  none
--- @include "answer"
--- @include "clock"
--- @include "server"
local wrong = check_call(2, 0, {})
if wrong then return wrong end
local EPOCH, SERVER = unpack(KEYS)
local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local identity, now = server_identity(), now_ms()
local known, again = string.match(redis.call('GET', SERVER) or '', '^(%S*) (%d+)$')
if identity ~= '' and known ~= identity then return {'changed', identity, epoch, digits(now)} end
if known and tonumber(again) > 0 then
  return {tonumber(again) <= now and 'again' or 'later', identity, epoch, digits(now)}
end
return {'same', identity, epoch, digits(now)}
