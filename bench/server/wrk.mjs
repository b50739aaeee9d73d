// Runs wrk over one panel or many.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

// Returns {requests, refused, seconds}. `path`: a Lua expression for the path of the next request.
export async function countedWrk(server, path, { seconds, connections = 16 }) {
  const script = join(tmpdir(), `nexus-bench-${process.pid}.lua`);
  writeFileSync(script, `
    math.randomseed(7)
    local body = '{"by":1,"who":"someone"}'
    function request() return wrk.format("POST", ${path}, nil, body) end
    function done(summary)
      local e = summary.errors
      io.write(string.format('{"requests":%d,"seconds":%f,"failed":%d,"refused":%d}\\n', summary.requests,
        summary.duration / 1e6, e.connect + e.read + e.write + e.timeout, e.status))
    end`);
  const { stdout } = await run('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, server.url]);
  const { failed, ...counts } = JSON.parse(stdout.trim().split('\n').at(-1));
  if (failed > 0) throw new Error(`${failed} requests failed under load`);
  return counts;
}

// Requests per second; throws when one was rejected.
export async function wrk(server, path, load) {
  const { requests, refused, seconds } = await countedWrk(server, path, load);
  if (refused > 0) throw new Error(`${refused} of ${requests} requests were rejected`);
  return requests / seconds;
}
