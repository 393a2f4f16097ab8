-- A booking is a record of three lines, the same in its live copy (a string), its outbox entry and every answer:
--   id rev status slot seat start end created updated idem fingerprint
--   body: what never changes
--   history: its entries, separated by commas
-- `idem` and `fingerprint` are '-' for none. Body and history are JSON without a line break; the caller made the former
-- and the texts in the latter, and no script looks into either.
local NONE = '-'

-- Answers nil for a text that is no record. Numbers stay texts, as those of a slot do.
local function parse_booking(record)
  local id, rev, status, slot, seat, start, finish, created, updated, idem, fingerprint, body, history = string.match(
    record, '^(%S+) (%d+) (%l+) (%S+) (%d+) (%d+) (%d+) (%d+) (%d+) (%S+) (%S+)\n([^\n]+)\n([^\n]+)$')
  return id and {
    id = id, rev = rev, status = status, slot = slot, seat = seat, start = start, finish = finish,
    created = created, updated = updated, idem = idem, fingerprint = fingerprint, body = body, history = history,
  }
end

local function booking_record(booking)
  return booking.id .. ' ' .. booking.rev .. ' ' .. booking.status .. ' ' .. booking.slot .. ' ' .. booking.seat .. ' '
    .. booking.start .. ' ' .. booking.finish .. ' ' .. booking.created .. ' ' .. booking.updated .. ' '
    .. booking.idem .. ' ' .. booking.fingerprint .. '\n' .. booking.body .. '\n' .. booking.history
end

-- The live copy and its record. A copy that is no record stops the script before its first write.
local function read_booking(key)
  local record = redis.call('GET', key)
  if not record then
    return nil
  end
  return assert(parse_booking(record), 'a live copy that is no record'), record
end

-- An entry of the history. `place` (a booking) is given where it got its slot: when it was made, and when it moved.
local function change_entry(at, from, to, by, reason, place)
  local entry = '{"at":' .. at .. ',"from":' .. (from and '"' .. from .. '"' or 'null') .. ',"to":"' .. to
    .. '","by":' .. by .. ',"reason":' .. reason
  if place then
    entry = entry .. ',"slot":"' .. place.slot .. '","seat":' .. place.seat
      .. ',"start":' .. place.start .. ',"end":' .. place.finish
  end
  return entry .. '}'
end

-- Live copy and outbox entry, always together: MongoDB gets the whole booking at this revision. The copy goes at
-- `gone_at` (epoch second); without that, when it would have gone anyway. Answers the record and the entry.
local function save_booking(key, outbox, booking, gone_at)
  local record = booking_record(booking)
  if gone_at then
    redis.call('SET', key, record, 'EXAT', gone_at)
  else
    redis.call('SET', key, record, 'KEEPTTL')
  end
  local entry = redis.call('XADD', outbox, '*', 'booking', record)
  return record, entry
end
