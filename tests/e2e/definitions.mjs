// Faults in the definition of a panel, and their paths.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { panelOf, serve } from './support/program.mjs';

const options = { timeout: 180_000 };
const trigger = { type: 'manual' };
const tool = (more) => ({ name: 't', handler: 'return 1', trigger, ...more });
const panel = (more) => ({ kind: 'k', tools: [tool({})], ...more });
const withTool = (more) => panel({ tools: [tool(more)] });

const pathsOf = ({ json }) => json.details.map(({ path }) => path).sort();

test('each fault is 400 with its path, for POST and for PUT', options, async (t) => {
  const server = await serve(t);
  for (const [body, ...paths] of [
    [{}, 'kind', 'tools'],
    [panel({ kind: '' }), 'kind'],
    [panel({ kind: 'k'.repeat(129) }), 'kind'],
    [panel({ kind: ['k'] }), 'kind'],
    [panel({ title: 7 }), 'title'],
    [panel({ title: 't'.repeat(4097) }), 'title'],
    [panel({ tools: {} }), 'tools'],
    [panel({ tools: [null, [], 'x'] }), 'tools[0]', 'tools[1]', 'tools[2]'],
    [panel({ initialState: [] }), 'initialState'],
    [panel({ initialState: null }), 'initialState'],
    [panel({ scope: 'x' }), 'scope'],
    [panel({ metadata: 1 }), 'metadata'],
    [panel({ Kind: 'k', '': 1, 'a.b': 1 }), '', 'Kind', 'a.b'],
    [panel({ tools: [tool({}), tool({})] }), 'tools[1].name'],
    [withTool({ name: '' }), 'tools[0].name'],
    [withTool({ name: 'n'.repeat(65) }), 'tools[0].name'],
    [withTool({ name: 'ä' }), 'tools[0].name'],
    [withTool({ handler: { file: '/etc/passwd' } }), 'tools[0].handler'],
    [withTool({ description: false }), 'tools[0].description'],
    [withTool({ extra: 1 }), 'tools[0].extra'],
    [withTool({ trigger: 'manual' }), 'tools[0].trigger'],
    [withTool({ trigger: { type: 'interval', ms: 9 } }), 'tools[0].trigger.ms'],
    [withTool({ trigger: { type: 'manual', ms: 10 } }), 'tools[0].trigger.ms'],
    [withTool({ trigger: { type: 'event' } }), 'tools[0].trigger.pattern'],
    [panel({ capabilities: 'state:*' }), 'capabilities'],
    [panel({ capabilities: ['state:*', 'fly', 7] }), 'capabilities[1]', 'capabilities[2]'],
    [panel({ limits: [] }), 'limits'],
    [panel({ limits: { timeoutMs: 5001, maxEvents: 101 } }), 'limits.maxEvents', 'limits.timeoutMs'],
    [panel({ limits: { timeoutMs: 99, stackSizeBytes: 1, speed: 1 } }), 'limits.speed', 'limits.stackSizeBytes', 'limits.timeoutMs'],
    [panel({ limits: { timeoutMs: -1, maxEvents: 1.5, maxLogBytes: '1', maxHostCalls: 1e300 } }),
      'limits.maxEvents', 'limits.maxHostCalls', 'limits.maxLogBytes', 'limits.timeoutMs'],
    [{ ...withTool({ limits: { timeoutMs: 300 } }), limits: { timeoutMs: 200 } }, 'tools[0].limits.timeoutMs'],
    [panel({ limits: { maxStateBytes: 10 }, initialState: { a: '0123456789' } }), 'initialState'],
  ]) {
    const text = JSON.stringify(body);
    for (const response of [await server.post('/panels', text), await server.request('PUT', '/panels/p', text)]) {
      assert.equal(response.status, 400, text);
      assert.equal(response.json.code, 'INVALID_REQUEST', text);
      assert.deepEqual(pathsOf(response), paths, text);
    }
  }
  assert.equal((await server.get('/panels')).json.total, 0);
});

