import assert from 'node:assert/strict';
import { test } from 'node:test';
import { panelOf, serve } from './support/program.mjs';

const options = { timeout: 180_000 };

test('a panel is created, described, read and deleted', options, async (t) => {
  const server = await serve(t);
  const created = await server.panel('p', { one: 'return 1', two: 'return 2' },
    { title: 'T', initialState: { a: 1.50, b: { c: ['é'] } }, metadata: { x: 1 } });
  assert.equal(created.status, 201);
  assert.equal(created.headers.location, '/panels/p');
  assert.deepEqual(created.json, { id: 'p', status: 'active', wsUrl: `ws://127.0.0.1:${server.port}/panels/p/ws` });

  const info = await server.get('/panels/p');
  assert.equal(info.status, 200);
  assert.equal(info.headers.etag, '"1"');
  assert.equal(info.headers['content-type'], 'application/json');
  const { createdAt, lastActivity, ...rest } = info.json;
  assert.deepEqual(rest, {
    id: 'p', kind: 'test', title: 'T', status: 'active', state: { a: 1.5, b: { c: ['é'] } }, tools: ['one', 'two'],
    version: 1, clientCount: 0, wsUrl: created.json.wsUrl,
  });
  assert.match(createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(lastActivity, createdAt);

  const state = await server.get('/panels/p/state');
  assert.equal(state.headers.etag, '"1"');
  assert.deepEqual(state.json, { a: 1.5, b: { c: ['é'] } });

  const deleted = await server.request('DELETE', '/panels/p');
  assert.equal(deleted.status, 204);
  assert.equal(deleted.text, '');
  for (const [method, path] of [['GET', '/panels/p'], ['GET', '/panels/p/state'], ['DELETE', '/panels/p'],
    ['POST', '/panels/p/trigger/one']]) {
    const gone = await server.request(method, path);
    assert.equal(gone.status, 404, path);
    assert.equal(gone.json.code, 'PANEL_NOT_FOUND');
  }
});

test('an id is generated when none is given', options, async (t) => {
  const server = await serve(t);
  const { id, ...definition } = panelOf('', { a: 'return 1' });
  const { json } = await server.post('/panels', definition);
  assert.match(json.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal((await server.get(`/panels/${json.id}`)).status, 200);
});

test('an id can be used once', options, async (t) => {
  const server = await serve(t);
  assert.equal((await server.panel('p', { a: 'return 1' })).status, 201);
  const second = await server.panel('p', { a: 'return 2' });
  assert.equal(second.status, 409);
  assert.equal(second.json.code, 'PANEL_EXISTS');
  assert.equal((await server.trigger('p', 'a')).json.returnValue, 1);
});

test('of two concurrent creations one succeeds', options, async (t) => {
  const server = await serve(t);
  const both = await Promise.all([1, 2, 3, 4].map((n) => server.panel('p', { a: `return ${n}` })));
  assert.deepEqual(both.map(({ status }) => status).sort(), [201, 409, 409, 409]);
});

test('every fault of a definition has its path', options, async (t) => {
  const server = await serve(t);
  const { status, json } = await server.post('/panels', {
    id: '-', colour: 'red', limits: { timeoutMs: 6000 },
    tools: [{ name: 'a b', handler: 1, trigger: { type: 'never' } }, { name: 'ok' }],
  });
  assert.equal(status, 400);
  assert.equal(json.code, 'INVALID_REQUEST');
  assert.deepEqual(json.details.map(({ path }) => path).sort(), [
    'colour', 'id', 'kind', 'limits.timeoutMs', 'tools[0].handler', 'tools[0].name', 'tools[0].trigger.type',
    'tools[1].handler', 'tools[1].trigger']);
  for (const { message } of json.details) assert.ok(message.length > 0);
});

test('a body that is no JSON object is 400', options, async (t) => {
  const server = await serve(t);
  for (const body of ['', '[]', '{', 'null', '{"kind":"k","tools":[]} x', `{"a":${'['.repeat(200)}${']'.repeat(200)}}`]) {
    const { status, json } = await server.post('/panels', body);
    assert.equal(status, 400, body);
    assert.equal(json.code, 'INVALID_REQUEST');
    assert.equal(json.details[0].path, '');
  }
});

test('every tool that does not compile is named, with its line', options, async (t) => {
  const server = await serve(t);
  const { status, json } = await server.panel('p', {
    good: 'return 1',
    bad: 'const a = 1;\nreturn a +* 2;',
    thrower: 'throw new Error("early");\nexport default () => 1;',
    worse: 'let = = 3',
  });
  assert.equal(status, 400);
  assert.equal(json.code, 'COMPILATION_ERROR');
  assert.deepEqual(json.details.map(({ tool }) => tool), ['bad', 'thrower', 'worse']);
  const [bad, thrower] = json.details;
  assert.equal(bad.line, 2);
  assert.ok(bad.column > 0);
  assert.match(bad.snippet, /return a \+\* 2/);
  assert.match(thrower.message, /early/);
  assert.equal((await server.get('/panels/p')).status, 404);
});

test('a handler that never finishes loading is rejected, and the server keeps working', options, async (t) => {
  const server = await serve(t);
  const loading = server.panel('p', { a: 'for(;;){}\nexport default () => 1;' }, { limits: { timeoutMs: 300 } });
  assert.equal((await server.get('/health/live')).status, 200);
  const { status, json } = await loading;
  assert.equal(status, 400);
  assert.equal(json.details[0].tool, 'a');
  assert.equal((await server.panel('q', { a: 'return 1' })).status, 201);
});

test('HEAD has the headers of GET', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { a: 'return 1' }, { initialState: { a: 1 } });
  const head = await server.request('HEAD', '/panels/p/state');
  assert.equal(head.status, 200);
  assert.equal(head.headers['content-length'], '7');
  assert.equal(head.text, '');
});
