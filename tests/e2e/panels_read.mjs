// Pages, entity tags and definitions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from './support/program.mjs';

const options = { timeout: 180_000 };

test('panels are listed in pages, by id', options, async (t) => {
  const server = await serve(t);
  assert.deepEqual((await server.get('/panels')).json, { panels: [], total: 0 });
  const ids = Array.from({ length: 250 }, (_, n) => `p${(n * 7919) % 250}`);
  for (const id of ids) await server.panel(id, { a: 'return 1' }, { title: id, initialState: { large: 'x'.repeat(1000) } });
  const sorted = [...ids].sort();

  const first = (await server.get('/panels')).json;
  assert.equal(first.panels.length, 100);
  assert.equal(first.total, 250);
  assert.equal(first.next, sorted[99]);
  assert.equal(first.panels[0].state, undefined);
  assert.deepEqual(first.panels[0].tools, ['a']);

  for (const limit of [1, 7, 125, 249, 250, 1000]) {
    const seen = [];
    let after = '';
    do {
      const { panels, next, total } = (await server.get(`/panels?limit=${limit}${after}`)).json;
      assert.equal(total, 250);
      assert.ok(panels.length <= limit);
      seen.push(...panels.map(({ id }) => id));
      after = next && `&after=${next}`;
    } while (after && seen.length < 500);
    assert.deepEqual(seen, sorted, `limit ${limit}`);
    if (limit === 1) break;
  }
  await server.request('DELETE', `/panels/${sorted[99]}`);
  assert.equal((await server.get(`/panels?limit=1&after=${first.next}`)).json.panels[0].id, sorted[100], 'after one that is gone');
  assert.deepEqual((await server.get('/panels?after=zzz')).json, { panels: [], total: 249 });
});

test('a wrong query is 400 with its parameter', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { a: 'return 1' });
  for (const [path, name] of [
    ['/panels?limit=0', 'limit'], ['/panels?limit=-1', 'limit'], ['/panels?limit=1001', 'limit'], ['/panels?limit=ten', 'limit'],
    ['/panels?limit=', 'limit'], ['/panels?limit=1&limit=2', 'limit'], ['/panels?limit=1e2', 'limit'], ['/panels?after=', 'after'],
    ['/panels?after=a%2Fb', 'after'], ['/panels?after=%', 'after'], ['/panels/p?include=all', 'include'], ['/panels/p?include', 'include'],
    ['/panels/none?include=state', 'include']]) {
    const { status, json } = await server.get(path);
    assert.equal(status, 400, path);
    assert.equal(json.code, 'INVALID_REQUEST');
    assert.deepEqual(json.details.map((fault) => fault.path), [name]);
  }
  assert.equal((await server.get('/panels?limit=%31&colour=red&&=')).status, 200);
});

test('a client that has the version gets 304', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { inc: '$state.n = ($state.n ?? 0) + 1', read: 'return $state.n', fail: '$state.n = 0; throw 1', same: '$state.n = $state.n' });
  const tagOf = async () => (await server.get('/panels/p')).headers.etag;
  assert.equal(await tagOf(), '"1"');
  for (const path of ['/panels/p', '/panels/p/state', '/panels/p?include=handlers']) {
    for (const method of ['GET', 'HEAD']) {
      for (const tag of ['"1"', 'W/"1"', '"0", "1"', '*']) {
        const { status, headers, text } = await server.request(method, path, undefined, { 'if-none-match': tag });
        assert.equal(status, 304, `${method} ${path} ${tag}`);
        assert.equal(headers.etag, '"1"');
        assert.equal(text, '');
      }
      for (const tag of ['"2"', '1', '']) {
        assert.equal((await server.request(method, path, undefined, { 'if-none-match': tag })).status, 200, `${method} ${path} ${tag}`);
      }
    }
    assert.equal((await server.get('/panels/none', { 'if-none-match': '*' })).status, 404);
  }
  // The connection stays open after a 304.
  const client = server.connect();
  await client.send('GET /panels/p HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: "1"\r\n\r\nGET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await client.until(/^HTTP\/1\.1 304 Not Modified\r\n[^]*\r\n\r\nHTTP\/1\.1 200 OK[^]*live/);
  client.socket.destroy();

  await server.trigger('p', 'read');
  await server.trigger('p', 'fail');
  assert.equal(await tagOf(), '"1"', 'nothing was changed');
  await server.trigger('p', 'inc');
  assert.equal(await tagOf(), '"2"');
  assert.equal((await server.get('/panels/p/state', { 'if-none-match': '"1"' })).status, 200);
});

test('DELETE honours If-Match', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { a: 'return 1' });
  const remove = (tag) => server.request('DELETE', '/panels/p', undefined, { 'if-match': tag });
  for (const tag of ['"2"', 'W/"1"', 'x']) {
    const { status, json } = await remove(tag);
    assert.equal(status, 412, tag);
    assert.equal(json.code, 'PRECONDITION_FAILED');
  }
  assert.equal((await remove('"1"')).status, 204);
  assert.equal((await remove('"1"')).status, 404);
});

test('definitions are returned in the form that PUT accepts', options, async (t) => {
  const server = await serve(t);
  const definition = {
    kind: 'test',
    title: 'T\n"é"',
    tools: [
      { name: 'one', handler: 'return `\n${1}`', trigger: { type: 'manual' }, description: 'd', args: { type: 'object', required: ['x'] },
        capabilities: [], limits: { timeoutMs: 200, maxEvents: 0 } },
      { name: 'two', handler: '', trigger: { type: 'interval', ms: 3_600_000 } },
      { name: 'three', handler: '', trigger: { type: 'event', pattern: 'a*', panel: 'other' }, capabilities: ['events:receive:other'] },
      { name: 'four', handler: '', trigger: { type: 'event', pattern: 'a' } },
      { name: 'five', handler: '', trigger: { type: 'cron', expression: '0 0 1 1 *' }, capabilities: ['state:*', 'events:emit:x'] },
      { name: 'six', handler: '', trigger: { type: 'state_change', path: 'a.b' } },
    ],
    scope: { who: 'ada' },
    capabilities: ['state:read:*'],
    limits: { maxHostCalls: 10 },
    metadata: { a: [1.50, null] },
  };
  await server.post('/panels', { id: 'p', ...definition, initialState: { n: 1 } });
  const givenBack = async () => {
    const { json } = await server.get('/panels/p?include=handlers');
    const { kind, title, definitions: tools, scope, capabilities, limits, metadata } = json;
    assert.deepEqual(json.tools, definition.tools.map(({ name }) => name));
    assert.deepEqual(json.state, { n: 1 });
    return { kind, title, tools, scope, capabilities, limits, metadata };
  };
  assert.deepEqual(await givenBack(), definition);
  assert.equal((await server.request('PUT', '/panels/p', await givenBack())).status, 200);
  assert.deepEqual(await givenBack(), definition);

  await server.panel('bare', {});
  const { json } = await server.get('/panels/bare?include=handlers');
  assert.deepEqual(json.definitions, []);
  assert.deepEqual(json.scope, {});
  for (const name of ['title', 'capabilities', 'limits', 'metadata']) assert.equal(json[name], undefined, name);
});
