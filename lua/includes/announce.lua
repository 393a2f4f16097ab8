-- Writes a changed slot back, gives the change the expert's next version, logs it and tells everybody.

-- A version is never used twice under one epoch: a worker's cache, or a client, would take what it knows for what is.
-- So an expert without one, whom Redis may have forgotten, goes on from the clock: nobody's calendar changes a thousand
-- times a second for long. (A rebuild begins with 0, under a new epoch.) A log may have outlived its version.
local function unused_version(feed)
  local last = redis.call('XREVRANGE', feed.log, '+', '-', 'COUNT', 1)[1]
  return math.max(now_ms(), last and tonumber(string.match(last[1], '^%d+')) or 0)
end

-- Reads first, so that a key of a wrong type (or a wrong `publish`) stops the script before its first write.
local function open_feed(feed)
  assert(feed.publish == 'PUBLISH' or feed.publish == 'SPUBLISH', 'publish is PUBLISH or SPUBLISH')
  local version = redis.call('GET', feed.version)
  redis.call('XLEN', feed.log)
  feed.last_version = tonumber(version or 0) -- as a snapshot tells it
  feed.next_version = (version and feed.last_version or unused_version(feed)) + 1
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
