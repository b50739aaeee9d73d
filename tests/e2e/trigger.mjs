import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { hold, serveHolding } from './support/hold.mjs';
import { serve } from './support/program.mjs';

const options = { timeout: 180_000 };
const unlimited = { TIMEOUT_MS: '300000', MAX_WALL_MS: '300000' };
const counter = '$state.count = ($state.count || 0) + $args.by; return { n: $state.count };';

test('a call returns its RESULT and changes the state', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { inc: counter }, { initialState: { count: 40 } });
  const { status, headers, json } = await server.trigger('p', 'inc', { by: 2 });
  assert.equal(status, 200);
  assert.equal(headers['nexus-execution-status'], 'success');
  assert.equal(headers['nexus-execution-id'], json.executionId);
  assert.equal(json.status, 'success');
  assert.deepEqual(json.returnValue, { n: 42 });
  assert.deepEqual(json.stateMutations, [{ op: 'set', key: 'count', value: 42 }]);
  assert.deepEqual(json.events, []);
  assert.deepEqual(json.viewCommands, []);
  assert.deepEqual(Object.keys(json.metrics).sort(),
    ['cacheHit', 'executionTimeUs', 'hostCalls', 'memoryPeakBytes', 'memoryUsedBytes']);
  const state = await server.get('/panels/p/state');
  assert.deepEqual(state.json, { count: 42 });
  assert.equal(state.headers.etag, '"2"');
});

test('no call sees globals of another', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { leak: 'globalThis.seen = (globalThis.seen ?? 0) + 1; return globalThis.seen;' });
  for (let call = 0; call < 3; ++call) assert.equal((await server.trigger('p', 'leak')).json.returnValue, 1);
});

test('a failed handler is 200 with its error, and changes nothing', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { fail: '$state.a = 1;\nthrow new Error("no luck");' });
  const { status, headers, json } = await server.trigger('p', 'fail');
  assert.equal(status, 200);
  assert.equal(headers['nexus-execution-status'], 'error');
  assert.equal(json.status, 'error');
  assert.equal(json.error.code, 'EXECUTION_ERROR');
  assert.match(json.error.message, /no luck/);
  assert.equal(json.error.location.line, 2);
  assert.deepEqual(json.stateMutations, []);
  assert.deepEqual((await server.get('/panels/p/state')).json, {});
});

test('arguments that do not match the schema are 400, and nothing runs', options, async (t) => {
  const server = await serve(t);
  const args = {
    type: 'object', required: ['by'], additionalProperties: false,
    properties: { by: { type: 'integer', minimum: 1 }, at: { items: { $ref: '#/$defs/time' } } }, $defs: { time: { pattern: '^\\d{2}:\\d{2}$' } },
  };
  const definition = { id: 'p', kind: 'k', tools: [{ name: 'inc', handler: counter, trigger: { type: 'manual' }, args }] };
  assert.equal((await server.post('/panels', definition)).status, 201);
  for (const [body, ...paths] of [
    [{}, 'by'], [undefined, 'by'], [{ by: 0 }, 'by'], [{ by: '1' }, 'by'], [{ by: 1.5 }, 'by'], [{ by: 1, x: 1 }, 'x'],
    [{ by: 1, at: ['10:00', 'ten', 7, '1000'] }, 'at[1]', 'at[3]'], [{ by: null, y: 1, x: 1 }, 'by', 'x', 'y'],
  ]) {
    const { status, json } = await server.trigger('p', 'inc', body);
    assert.equal(status, 400, JSON.stringify(body));
    assert.equal(json.code, 'INVALID_REQUEST');
    assert.deepEqual(json.details.map(({ path }) => path).sort(), paths);
  }
  assert.deepEqual((await server.get('/panels/p/state')).json, {});
  assert.equal((await server.trigger('p', 'inc', { by: 2, at: ['10:00'] })).json.returnValue.n, 2);
  definition.tools[0].args = { properties: { by: { const: 3 } } };
  assert.equal((await server.request('PUT', '/panels/p', definition)).status, 200);
  assert.equal((await server.trigger('p', 'inc', { by: 2 })).json.error, 'by must be 3');
  assert.equal((await server.trigger('p', 'inc', { by: 3 })).json.returnValue.n, 5);
});

