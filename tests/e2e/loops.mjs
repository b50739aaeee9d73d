// Several event loops behind one port look like one server, whichever loop has the connection and whichever has the
// panel.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hold, serveHolding } from './support/hold.mjs';
import { panelOf, serve, until } from './support/program.mjs';

const options = { timeout: 180_000 };
const threads = { THREADS: '3', MAX_INSTANCES: '30' };
const tools = { add: '$state.n += $args.by ?? 1; return $state.n' };

// Connections go to the loops in turn, so three calls on new connections reach each loop.
const onEachLoop = async (ask) => [await ask(), await ask(), await ask()];

const numbered = (count) => Array.from({ length: count }, (_, n) => `p${String(n).padStart(3, '0')}`);

async function withPanels(t, count, env = {}) {
  const server = await serve(t, { env: { ...threads, ...env } });
  const ids = numbered(count);
  for (const id of ids) {
    const made = await server.panel(id, tools, { initialState: { n: 0 } });
    assert.equal(made.status, 201, made.text);
  }
  return { server, ids };
}

test('a panel is the same from every loop', options, async (t) => {
  const { server, ids } = await withPanels(t, 12);
  for (const id of ids) {
    assert.deepEqual((await onEachLoop(() => server.trigger(id, 'add'))).map(({ json }) => json.returnValue), [1, 2, 3]);
    for (const { json } of await onEachLoop(() => server.get(`/panels/${id}/state`))) assert.deepEqual(json, { n: 3 });
    for (const { json } of await onEachLoop(() => server.panel(id, tools))) assert.equal(json.code, 'PANEL_EXISTS');
  }
  assert.equal((await server.request('PUT', '/panels/p003', panelOf('p003', { add: 'return "new"' }))).status, 200);
  for (const { json } of await onEachLoop(() => server.trigger('p003', 'add'))) assert.equal(json.returnValue, 'new');
  assert.equal((await server.request('DELETE', '/panels/p003')).status, 204);
  for (const { json } of await onEachLoop(() => server.trigger('p003', 'add'))) assert.equal(json.code, 'PANEL_NOT_FOUND');
});

test('panels of all loops are listed by id, page by page', options, async (t) => {
  const { server, ids } = await withPanels(t, 40);
  for (const limit of [1, 7, 40, 1000]) {
    const seen = [];
    for (let after = ''; ;) {
      const { json } = await server.get(`/panels?limit=${limit}${after && `&after=${after}`}`);
      assert.equal(json.total, 40);
      seen.push(...json.panels.map(({ id }) => id));
      if (!json.next) break;
      after = json.next;
    }
    assert.deepEqual(seen, ids);
  }
  assert.equal((await server.get('/panels?limit=0')).status, 400);
});

test('a generated id belongs to the loop that created it', options, async (t) => {
  const server = await serve(t, { env: threads });
  const ids = new Set();
  for (let n = 0; n < 30; ++n) {
    const made = await server.request('POST', '/panels', { ...panelOf(undefined, tools), initialState: { n } });
    assert.equal(made.status, 201);
    ids.add(made.json.id);
  }
  assert.equal(ids.size, 30);
  for (const id of ids) for (const { status } of await onEachLoop(() => server.get(`/panels/${id}`))) assert.equal(status, 200);
});

test('an id that is written with escapes is the same id', options, async (t) => {
  const server = await serve(t, { env: threads });
  for (const id of numbered(20)) {
    const escaped = JSON.stringify(panelOf(id, tools)).replace(`"${id}"`, `"\\u0070${id.slice(1)}"`);
    assert.equal((await server.post('/panels', escaped)).json.id, id);
    assert.equal((await server.get(`/panels/${id}`)).status, 200);
    for (const { status } of await onEachLoop(() => server.panel(id, tools))) assert.equal(status, 409);
  }
});

