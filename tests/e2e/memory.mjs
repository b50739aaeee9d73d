// GET /runtime/memory, and the crash record of a killed process.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hold, serveHolding } from './support/hold.mjs';
import { launch, runProgram, serve, until } from './support/program.mjs';

const options = { timeout: 180_000 };
const MiB = 1 << 20;

function folderOf(t) {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function isDegraded(server, why) {
  const { status, reason } = (await server.get('/health')).json;
  assert.deepEqual({ status, reason }, { status: 'degraded', reason: why });
}

test('the memory of the process adds up', options, async (t) => {
  const server = await serve(t, { env: { MEMORY_BUDGET_MB: '256', MAX_INSTANCES: '7', MIN_INSTANCES: '1' } });
  await server.panel('todo', { add: 'return 1' });
  await server.trigger('todo', 'add');
  const { json } = await server.get('/runtime/memory');
  const limit = json.limits.find(({ layer }) => layer === 'budget');
  assert.equal(limit.limitBytes, 256 * MiB);
  assert.equal(limit.setting, 'MEMORY_BUDGET_MB');
  assert.equal(limit.usedBytes, json.grantedBytes + json.unaccountedBytes);
  assert.equal(json.grantedBytes, Object.values(json.kinds).reduce((sum, bytes) => sum + bytes));
  assert.equal(json.reserveBytes, 32 * MiB);
  assert.ok(json.kinds.server > 0 && json.kinds.instances > 0 && json.kinds.images > 0, JSON.stringify(json.kinds));
  assert.ok(json.residentBytes > MiB);
  assert.equal(json.pool.max, 7);
  assert.equal(json.pool.active, 0);
  assert.ok(json.pool.idle >= 1);
  assert.deepEqual(json.pool.writeTracking, { protected: json.pool.idle, copied: 0 });
  assert.deepEqual(json.refusals, { container: 0, budget: 0, pool: 0, panel: 0 });
  assert.deepEqual(json.uncleanExits, []);
});

test('the metrics have the same figures', options, async (t) => {
  const server = await serve(t, { env: { MEMORY_BUDGET_MB: '256' } });
  const { text } = await server.get('/metrics');
  const value = (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  assert.equal(value('nexus_memory_budget_bytes'), 256 * MiB);
  assert.ok(value('nexus_memory_budget_used_ratio') > 0 && value('nexus_memory_budget_used_ratio') < 1);
  assert.ok(value('nexus_memory_unaccounted_bytes') >= 0);
  assert.equal(value('nexus_unclean_exits_total'), 0);
});

test('rejections are counted, with advice', options, async (t) => {
  const server = await serveHolding(t, { env: { MIN_INSTANCES: '1', MAX_INSTANCES: '1', MAX_QUEUE: '0' } });
  await server.panel('one', { hold });
  await server.panel('other', { a: 'return 1' });
  const first = server.trigger('one', 'hold');
  await server.untilMetric(/nexus_executions\{state="running"\} 1/);
  assert.equal((await server.trigger('other', 'a')).status, 503);
  const { json } = await server.get('/runtime/memory');
  assert.deepEqual(json.refusals, { container: 0, budget: 0, pool: 1, panel: 0 });
  assert.match(json.advice.join('\n'), /^refused 1 time by the pool: raise MAX_INSTANCES \(now 1\)/m);
  await isDegraded(server, 'requests are refused: all instances are in use (MAX_INSTANCES)');
  server.letGo();
  await first;
  assert.equal((await server.get('/health/ready')).status, 200);
});

// A handler that needs more than half of the grantable memory; the server knows that from its first call.
const large = `const kept = new Uint8Array(56 << 20).fill(1); if ($args.holds) ${hold} return kept.length`;

async function serveWithRoomForOne(t, env) {
  const server = await serveHolding(t, { env: { MEMORY_BUDGET_MB: '160', MEMORY_LIMIT_MB: '64', THREADS: '1', MIN_INSTANCES: '0', ...env } });
  for (const id of ['a', 'b']) await server.panel(id, { large });
  await server.panel('c', { small: 'return 1' });
  assert.equal((await server.trigger('a', 'large')).json.status, 'success');
  return server;
}

test('a call that needs more than is free waits while small ones run', options, async (t) => {
  const server = await serveWithRoomForOne(t, { QUEUE_TIMEOUT_MS: '300000' });
  const first = server.trigger('a', 'large', { holds: true });
  await server.untilMetric(/nexus_executions\{state="running"\} 1/);
  let hasEnded = false;
  const second = server.trigger('b', 'large').finally(() => { hasEnded = true; });
  await server.untilMetric(/^nexus_queue_depth 1$/m);
  await isDegraded(server, '1 executions wait for memory (see /runtime/memory)');
  // The small calls do not make it wait for ever either.
  let calls = 0;
  const small = async () => {
    while (!hasEnded) {
      assert.equal((await server.trigger('c', 'small')).json.status, 'success');
      if (++calls === 200) server.letGo();
    }
  };
  await Promise.all(Array.from({ length: 16 }, small));
  for (const { json } of await Promise.all([first, second])) assert.equal(json.returnValue, 56 * MiB, JSON.stringify(json));
});

test('a call that waited in vain gets layer, bytes and Retry-After', options, async (t) => {
  const server = await serveWithRoomForOne(t, { QUEUE_TIMEOUT_MS: '100' });
  const first = server.trigger('a', 'large', { holds: true });
  await server.untilMetric(/nexus_executions\{state="running"\} 1/);
  const refused = await server.trigger('b', 'large');
  assert.equal(refused.status, 503, JSON.stringify(refused.json));
  assert.equal(refused.json.code, 'OVERLOADED');
  const { layer, setting, limitBytes, wantedBytes, freeBytes, retryAfterMs } = refused.json.details;
  assert.deepEqual({ layer, setting, limitBytes }, { layer: 'budget', setting: 'MEMORY_BUDGET_MB', limitBytes: 160 * MiB });
  assert.ok(wantedBytes > 55 * MiB && freeBytes < wantedBytes, JSON.stringify(refused.json));
  assert.equal(Number(refused.headers['retry-after']), Math.ceil(retryAfterMs / 1000));
  await isDegraded(server, 'requests are refused: the budget is used up (MEMORY_BUDGET_MB; see /runtime/memory)');
  server.letGo();
  assert.equal((await first).json.returnValue, 56 * MiB);
  assert.equal((await server.trigger('b', 'large')).json.returnValue, 56 * MiB, 'there is room again');
  await until(async () => (await server.get('/health')).json.status === 'healthy');
});

test('handlers are listed with their use, of all loops', options, async (t) => {
  const server = await serve(t, { env: { THREADS: '3' } });
  for (let n = 0; n < 25; ++n) await server.panel(`p${n}`, { small: `$state.n = ${n}; return ${n}` });
  await server.panel('large', { t: 'return new Array(1e6).fill(0).length' }, { limits: { memoryLimitBytes: 24 * MiB } });
  for (let n = 0; n < 25; ++n) await server.trigger(`p${n}`, 'small');
  await server.trigger('p7', 'small');
  assert.equal((await server.trigger('large', 't')).json.returnValue, 1e6);

  const byBytes = (await server.get('/runtime/memory')).json.handlers;
  assert.equal(byBytes.length, 20);
  const [first] = byBytes;
  assert.equal(first.name, 'large/t');
  assert.ok(first.p99Bytes > 7 * MiB && first.highWaterBytes > 7 * MiB, JSON.stringify(first));
  assert.equal(first.memoryLimitBytes, 24 * MiB);
  assert.equal(first.executions, 1);
  assert.ok(first.runningUs > 0);
  const [called] = (await server.get('/runtime/memory?sort=calls')).json.handlers;
  assert.equal(called.name, 'p7/small');
  assert.equal(called.executions, 2);
  assert.equal(called.hostCalls, 2);
});

// Handlers with different needs: one large block, many small ones, garbage, a large image.
const needy = {
  block: 'return new Uint8Array(12e5).length',
  array: 'return new Array(1e5).fill(0).map((_, i) => i).length',
  text: 'return "x".repeat(1e5).split("").length',
  garbage: 'let n = 0; for (let i = 0; i < 2e4; ++i) n += [i, { i }].length; return n',
  image: 'const table = new Array(2e5).fill(0); export default () => table.length',
};

// A thousand calls, many of them long: the time limit is for a test that hangs.
test('an advised limit suffices for its handler', { timeout: 300_000 }, async (t) => {
  const calls = 100; // as many as the advice needs
  for (const [name, source] of Object.entries(needy)) {
    const server = await serve(t, { env: { MEMORY_LIMIT_MB: '128' } });
    await server.panel('p', { [name]: source });
    for (let n = 0; n < calls; ++n) await server.trigger('p', name);
    const { advice, handlers: [use] } = (await server.get('/runtime/memory')).json;
    assert.ok(use.imageBytes >= MiB && use.p99Bytes >= use.imageBytes && use.highWaterBytes >= use.imageBytes, JSON.stringify(use));
    const [, limit] = /^MEMORY_LIMIT_MB is 128; p99 of p\/\w+ is .*: (\d+) would do$/m.exec(advice.join('\n')) ?? [];
    assert.ok(Number(limit) <= 64, `${name}: ${advice}`);

    const advised = await serve(t, { env: { MEMORY_LIMIT_MB: limit } });
    assert.equal((await advised.panel('p', { [name]: source })).status, 201, name);
    for (let n = 0; n < calls; ++n)
      assert.equal((await advised.trigger('p', name)).json.status, 'success', `${name} with ${limit} MiB`);
    assert.doesNotMatch((await advised.get('/runtime/memory')).json.advice.join('\n'), /raise MEMORY_LIMIT_MB/);
  }
});

test('sort accepts known keys only', options, async (t) => {
  const server = await serve(t);
  for (const sort of ['bytes', 'time', 'calls', 'host-calls', 'suspensions', 'refusals'])
    assert.equal((await server.get(`/runtime/memory?sort=${sort}`)).status, 200, sort);
  const { status, json } = await server.get('/runtime/memory?sort=name');
  assert.equal(status, 400);
  assert.equal(json.details[0].path, 'sort');
});

test('the next process reports a killed one, once', options, async (t) => {
  const CACHE_DIR = folderOf(t);
  const first = await serve(t, { env: { CACHE_DIR } });
  assert.equal(readdirSync(CACHE_DIR).filter((name) => name.startsWith('last-words-')).length, 1);
  process.kill(first.pid, 'SIGKILL');
  await first.ended;

  const second = await serve(t, { env: { CACHE_DIR } });
  await second.child.untilErrors(new RegExp(`process ${first.ownPid} .* ended without a clean exit`));
  await second.untilMetric(/^nexus_unclean_exits_total 1$/m);
  const { uncleanExits: [exit, ...others] } = (await second.get('/runtime/memory')).json;
  assert.deepEqual(others, []);
  assert.match(exit.lines[0], new RegExp(`^process ${first.ownPid} `));
  assert.match(exit.lines[1], /^memory: .* accounted [1-9]/);
  process.kill(second.pid, 'SIGTERM');
  assert.equal(await second.ended, 0);

  const third = await serve(t, { env: { CACHE_DIR } });
  assert.deepEqual((await third.get('/runtime/memory')).json.uncleanExits, []);
});

test('the report of a killed process names the largest handler', options, async (t) => {
  const CACHE_DIR = folderOf(t);
  const first = await serve(t, { env: { CACHE_DIR, THREADS: '2', TIMEOUT_MS: '300000', MAX_WALL_MS: '300000' } });
  await first.panel('small', { a: 'return 1' });
  await first.panel('past', { hungry: 'return new Array(1e6).fill(0).length' });
  await first.panel('now', { hungry: 'const kept = new Uint8Array(12 << 20).fill(1); for (;;);' });
  await first.trigger('small', 'a');
  await first.trigger('past', 'hungry');
  first.trigger('now', 'hungry').catch(() => {});
  const file = join(CACHE_DIR, readdirSync(CACHE_DIR).find((name) => name.startsWith('last-words-')));
  const isRecorded = () => {
    const record = readFileSync(file);
    const places = [record.indexOf('now/hungry'), record.lastIndexOf('now/hungry')]; // in one of its two slots
    return places[0] !== places[1] && ['past/hungry', 'small/a'].every((name) => record.indexOf(name) !== record.lastIndexOf(name))
      && places.every((place) => record.readBigUInt64LE(place + 96) > 12 * MiB);
  };
  await until(isRecorded);
  process.kill(first.pid, 'SIGKILL');
  await first.ended;

  const second = await serve(t, { env: { CACHE_DIR } });
  const told = /most memory: now\/hungry 1[23](\.\d)? MiB \(1 running\), past\/hungry \d+(\.\d)? MiB \(at most, none running\), small\/a .*/;
  await second.child.untilErrors(told);
  const { uncleanExits: [{ lines }] } = (await second.get('/runtime/memory')).json;
  assert.match(lines.join('\n'), told);
  const top = await runProgram(['top', '--once', '--url', second.url]);
  assert.match(top.stdout, told);
});

test('running handlers are listed with their bytes', options, async (t) => {
  const server = await serveHolding(t);
  await server.panel('now', { hungry: `const kept = new Uint8Array(12 << 20).fill(1); ${hold}` });
  const running = server.trigger('now', 'hungry');
  const holding = async () => (await server.get('/runtime/memory')).json.handlers.find(({ heldBytes }) => heldBytes > 12 * MiB);
  let use = await until(holding);
  assert.equal(use.name, 'now/hungry');
  assert.equal(use.running, 1);
  server.letGo();
  await running;
  [use] = (await server.get('/runtime/memory')).json.handlers;
  assert.deepEqual([use.name, use.running, use.heldBytes, use.executions], ['now/hungry', 0, 0, 1]);
});

test('memory that only the start needs is given back', options, async (t) => {
  const server = await serve(t);
  const mappedKb = () => Number(/RssFile:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);
  await until(() => mappedKb() <= 10 << 10);
  await server.panel('p', { one: 'return 1' });
  assert.equal((await server.trigger('p', 'one')).status, 200);
});

test('a server that a second signal ends leaves no record', options, async (t) => {
  const CACHE_DIR = folderOf(t);
  const server = await serve(t, { env: { CACHE_DIR, LOG_LEVEL: 'info' } });
  await server.panel('p', { spin: 'for (;;);' });
  const spinning = server.trigger('p', 'spin').catch(() => {});
  await server.untilMetric(/nexus_instances\{state="active"\} 1/);
  process.kill(server.pid, 'SIGTERM');
  await server.child.untilErrors(/shutting down/);
  process.kill(server.pid, 'SIGTERM');
  assert.equal(await server.ended, 143);
  await spinning;
  assert.deepEqual(readdirSync(CACHE_DIR).filter((name) => name.startsWith('last-words-')), []);
});

test('a server that cannot start leaves no record', options, async (t) => {
  const CACHE_DIR = folderOf(t);
  const server = await serve(t);
  const late = launch(['serve'], { CACHE_DIR, HTTP_PORT: String(server.port) });
  assert.equal(await late.ended, 1);
  assert.deepEqual(readdirSync(CACHE_DIR).filter((name) => name.startsWith('last-words-')), []);
});

test('without a usable folder there is a warning and no record', options, async (t) => {
  const server = await serve(t, { env: { CACHE_DIR: '/dev/null/none' } });
  await server.child.untilErrors(/no crash record can be kept in CACHE_DIR: /);
  assert.equal((await server.get('/health/ready')).status, 200);
});
