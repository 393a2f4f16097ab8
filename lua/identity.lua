--- identity: whether the partition has been compared with MongoDB since its server began its present life.
-- KEYS  1 epoch  2 server
-- ARGV  none
-- Answer {'same' | 'changed', identity}
--     or {'again', identity}: it has been compared, and is to be compared once more now
--     or {'no-epoch'}
-- Event  none
--- @include "answer"
--- @include "clock"
--- @include "server"
local wrong = check_call(2, 0, {})
if wrong then return wrong end
local EPOCH, SERVER = unpack(KEYS)
if redis.call('EXISTS', EPOCH) == 0 then return {'no-epoch'} end
local identity = server_identity()
local known, again = string.match(redis.call('GET', SERVER) or '', '^(%S*) (%d+)$')
if identity ~= '' and known ~= identity then return {'changed', identity} end
if known and tonumber(again) > 0 and tonumber(again) <= now_ms() then return {'again', identity} end
return {'same', identity}
