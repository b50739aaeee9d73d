// The messages of a WebSocket client and the messages that it receives.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hold, serveHolding } from './support/hold.mjs';
import { panelOf, serve } from './support/program.mjs';
import { replay, watch } from './support/socket.mjs';

const options = { timeout: 180_000 };
const tools = {
  add: '$state.n += $args.by ?? 1; return $state.n',
  put: '$state[$args.key] = $args.value',
  drop: 'delete $state[$args.key]',
  shout: '$emit("shout", $args); $emit.toast("done", "info"); $state.said = true; $view.focus("field")',
  fail: '$state.n = 99; throw new Error("no")',
  wait: `${hold} return 1`,
};

async function withPanel(t, env = {}, more = {}) {
  const server = await serveHolding(t, { env: { THREADS: '2', ...env } });
  const made = await server.panel('p', tools, { initialState: { n: 0 }, ...more });
  assert.equal(made.status, 201, made.text);
  return server;
}

test('a client receives the state and each later change', options, async (t) => {
  const server = await withPanel(t);
  await server.trigger('p', 'add');
  const client = await watch(server, 'p');
  const { version } = (await server.get('/panels/p')).json;
  assert.deepEqual(await client.next('CONNECTED'), { type: 'CONNECTED', panelId: 'p', state: { n: 1 }, version });
  await server.trigger('p', 'add', { by: 4 });
  assert.deepEqual(await client.next('PATCH'), { type: 'PATCH', mutations: [{ op: 'set', key: 'n', value: 5 }], version: version + 1 });
  await server.trigger('p', 'put', { key: 'a', value: { b: [1, 'ü'] } });
  await server.trigger('p', 'fail');
  await server.trigger('p', 'drop', { key: 'a' });
  await client.until((one) => one.version === version + 3);
  assert.deepEqual(client.messages.slice(2).map(({ mutations }) => mutations),
    [[{ op: 'set', key: 'a', value: { b: [1, 'ü'] } }], [{ op: 'delete', key: 'a' }]]);
  assert.deepEqual(replay(client.messages), { state: { n: 5 }, version: version + 3 });
});

test('events arrive after the changes of their commit', options, async (t) => {
  const client = await watch(await withPanel(t), 'p');
  client.send({ type: 'TRIGGER', tool: 'shout', args: { loud: true }, requestId: 'r' });
  const { result } = await client.next('RESULT');
  assert.deepEqual(client.messages.map(({ type }) => type), ['CONNECTED', 'PATCH', 'EVENT', 'EVENT', 'RESULT']);
  assert.deepEqual(client.messages.slice(2, 4).map(({ event }) => event), result.events);
  assert.deepEqual(result.events[0].payload, { loud: true });
  assert.equal(result.viewCommands.length, 1);
});

test('a trigger is answered with RESULT and the request id', options, async (t) => {
  const client = await watch(await withPanel(t), 'p');
  for (const requestId of ['a "quoted" one', 7, -1.5]) {
    client.send({ type: 'TRIGGER', tool: 'add', args: { by: 2 }, requestId });
    const response = await client.next('RESULT');
    assert.deepEqual([response.requestId, response.executionId], [requestId, response.result.executionId]);
    assert.equal(response.result.status, 'success');
  }
  client.send({ type: 'TRIGGER', tool: 'add' });
  const response = await client.next('RESULT');
  assert.deepEqual([response.result.returnValue, 'requestId' in response], [7, false]);
  client.send({ type: 'TRIGGER', tool: 'fail', requestId: 'f' });
  assert.equal((await client.next('RESULT')).result.error.code, 'EXECUTION_ERROR');
});

