-- The only clock that decides anything: the server's, in epoch milliseconds.
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Lua 5.1 prints large numbers as 1.79e+12; a key or a record needs all the digits.
local function digits(number)
  return string.format('%.0f', number)
end
