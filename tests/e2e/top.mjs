// `nexus top`: its output for a server, and its errors. The output is compared for a fake server with made-up memory.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';
import { runProgram, serve } from './support/program.mjs';
import { onTerminal } from './support/terminal.mjs';

const options = { timeout: 180_000 };
const MiB = 1 << 20;
const memory = {
  limits: [
    { layer: 'container', limitBytes: 256 * MiB, usedBytes: 64 * MiB, freeBytes: 192 * MiB, setting: "the container's memory limit" },
    { layer: 'budget', limitBytes: 128 * MiB, usedBytes: 32 * MiB, freeBytes: 80 * MiB, setting: 'MEMORY_BUDGET_MB' },
  ],
  pool: { max: 9, active: 3, idle: 4, waiting: 5, writeTracking: { protected: 6, copied: 1 } },
  reserveBytes: 16 * MiB, grantableBytes: 112 * MiB, grantedBytes: 31 * MiB, unaccountedBytes: MiB, residentBytes: 40 * MiB,
  kinds: { server: 20 * MiB, images: MiB, instances: 10 * MiB, suspended: 0, cache: 0, buffers: 0 },
  refusals: { container: 1, budget: 2, pool: 3, panel: 4 },
  handlers: [{
    name: 'todo/add', running: 1, heldBytes: 2 * MiB, imageBytes: MiB, p99Bytes: 3 * MiB, highWaterBytes: 4 * MiB, memoryLimitBytes: 32 * MiB, executions: 1234, runningUs: 2_100_000,
    hostCalls: 2468, suspensions: 7, refusals: 8,
  }],
  advice: ['MEMORY_LIMIT_MB is 32: 8 would do'],
  uncleanExits: [{ cause: 'container', lines: ['process 7 ended without a clean exit', 'memory: \u001b[31mall'] }],
};

