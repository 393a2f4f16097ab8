-- wrk -s requests.lua URL -- FILE MODE
-- FILE has a request a line: method, path, Idempotency-Key and body, with tabs between (the last two may be empty).
-- MODE once: no line is sent twice, and running out of lines ends the run; cycle: from the beginning again.
-- At the end one line on standard output: RESULT and a JSON object; latencies in microseconds.
local threads = {}
function setup(thread) table.insert(threads, thread) end

function init(args)
  prepared, sent, exhausted, once = {}, 0, false, args[2] == 'once'
  for line in io.lines(args[1]) do
    local method, path, key, body = line:match('^([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$')
    local head = method .. ' ' .. path .. ' HTTP/1.1\r\nHost: ' .. wrk.host .. ':' .. wrk.port .. '\r\n'
    if body ~= '' then
      head = head .. 'Content-Type: application/json\r\nContent-Length: ' .. #body .. '\r\n'
    end
    if key ~= '' then head = head .. 'Idempotency-Key: ' .. key .. '\r\n' end
    prepared[#prepared + 1] = head .. '\r\n' .. body
  end
end

function request()
  if once and sent >= #prepared then
    exhausted = true
    wrk.thread:stop()
    return prepared[#prepared]
  end
  local line = prepared[sent % #prepared + 1]
  sent = sent + 1
  return line
end

function done(summary, latency, _)
  local used, out = 0, false
  for _, thread in ipairs(threads) do
    used = used + thread:get('sent')
    out = out or thread:get('exhausted')
  end
  local errors = summary.errors
  print(string.format(
    'RESULT {"requests": %d, "micros": %d, "used": %d, "exhausted": %s, "refused": %d, "broken": %d, "timeouts": %d, '
      .. '"p50": %d, "p99": %d}',
    summary.requests, summary.duration, used, tostring(out), errors.status,
    errors.connect + errors.read + errors.write, errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
