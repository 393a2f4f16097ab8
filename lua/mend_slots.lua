--- mend_slots: puts slots of an expert right. What is to be changed must be as it was seen, and a seat must have been so ever
-- since: one that was given back and taken anew looks the same and is not. Otherwise nothing happens. What else has happened
-- to a slot stays.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel
-- ARGV  1 epoch that was seen  2 version that was seen  3 PUBLISH or SPUBLISH  4 entries in the change log
--       5 seconds the change log lives  6… slot id, record that was seen ('' for none), right record ('' for none), …
-- Answer {'ok'} or {'changed'} or {'no-epoch'}
-- Event  the state of each slot, or "read anew" if any came or went
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "announce"
local wrong = check_call(5, math.max(8, #ARGV - (#ARGV - 5) % 3), {2, 4, 5})
if wrong then return wrong end
local EPOCH, CALENDAR, VERSION, LOG, CHANNEL = unpack(KEYS)
local seen_epoch, seen_version, publish, log_entries, log_age = unpack(ARGV, 1, 5)

-- Slot id → the seatmaps it has had since a version; nil if the change log does not go back so far.
local function seatmaps_since(feed, version)
  local count = feed.last_version - version
  local entries = count == 0 and {} or redis.call('XRANGE', LOG, digits(version + 1) .. '-0', '+')
  if #entries ~= count then return nil end
  local seatmaps = {}
  for _, entry in ipairs(entries) do
    local id, record = string.match(entry[2][2], '^%S+ %S+ (%S+) (.+)$')
    seatmaps[id] = seatmaps[id] or {}
    table.insert(seatmaps[id], parse_slot(id, record).seatmap)
  end
  return seatmaps
end

-- Whether a seat has been as it was seen, as far back as that.
local function still(seat, mark, is, seatmaps)
  if not seatmaps or string.sub(is.seatmap, seat, seat) ~= mark then return false end
  for _, seatmap in ipairs(seatmaps[is.id] or {}) do
    if string.sub(seatmap, seat, seat) ~= mark then return false end
  end
  return true
end

-- A slot as it is, with what `will` says otherwise than `was`; nil if that is no longer as it was (whoever changes more
-- than seats raises the revision). Seats that come are nobody's yet; those that go must be nobody's by now.
local function merged(was, will, is, seatmaps)
  local seats, wanted = #was.seatmap, #will.seatmap
  for _, name in ipairs({'start', 'finish', 'revision', 'closed'}) do
    if is[name] ~= was[name] then return nil end
    is[name] = will[name]
  end
  if #is.seatmap ~= seats then return nil end
  for seat = 1, seats do
    local mark, right = string.sub(was.seatmap, seat, seat), string.sub(will.seatmap, seat, seat)
    local free = right == '' and string.sub(is.seatmap, seat, seat) == FREE
    if mark ~= right and not free then
      if right == '' and mark == HELD or not still(seat, mark, is, seatmaps) then return nil end
      if right ~= '' then set_seat(is, seat, right) end
    end
  end
  is.seatmap = string.sub(is.seatmap, 1, wanted) .. string.sub(will.seatmap, seats + 1)
  return is
end

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local feed = open_feed({
  epoch = epoch, calendar = CALENDAR, version = VERSION, log = LOG, channel = CHANNEL,
  publish = publish, entries = log_entries, age = log_age,
})
if epoch ~= seen_epoch then return {'changed'} end
local seatmaps = seatmaps_since(feed, seen_version)
local right, gone, anew = {}, {}, false
for position = 6, #ARGV, 3 do
  local id, seen, record = unpack(ARGV, position, position + 2)
  local current = redis.call('HGET', CALENDAR, id) or ''
  local was, slot, is = parse_slot(id, seen), parse_slot(id, record), parse_slot(id, current)
  if record ~= '' and not slot then return {'bad-call', 'argument ' .. (position + 2) .. ' is not a slot record'} end
  if was and slot and is then
    slot = merged(was, slot, is, seatmaps)
    if not slot then return {'changed'} end
  elseif current ~= seen then
    return {'changed'}
  end
  anew = anew or seen == '' or not slot
  if slot then right[#right + 1] = slot else gone[#gone + 1] = id end
end

for _, id in ipairs(gone) do redis.call('HDEL', CALENDAR, id) end
for _, slot in ipairs(right) do
  if anew then redis.call('HSET', CALENDAR, slot.id, slot_record(slot)) else announce(feed, slot) end
end
if anew then announce_anew(feed) end
return {'ok'}
