-- Whether a slot is in the way of another one: it is on sale at that time, or closed and somebody is still to come.
local function is_in_the_way(slot, wanted)
  return slot.id ~= wanted.id
    and tonumber(slot.start) < tonumber(wanted.finish) and tonumber(wanted.start) < tonumber(slot.finish)
    and not (slot.closed and not string.find(slot.seatmap, BOOKED, 1, true))
end

local function any_in_the_way(calendar, wanted)
  local fields = redis.call('HGETALL', calendar)
  for position = 1, #fields, 2 do
    local slot = parse_slot(fields[position], fields[position + 1])
    if slot and is_in_the_way(slot, wanted) then return true end
  end
  return false
end