test('a wrong message is reported, and the connection stays open', options, async (t) => {
  const schema = { type: 'object', properties: { by: { type: 'integer' } } };
  const server = await serve(t);
  const definition = panelOf('p', tools, { initialState: { n: 0 } });
  definition.tools[0].args = schema;
  assert.equal((await server.post('/panels', definition)).status, 201);
  const client = await watch(server, 'p');
  const wrong = [
    ['{"type":', /not valid JSON/], ['[]', /object/], ['"PING"', /object/], ['{}', /type is missing/],
    [`${'['.repeat(200)}${']'.repeat(200)}`, /deeper than 128/],
    [{ type: 'JUMP' }, /type must be/], [{ type: 5 }, /type must be/], ['{"type":"PING","type":"PING"}', /type is there twice/],
    [{ type: 'PING', more: 1 }, /more is not a field/], [{ type: 'PING', topics: [] }, /topics is not a field/],
    [{ type: 'TRIGGER' }, /tool is missing/], [{ type: 'TRIGGER', tool: 5 }, /tool must be/],
    [{ type: 'TRIGGER', tool: 'add', args: [] }, /args must be an object/], [{ type: 'TRIGGER', tool: 'add', topics: [] }, /topics is not/],
    [{ type: 'TRIGGER', tool: 'add', args: { by: 'x' } }, /by/], [{ type: 'TRIGGER', tool: 'add', requestId: { a: 1 } }, /requestId/],
    [{ type: 'TRIGGER', tool: 'add', requestId: 'x'.repeat(300) }, /requestId/],
    [{ type: 'SUBSCRIBE' }, /topics is missing/], [{ type: 'SUBSCRIBE', topics: 'state' }, /array/],
    [{ type: 'SUBSCRIBE', topics: [5] }, /topics\[0\]/], [{ type: 'SUBSCRIBE', topics: ['state', 'stat'] }, /topics\[1\]/],
    [{ type: 'UNSUBSCRIBE', topics: ['x:y'] }, /topics\[0\]/], [{ type: 'SUBSCRIBE', topics: ['state'], tool: 'add' }, /tool is not/],
  ];
  for (const [message, pattern] of wrong) {
    client.send(message);
    const error = await client.next('ERROR');
    assert.equal(error.code, 'INVALID_REQUEST', JSON.stringify(message));
    assert.match(error.message, pattern, JSON.stringify(message));
    assert.equal(error.details.length, 1);
  }
  client.send({ type: 'TRIGGER', tool: 'nothing', requestId: 'x' });
  const unknown = await client.next('ERROR');
  assert.deepEqual([unknown.code, unknown.requestId], ['TOOL_NOT_FOUND', 'x']);
  client.ws.send(Buffer.from('{"type":"PING"}'), { binary: true });
  assert.match((await client.next('ERROR')).message, /binary/);
  await client.settled();
});

test('topics select the messages', options, async (t) => {
  const server = await withPanel(t);
  const all = await watch(server, 'p');
  const told = async (topics, ...undone) => {
    const client = await watch(server, 'p');
    client.send({ type: 'SUBSCRIBE', topics });
    if (undone.length > 0) client.send({ type: 'UNSUBSCRIBE', topics: undone });
    await client.settled();
    client.start = client.messages.length;
    return client;
  };
  const clients = {
    state: await told(['state']), key: await told(['state:n']), events: await told(['events']), name: await told(['events:shout']),
    both: await told(['state:said', 'events:toast', 'state:x']), some: await told(['state', 'events'], 'events'),
    again: await told(['events'], 'events'),
  };
  await server.trigger('p', 'add');
  await server.trigger('p', 'shout');
  await server.trigger('p', 'put', { key: 'end', value: 1 });
  const what = async (client) => {
    await client.settled();
    return client.messages.slice(client.start ?? 1).filter(({ type }) => type !== 'PONG')
      .flatMap(({ type, mutations, event }) => (type === 'PATCH' ? mutations.map(({ key }) => key) : [event.name]));
  };
  assert.deepEqual(await what(all), ['n', 'said', 'shout', 'toast', 'end']);
  assert.deepEqual(await what(clients.state), ['n', 'said', 'end']);
  assert.deepEqual(await what(clients.key), ['n']);
  assert.deepEqual(await what(clients.events), ['shout', 'toast']);
  assert.deepEqual(await what(clients.name), ['shout']);
  assert.deepEqual(await what(clients.both), ['said', 'toast']);
  assert.deepEqual(await what(clients.some), ['n', 'said', 'end']);
  assert.deepEqual(await what(clients.again), ['n', 'said', 'shout', 'toast', 'end']);
  clients.state.send({ type: 'SUBSCRIBE', topics: Array.from({ length: 64 }, (_, n) => `state:${n}`) });
  assert.equal((await clients.state.next('ERROR')).code, 'RESOURCE_LIMIT');
});

