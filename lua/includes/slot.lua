-- A slot is one field of its expert's calendar hash, slot id → "start end revision closed heldUntil seatmap":
-- start and end in epoch seconds, closed 0 (it is open), 1 (by hand) or 2 (by weekly hours, which may open it again),
-- heldUntil in epoch ms (0: no hold), and a character a seat: '.' free, 'b' booked, 'h' held.
-- Conservation (free + held + booked = seats) holds by construction: every seat is exactly one character.
local FREE, BOOKED, HELD = '.', 'b', 'h'
local BY_HAND, BY_HOURS = '1', '2'

-- Answers nil for a text that is no record. Start and end never change, so they stay texts: Lua calculates with such
-- a text as with a number, but before a comparison it wants `tonumber`.
local function parse_slot(id, record)
  local start, finish, revision, closed, held_until, seatmap =
    string.match(record, '^(%d+) (%d+) (%d+) ([012]) (%d+) ([.bh]+)$')
  if not start then
    return nil
  end
  return {
    id = id, start = start, finish = finish, revision = tonumber(revision),
    closed = closed ~= '0' and closed, held_until = tonumber(held_until), seatmap = seatmap,
  }
end

local function read_slot(calendar, id)
  local record = redis.call('HGET', calendar, id)
  return record and parse_slot(id, record)
end

local function slot_record(slot)
  return string.format('%s %s %.0f %s %.0f %s',
    slot.start, slot.finish, slot.revision, slot.closed or '0', slot.held_until, slot.seatmap)
end

-- THE line that decides a double booking: the first free seat, or nil. Redis runs one script at a time.
local function free_seat(slot)
  return string.find(slot.seatmap, FREE, 1, true)
end

local function set_seat(slot, seat, mark)
  slot.seatmap = string.sub(slot.seatmap, 1, seat - 1) .. mark .. string.sub(slot.seatmap, seat + 1)
end

-- Only what is booked is given back: a Redis that was sent back in time may have somebody's hold there, or no such seat.
local function give_back(slot, seat)
  if string.sub(slot.seatmap, seat, seat) == BOOKED then set_seat(slot, seat, FREE) end
end
