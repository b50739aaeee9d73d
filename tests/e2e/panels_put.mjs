// PUT /panels/:id, alone and beside executions, deletions and other PUTs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hold, serveHolding } from './support/hold.mjs';
import { panelOf, serve } from './support/program.mjs';

const options = { timeout: 180_000 };
const returning = (value) => ({ a: `return ${value}` });
const slowToLoad = (steps = 1e7) => `for (let n = 0; n < ${steps}; ++n);`;  // a loading handler cannot read the clock

const bodyOf = (tools, more = {}) => {
  const { id, ...definition } = panelOf('', tools, more);
  return definition;
};
const putOf = (server) => (id, tools, more, headers) => server.request('PUT', `/panels/${id}`, bodyOf(tools, more), headers);

test('a PUT creates a missing panel', options, async (t) => {
  const server = await serve(t);
  const created = await putOf(server)('p', returning(1), { initialState: { n: 7 } });
  assert.equal(created.status, 201);
  assert.equal(created.headers.location, '/panels/p');
  assert.equal(created.headers.etag, '"1"');
  assert.deepEqual(created.json, { id: 'p', status: 'active', wsUrl: `ws://127.0.0.1:${server.port}/panels/p/ws` });
  assert.deepEqual((await server.get('/panels/p/state')).json, { n: 7 });
});

test('a PUT replaces the panel and keeps its state', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { inc: '$state.n++', old: 'return 1' }, { title: 'T', initialState: { n: 7 }, metadata: { x: 1 } });
  await server.trigger('p', 'inc');
  const before = (await server.get('/panels/p')).json;
  const replaced = await putOf(server)('p', { get: 'return [$state.n, $scope.who]' }, { kind: 'new', initialState: { n: 0 }, scope: { who: 'ada' } });
  assert.equal(replaced.status, 200);
  assert.equal(replaced.headers.location, undefined);
  assert.equal(replaced.headers.etag, '"3"');
  const { lastActivity, ...after } = (await server.get('/panels/p')).json;
  assert.deepEqual(after, {
    id: 'p', kind: 'new', status: 'active', state: { n: 8 }, tools: ['get'], version: 3, createdAt: before.createdAt, clientCount: 0,
    wsUrl: before.wsUrl,
  });
  assert.ok(lastActivity >= before.lastActivity);
  assert.deepEqual((await server.trigger('p', 'get')).json.returnValue, [8, 'ada']);
  assert.equal((await server.trigger('p', 'old')).json.code, 'TOOL_NOT_FOUND');
});

test('an id in the body must match the path', options, async (t) => {
  const server = await serve(t);
  const put = (path, id) => server.request('PUT', `/panels/${path}`, { ...bodyOf(returning(1)), id });
  assert.equal((await put('p', 'p')).status, 201);
  for (const [path, id] of [['p', 'q'], ['p', ''], ['p', 7], ['-p', '-p'], ['a%20b', 'a b'], ['x'.repeat(129), undefined], ['%zz', undefined]]) {
    const { status, json } = await put(path, id);
    assert.equal(status, 400, path);
    assert.equal(json.details[0].path, 'id');
  }
  assert.equal((await put('%70', 'p')).status, 200, 'the same id, written otherwise');
  assert.equal((await server.get('/panels')).json.total, 1);
});

test('a rejected PUT changes nothing', options, async (t) => {
  const server = await serve(t);
  const put = putOf(server);
  await server.panel('p', returning(1));
  const broken = await put('p', { good: 'return 2', bad: 'return +*' });
  assert.equal(broken.status, 400);
  assert.equal(broken.json.code, 'COMPILATION_ERROR');
  assert.deepEqual(broken.json.details.map(({ tool }) => tool), ['bad']);
  assert.equal((await put('p', returning(2), { limits: { timeoutMs: 60_000 } })).json.details[0].path, 'limits.timeoutMs');
  assert.equal((await put('p', returning(2), { initialState: 7 })).json.details[0].path, 'initialState');
  assert.equal((await put('new', { bad: 'return +*' })).status, 400);
  assert.equal((await server.get('/panels/new')).status, 404);
  const { version, tools } = (await server.get('/panels/p')).json;
  assert.deepEqual({ version, tools }, { version: 1, tools: ['a'] });
  assert.equal((await server.trigger('p', 'a')).json.returnValue, 1);
});

