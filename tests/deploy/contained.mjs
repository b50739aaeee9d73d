// The server in its container: the end-to-end tests, shutdown, memory, start time and size.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { built, containers, environment, image, ownCache, serve, timeToReady, watch } from './support/image_under_test.mjs';
import { root } from './support/containers.mjs';

const options = { timeout: 120_000 };
const { podman } = containers;

// container.mjs moves the server into a memory cgroup on the host, but a container has its own already. release.mjs
// packs the program's file, but NEXUS_BIN names a script here that becomes podman.
const notInside = ['container.mjs', 'release.mjs'];

test('the end-to-end tests pass inside', { timeout: 1_800_000 }, async () => {
  const files = readdirSync(join(root, 'tests/e2e')).filter((name) => name.endsWith('.mjs') && !notInside.includes(name));
  // Without the marks of the test runner that runs this file: the inner runner would obey them.
  const { NODE_TEST_CONTEXT, ...env } = { ...process.env, ...environment };
  const inside = spawn('node', ['--test', '--test-reporter=spec', ...files.map((name) => join(root, 'tests/e2e', name))], { cwd: root, env });
  let said = '';
  for (const stream of [inside.stdout, inside.stderr]) stream.setEncoding('utf8').on('data', (text) => { said += text; });
  const [status] = await once(inside, 'close');
  console.log(said.split('\n').filter((line) => /^ℹ (tests|pass|fail|skipped) /.test(line)).join(', '));
  assert.equal(status, 0, said);
});

test('after SIGTERM each client gets its response, and the server ends with 0', options, async (t) => {
  const server = await serve(t, { env: { ...ownCache, THREADS: '2', MAX_INSTANCES: '4' } });
  const spin = (ms) => `const end = Date.now() + ${ms}; while (Date.now() < end); return "done"`;
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) await server.panel(id, { spin: spin(1000) });
  await server.panel('asks', { ask: 'return await $ext.external.wait({ question: 1 }, { ttlMs: 60000 })' }, { capabilities: ['ext:external'] });
  const watching = await watch(server, 'a');
  const idle = server.connect();
  await idle.connected;
  const asking = server.trigger('asks', 'ask');
  await server.untilMetric(/nexus_executions\{state="suspended"\} 1/);
  // Four of these six calls run; the second call of each panel waits for its turn.
  const calls = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((id) => [server.trigger(id, 'spin'), server.trigger(id, 'spin')]);
  await server.untilMetric(/nexus_executions\{state="running"\} [1-9]/);
  await server.untilMetric(/nexus_executions\{state="queued"\} [1-9]/);
  process.kill(server.pid, 'SIGTERM');
  assert.equal((await asking).json.error.code, 'CANCELLED');
  const responses = await Promise.all(calls);
  for (const { status, json } of responses) {
    if (status === 200) assert.equal(json.returnValue, 'done');
    else assert.deepEqual([status, json.code], [503, 'SHUTTING_DOWN']);
  }
  assert.ok(responses.some(({ status }) => status === 200) && responses.some(({ status }) => status === 503));
  assert.equal((await watching.closed).code, 1001);
  await idle.closed;
  assert.equal(await server.ended, 0);
});

test('a call that needs too much is rejected before the kernel would kill', options, async (t) => {
  const server = await serve(t, { env: {
    ...ownCache, MEMORY_LIMIT_MB: '64', QUEUE_TIMEOUT_MS: '200', NEXUS_CONTAINER_OPTIONS: '--memory 256m --memory-swap 256m',
  } });
  const eat = 'const kept = []; while (kept.length < 56) kept.push(new Uint8Array(1 << 20).fill(1)); return kept.length';
  for (let n = 0; n < 8; ++n) await server.panel(`hog${n}`, { eat });
  const layers = new Map();
  for (let round = 0; round < 5; ++round) {
    const calls = Array.from({ length: 32 }, (_, n) => server.trigger(`hog${n % 8}`, 'eat'));
    for (const { status, json } of await Promise.all(calls)) {
      const layer = status === 200 ? json.error?.details?.layer ?? json.status : json.details.layer;
      layers.set(layer, (layers.get(layer) ?? 0) + 1);
    }
  }
  console.log(`a hog at 256 MiB: ${[...layers].map(([layer, count]) => `${layer} ${count}`).join(', ')}`);
  assert.ok(layers.get('container') > 0, JSON.stringify([...layers]));
  assert.equal((await server.panel('small', { add: 'return $args.a + 1' })).status, 201);
  assert.equal((await server.trigger('small', 'add', { a: 1 })).json.returnValue, 2);
  process.kill(server.pid, 'SIGTERM');
  assert.equal(await server.ended, 0, 'it was not killed');
});

// Reports times, which decide nothing here. NEXUS_FIGURES: a file for all figures, in the format of bench/report.
test('size and start time, and at most 24 MB at rest', options, async (t) => {
  const began = performance.now();
  const server = await serve(t, { env: ownCache });
  const withContainer = performance.now() - began;
  const mb = (name) => new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1] * 1024 / 1e6;
  while (mb('RssFile') > 10) await server.get('/health/live');  // the server is at rest a second after its start
  for (const path of ['/health/ready', '/metrics']) await server.get(path);  // the requests of a supervisor and a scraper
  const rss = mb('VmRSS');
  const times = [];
  for (let n = 0; n < 5; ++n) times.push(await timeToReady());
  times.sort((a, b) => a - b);
  console.log(`${built}; ready ${times[2].toFixed(1)} ms after its start (${times[0].toFixed(1)} to ${times[4].toFixed(1)}), ` +
    `${withContainer.toFixed()} ms with podman; ${rss.toFixed(1)} MB at rest`);
  if (process.env.NEXUS_FIGURES) {
    const [{ Size: size }] = JSON.parse(podman('image', 'inspect', image));
    writeFileSync(process.env.NEXUS_FIGURES, JSON.stringify({
      image_mb: size / 1e6, ready_ms: times[2], with_podman_ms: withContainer, idle_rss_mb: rss,
    }));
  }
  assert.ok(rss <= 24, `${rss} MB`);
});
