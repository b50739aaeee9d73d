// What the system refuses (mappings, protection, memory, room for files) is refused on, with a code, and then over: the server
// lives, no request is left without an answer, and nothing stays charged.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveWithFaults } from './server.mjs';

const CALLERS = 8;
const CALLS = 60; // of each
const TOOLS = {
  small: '$state.n = ($state.n ?? 0) + 1; return $state.n',
  grow: "const kept = []; for (let i = 0; i < 100; i++) kept.push(new Uint8Array(65536).fill(i)); return kept.length",
  echo: 'return $args.text',
  spin: 'for (;;);',
  state: "$state.big = 'x'.repeat(300000)",
};
const CALLED = ['small', 'small', 'small', 'grow', 'grow', 'echo', 'state', 'spin'];
const text = 'x'.repeat(200_000);

// Every answer is held against docs/openapi.json on its way here, so that what is left to see is whether one came.
async function caller(server, index, seen) {
  for (let i = 0; i < CALLS; i += 1) {
    const id = `p${index}-${i % 3}`;
    const made = await server.panel(id, { ...TOOLS, own: `return ${index * 1000 + i}` }, { limits: { timeoutMs: 100 } });
    const tool = CALLED[(i + index) % CALLED.length];
    const called = await server.trigger(id, tool, tool === 'echo' ? { text } : {});
    for (const { status, text: body } of [made, called]) {
      const outcome = status < 300 && body.includes('"status":"error"') ? JSON.parse(body).error.code : String(status);
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
    if (i % 2 === 1) await server.request('DELETE', `/panels/${id}`);
  }
}

async function instances(server) {
  const { text: metrics } = await server.get('/metrics');
  const value = (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)[1]);
  return {
    idle: value('nexus_instances\\{state="idle"\\}'), active: value('nexus_instances\\{state="active"\\}'),
    bytes: value('nexus_memory_accounted_bytes\\{kind="instances"\\}'),
  };
}

async function removeAll(server) {
  for (const { id } of (await server.get('/panels?limit=1000')).json.panels) await server.request('DELETE', `/panels/${id}`);
}

async function worksAsBefore(server) {
  await removeAll(server);
  assert.equal((await server.panel('after', TOOLS)).status, 201);
  for (const [tool, args] of [['small', {}], ['grow', {}], ['echo', { text }], ['state', {}]]) {
    const { status, json } = await server.trigger('after', tool, args);
    assert.deepEqual([status, json.status], [200, 'success'], tool);
  }
  await server.request('DELETE', '/panels/after');
  // What is charged is what the instances have that are there; new ones may just be made.
  for (const deadline = Date.now() + 10_000; ;) {
    const { idle, active, bytes } = await instances(server);
    const { memoryBytes } = (await server.get('/health')).json.runtime;
    if (active === 0 && bytes === memoryBytes) break;
    assert.ok(Date.now() < deadline, `${bytes} bytes are charged for ${idle} idle and ${active} active instances, which have ${memoryBytes}`);
    await sleep(50);
  }
}

for (const [name, shares] of [
  ['mprotect, now and then', { mprotect: 0.02 }],
  ['mprotect, half of the time', { mprotect: 0.5 }],
  ['mmap', { mmap: 0.1 }],
  ['large malloc, now and then', { malloc: 0.05 }],
  ['large malloc, one of three', { malloc: 0.33 }],
  ['files', { file: 0.5 }],
  ['everything', { mprotect: 0.01, mmap: 0.1, malloc: 0.01, file: 0.1 }],
]) {
  test(`the server outlives failures of ${name}`, { timeout: 120_000 }, async (t) => {
    const server = await serveWithFaults(t, { seed: process.env.NEXUS_FAULTS_SEED ?? 1, env: { LOG_LEVEL: 'error' } });
    await server.panel('before', TOOLS);
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
    for (const kind of Object.keys(shares)) if (kind !== 'file') assert.ok(failed[kind] > 0, `${kind} never failed`);
    await worksAsBefore(server);
  });
}
