-- Holds of one slot live in two keys: `held`, a sorted set of token → expiry (epoch ms), and `holders`, a hash of
-- token → "seat since epoch" (since: epoch ms of the first hold, for the cap on renewals). `due` is the partition's
-- sorted set of slots by their first expiry, for the sweeper. A held seat is an 'h' in the seatmap; a hold of an epoch
-- that is over holds nothing.
-- Changes are worked out on tables first and written at the end, so that a refusal leaves nothing half done.

-- The seat that a token holds, with the moment it was first held; nil for a token that holds nothing.
local function held_seat(holds, token)
  local seat, since, epoch =
    string.match(redis.call('HGET', holds.holders, token) or '', '^(%d+) (%d+) (%S+)$')
  seat = tonumber(seat)
  if epoch ~= holds.epoch or string.sub(holds.slot.seatmap, seat, seat) ~= HELD then return nil end
  return seat, tonumber(since)
end

-- The slot's holds as this script will leave them. Those that are over by `now` are given back in the seatmap at once:
-- whether the sweeper has been here makes no difference to anybody.
local function open_holds(epoch, slot, now, held, holders, due)
  local holds = {epoch = epoch, slot = slot, held = held, holders = holders, due = due, gone = {}}
  if slot.held_until > 0 and slot.held_until <= now then
    for _, token in ipairs(redis.call('ZRANGEBYSCORE', held, '-inf', digits(now))) do
      local seat = held_seat(holds, token)
      if seat then set_seat(slot, seat, FREE) end
      holds.gone[#holds.gone + 1] = token
    end
  end
  return holds
end

-- Seat, expiry and first moment of a token that is still good, or nil.
local function live_hold(holds, token, now)
  local expiry = tonumber(redis.call('ZSCORE', holds.held, token) or 0)
  local seat, since = held_seat(holds, token)
  if not seat or expiry <= now then return nil end
  return seat, expiry, since
end

local function end_hold(holds, token)
  holds.gone[#holds.gone + 1] = token
end

local function put_hold(holds, token, seat, expiry, since)
  -- Who put the seat right while somebody held it (undo_move, mend_slots) has left their token: it is not to hold it again.
  local all = redis.call('HGETALL', holds.holders)
  for position = 1, #all, 2 do
    local other = all[position]
    if other ~= token and tonumber(string.match(all[position + 1], '^%d+')) == seat then end_hold(holds, other) end
  end
  holds.new = {token = token, seat = seat, expiry = expiry, since = since}
end

-- Works out when the slot's next hold ends. Reads only, and all that `save_holds` is going to write; to be called before
-- the slot is announced.
local function plan_holds(holds)
  redis.call('ZSCORE', holds.due, holds.slot.id)
  local gone = {}
  for _, token in ipairs(holds.gone) do gone[token] = true end
  if holds.new then gone[holds.new.token] = true end
  local first = holds.new and holds.new.expiry or 0
  local rest = redis.call('ZRANGE', holds.held, 0, #holds.gone + 1, 'WITHSCORES')
  for position = 1, #rest, 2 do
    local expiry = tonumber(rest[position + 1])
    if not gone[rest[position]] and (first == 0 or expiry < first) then first = expiry end
  end
  holds.slot.held_until = first
end

local function save_holds(holds)
  for _, token in ipairs(holds.gone) do
    redis.call('ZREM', holds.held, token)
    redis.call('HDEL', holds.holders, token)
  end
  if holds.new then
    redis.call('ZADD', holds.held, digits(holds.new.expiry), holds.new.token)
    redis.call('HSET', holds.holders, holds.new.token,
      digits(holds.new.seat) .. ' ' .. digits(holds.new.since) .. ' ' .. holds.epoch)
  end
  if holds.slot.held_until > 0 then
    redis.call('ZADD', holds.due, digits(holds.slot.held_until), holds.slot.id)
  else
    redis.call('ZREM', holds.due, holds.slot.id)
  end
end

local function holds_changed(holds)
  return #holds.gone > 0 or holds.new ~= nil
end
