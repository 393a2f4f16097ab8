--- arrange: has an expert's slots as an administrator or a rule wants them: put on sale, offered anew, closed. All or nothing.
-- KEYS  1 epoch  2 calendar  3 version  4 log  5 channel  6 outbox  7 experts
-- ARGV  1 expert id  2 most entries in the outbox  3 PUBLISH or SPUBLISH  4 entries in the change log
--       5 seconds the change log lives  6 'strict': what stands in the way refuses all; 'lenient': it is left as it is
--       7… verb, slot id, record, verb, slot id, record, … The closings are looked at first. Verbs:
--         close  takes it off sale; the bookings it has stay, and in a strict call stand in the way. The record is ''
--         add    puts it on sale; one that is there stays as it is
--         offer  the same; one that is there is opened, and has the record's end and seats, if nobody has a seat of it
-- Answer {'ok', added, opened or reshaped, closed, booked seats of all that were to be closed, left out,
--         {slot id, record, outbox entry, … of all that changed}}
--     or {'has-bookings', how many} or {'no-epoch' | 'slot-not-found' | 'slot-overlaps' | 'backlog'}
-- Event  the state of each slot; "read anew", if any was added or many have changed
--- @include "answer"
--- @include "clock"
--- @include "slot"
--- @include "announce"
local MANY = 50
local wrong = check_call(7, math.max(6, #ARGV - #ARGV % 3), {2, 4, 5})
if wrong then return wrong end
local EPOCH, CALENDAR, VERSION, LOG, CHANNEL, OUTBOX, EXPERTS = unpack(KEYS)
local expert_id, backlog, publish, log_entries, log_age, mode = unpack(ARGV, 1, 6)
local strict = mode == 'strict'
if not strict and mode ~= 'lenient' then return {'bad-call', 'argument 6 is strict or lenient'} end

local closings, offers = {}, {}
local from, till = math.huge, 0
for position = 7, #ARGV, 3 do
  local verb, id = ARGV[position], ARGV[position + 1]
  if verb == 'close' then
    closings[#closings + 1] = id
  elseif verb == 'add' or verb == 'offer' then
    local slot = parse_slot(id, ARGV[position + 2])
    if not slot then return {'bad-call', 'argument ' .. (position + 2) .. ' is not a slot record'} end
    offers[#offers + 1] = {anew = verb == 'offer', slot = slot}
    from, till = math.min(from, slot.start), math.max(till, slot.finish)
  else
    return {'bad-call', 'argument ' .. position .. ' is no verb'}
  end
end

-- What can be in the way of an offer: the slots of its time that are on sale, or are closed and somebody is still to come.
local there, near = {}, {}
local function note(slot)
  there[slot.id] = slot
  if slot.start < till and from < slot.finish then near[#near + 1] = slot end
end
local function overlaps(wanted)
  for _, slot in ipairs(near) do
    if slot.id ~= wanted.id and slot.start < wanted.finish and wanted.start < slot.finish
      and not (slot.closed and not string.find(slot.seatmap, BOOKED, 1, true)) then
      return true
    end
  end
end

local epoch = redis.call('GET', EPOCH)
if not epoch then return {'no-epoch'} end
local fields = redis.call('HGETALL', CALENDAR)
for position = 1, #fields, 2 do
  local slot = parse_slot(fields[position], fields[position + 1])
  if slot then
    slot.start, slot.finish = tonumber(slot.start), tonumber(slot.finish)
    note(slot)
  end
end

local changed, added, opened, closed, booked, left_out = {}, 0, 0, 0, 0, 0
for _, id in ipairs(closings) do
  local slot = there[id]
  if slot then
    booked = booked + select(2, string.gsub(slot.seatmap, BOOKED, ''))
    if not slot.closed then
      slot.closed, slot.revision = true, slot.revision + 1
      changed[#changed + 1] = slot
      closed = closed + 1
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
  local shape = slot
  if not slot or (offer.anew and not string.find(slot.seatmap, '[bh]')) then shape = wanted end
  local as_wanted = slot and (not offer.anew or
    (not slot.closed and slot.finish == shape.finish and #slot.seatmap == #shape.seatmap))
  if not as_wanted then
    if overlaps(shape) then
      if strict then return {'slot-overlaps'} end
      left_out = left_out + 1
    elseif slot then
      slot.closed, slot.revision = false, slot.revision + 1
      slot.finish, slot.seatmap = shape.finish, shape.seatmap
      changed[#changed + 1] = slot
      opened = opened + 1
    else
      note(wanted)
      changed[#changed + 1] = wanted
      added = added + 1
    end
  end
end
if #changed > 0 and redis.call('XLEN', OUTBOX) + #changed > tonumber(backlog) then return {'backlog'} end
redis.call('SISMEMBER', EXPERTS, expert_id)
local feed = open_feed({
  epoch = epoch, calendar = CALENDAR, version = VERSION, log = LOG, channel = CHANNEL,
  publish = publish, entries = log_entries, age = log_age,
})

local written = {}
if #changed > 0 then redis.call('SADD', EXPERTS, expert_id) end
local anew = added > 0 or #changed > MANY
for _, slot in ipairs(changed) do
  slot.start, slot.finish = digits(slot.start), digits(slot.finish)
  local record = slot_record(slot)
  if anew then redis.call('HSET', CALENDAR, slot.id, record) else announce(feed, slot) end
  local entry = redis.call('XADD', OUTBOX, '*', 'slot', slot.id, 'record', record)
  for _, text in ipairs({slot.id, record, entry}) do written[#written + 1] = text end
end
if anew then announce_anew(feed) end
return {'ok', added, opened, closed, booked, left_out, written}
