// `ulimit -v`: with too little the start reports it in one line; with little more, requests without memory are
// rejected.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { serve, until } from '../e2e/support/program.mjs';

// RUST_BACKTRACE as users may have it: a process without memory must not try to print a backtrace.
const FEW = { MAX_INSTANCES: '4', MIN_INSTANCES: '1', THREADS: '2', LOG_LEVEL: 'error', RUST_BACKTRACE: '1' };
const MIB = 1024; // in KB, the unit of ulimit and /proc

const virtualKb = (pid) => Number(/VmSize:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

// Starts the server with that limit, on a port.
function startWith(kb, port) {
  return spawnSync('sh', ['-c', `ulimit -v ${kb} && exec "$0" serve`, process.env.NEXUS_BIN],
    { env: { ...FEW, HTTP_PORT: String(port), WS_PORT: '0', PATH: process.env.PATH }, encoding: 'utf8' });
}

test('with too little address space the start reports what to change in one line', () => {
  const { status, stderr, stdout } = startWith(4096 * MIB, 0);
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /^nexus: cannot reserve \d+ GiB of address space .*ulimit -v.*\n$/);
});

test('with any limit a start reports why it ends, and never ends by a signal', { timeout: 120_000 }, async (t) => {
  const server = await serve(t, { env: FEW });
  const whole = virtualKb(server.pid);
  let refused = 0; // starts without enough memory; with enough the start ends because the port is taken
  // The reduction varies, because the heap of a loop is made at an unknown moment.
  const limits = Array.from({ length: 88 }, (_, i) => 512 - 8 * i);
  for (const missing of limits) {
    const { status, signal, stderr } = startWith(whole - missing * MIB, server.port);
    assert.equal(signal, null, `${missing} MiB less: ${stderr}`);
    assert.equal(status, 1, `${missing} MiB less: ${stderr}`);
    assert.match(stderr, /^(nexus: .*(ulimit -v|is taken).*\n)+$/, `${missing} MiB less`);
    if (/ulimit/.test(stderr)) refused += 1;
  }
  assert.ok(refused > 3 && refused < limits.length, 'some of these limits were too small');
});

// Each loop's thread was prepared before the port was open, so its first call needs nothing that could end the process.
test('the first call of a loop may come without address space', { timeout: 180_000 }, async (t) => {
  const server = await serve(t, { env: { ...FEW, MAX_INSTANCES: '8', THREADS: '4' } });
  const ids = Array.from({ length: 16 }, (_, i) => `p${i}`);
  const limit = (bytes) => execFileSync('prlimit', ['--pid', String(server.pid), `--as=${bytes}:`]);
  limit(String((virtualKb(server.pid) + 192) * 1024)); // for a few small things; a signal stack has 260 KiB
  for (const id of ids) await server.panel(id, { own: 'return 1' }).catch(() => {}); // loads the handler
  assert.equal(server.child.status, undefined, server.child.stderr);
  limit('unlimited');
  for (const id of ids) await server.request('DELETE', `/panels/${id}`);
  for (const id of ids) assert.equal((await server.panel(id, { own: 'return 1' })).status, 201);
});

// Lowers the address space of a server with a little memory left, lets `clients` use it, and then: the server works as
// before, or has ended with status 1 and one line.
async function withLittleMemory(t, moreKb, clients) {
  const server = await serve(t, { env: FEW });
  const limit = (bytes) => execFileSync('prlimit', ['--pid', String(server.pid), `--as=${bytes}:`]);
  assert.equal((await server.panel('first', { own: 'return 0' })).status, 201);
  limit(String((virtualKb(server.pid) + moreKb) * 1024));
  await clients(server);
  const lives = await server.get('/health').then(() => true, () => false);
  if (!lives) {
    assert.equal(await server.ended, 1);
    assert.match(server.child.stderr, /^nexus: no memory is left for the server itself .*\n$/);
    return 'ended';
  }
  limit('unlimited');
  for (const { id } of (await server.get('/panels?limit=1000')).json.panels) await server.request('DELETE', `/panels/${id}`);
  // The server looks for memory every 100 ms.
  await until(async () => (await server.panel('last', { echo: 'return $args.text' })).status === 201);
  assert.equal((await server.trigger('last', 'echo', { text: 'x'.repeat(900_000) })).status, 200);
  return 'lives';
}

test('with little memory calls get results or rejections, or the server ends with one line', { timeout: 120_000 }, async (t) => {
  const text = 'x'.repeat(900_000);
  const seen = new Map();
  const count = (what) => seen.set(what, (seen.get(what) ?? 0) + 1);
  const call = async (server, i) => {
    const made = await server.panel(`p${i}`, { echo: 'return $args.text', own: `return ${i}` });
    const called = await server.trigger(`p${i}`, 'echo', { text });
    for (const { status, json } of [made, called]) {
      count(status);
      if (status === 503) assert.deepEqual([json.details.layer, json.details.setting], ['container', 'memory'], JSON.stringify(json));
    }
  };
  // Down to the present size and below, where nothing more can be had.
  for (const more of [64 * MIB, 32 * MIB, 1 * MIB, -64 * MIB]) {
    count(await withLittleMemory(t, more, (server) => Promise.all(
      Array.from({ length: 24 }, (_, i) => call(server, i).catch(() => count('closed'))))));
  }
  t.diagnostic(JSON.stringify([...seen]));
  assert.ok(seen.get(503) > 0, 'some were rejected');
});

// What the loops need themselves comes from the memory reserve: a server whose malloc has nothing left keeps time,
// checks its limits, reports its health, and rejects requests.
test('a server whose memory is filled by small panels rejects more, and keeps working', { timeout: 120_000 }, async (t) => {
  const fill = async (server) => {
    let made = 0;
    // Ever smaller panels, each size until there is no memory for one more.
    for (const bytes of [800_000, 100_000, 10_000, 100]) {
      for (let status = 201; status === 201; made += 1)
        ({ status } = await server.panel(`p${made}`, { own: `return ${made}` }, { initialState: { text: 'x'.repeat(bytes) } }));
    }
    const uptime = async () => (await server.get('/health')).json.uptime;
    const before = await uptime();
    await until(async () => await uptime() >= before + 3000); // meanwhile the server checks its limits
    t.diagnostic(`${made} panels`);
  };
  assert.equal(await withLittleMemory(t, 32 * MIB, fill), 'lives');
});
