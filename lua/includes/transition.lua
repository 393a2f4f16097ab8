-- Moves a booking to another status if the status machine allows it.
local ALLOWED = {
  pending = {confirmed = true, cancelled = true},
  confirmed = {completed = true, cancelled = true},
  completed = {},
  cancelled = {},
}

-- Answers 'same', 'invalid-transition' or 'ok'; only 'ok' has changed the table it was given.
local function transition(booking, to, by, reason)
  local from = booking.status
  if from == to then
    return 'same'
  end
  if not ALLOWED[from][to] then
    return 'invalid-transition'
  end
  local now = digits(now_ms())
  booking.rev = digits(tonumber(booking.rev) + 1)
  booking.status = to
  booking.updated = now
  booking.history = booking.history .. ',' .. change_entry(now, from, to, by, reason)
  return 'ok'
end
