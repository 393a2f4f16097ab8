-- The live copy of a booking is a hash. `body` (what never changes) and the entries of `history` are JSON that the
-- caller made and no script looks into.
local BOOKING = {'id', 'rev', 'status', 'slot', 'seat', 'start', 'end', 'created', 'updated', 'body', 'history', 'idem', 'fingerprint'}

-- A copy that lacks a value stops the script before its first write: it could not be saved again.
local function read_booking(key)
  local values = redis.call('HMGET', key, unpack(BOOKING))
  if not values[1] then
    return nil
  end
  local booking = {}
  for position, field in ipairs(BOOKING) do
    booking[field] = assert(values[position], 'a live copy without ' .. field)
  end
  return booking
end

local function booking_fields(booking)
  local fields = {}
  for _, field in ipairs(BOOKING) do
    fields[#fields + 1] = field
    fields[#fields + 1] = booking[field]
  end
  return fields
end

-- The answer that carries a booking: a code, then the values in the order of BOOKING, then what else is to be said.
local function booking_answer(code, booking, ...)
  local answer = {code}
  for _, field in ipairs(BOOKING) do
    answer[#answer + 1] = booking[field]
  end
  for _, extra in ipairs({...}) do
    answer[#answer + 1] = extra
  end
  return answer
end

-- An entry of the history. `place` (a booking) is given where it got its slot: when it was made, and when it moved.
local function change_entry(at, from, to, by, reason, place)
  local entry = '{"at":' .. at .. ',"from":' .. (from and '"' .. from .. '"' or 'null') .. ',"to":"' .. to
    .. '","by":' .. by .. ',"reason":' .. reason
  if place then
    entry = entry .. ',"slot":"' .. place.slot .. '","seat":' .. place.seat
      .. ',"start":' .. place.start .. ',"end":' .. place['end']
  end
  return entry .. '}'
end

-- Live copy and outbox entry, always together: MongoDB gets the whole booking at this revision.
local function save_booking(key, outbox, booking)
  local fields = booking_fields(booking)
  redis.call('HSET', key, unpack(fields))
  return redis.call('XADD', outbox, '*', unpack(fields))
end
