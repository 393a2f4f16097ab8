-- Which server this is, in which life: both change when it starts anew, and the second when a replica takes over. After
-- either its last moments may be missing. A server that will not say so has no identity and is never taken for another.
local function server_identity()
  local run = redis.pcall('INFO', 'server')
  local line = redis.pcall('INFO', 'replication')
  if type(run) ~= 'string' or type(line) ~= 'string' then return '' end
  return (string.match(run, 'run_id:(%x+)') or '') .. '-' .. (string.match(line, 'master_replid:(%x+)') or '')
end