test('a replaced panel keeps its clients, and has another version', options, async (t) => {
  const server = await withPanel(t);
  const client = await watch(server, 'p');
  const { version } = await client.next('CONNECTED');
  assert.equal((await server.request('PUT', '/panels/p', panelOf('p', { add: '$state.n = "new"' }))).status, 200);
  assert.deepEqual(await client.next('PATCH'), { type: 'PATCH', mutations: [], version: version + 1 });
  client.send({ type: 'TRIGGER', tool: 'add' });
  await client.next('RESULT');
  assert.deepEqual(replay(client.messages), { state: { n: 'new' }, version: version + 2 });
});

test('a client has at most 32 triggers in progress', options, async (t) => {
  const server = await withPanel(t);
  const client = await watch(server, 'p');
  const other = await watch(server, 'p');
  for (let n = 0; n < 33; ++n) client.send({ type: 'TRIGGER', tool: 'wait', requestId: n });
  const error = await client.next('ERROR');
  assert.deepEqual([error.code, error.requestId], ['RESOURCE_LIMIT', 32]);
  other.send({ type: 'TRIGGER', tool: 'add' });
  server.letGo();
  for (let n = 0; n < 32; ++n) assert.equal((await client.next('RESULT')).requestId, n);
  assert.equal((await other.next('RESULT')).result.returnValue, 1);
});

test('an execution continues when its client has gone', options, async (t) => {
  const server = await withPanel(t);
  const client = await watch(server, 'p');
  client.send({ type: 'TRIGGER', tool: 'wait' });
  client.send({ type: 'TRIGGER', tool: 'add' });
  await client.settled();
  client.ws.terminate();
  await server.untilMetric(/^nexus_ws_clients 0$/m);
  server.letGo();
  const other = await watch(server, 'p');
  await other.until(({ type, state }) => type === 'PATCH' || state?.n === 1);
});

test('clients are counted', options, async (t) => {
  const server = await withPanel(t);
  const count = async () => (await server.get('/panels/p')).json.clientCount;
  assert.equal(await count(), 0);
  const clients = [await watch(server, 'p'), await watch(server, 'p')];
  await server.untilMetric(/^nexus_ws_clients 2$/m);
  assert.equal(await count(), 2);
  assert.equal((await server.get('/panels')).json.panels[0].clientCount, 2);
  clients[0].ws.close(1000);
  assert.deepEqual((await clients[0].closed).code, 1000);
  clients[1].ws.terminate();
  await server.untilMetric(/^nexus_ws_clients 0$/m);
  assert.equal(await count(), 0);
});

test('wsUrl leads to the panel, and follows a trusted proxy', options, async (t) => {
  const forwarded = { 'x-forwarded-proto': 'https, http', 'x-forwarded-host': 'nexus.example, inner', host: 'localhost:1' };
  const server = await withPanel(t);
  const trusting = await withPanel(t, { TRUST_PROXY: 'true' });
  const url = async (one, headers) => (await one.get('/panels/p', headers)).json.wsUrl;
  assert.equal(await url(server, forwarded), 'ws://localhost:1/panels/p/ws');
  assert.equal(await url(trusting, forwarded), 'wss://nexus.example/panels/p/ws');
  assert.equal(await url(trusting, { 'x-forwarded-host': 'a b/c' }), `ws://127.0.0.1:${trusting.port}/panels/p/ws`);
  const made = await server.panel('q', tools);
  const client = await watch(server, 'q', { path: new URL(made.json.wsUrl).pathname, port: new URL(made.json.wsUrl).port });
  assert.equal((await client.next('CONNECTED')).panelId, 'q');
});