test('a repeated member is rejected where it has a meaning', options, async (t) => {
  const server = await serve(t);
  for (const [body, path] of [
    ['{"kind":"k","tools":[],"kind":"l"}', 'kind'],
    ['{"kind":"k","tools":[],"\\u006bind":"l"}', 'kind'],
    ['{"kind":"k","tools":[],"tools":[]}', 'tools'],
    ['{"kind":"k","tools":[{"name":"a","handler":"","handler":"","trigger":{"type":"manual"}}]}', 'tools[0].handler'],
    ['{"kind":"k","tools":[{"name":"a","handler":"","trigger":{"type":"manual","type":"cron"}}]}', 'tools[0].trigger.type'],
    ['{"kind":"k","tools":[],"limits":{"maxEvents":1,"maxEvents":1}}', 'limits.maxEvents'],
  ]) {
    const response = await server.post('/panels', body);
    assert.equal(response.status, 400, body);
    assert.deepEqual(pathsOf(response), [path], body);
  }
  await server.post('/panels', '{"id":"p","kind":"k","tools":[],"initialState":{"a":1,"a":2}}');
  assert.deepEqual((await server.get('/panels/p/state')).json, { a: 2 }, 'the last counts, as in JSON.parse');
});

test('capabilities that the server forbids have their own error code', options, async (t) => {
  const server = await serve(t, { env: { CAPABILITIES: 'state:*,view:update:list' } });
  for (const [body, path] of [[panel({ capabilities: ['state:*', 'ext:http'] }), 'capabilities'], [withTool({ capabilities: ['*'] }), 'tools[0].capabilities'],
    [withTool({ capabilities: ['view:update:*'] }), 'tools[0].capabilities']]) {
    const { status, json } = await server.post('/panels', body);
    assert.equal(status, 400);
    assert.equal(json.code, 'CAPABILITY_NOT_ALLOWED');
    assert.deepEqual(json.details.map((fault) => fault.path), [path]);
    assert.match(json.error, /CAPABILITIES/);
  }
  const mixed = await server.post('/panels', panel({ capabilities: ['ext:http'], kind: 7 }));
  assert.equal(mixed.json.code, 'INVALID_REQUEST', 'when that is not all that is wrong');
  assert.equal((await server.post('/panels', panel({ capabilities: ['state:read:a', 'view:update:list'] }))).status, 201);
});

test('args is a JSON Schema of limited cost', options, async (t) => {
  const server = await serve(t);
  const nested = (depth) => JSON.parse('{"not":'.repeat(depth - 1) + '{}' + '}'.repeat(depth - 1));
  const put = (args) => server.request('PUT', '/panels/p', withTool({ args }));
  for (const args of [{}, { type: 'object', properties: { x: { type: ['string', 'null'] } }, required: ['x'] }, nested(32),
    { $defs: { a: true }, $ref: '#/$defs/a' }, { 'x-own': [1], title: 'x'.repeat(65_000) }]) {
    assert.ok((await put(args)).status < 300, JSON.stringify(args).slice(0, 200));
  }
  for (const [args, path] of [
    [true, ''], [[], ''], ['{}', ''], [nested(33), ''], [{ title: 'x'.repeat(65_600) }, ''], [{ type: 'text' }, '.type'],
    [{ $ref: 'https://example.org/schema.json' }, '.$ref'], [{ $ref: 'other.json#/a' }, '.$ref'], [{ $dynamicRef: 'file:///etc/passwd' }, '.$dynamicRef'],
    [{ properties: { a: { items: { $ref: '//x' } } } }, '.properties.a.items.$ref'], [{ required: 'a' }, '.required'],
    [{ anyOf: [] }, '.anyOf'], [{ minLength: -1 }, '.minLength'], [{ $schema: 'http://json-schema.org/draft-07/schema#' }, '.$schema'],
    [{ $ref: '#/$defs/none' }, '.$ref'], [{ $ref: '#' }, '.$ref'], [{ $dynamicAnchor: 'a', anyOf: [{ $dynamicRef: '#a' }] }, '.anyOf[0].$dynamicRef'],
    [{ properties: { a: { pattern: '(' } } }, '.properties.a.pattern'], [{ pattern: '(a)\\1' }, '.pattern'], [{ patternProperties: { '(?=a)b': {} } }, '.patternProperties.(?=a)b'],
    [{ pattern: '((a{100}){100}){100}' }, '.pattern'],
  ]) {
    const response = await put(args);
    assert.equal(response.status, 400, path);
    assert.deepEqual(pathsOf(response), [`tools[0].args${path}`]);
  }
});