test('If-Match needs the present version', options, async (t) => {
  const server = await serve(t);
  const put = putOf(server);
  await server.panel('p', { ...returning(1), inc: '$state.n = ($state.n ?? 0) + 1' });
  await server.trigger('p', 'inc');
  for (const tag of ['"1"', '"3"', 'W/"2"', '2', '"02"', '""', '"x"', '"1", "3"', '']) {
    const { status, json } = await put('p', returning(2), {}, { 'if-match': tag });
    assert.equal(status, 412, tag);
    assert.equal(json.code, 'PRECONDITION_FAILED');
    assert.match(json.error, /version is 2/);
  }
  assert.equal((await put('p', returning(2), {}, { 'if-match': '"1", "2"' })).headers.etag, '"3"');
  assert.equal((await put('p', returning(2), {}, { 'if-match': '*' })).headers.etag, '"4"');
  assert.equal((await put('none', returning(2), {}, { 'if-match': '*' })).status, 412);
  assert.equal((await put('none', returning(2), {}, { 'if-match': '"1"' })).status, 412);
  assert.equal((await server.get('/panels/none')).status, 404);
});

test('If-None-Match: * only creates', options, async (t) => {
  const server = await serve(t);
  const onlyCreate = { 'if-none-match': '*' };
  const both = await Promise.all([1, 2, 3].map((n) => putOf(server)('p', returning(n), {}, onlyCreate)));
  assert.deepEqual(both.map(({ status }) => status).sort(), [201, 412, 412]);
  assert.equal((await putOf(server)('p', returning(9), {}, onlyCreate)).json.code, 'PRECONDITION_FAILED');
  assert.equal((await putOf(server)('p', returning(9), {}, { 'if-none-match': '"1"' })).status, 412);
  assert.equal((await putOf(server)('p', returning(9), {}, { 'if-none-match': '"7"' })).status, 200);
});

test('a failed condition costs no compilation', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', returning(1));
  const { status } = await putOf(server)('p', { a: 'for(;;){}\nexport default () => 1' }, {}, { 'if-match': '"9"' });
  assert.equal(status, 412);
});

test('of concurrent PUTs one wins completely', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', returning(0));
  const versions = await Promise.all(Array.from({ length: 20 }, (_, n) =>
    putOf(server)('p', { a: `return ${n}`, b: `return ${n}` }, { kind: `k${n}`, scope: { n } })));
  assert.deepEqual(versions.map(({ headers }) => Number(headers.etag.slice(1, -1))).sort((a, b) => a - b), Array.from({ length: 20 }, (_, n) => n + 2));
  const { kind, version } = (await server.get('/panels/p')).json;
  assert.equal(version, 21);
  const n = Number(kind.slice(1));
  assert.equal((await server.trigger('p', 'a')).json.returnValue, n);
  assert.equal((await server.trigger('p', 'b')).json.returnValue, n);
});

test('of two PUTs with the same If-Match one succeeds', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', returning(0));
  // Both pass the check before loading.
  const slow = (n) => ({ a: `${slowToLoad()}\nexport default () => ${n}` });
  const both = await Promise.all([1, 2].map((n) => putOf(server)('p', slow(n), {}, { 'if-match': '"1"' })));
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 412]);
  const winner = both[0].status === 200 ? 1 : 2;
  assert.equal((await server.trigger('p', 'a')).json.returnValue, winner);
});

