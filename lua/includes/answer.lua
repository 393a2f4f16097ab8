-- Every script checks its own call first: a wrong one answers {'bad-call', why} and touches nothing.
-- `numeric` lists the ARGV positions that must be whole numbers, `entry` is the position of an outbox entry's id or ''.

-- 15 digits are exact in Lua, and no time in Redis overflows: what passes here cannot stop a script half-way.
local function is_whole(text)
  return #text <= 15 and string.find(text, '^%d+$') ~= nil
end

local function is_entry(text)
  local ms, number = string.match(text, '^(%d+)-(%d+)$')
  return ms and is_whole(ms) and is_whole(number)
end

local function check_call(keys, arguments, numeric, entry)
  if #KEYS ~= keys then
    return {'bad-call', 'expected ' .. keys .. ' keys, got ' .. #KEYS}
  end
  if #ARGV ~= arguments then
    return {'bad-call', 'expected ' .. arguments .. ' arguments, got ' .. #ARGV}
  end
  for _, position in ipairs(numeric) do
    if not is_whole(ARGV[position]) then
      return {'bad-call', 'argument ' .. position .. ' is not a whole number'}
    end
  end
  if entry and ARGV[entry] ~= '' and not is_entry(ARGV[entry]) then
    return {'bad-call', 'argument ' .. entry .. ' is not an entry of a stream'}
  end
end
