-- Closes a slot (BY_HAND), or opens it (false). Its revision goes up, so that MongoDB can tell which of two entries is the newer.
local function set_closed(closed)
  local EPOCH, CALENDAR, VERSION, LOG, CHANNEL, OUTBOX = unpack(KEYS)
  local slot_id, backlog, publish, log_entries, log_age = unpack(ARGV)
  local epoch = redis.call('GET', EPOCH)
  if not epoch then return {'no-epoch'} end
  local slot = read_slot(CALENDAR, slot_id)
  if not slot then return {'slot-not-found'} end
  if slot.closed == closed then return {'same', slot_id, slot_record(slot)} end
  if redis.call('XLEN', OUTBOX) >= tonumber(backlog) then return {'backlog'} end
  local feed = open_feed({
    epoch = epoch, calendar = CALENDAR, version = VERSION, log = LOG, channel = CHANNEL,
    publish = publish, entries = log_entries, age = log_age,
  })
  slot.closed = closed
  slot.revision = slot.revision + 1
  announce(feed, slot)
  local entry = redis.call('XADD', OUTBOX, '*', 'slot', slot_id, 'record', slot_record(slot))
  return {'ok', slot_id, slot_record(slot), entry}
end