// A server that sends the same response to everything, and records its requests.
async function answering(t, body, { status = 200, headers = { 'Nexus-Api-Version': '2' } } = {}) {
  const asked = [];
  const server = http.createServer((request, response) => {
    asked.push(request);
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => { server.closeAllConnections(); server.close(); });
  return { asked, url: `http://127.0.0.1:${server.address().port}` };
}

const top = (url, args = [], env = {}) => runProgram(['top', '--url', url, ...args], { env });

test('top shows limits, kinds, instances, rejections, handlers, advice and unclean exits', options, async (t) => {
  const { url } = await answering(t, memory);
  const { status, stdout, stderr } = await top(url, ['--once']);
  assert.equal(stderr, '');
  assert.equal(status, 0);
  assert.equal(stdout, `\
nexus at ${url}: 40 MiB resident, 31 MiB of 112 MiB granted, 1 MiB not accounted, 16 MiB in reserve

container  [######..................]    64 MiB of 256 MiB, 192 MiB free (the container's memory limit)
budget     [######..................]    32 MiB of 128 MiB, 80 MiB free (MEMORY_BUDGET_MB)

server     [####....................]    20 MiB
images     [........................]     1 MiB
instances  [##......................]    10 MiB
suspended  [........................]   0 bytes
cache      [........................]   0 bytes
buffers    [........................]   0 bytes

instances  3 active, 4 idle, at most 9; 5 wait for one
memories   6 write-protected, 1 copied back whole
refused    container 1, budget 2, pool 3, panel 4

handler                                now     image       p99   highest     limit     calls      time host calls  suspended  refused
todo/add                             2 MiB     1 MiB     3 MiB     4 MiB    32 MiB      1234     2.1 s       2468          7        8

advice
  MEMORY_LIMIT_MB is 32: 8 would do

an unclean exit
  process 7 ended without a clean exit
  memory: ?[31mall
`);
});

test('top prints once when stdout is no terminal', options, async (t) => {
  const { asked, url } = await answering(t, memory);
  const [piped, asOnce] = [await top(url), await top(url, ['--once'])];
  assert.deepEqual(piped, asOnce);
  assert.equal(asked.length, 2);
});

test('top --json prints the JSON of the server, and passes --sort on', options, async (t) => {
  const { asked, url } = await answering(t, memory);
  const { status, stdout } = await top(url, ['--json', '--sort', 'host-calls'], { NEXUS_TOKEN: 'a.b.c' });
  assert.equal(status, 0);
  assert.equal(stdout, `${JSON.stringify(memory)}\n`);
  assert.equal(asked[0].url, '/runtime/memory?sort=host-calls');
  assert.equal(asked[0].headers.authorization, 'Bearer a.b.c');
  await top(`${url}/`, ['--json', '--token', 'd.e.f'], { NEXUS_TOKEN: 'a.b.c' });
  assert.equal(asked[1].url, '/runtime/memory?sort=bytes');
  assert.equal(asked[1].headers.authorization, 'Bearer d.e.f');
});

test('top shows a running server', options, async (t) => {
  const server = await serve(t, { env: { MEMORY_BUDGET_MB: '256' } });
  await server.panel('todo', { add: 'return 1' });
  await server.trigger('todo', 'add');
  const { status, stdout, stderr } = await top(server.url, ['--once']);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^budget +\[#+\.+\] .* of 256 MiB, .* free \(MEMORY_BUDGET_MB\)$/m);
  assert.match(stdout, /^machine +\[/m);
  assert.match(stdout, /^instances +0 active, /m);
  assert.match(stdout, /^todo\/add +.* 32 MiB +1 .*$/m);
  const printed = JSON.parse((await top(server.url, ['--json'])).stdout);
  const { json } = await server.get('/runtime/memory');
  assert.deepEqual(Object.keys(printed), Object.keys(json));
  assert.deepEqual(printed.handlers, json.handlers);
  assert.equal(printed.grantableBytes, json.grantableBytes);
});

test('top reports a failure in one line', options, async (t) => {
  const gone = http.createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address();
  gone.close();
  await once(gone, 'close');
  const refusing = (status, error) => answering(t, { error, code: 'X' }, { status });
  for (const [{ url }, pattern] of [
    [{ url: `http://127.0.0.1:${port}` }, /^nexus: cannot reach http:\/\/127\.0\.0\.1:\d+: Connection refused\n$/],
    [await answering(t, '<html>', { headers: {} }), /^nexus: the server at \S+ is not nexus\n$/],
    [await answering(t, '{}'), /^nexus: the server at \S+ is not nexus\n$/],
    [await refusing(401, 'this call needs a token'), /^nexus: \S+ needs a token with scope admin, in --token or NEXUS_TOKEN: 401 .*needs a token.*\n$/],
    [await refusing(403, 'the scope does not'), /^nexus: \S+ refuses: 403 .*the scope does not.*\n$/],
    [await refusing(404, 'nothing'), /^nexus: the server at \S+ has no \/runtime\/memory: it is an older version\n$/],
  ]) {
    const { status, stdout, stderr } = await top(url, ['--once']);
    assert.match(stderr, pattern);
    assert.equal(stdout, '');
    assert.equal(status, 1);
  }
});

test('top needs an http URL and a known sort key', options, async () => {
  for (const url of ['https://127.0.0.1:3000', '127.0.0.1:3000', 'http://', 'http://a b', 'http://h:x', 'http://h/path']) {
    const { status, stderr } = await top(url, ['--once']);
    assert.equal(status, 2, url);
    assert.match(stderr, /^nexus: --url must be http:\/\/HOST:PORT, and is .*\n$/);
  }
  for (const args of [['--sort', 'name'], ['--interval', '0'], ['--nothing']])
    assert.equal((await top('http://127.0.0.1:1', args)).status, 2, args.join(' '));
  const { stderr } = await top('http://127.0.0.1:1', ['--sort', 'name']);
  assert.match(stderr, /^--sort: name not in \{bytes,time,calls,host-calls,suspensions,refusals\}\n/);
});

test('top lists handlers in the requested order', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', {
    big: 'return new Uint8Array(4 << 20).length',
    slow: 'let i = 0; while (i < 5_000_000) ++i; return i',
    talks: 'for (let i = 0; i < 50; ++i) $log(i); return 1',
  });
  for (const tool of ['big', 'slow', 'talks']) await server.trigger('p', tool);
  for (const [sort, tool] of [['bytes', 'big'], ['time', 'slow'], ['host-calls', 'talks']]) {
    const { stdout } = await top(server.url, ['--once', '--sort', sort]);
    assert.match(stdout, new RegExp(`^handler .*\\np/${tool} `, 'm'), sort);
  }
});

test('top on a terminal refreshes until Ctrl-C and restores the screen', options, async (t) => {
  const { url, asked } = await answering(t, memory);
  const shown = await onTerminal(t, ['top', '--url', url, '--interval', '0.1'], (text) => asked.length >= 2 && text.includes('budget'));
  if (shown === undefined) return t.skip('no script (util-linux)');
  assert.match(shown, /^[^]*\x1b\[\?1049h[^]*\x1b\[H[^]*\x1b\[\?1049l[^\x1b]*$/);
});