test('an expensive schema blocks no other call', options, async (t) => {
  const server = await serve(t);
  const $defs = { end: { properties: { x: true } } };
  for (let n = 0; n < 300; n += 1) $defs[`a${n}`] = { oneOf: [{ $ref: n === 299 ? '#/$defs/end' : `#/$defs/a${n + 1}` }, { $ref: n === 299 ? '#/$defs/end' : `#/$defs/a${n + 1}` }] };
  const args = { $ref: '#/$defs/a0', unevaluatedProperties: false, $defs };
  assert.equal((await server.post('/panels', { id: 'p', kind: 'k', tools: [{ name: 'a', handler: 'return 1', trigger: { type: 'manual' }, args }] })).status, 201);
  const { status, json } = await server.trigger('p', 'a', { x: 1, y: 2 });
  assert.equal(status, 400);
  assert.match(json.error, /steps/);
});

test('no body is the empty object', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { args: 'return $args' });
  for (const body of [undefined, '', '  ', '{}']) {
    assert.deepEqual((await server.trigger('p', 'args', body)).json.returnValue, {}, body);
  }
});

test('arguments that are no JSON object are 400, and nothing runs', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { mark: '$state.ran = true' });
  for (const body of ['[]', '1', 'null', '"x"', '{', '{}{}', '{"a":1,}', `{"a":${'['.repeat(200)}${']'.repeat(200)}}`]) {
    const { status, json } = await server.trigger('p', 'mark', body);
    assert.equal(status, 400, body);
    assert.equal(json.code, 'INVALID_REQUEST');
  }
  assert.deepEqual((await server.get('/panels/p/state')).json, {});
});

test('an unknown tool is 404', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { a: 'return 1' });
  const { status, json } = await server.trigger('p', 'b');
  assert.equal(status, 404);
  assert.equal(json.code, 'TOOL_NOT_FOUND');
});

test('log lines come with the RESULT on request, and go to stderr with their names', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { talk: '$log.warn("careful", 1); return 1;' });
  assert.equal((await server.trigger('p', 'talk')).json.logs, undefined);
  const { json } = await server.post('/panels/p/trigger/talk?logs=1', {});
  assert.equal(json.logs.length, 1);
  assert.match(JSON.stringify(json.logs), /careful/);
  await server.child.untilErrors(new RegExp(`careful.*"panel":"p","tool":"talk","execution":"${json.executionId}"`));
});

test('calls of one panel take turns: no update is lost', options, async (t) => {
  const server = await serve(t, { env: { MAX_PANEL_QUEUE: '500' } });
  await server.panel('p', { inc: counter });
  const responses = await Promise.all(Array.from({ length: 200 }, () => server.trigger('p', 'inc', { by: 1 })));
  const seen = responses.map(({ json }) => json.returnValue.n).sort((a, b) => a - b);
  assert.deepEqual(seen, Array.from({ length: 200 }, (_, index) => index + 1));
});

test('short calls get responses beside endless ones', options, async (t) => {
  const server = await serve(t, { env: unlimited });
  await server.panel('quick', { inc: counter });
  const hogs = [1, 2, 3, 4].map(async (n) => {
    await server.panel(`hog${n}`, { spin: 'for(;;){}' });
    return server.trigger(`hog${n}`, 'spin');
  });
  await server.untilMetric(/nexus_instances\{state="active"\} 4/);
  for (let call = 1; call <= 20; ++call) {
    assert.equal((await server.trigger('quick', 'inc', { by: 1 })).json.returnValue.n, call);
  }
  assert.match((await server.get('/metrics')).text, /nexus_instances\{state="active"\} 4/, 'the hogs still run');
  for (const n of [1, 2, 3, 4]) assert.equal((await server.request('DELETE', `/panels/hog${n}`)).status, 204);
  for (const { status, json } of await Promise.all(hogs)) {
    assert.equal(status, 200);
    assert.equal(json.error.code, 'CANCELLED');
  }
});