test('executions keep the handler, limits and capabilities of their start', options, async (t) => {
  const server = await serveHolding(t);
  const slow = (value) => ({ a: `${hold} $state.by = $scope.who; return ${value}` });
  await server.panel('p', slow('"old"'), { scope: { who: 'old' } });
  const running = server.trigger('p', 'a');
  await server.untilMetric(/nexus_instances\{state="active"\} 1/);
  const waiting = server.trigger('p', 'a');
  await server.untilMetric(/nexus_executions\{state="queued"\} 1\n/);
  const replaced = await putOf(server)('p', { a: 'return "new"' }, { scope: { who: 'new' }, capabilities: [], limits: { timeoutMs: 100 } });
  assert.equal(replaced.status, 200);
  const after = server.trigger('p', 'a');
  server.letGo();
  assert.equal((await running).json.returnValue, 'old');
  assert.equal((await waiting).json.returnValue, 'old', 'it came before the replacement');
  assert.equal((await after).json.returnValue, 'new');
  assert.deepEqual((await server.get('/panels/p/state')).json, { by: 'old' });
});

test('a PUT recreates a panel deleted meanwhile, unless it has If-Match', options, async (t) => {
  const server = await serve(t, { env: { TIMEOUT_MS: '300000', MAX_WALL_MS: '300000' } });
  // If the deletion comes too late, the PUT has replaced the panel: try again with a slower handler.
  const deleteDuringPut = async (expected, steps) => {
    const { etag } = (await server.panel('p', returning(1), { initialState: { old: true } })).headers;
    const headers = expected === 412 ? { 'if-match': etag } : {};
    const putting = putOf(server)('p', { a: `${slowToLoad(steps)}\nexport default () => ${expected}` }, { initialState: { made: 'anew' } }, headers);
    await server.untilMetric(/nexus_instances\{state="active"\} 1/);
    assert.equal((await server.request('DELETE', '/panels/p')).status, 204);
    const { status } = await putting;
    if (status === 200) return deleteDuringPut(expected, 2 * steps);
    assert.equal(status, expected);
    const { status: there, json } = await server.get('/panels/p');
    assert.equal(there, expected === 201 ? 200 : 404);
    if (there === 200) assert.deepEqual([json.state, json.version], [{ made: 'anew' }, Number(etag.slice(1, -1)) + 1]);
    return server.request('DELETE', '/panels/p');
  };
  for (const expected of [201, 412]) await deleteDuringPut(expected, 1e7);
});

test('a recreated panel has a new version', options, async (t) => {
  const server = await serve(t);
  const { headers } = await server.panel('p', returning(1));
  assert.equal((await server.request('DELETE', '/panels/p')).status, 204);
  assert.equal((await server.panel('p', returning(2))).status, 201);
  assert.equal((await server.request('GET', '/panels/p', undefined, { 'if-none-match': headers.etag })).status, 200);
  assert.equal((await putOf(server)('p', returning(3), {}, { 'if-match': headers.etag })).status, 412);
  assert.equal((await server.trigger('p', 'a')).json.returnValue, 2);
});

test('a recreated panel has nothing of the deleted one', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { spin: 'for(;;){}', mark: '$state.old = 1' }, { initialState: { old: 0 } });
  const running = server.trigger('p', 'spin');
  await server.untilMetric(/nexus_instances\{state="active"\} 1/);
  const waiting = [1, 2, 3].map(() => server.trigger('p', 'mark'));
  await server.untilMetric(/nexus_executions\{state="queued"\} 3\n/);
  assert.equal((await server.request('DELETE', '/panels/p')).status, 204);
  assert.equal((await putOf(server)('p', returning(2))).status, 201);
  assert.equal((await server.trigger('p', 'a')).json.returnValue, 2);
  assert.equal((await running).json.error.code, 'CANCELLED');
  for (const { status, json } of await Promise.all(waiting)) {
    assert.equal(status, 404);
    assert.equal(json.code, 'PANEL_NOT_FOUND');
  }
  assert.deepEqual((await server.get('/panels/p/state')).json, {});
});
