import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readExposition } from './support/exposition.mjs';
import { programUid, runProgram, serve } from './support/program.mjs';

const options = { timeout: 180_000 };
const counter = '$state.n = ($state.n ?? 0) + 1; return $state.n';

// Removed after all servers have ended: a running server would create its folder again.
const folders = [];
after(() => folders.forEach((path) => rmSync(path, { recursive: true })));
function folder() {
  folders.push(mkdtempSync(join(tmpdir(), 'nexus-')));
  return folders.at(-1);
}

const cached = (path, more = {}) => ({ CACHE_DIR: path, MAX_CACHE_SIZE_MB: '64', ...more });
const ours = (path) => join(path, `images-${programUid}`);
const images = (path) => readdirSync(ours(path)).filter((name) => /^[0-9a-f]{32}$/.test(name)).map((name) => join(ours(path), name));
const samples = async (server) => readExposition((await server.get('/metrics')).text).samples;

async function lookups(server) {
  const all = await samples(server);
  return ['hit', 'disk', 'miss'].map((result) => all.get(`nexus_cache_requests_total{result="${result}"}`));
}

async function stop(server) {
  process.kill(server.pid, 'SIGTERM');
  assert.equal(await server.ended, 0);
}

test('a restart finds the images of the previous process', options, async (t) => {
  const path = folder();
  const first = await serve(t, { env: cached(path) });
  await first.panel('p', { count: counter });
  assert.deepEqual(await lookups(first), [0, 0, 1]);
  for (let call = 0; call < 20; ++call) await first.trigger('p', 'count');
  await stop(first);
  assert.equal(images(path).length, 1);
  const second = await serve(t, { env: cached(path) });
  assert.equal((await second.panel('p', { count: counter })).status, 201);
  assert.deepEqual(await lookups(second), [0, 1, 0]);
  for (let call = 1; call <= 20; ++call) {
    const { json } = await second.trigger('p', 'count');
    assert.equal(json.returnValue, call);
    assert.equal(json.metrics.cacheHit, true);
  }
  assert.deepEqual(await lookups(second), [20, 1, 0]);
  const all = await samples(second);
  assert.equal(all.get('nexus_cache_hit_rate'), 1);
  assert.equal(all.get('nexus_cache_limit_bytes'), 64 * 1024 * 1024);
  await second.untilMetric(/^nexus_cache_bytes 4096$/m);
});

test('an image evicted from memory comes from disk', options, async (t) => {
  const server = await serve(t, { env: cached(folder(), { IMAGE_CACHE_MB: '0' }) });
  await server.panel('p', { count: counter });
  await server.untilMetric(/^nexus_cache_bytes 4096$/m);
  const { json } = await server.trigger('p', 'count');
  assert.equal(json.metrics.cacheHit, true, 'nothing was loaded for it');
  assert.deepEqual(await lookups(server), [0, 1, 1]);
});

test('a world-writable folder, as Kubernetes makes it, works', options, async (t) => {
  const path = folder();
  chmodSync(path, 0o777);
  const server = await serve(t, { env: cached(path) });
  await server.panel('p', { count: counter });
  await server.untilMetric(/^nexus_cache_bytes 4096$/m);
  assert.equal(statSync(ours(path)).mode & 0o777, 0o700);
  assert.equal(statSync(images(path)[0]).mode & 0o777, 0o600);
  assert.equal(server.child.stderr, '');
});

test('no call fails when the folder is unusable, removed or damaged', options, async (t) => {
  const path = folder();
  for (const [what, prepare] of [
    ['a link', () => { mkdirSync(join(path, 'elsewhere')); symlinkSync(join(path, 'elsewhere'), ours(path)); }],
    ['a file', () => writeFileSync(ours(path), 'x')],
  ]) {
    prepare();
    const server = await serve(t, { env: cached(path) });
    assert.equal((await server.panel('p', { count: counter })).status, 201, what);
    assert.equal((await server.trigger('p', 'count')).json.returnValue, 1);
    await server.untilMetric(/^nexus_cache_errors_total\{op="open"\} [1-9]/m);
    await stop(server);
    assert.equal(server.child.stderr.match(/"level":"warn"/g).length, 1, server.child.stderr);
    assert.match(server.child.stderr, /images-\d+/);
    rmSync(ours(path));
  }
  assert.deepEqual(readdirSync(join(path, 'elsewhere')), []);

  const server = await serve(t, { env: cached(path, { IMAGE_CACHE_MB: '0' }) });
  await server.panel('p', { count: counter });
  await server.untilMetric(/^nexus_cache_bytes 4096$/m);
  truncateSync(images(path)[0], 100);
  assert.equal((await server.trigger('p', 'count')).json.returnValue, 1);
  await server.untilMetric(/^nexus_cache_errors_total\{op="verify"\} 1$/m);
  rmSync(ours(path), { recursive: true });
  assert.equal((await server.trigger('p', 'count')).json.returnValue, 2);
});

test('without a size or a folder no image is kept', options, async (t) => {
  const path = folder();
  for (const start of [
    { env: cached(join(path, 'a'), { MAX_CACHE_SIZE_MB: '0' }) },
    { env: { MAX_CACHE_SIZE_MB: '64' }, args: ['--cache-dir', ''] },
  ]) {
    const server = await serve(t, start);
    await server.panel('p', { count: counter });
    assert.equal((await samples(server)).get('nexus_cache_limit_bytes'), 0);
    await stop(server);
    assert.equal(server.child.stderr, '');
  }
  // The folder was made for the crash record, which is gone too.
  assert.deepEqual(readdirSync(path, { recursive: true }), ['a']);
});

test('prune empties the folder and prints what it removed', options, async (t) => {
  const path = folder();
  const server = await serve(t, { env: cached(path) });
  await server.panel('p', { a: 'return 1', b: 'return 2' });
  await server.untilMetric(/^nexus_cache_bytes 8192$/m);
  const bytes = images(path).reduce((sum, file) => sum + statSync(file).size, 0);
  const pruned = await runProgram(['cache', 'prune', '--cache-dir', path]);
  assert.equal(pruned.status, 0, pruned.stderr);
  assert.equal(pruned.stdout, `removed 2 images, ${bytes} bytes, from ${ours(path)}\n`);
  assert.deepEqual(images(path), []);
  // The server continues to use the folder.
  await server.panel('q', { c: 'return 3' });
  await server.untilMetric(/^nexus_cache_bytes 4096$/m);
});

test('prune without a cache', options, async () => {
  const path = folder();
  const nothing = await runProgram(['cache', 'prune'], { env: { CACHE_DIR: join(path, 'none') } });
  assert.equal(nothing.status, 0);
  assert.match(nothing.stdout, /^no cache in .*none\n$/);
  assert.ok(!existsSync(join(path, 'none')));
  writeFileSync(ours(path), 'x');
  const failed = await runProgram(['cache', 'prune'], { env: { CACHE_DIR: path } });
  assert.equal(failed.status, 1);
  assert.match(failed.stderr, /^nexus cache prune: [^\n]*images-\d+[^\n]*\n$/);
  for (const args of [['cache'], ['cache', 'prune', '--cache-dri', path]])
    assert.equal((await runProgram(args)).status, 2, args.join(' '));
});
