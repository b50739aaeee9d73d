// Concurrent calls: none is lost, none is counted twice, and the calls of a panel keep their order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hold, serveHolding } from './support/hold.mjs';
import { pipeline } from './support/pipeline.mjs';
import { serve } from './support/program.mjs';
import { watch } from './support/socket.mjs';

const calls = 100_000;
const options = { timeout: 240_000 };

// The number of each outcome of `count` calls of `path` over one connection.
const callMany = (server, path, count) => pipeline(server, [`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`], count,
  { pattern: /Nexus-Execution-Status: (success|error|suspended)\r/g });

for (const panels of [1, 100]) {
  test(`${calls} calls at once over ${panels} panels count exactly`, options, async (t) => {
    const server = await serve(t, { env: { MAX_PANEL_QUEUE: '1000' } });
    const ids = Array.from({ length: panels }, (_, n) => `p${n}`);
    for (const id of ids) await server.panel(id, { inc: '$state.n++' }, { initialState: { n: 0 } });
    const connections = 100;
    const all = await Promise.all(Array.from({ length: connections }, (_, n) =>
      callMany(server, `/panels/${ids[n % panels]}/trigger/inc`, calls / connections)));
    assert.equal(all.reduce((sum, outcomes) => sum + (outcomes.get('success') ?? 0), 0), calls);
    for (const id of ids) {
      const { state, version } = (await server.get(`/panels/${id}`)).json;
      assert.equal(state.n, calls / panels, id);
      assert.equal(version, 1 + calls / panels, id);
    }
  });
}

test(`${calls} calls by HTTP and by WebSocket, half of them suspended, lose no change`, options, async (t) => {
  const server = await serve(t, { env: { MAX_PANEL_QUEUE: '1000', THREADS: '2' } });
  await server.panel('p', { inc: '$state.n++', nap: 'await $ext.timer.sleep(0); $state.n++' }, { initialState: { n: 0 }, capabilities: ['state:*', 'ext:timer'] });
  const parts = ['inc', 'nap'].flatMap((tool) => Array.from({ length: 10 }, () => callMany(server, `/panels/p/trigger/${tool}`, calls / 40)));
  const clients = await Promise.all(Array.from({ length: 4 }, () => watch(server, 'p')));
  const bySockets = clients.map((client, n) => callBySocket(client, n % 2 ? 'inc' : 'nap', calls / 8));
  const outcomes = await Promise.all(parts);
  assert.equal(outcomes.reduce((sum, each) => sum + (each.get('success') ?? 0), 0), calls / 2);
  await Promise.all(bySockets);
  clients.forEach(({ ws }) => ws.terminate());
  assert.equal((await server.get('/panels/p/state')).json.n, calls);
});

// As many at once as one client may have in progress.
function callBySocket({ ws }, tool, count) {
  return new Promise((resolve, reject) => {
    let sent = 0, ended = 0;
    const send = () => ws.send(JSON.stringify({ type: 'TRIGGER', tool, requestId: String(sent++) }));
    ws.send(JSON.stringify({ type: 'SUBSCRIBE', topics: ['events:none'] }));
    ws.removeAllListeners('message').on('message', (data) => {
      const { type, result, message } = JSON.parse(data.toString());
      if (type === 'ERROR' || (type === 'RESULT' && result.status !== 'success')) reject(new Error(message ?? JSON.stringify(result)));
      if (type !== 'RESULT') return;
      ended += 1;
      if (sent < count) send();
      if (ended === count) resolve();
    }).on('close', () => reject(new Error(`closed after ${ended}`)));
    for (let n = 0; n < 32; n += 1) send();
  });
}

test('calls of a panel that come over many connections run in order of arrival', { timeout: 180_000 }, async (t) => {
  // This means arrival at the panel's loop; with one loop it is the order in which the test sends.
  const server = await serveHolding(t, { env: { THREADS: '1' } });
  await server.panel('p', {
    hold,
    note: '$state.seen.push($args.n)',
  }, { initialState: { seen: [] } });
  const holding = server.trigger('p', 'hold');
  await server.untilMetric(/nexus_instances\{state="active"\} 1/);
  const waiting = [];
  for (let n = 0; n < 60; ++n) {
    const client = server.connect();
    const body = JSON.stringify({ n });
    await client.send(`POST /panels/p/trigger/note HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    waiting.push(client.closed);
    await server.untilMetric(new RegExp(`nexus_executions\\{state="queued"\\} ${n + 1}\n`));
  }
  server.letGo();
  assert.equal((await holding).json.status, 'success');
  for (const response of await Promise.all(waiting)) assert.match(response, /^HTTP\/1\.1 200 /);
  assert.deepEqual((await server.get('/panels/p/state')).json.seen, Array.from({ length: 60 }, (_, n) => n));
});

test('a call beyond the queue of a panel gets Retry-After, and the queued ones run', { timeout: 180_000 }, async (t) => {
  const server = await serveHolding(t, { env: { MAX_PANEL_QUEUE: '3' } });
  await server.panel('p', { hold: `${hold} $state.n = ($state.n ?? 0) + 1;` });
  await server.panel('q', { a: 'return 1' });
  // One call runs and three wait until the others have been rejected.
  const refused = [];
  const responses = Array.from({ length: 20 }, async () => {
    const response = await server.trigger('p', 'hold');
    if (response.status === 429 && refused.push(response) === 16) server.letGo();
    return response;
  });
  const served = (await Promise.all(responses)).filter(({ status }) => status === 200);
  assert.equal(served.length, 4);
  assert.equal(refused.length, 16);
  for (const { headers, json } of refused) {
    assert.deepEqual(json.details, { layer: 'panel', setting: 'MAX_PANEL_QUEUE', limit: 3, wanted: 4, retryAfterMs: 1000 });
    assert.equal(headers['retry-after'], '1');
  }
  assert.equal((await server.trigger('q', 'a')).json.returnValue, 1);
  assert.deepEqual((await server.get('/panels/p/state')).json, { n: 4 });
});

test('under load, panels are created, replaced and deleted: each call gets one valid response', { timeout: 180_000 }, async (t) => {
  const server = await serve(t, { env: { MAX_PANEL_QUEUE: '1000' } });
  const tools = (by) => ({ inc: `$state.n = ($state.n ?? 0) + ${by}; return ${by}` });
  await server.panel('p', tools(1));
  let isOver = false;
  const seen = new Map();
  const callers = Array.from({ length: 16 }, async () => {
    while (!isOver) {
      const { status, json } = await server.trigger('p', 'inc', {});
      const outcome = status === 200 ? json.error?.code ?? json.status : json.code;
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
  });
  for (let round = 0; round < 60; ++round) {
    const put = await server.request('PUT', '/panels/p', { kind: 'k', tools: [{ name: 'inc', handler: tools(round).inc, trigger: { type: 'manual' } }] });
    assert.ok([200, 201].includes(put.status));
    if (round % 3 === 0) assert.equal((await server.request('DELETE', '/panels/p')).status, 204);
  }
  isOver = true;
  await Promise.all(callers);
  for (const outcome of seen.keys()) assert.ok(['success', 'PANEL_NOT_FOUND', 'CANCELLED'].includes(outcome), outcome);
  assert.ok(seen.get('success') > 0);
});
