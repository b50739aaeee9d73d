// When system calls fail (mappings, protection, memory, files), requests are rejected with a code, and only for as
// long: the server lives, each request gets a response, and nothing remains charged.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { readExposition } from '../e2e/support/exposition.mjs';
import { panelOf, until } from '../e2e/support/program.mjs';
import { serveWithFaults } from './support/server.mjs';

const CALLERS = 8;
const CALLS = 60; // of each kind
const TOOLS = {
  small: '$state.n = ($state.n ?? 0) + 1; return $state.n',
  grow: "const kept = []; for (let i = 0; i < 100; i++) kept.push(new Uint8Array(65536).fill(i)); return kept.length",
  echo: 'return $args.text',
  spin: 'for (;;);',
  state: "$state.big = 'x'.repeat(300000)",
  nap: 'const kept = [1, 2, 3]; await $ext.timer.sleep(150); return kept.length', // long enough to be hibernated
};
const CALLED = ['small', 'small', 'small', 'grow', 'grow', 'echo', 'state', 'spin', 'nap'];
const MORE = { capabilities: ['state:*', 'ext:timer'] };
const text = 'x'.repeat(200_000);

// Only the endless handler has a low limit; the others have time for a busy machine.
function makePanel(server, id, tools) {
  const definition = panelOf(id, tools, MORE);
  definition.tools.find(({ name }) => name === 'spin').limits = { timeoutMs: 100 };
  return server.post('/panels', definition);
}

// Each response is checked against docs/openapi.json on its way here, so the caller only checks that there is one.
async function caller(server, index, seen) {
  for (let i = 0; i < CALLS; i += 1) {
    const id = `p${index}-${i % 3}`;
    const made = await makePanel(server, id, { ...TOOLS, own: `return ${index * 1000 + i}` });
    const tool = CALLED[(i + index) % CALLED.length];
    const called = await server.trigger(id, tool, tool === 'echo' ? { text } : {});
    for (const { status, text: body } of [made, called]) {
      const response = JSON.parse(body);
      let outcome = response.status === 'error' ? response.error.code : String(status);
      if (status === 503) {
        const { layer, setting, retryAfterMs } = response.details;
        assert.ok(retryAfterMs > 0, body);
        outcome += ` ${layer}: ${setting}`;
      }
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
    if (i % 2 === 1) await server.request('DELETE', `/panels/${id}`);
  }
}

const KINDS = ['instances', 'images', 'suspended', 'buffers', 'cache'];

async function accounts(server) {
  const { samples } = readExposition((await server.get('/metrics')).text);
  return {
    active: samples.get('nexus_instances{state="active"}'),
    charged: Object.fromEntries(KINDS.map((kind) => [kind, samples.get(`nexus_memory_accounted_bytes{kind="${kind}"}`)])),
    cacheBytes: samples.get('nexus_cache_bytes'),
    writeErrors: samples.get('nexus_cache_errors_total{op="write"}'),
  };
}

async function removeAll(server) {
  for (const { id } of (await server.get('/panels?limit=1000')).json.panels) await server.request('DELETE', `/panels/${id}`);
}

async function worksAsBefore(server, before) {
  await removeAll(server);
  assert.equal((await makePanel(server, 'after', TOOLS)).status, 201);
  for (const [tool, args] of [['small', {}], ['grow', {}], ['echo', { text }], ['state', {}], ['nap', {}]]) {
    const { status, json } = await server.trigger('after', tool, args);
    assert.deepEqual([status, json.status], [200, 'success'], tool);
  }
  await server.request('DELETE', '/panels/after');
  // The charge must be the bytes of the present instances, new ones of which may just be created, and otherwise the
  // charge before there were panels.
  await until(async () => {
    const { active, charged } = await accounts(server);
    const { memoryBytes } = (await server.get('/health')).json.runtime;
    return active === 0 && isDeepStrictEqual(charged, { ...before.charged, instances: memoryBytes });
  });
}

async function writesAgain(server) {
  const { cacheBytes, writeErrors } = await accounts(server);
  assert.ok(writeErrors > 0, 'what could not be written was counted');
  await server.panel('written', { own: 'return "a handler that was not there before"' });
  await until(async () => (await accounts(server)).cacheBytes > cacheBytes);
}

// `names`: what the messages of rejections must contain.
for (const [name, shares, names = []] of [
  ['mprotect, now and then', { mprotect: 0.02 }],
  ['mprotect, half of the time', { mprotect: 0.5 }, ['container: vm.max_map_count']],
  ['mmap', { mmap: 0.1 }],
  ['files', { file: 0.5 }],
  ['everything', { mprotect: 0.01, mmap: 0.1, file: 0.1 }],
]) {
  test(`the server outlives failures of ${name}`, { timeout: 120_000 }, async (t) => {
    const server = await serveWithFaults(t, { seed: process.env.NEXUS_FAULTS_SEED ?? 1, env: { LOG_LEVEL: 'error' } });
    const before = await accounts(server);
    await makePanel(server, 'before', TOOLS);
    await server.trigger('before', 'small', {});
    const seen = new Map();
    server.fail(shares);
    const calls = Promise.all(Array.from({ length: CALLERS }, (_, i) => caller(server, i, seen)));
    const died = server.ended.then((status) => { throw new Error(`ended with ${status}: ${server.child.stderr}`); });
    await Promise.race([calls, died]);
    died.catch(() => {});
    server.fail({});
    const failed = server.failed();
    t.diagnostic(`${JSON.stringify(failed)}: ${JSON.stringify(Object.fromEntries(seen))}`);
    for (const kind of Object.keys(shares)) assert.ok(failed[kind] > 0, `${kind} never failed`);
    for (const setting of names) assert.ok(seen.get(`503 ${setting}`) > 0, `nobody was told of ${setting}`);
    if (shares.file) await writesAgain(server);
    await worksAsBefore(server, before);
  });
}

async function endsInGoodOrder(server) {
  assert.equal(await server.ended, 1);
  assert.match(server.child.stderr, /^nexus: no memory is left for the server itself .*\n$/);
}

// Whatever the allocator does, a request is answered, or the process ends in good order.
test('a large malloc that fails rejects the request or ends the server with one line', { timeout: 120_000 }, async (t) => {
  let rejected = 0, ended = 0;
  for (let seed = 1; seed <= 8; seed += 1) {
    const server = await serveWithFaults(t, { seed, env: { LOG_LEVEL: 'error' } });
    await makePanel(server, 'before', TOOLS);
    server.fail({ malloc: seed === 1 ? 1 : 0.3 });
    let answer = {};
    for (let i = 0; i < 40 && answer; i += 1) {
      answer = await server.trigger('before', 'echo', { text }).catch(() => undefined);
      if (answer?.status !== 503) continue;
      assert.deepEqual([answer.json.details.layer, answer.json.details.setting], ['container', 'memory']);
      rejected += 1;
    }
    server.fail({});
    if (answer) {
      assert.equal((await server.trigger('before', 'echo', { text })).json.status, 'success');
    } else {
      ended += 1;
      await endsInGoodOrder(server);
    }
  }
  t.diagnostic(JSON.stringify({ rejected, ended }));
  assert.ok(rejected > 0 && ended > 0);
});