test('a full panel queue is 429 with the setting to change', options, async (t) => {
  const server = await serveHolding(t, { env: { MAX_PANEL_QUEUE: '1' } });
  await server.panel('p', { hold });
  const calls = [1, 2, 3].map(() => server.trigger('p', 'hold'));
  const { status, headers, json } = await Promise.race(calls);
  assert.equal(status, 429);
  assert.equal(json.code, 'PANEL_BUSY');
  assert.ok(Number(headers['retry-after']) >= 1);
  assert.equal(json.details.layer, 'panel');
  assert.equal(json.details.setting, 'MAX_PANEL_QUEUE');
  assert.ok(json.details.retryAfterMs > 0);
  server.letGo();
  assert.deepEqual((await Promise.all(calls)).map((response) => response.status).sort(), [200, 200, 429]);
});

test('without a free instance a call is 503 with the setting to change', options, async (t) => {
  const server = await serveHolding(t, { env: { MAX_INSTANCES: '1', MIN_INSTANCES: '1', MAX_QUEUE: '0' } });
  await server.panel('hog', { hold });
  await server.panel('p', { a: 'return 1' });
  const holding = server.trigger('hog', 'hold');
  await server.untilMetric(/nexus_instances\{state="active"\} 1/);
  const { status, headers, json } = await server.trigger('p', 'a');
  assert.equal(status, 503);
  assert.equal(json.code, 'OVERLOADED');
  assert.ok(Number(headers['retry-after']) >= 1);
  assert.equal(json.details.layer, 'pool');
  server.letGo();
  await holding;
  assert.equal((await server.trigger('p', 'a')).json.returnValue, 1);
});

test('a call that waits for an instance gets one', options, async (t) => {
  const server = await serveHolding(t, { env: { MAX_INSTANCES: '1', MIN_INSTANCES: '1', QUEUE_TIMEOUT_MS: '300000' } });
  await server.panel('hog', { hold });
  await server.panel('p', { a: 'return 1' });
  const holding = server.trigger('hog', 'hold');
  await server.untilMetric(/nexus_instances\{state="active"\} 1/);
  const waiting = server.trigger('p', 'a');
  await server.untilMetric(/nexus_queue_depth 1/);
  server.letGo();
  assert.equal((await waiting).json.returnValue, 1);
  assert.equal((await holding).json.status, 'success');
});

test('deleting a panel cancels its running calls and rejects its waiting ones', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { spin: 'for(;;){}' });
  const running = server.trigger('p', 'spin');
  await server.untilMetric(/nexus_instances\{state="active"\} 1/);
  const waiting = server.trigger('p', 'spin');
  await server.untilMetric(/nexus_executions\{state="queued"\} 1\n/);
  assert.equal((await server.request('DELETE', '/panels/p')).status, 204);
  const first = await running;
  assert.equal(first.status, 200);
  assert.equal(first.json.error.code, 'CANCELLED');
  assert.equal((await waiting).status, 404);
});

test('a client that disconnects does not stop its execution', options, async (t) => {
  const server = await serveHolding(t);
  await server.panel('p', { hold: `${hold} $state.done = true;` });
  const client = server.connect();
  await client.send('POST /panels/p/trigger/hold HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n');
  await server.untilMetric(/nexus_instances\{state="active"\} 1/);
  client.socket.destroy();
  await once(client.socket, 'close');
  await server.untilMetric(/nexus_instances\{state="active"\} 1/);
  server.letGo();
  await server.untilMetric(/nexus_handler_executions_total\{status="success"\} 1/);
  assert.deepEqual((await server.get('/panels/p/state')).json, { done: true });
});

test('a handler whose image was evicted is loaded again', options, async (t) => {
  const server = await serve(t, { env: { IMAGE_CACHE_MB: '0' } });
  await server.panel('p', { a: 'return $args.x' });
  const { json } = await server.trigger('p', 'a', { x: 7 });
  assert.equal(json.returnValue, 7);
  assert.equal(json.metrics.cacheHit, false);
});

test('scope and capabilities of the definition apply', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { who: 'return $scope.user', write: '$state.a = 1' },
    { scope: { user: 'ada' }, capabilities: ['state:read:*'] });
  assert.equal((await server.trigger('p', 'who')).json.returnValue, 'ada');
  assert.equal((await server.trigger('p', 'write')).json.error.code, 'PERMISSION_DENIED');
});