test('the schemas of all tools together are limited', options, async (t) => {
  const server = await serve(t);
  const tools = (count) => Array.from({ length: count }, (_, n) => tool({ name: `t${n}`, args: { pattern: `^.{1,255}${n}$` } }));
  assert.equal((await server.post('/panels', panel({ tools: tools(8) }))).status, 201);
  const response = await server.post('/panels', panel({ tools: tools(20) }));
  assert.equal(response.status, 400);
  assert.match(response.json.details[0].message, /all|together|before it take more/);
});

test('the response to a hostile body does not grow with the body', options, async (t) => {
  const server = await serve(t);
  const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`x${n}`, 1]));
  const first = await server.post('/panels', panel(many));
  assert.equal(first.status, 400);
  assert.equal(first.json.details.length, 100);
  assert.match(first.json.error, /and 49999 more/);
  const second = await server.post('/panels', panel({ ['n'.repeat(500_000)]: 1 }));
  assert.equal(second.status, 400);
  assert.ok(second.text.length < 2000);
  const tools = Array.from({ length: 1000 }, (_, n) => tool({ name: `t${n}`, handler: '+*' }));
  const third = await server.post('/panels', panel({ tools }));
  assert.equal(third.json.code, 'COMPILATION_ERROR');
  assert.equal(third.json.details.length, 100);
});

test('sockets are served while a panel of many tools is created', options, async (t) => {
  const server = await serve(t);
  const tools = Array.from({ length: 2000 }, (_, n) => tool({ name: `t${n}`, handler: `return ${n}` }));
  let isDone = false;
  const making = server.request('PUT', '/panels/p', panel({ tools })).finally(() => { isDone = true; });
  let answered = 0;
  while (!isDone) {
    assert.equal((await server.get('/health/live')).status, 200);
    ++answered;
  }
  assert.equal((await making).status, 201);
  assert.ok(answered > 10, `${answered} answers meanwhile`);
  assert.equal((await server.trigger('p', 't1999')).json.returnValue, 1999);
});

test('bodies at and beyond their limits', options, async (t) => {
  const server = await serve(t);
  const deep = (depth) => JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth));
  assert.equal((await server.post('/panels', { ...panelOf('deep', {}), metadata: deep(126) })).status, 201);
  const { status, json } = await server.post('/panels', { ...panelOf('deeper', {}), metadata: deep(128) });
  assert.equal(status, 400);
  assert.match(json.error, /128/);
  for (const body of ['\ufeff{}', '{"kind":"k","tools":[]}{}', '{"kind":"k\\ud800","tools":[]}',
    "{'kind':'k'}", '{"kind":NaN}', '{"a":01}', '{"a":"\n"}', '{"a":tru}', '[', '"']) {
    const response = await server.post('/panels', body);
    assert.equal(response.status, 400, body);
    assert.equal(response.json.code, 'INVALID_REQUEST');
    assert.ok(response.json.error.length > 0);
  }
  const invalid = await server.raw(Buffer.concat([
    Buffer.from('POST /panels HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 12\r\n\r\n{"kind":"'), Buffer.from([0xff, 0x22, 0x7d])]));
  assert.match(invalid, /^HTTP\/1\.1 400 /);
});

test('arguments that are no JSON object are reported for the body', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { a: 'return $args' });
  for (const body of ['[]', '{', 'null', '{"a":1}}', `${'['.repeat(200)}`]) {
    const response = await server.trigger('p', 'a', body);
    assert.equal(response.status, 400, body);
    assert.deepEqual(pathsOf(response), [''], body);
  }
  assert.deepEqual((await server.trigger('p', 'a', '{"a":1,"a":2}')).json.returnValue, { a: 2 }, 'as in JSON.parse');
});
