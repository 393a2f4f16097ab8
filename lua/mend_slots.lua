--- mend_slots: puts slots of an expert right. What is to be changed must be as it was seen, and must have been so ever since:
-- a seat that was given back and taken anew looks the same and is not. Otherwise nothing happens.
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

-- The right record of a slot to which other things have happened meanwhile: nil unless only seats are to be changed, and
-- nothing has happened to these.
local function merged(id, seen, right, current, seatmaps)
  local was, will, is = parse_slot(id, seen), parse_slot(id, right), parse_slot(id, current)
  if not (was and will and is) or #was.seatmap ~= #will.seatmap or #was.seatmap ~= #is.seatmap then return nil end
  for seat = 1, #was.seatmap do
    local mark, wanted = string.sub(was.seatmap, seat, seat), string.sub(will.seatmap, seat, seat)
    if mark ~= wanted then
      for _, seatmap in ipairs(seatmaps) do
        if string.sub(seatmap, seat, seat) ~= mark then return nil end
      end
      set_seat(is, seat, wanted)
    end
  end
  will.seatmap = was.seatmap
  return slot_record(will) == seen and slot_record(is) or nil
end

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local feed = open_feed({
  epoch = epoch, calendar = CALENDAR, version = VERSION, log = LOG, channel = CHANNEL,
  publish = publish, entries = log_entries, age = log_age,
})
local seatmaps = epoch == seen_epoch and seatmaps_since(feed, seen_version)
if not seatmaps then return {'changed'} end
local right, gone, anew = {}, {}, false
for position = 6, #ARGV, 3 do
  local id, seen, record = unpack(ARGV, position, position + 2)
  local current = redis.call('HGET', CALENDAR, id) or ''
  if seatmaps[id] then record = merged(id, seen, record, current, seatmaps[id]) end
  if not record or (not seatmaps[id] and current ~= seen) then return {'changed'} end
  local slot = record ~= '' and parse_slot(id, record)
  if record ~= '' and not slot then return {'bad-call', 'argument ' .. (position + 2) .. ' is not a slot record'} end
  anew = anew or seen == '' or not slot
  if slot then right[#right + 1] = slot else gone[#gone + 1] = id end
end

for _, id in ipairs(gone) do redis.call('HDEL', CALENDAR, id) end
for _, slot in ipairs(right) do
  if anew then redis.call('HSET', CALENDAR, slot.id, slot_record(slot)) else announce(feed, slot) end
end
if anew then announce_anew(feed) end
return {'ok'}
