-- Writes a changed slot back, gives the change the expert's next version, logs it and tells everybody.

-- Reads first, so that a key of a wrong type (or a wrong `publish`) stops the script before its first write.
local function open_feed(feed)
  assert(feed.publish == 'PUBLISH' or feed.publish == 'SPUBLISH', 'publish is PUBLISH or SPUBLISH')
  feed.next_version = tonumber(redis.call('GET', feed.version) or 0) + 1
  redis.call('XLEN', feed.log)
  return feed
end

-- The log comes first: an entry id that is not above the last one is the only thing Redis can refuse here.
local function announce(feed, slot)
  local record = slot_record(slot)
  local version = digits(feed.next_version)
  local event = feed.epoch .. ' ' .. version .. ' ' .. slot.id .. ' ' .. record
  redis.call('XADD', feed.log, 'MAXLEN', '~', feed.entries, version .. '-0', 'e', event)
  -- The log lives `age` seconds after its last change, or up to a quarter more: a write less for most changes.
  if redis.call('TTL', feed.log) < tonumber(feed.age) then
    redis.call('EXPIRE', feed.log, digits(feed.age * 1.25))
  end
  redis.call('SET', feed.version, version)
  redis.call('HSET', feed.calendar, slot.id, record)
  redis.call(feed.publish, feed.channel, event)
  feed.next_version = feed.next_version + 1
end

-- For changes of many slots at once: the log ends here, and whoever watches reads the calendar anew.
local function announce_anew(feed)
  local version = digits(feed.next_version)
  redis.call('DEL', feed.log)
  redis.call('SET', feed.version, version)
  redis.call(feed.publish, feed.channel, feed.epoch .. ' ' .. version)
end
