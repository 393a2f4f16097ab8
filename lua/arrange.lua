--- arrange: has an expert's slots as an administrator or a rule wants them: put on sale, offered anew, closed. All or nothing.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel  6 outbox  7 experts
-- ARGV  1 expert id  2 most entries in the outbox  3 PUBLISH or SPUBLISH  4 entries in the change log
--       5 seconds the change log lives  6 'strict': what stands in the way refuses all; 'lenient': it is left as it is
--       7 epoch ms until which this may be done, because then somebody else is at it, or zero: whenever it comes
--       8… verb, slot id, record, verb, slot id, record, … The closings are looked at first. Verbs:
--         close  takes it off sale, a strict call by hand and a lenient one by weekly hours; the bookings it has stay, and
--                in a strict call stand in the way. The record is ''
--         add    puts it on sale; one that is there stays as it is
--         open   the same; one that is closed gets the record's end and seats if nobody has a seat of it, and is opened if
--                hours have closed it
--         offer  the same; one that is open gets them, too
-- Answer {'ok', added, opened or reshaped, closed, booked seats of all that were to be closed, left out, left for now
--         because somebody holds a seat, {slot id, … of both}, {slot id, record, outbox entry, … of all that changed;
--         in a strict call also of those that are as they are wished for, with '' as the entry}}
--     or {'has-bookings', how many} or {'no-epoch' | 'late' | 'slot-not-found' | 'slot-overlaps' | 'backlog'}
-- Event  the state of each slot; "read anew", if any was added or many have changed
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "overlap"
--- @include "announce"
local MANY = 50
local wrong = check_call(7, math.max(7, #ARGV - (#ARGV - 7) % 3), {2, 4, 5, 7})
if wrong then return wrong end
local EPOCH, CALENDAR, VERSION, LOG, CHANNEL, OUTBOX, EXPERTS = unpack(KEYS)
local expert_id, backlog, publish, log_entries, log_age, mode = unpack(ARGV, 1, 6)
local ends = tonumber(ARGV[7])
local strict = mode == 'strict'
if not strict and mode ~= 'lenient' then return {'bad-call', 'argument 6 is strict or lenient'} end

local OFFERS = { -- and what they change of a slot that is there
  add = {}, open = {[BY_HAND] = true, [BY_HOURS] = true}, offer = {[BY_HAND] = true, [BY_HOURS] = true, open = true},
}
local closings, offers, named = {}, {}, {}
local from, till = math.huge, 0
for position = 8, #ARGV, 3 do
  local verb, id = ARGV[position], ARGV[position + 1]
  named[id] = true
  if verb == 'close' then
    closings[#closings + 1] = id
  elseif OFFERS[verb] then
    local slot = parse_slot(id, ARGV[position + 2])
    if not slot then return {'bad-call', 'argument ' .. (position + 2) .. ' is not a slot record'} end
    offers[#offers + 1] = {changes = OFFERS[verb], slot = slot}
    from, till = math.min(from, slot.start), math.max(till, slot.finish)
  else
    return {'bad-call', 'argument ' .. position .. ' is no verb'}
  end
end

local there, near = {}, {} -- those that are named, by id, and those of the time of the offers
local function note(id, record)
  local start, finish = string.match(record, '^(%d+) (%d+) ')
  local is_near = start and tonumber(start) < till and from < tonumber(finish)
  local slot = (is_near or named[id]) and not there[id] and parse_slot(id, record)
  if not slot then return end
  slot.start, slot.finish = tonumber(slot.start), tonumber(slot.finish)
  if named[id] then there[id] = slot end
  if is_near then near[#near + 1] = slot end
end
local function overlaps(wanted)
  for _, slot in ipairs(near) do
    if is_in_the_way(slot, wanted) then return true end
  end
end

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
if ends > 0 and now_ms() >= ends then return {'late'} end
if #offers > 0 then
  local fields = redis.call('HGETALL', CALENDAR)
  for position = 1, #fields, 2 do note(fields[position], fields[position + 1]) end
else -- nothing can overlap
  for _, id in ipairs(closings) do note(id, redis.call('HGET', CALENDAR, id) or '') end
end

local changed, right, unfinished = {}, {}, {}
local added, opened, closed, booked, left_out, held = 0, 0, 0, 0, 0, 0
local by = strict and BY_HAND or BY_HOURS
for _, id in ipairs(closings) do
  local slot = there[id]
  if slot then
    booked = booked + select(2, string.gsub(slot.seatmap, BOOKED, ''))
    if not slot.closed or (strict and slot.closed ~= by) then
      slot.closed, slot.revision = by, slot.revision + 1
      changed[#changed + 1] = slot
      closed = closed + 1
    else
      right[#right + 1] = slot
    end
  elseif strict then
    return {'slot-not-found'}
  end
end
if strict and booked > 0 then return {'has-bookings', booked} end
for _, offer in ipairs(offers) do
  local wanted = offer.slot
  wanted.start, wanted.finish = tonumber(wanted.start), tonumber(wanted.finish)
  local slot = there[wanted.id]
  local state = slot and (slot.closed or 'open')
  local is_right, is_held, shape = false, false, wanted
  if slot then
    local same = slot.finish == wanted.finish and #slot.seatmap == #wanted.seatmap
    local may_change = offer.changes[state]
    is_held = may_change and not same and string.find(slot.seatmap, HELD, 1, true)
    if string.find(slot.seatmap, '[bh]') then shape = slot end
    is_right = not may_change or (state ~= BY_HOURS and (same or shape == slot))
  end
  local is_blocked = not is_right and state ~= BY_HAND and overlaps(shape)
  if is_held then held = held + 1 end
  if is_held or is_blocked then unfinished[#unfinished + 1] = wanted.id end
  if is_right then
    right[#right + 1] = slot
  elseif is_blocked then
    if strict then return {'slot-overlaps'} end
    left_out = left_out + 1
  elseif slot then
    slot.closed, slot.revision = state == BY_HAND and BY_HAND, slot.revision + 1
    slot.finish, slot.seatmap = shape.finish, shape.seatmap
    changed[#changed + 1] = slot
    opened = opened + 1
  else
    there[wanted.id] = wanted
    near[#near + 1] = wanted
    changed[#changed + 1] = wanted
    added = added + 1
  end
end
if #changed > 0 and redis.call('XLEN', OUTBOX) + #changed > tonumber(backlog) then return {'backlog'} end
redis.call('SISMEMBER', EXPERTS, expert_id)
local feed = open_feed({
  epoch = epoch, calendar = CALENDAR, version = VERSION, log = LOG, channel = CHANNEL,
  publish = publish, entries = log_entries, age = log_age,
})

local written = {}
local anew = added > 0 or #changed > MANY
for _, slot in ipairs(changed) do
  slot.start, slot.finish = digits(slot.start), digits(slot.finish)
  local record = slot_record(slot)
  if anew then redis.call('HSET', CALENDAR, slot.id, record) else announce(feed, slot) end
  local entry = redis.call('XADD', OUTBOX, '*', 'slot', slot.id, 'record', record)
  for _, text in ipairs({slot.id, record, entry}) do written[#written + 1] = text end
end
if anew then announce_anew(feed) end
if #changed > 0 then redis.call('SADD', EXPERTS, expert_id) end -- now: the log may have refused the first change
if strict then
  for _, slot in ipairs(right) do
    slot.start, slot.finish = digits(slot.start), digits(slot.finish)
    for _, text in ipairs({slot.id, slot_record(slot), ''}) do written[#written + 1] = text end
  end
end
return {'ok', added, opened, closed, booked, left_out, held, unfinished, written}