test('health and metrics cover all loops', options, async (t) => {
  const { server, ids } = await withPanels(t, 12, { MIN_INSTANCES: '4' });
  for (const id of ids) await server.trigger(id, 'add');
  for (const { json } of await onEachLoop(() => server.get('/health'))) {
    assert.equal(json.panels.active, 12);
    assert.ok(json.runtime.availableInstances >= 4);
  }
  for (const { text } of await onEachLoop(() => server.get('/metrics'))) {
    assert.match(text, /^nexus_handler_executions_total\{status="success"\} 12$/m);
    assert.match(text, /^nexus_panels 12$/m);
    assert.match(text, /^nexus_http_requests_total\{route="\/panels",method="POST",code="201"\} 12$/m);
  }
});

test('errors are the same from every loop', options, async (t) => {
  const server = await serve(t, { env: { ...threads, BODY_LIMIT: '1kb' } });
  for (const [status, ask] of [
    [400, () => server.post('/panels', '{"id":')],
    [400, () => server.post('/panels', '{"id":"a b","kind":"k","tools":[]}')],
    [400, () => server.post('/panels', '{"id":7,"kind":"k","tools":[]}')],
    [404, () => server.trigger('nobody', 'add')],
    [404, () => server.get('/nothing')],
    [405, () => server.request('PATCH', '/panels/p')],
    [413, () => server.post('/panels', ' '.repeat(2000))],
  ]) {
    for (const response of await onEachLoop(ask)) assert.equal(response.status, status, response.text);
  }
});

test('panels of the command line go to their loops', options, async (t) => {
  const server = await serve(t, { env: threads, args: ['--demo'] });
  for (const { status } of await onEachLoop(() => server.get('/panels/demo'))) assert.equal(status, 200);
});

test('at shutdown calls on another loop get their responses', options, async (t) => {
  const server = await serveHolding(t, { env: { ...threads, LOG_LEVEL: 'info', SHUTDOWN_GRACE_MS: '300000' } });
  const ids = numbered(9);
  for (const id of ids) await server.panel(id, { hold: `${hold} return 1` });
  const calls = ids.map((id) => server.trigger(id, 'hold'));
  await server.untilMetric(/nexus_instances\{state="active"\} 9/);
  process.kill(server.pid, 'SIGTERM');
  await server.child.untilErrors(/shutting down/);
  server.letGo();
  for (const { status, json } of await Promise.all(calls)) {
    assert.equal(status, 200);
    assert.equal(json.returnValue, 1);
  }
  assert.equal(await server.ended, 0);
});

test('endless calls are cancelled after the grace, on every loop', options, async (t) => {
  const server = await serve(t, { env: { ...threads, SHUTDOWN_GRACE_MS: '200' } });
  const ids = numbered(9);
  for (const id of ids) await server.panel(id, { spin: 'for (;;);' });
  const calls = ids.map((id) => server.trigger(id, 'spin'));
  await server.untilMetric(/nexus_instances\{state="active"\} 9/);
  process.kill(server.pid, 'SIGTERM');
  for (const { status, json } of await Promise.all(calls)) {
    assert.equal(status, 200);
    assert.equal(json.error.code, 'CANCELLED');
  }
  assert.equal(await server.ended, 0);
});

test('after SIGTERM it is not ready, but serves for SHUTDOWN_DELAY_MS', options, async (t) => {
  const server = await serve(t, { env: { ...threads, SHUTDOWN_DELAY_MS: '86400000' } });
  await server.panel('p', tools, { initialState: { n: 0 } });
  process.kill(server.pid, 'SIGTERM');
  await until(async () => (await onEachLoop(() => server.get('/health/ready'))).every(({ status }) => status !== 200));
  assert.equal((await server.trigger('p', 'add')).json.returnValue, 1);
  assert.equal((await server.get('/health')).json.reason, 'shutting down');
  process.kill(server.pid, 'SIGTERM'); // the second signal ends the server at once
  assert.equal(await server.ended, 128 + 15);
});
