--- try_code: spends a try on a one-time code; the right one is used up by it.
-- KEYS  1 code: "digest tries", or "used call"
-- ARGV  1 digest of what was given  2 a word of this call's own  3 most tries
-- Answer {'ok'}, {'same'}: this call has run before, or {'code-wrong'}: wrong, used, over, or tried too often
-- Event  none
--- @include "answer"
local wrong = check_call(1, 3, {3})
if wrong then return wrong end
local CODE = unpack(KEYS)
local given, call, most = unpack(ARGV)

local stored, count = string.match(redis.call('GET', CODE) or '', '^(%S+) (%S+)$')
if not stored then return {'code-wrong'} end
local used = stored == 'used'
if used then return {count == call and 'same' or 'code-wrong'} end
-- Every byte is looked at, whatever the first ones are: how long it takes says nothing about the code.
local differ = #stored == #given and 0 or 1
for position = 1, #stored do
  differ = differ + (string.byte(stored, position) == string.byte(given, position) and 0 or 1)
end
if differ == 0 then
  redis.call('SET', CODE, 'used ' .. call, 'KEEPTTL')
  return {'ok'}
end
local tries = tonumber(count) + 1
if tries >= tonumber(most) then
  redis.call('DEL', CODE)
else
  redis.call('SET', CODE, stored .. ' ' .. tries, 'KEEPTTL')
end
return {'code-wrong'}
