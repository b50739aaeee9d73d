// Handlers that wait for people, for time, for a service: what clients see meanwhile, and what is left at the end.
import assert from 'node:assert/strict';
import http from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { panelOf, serve, until } from './support/program.mjs';

const ASYNC = { prefer: 'respond-async' };
const all = { capabilities: ['state:*', 'events:*', 'ext:*'] };

const approval = `
  $state.asked = ($state.asked ?? 0) + 1;
  const answer = await $ext.external.wait({ what: $args.what });
  $state.answered = ($state.answered ?? 0) + 1;
  return answer`;

async function waiting(t, options = {}) {
  const server = await serve(t, options);
  const call = (panel, tool, args, headers = ASYNC) => server.post(`/panels/${panel}/trigger/${tool}`, args, headers);
  const resume = (id, body) => server.post(`/suspensions/${id}/resume`, body);
  return { server, call, resume };
}

test('a client answers a suspension, and the handler continues', { timeout: 180_000 }, async (t) => {
  const { server, call, resume } = await waiting(t);
  await server.panel('p', { ask: approval }, all);
  const asked = await call('p', 'ask', { what: 'lunch' });
  assert.equal(asked.status, 202);
  assert.equal(asked.headers['preference-applied'], 'respond-async');
  const { executionId, suspension, suspensions } = asked.json;
  assert.equal(asked.headers.location, `/executions/${executionId}`);
  assert.equal(suspensions[0].suspensionId, suspension);
  assert.deepEqual(suspensions[0].data, { what: 'lunch' });
  assert.deepEqual((await server.get('/panels/p/state')).json, { asked: 1 }, 'committed while it waits');

  assert.equal((await server.get(asked.headers.location)).json.status, 'suspended');
  const listed = (await server.get('/suspensions?panel=p')).json;
  assert.equal(listed.total, 1);
  assert.equal(listed.suspensions[0].suspensionId, suspension);
  assert.equal((await server.get('/executions?panel=p')).json.executions[0].status, 'suspended');
  assert.match((await server.get('/metrics')).text, /nexus_suspensions_total\{extension="external"\} 1/);

  for (const body of [{}, { success: 1 }, { success: true, other: 1 }, { success: false, value: 1 }, '[]', '{',
    ...[{}, { name: 5, message: 'm' }, { name: 'n', message: 'm', stack: 's' }, 7].map((error) => ({ success: false, error }))])
    assert.equal((await resume(suspension, body)).status, 400);
  const done = await resume(suspension, { success: true, value: { yes: [1] } });
  assert.equal(done.status, 200);
  assert.deepEqual(done.json.returnValue, { yes: [1] });
  assert.deepEqual(done.json.stateMutations, [{ op: 'set', key: 'asked', value: 1 }, { op: 'set', key: 'answered', value: 1 }]);
  const [{ name, suspensions: count }] = (await server.get('/runtime/memory?sort=suspensions')).json.handlers;
  assert.deepEqual([name, count], ['p/ask', 1]);
  assert.equal((await resume(suspension, { success: true })).status, 404);
  assert.equal((await resume('0'.repeat(48), { success: true })).json.code, 'SUSPENSION_NOT_FOUND');
  assert.deepEqual((await server.get(asked.headers.location)).json.returnValue, { yes: [1] });
  assert.equal((await server.get('/executions/none')).json.code, 'EXECUTION_NOT_FOUND');
  assert.equal((await server.get('/suspensions')).status, 400);
});

test('an answer with an error can be caught by the handler', { timeout: 180_000 }, async (t) => {
  const { server, call, resume } = await waiting(t);
  await server.panel('p', { ask: approval, caught: 'try { await $ext.external.wait() } catch (e) { return [e.name, e.message] }' }, all);
  const uncaught = await call('p', 'ask', {});
  assert.equal((await resume(uncaught.json.suspension, { success: false, error: 'not today' })).json.error.message, 'Error: not today');
  const caught = await call('p', 'caught', {});
  const done = await resume(caught.json.suspension, { success: false, error: { name: 'Denied', message: 'no' } });
  assert.deepEqual(done.json.returnValue, ['Denied', 'no']);
});

test('without a preference the request waits for the end', { timeout: 180_000 }, async (t) => {
  const { server } = await waiting(t);
  await server.panel('p', { nap: 'const before = Date.now(); await $ext.timer.sleep(50); return Date.now() - before >= 49' }, all);
  const done = await server.trigger('p', 'nap', {});
  assert.equal(done.status, 200);
  assert.equal(done.json.returnValue, true);
});

test('a request that waits too long gets 202 and where to ask', { timeout: 180_000 }, async (t) => {
  const { server, resume } = await waiting(t, { env: { SYNC_WAIT_MS: '100' } });
  await server.panel('p', { ask: approval }, all);
  const asked = await server.trigger('p', 'ask', {});
  assert.equal(asked.status, 202);
  const polled = server.get(asked.headers.location, { prefer: 'wait=10' });
  await resume(asked.json.suspension, { success: true, value: 7 });
  const { json } = await polled;
  assert.ok(json.status === 'suspended' || json.returnValue === 7);
  const [waited, brief] = await Promise.all([
    server.post('/panels/p/trigger/ask', {}, { prefer: 'respond-async, wait=5' }),
    server.post('/panels/p/trigger/ask', {}, { prefer: 'wait=0' }),
  ]);
  assert.equal(waited.headers['preference-applied'], 'respond-async', '5 s are longer than anybody waits here');
  assert.equal(brief.headers['preference-applied'], 'wait=0');
  assert.deepEqual([waited.status, brief.status], [202, 202]);
});

test('the wait of a request begins with its call', { timeout: 180_000 }, async (t) => {
  const { server, resume } = await waiting(t, { env: { SYNC_WAIT_MS: '1000' } });
  // The execution is suspended when the client's time is over, and is resumed at once: a client that gets the result
  // was given more time.
  await server.panel('p', { late: 'const end = Date.now() + 1100; while (Date.now() < end); await $ext.external.wait(); return 1' }, all);
  for (const headers of [{}, { 'idempotency-key': 'once' }]) {
    const called = server.post('/panels/p/trigger/late', {}, headers);
    const asked = await until(async () => (await server.get('/suspensions?panel=p')).json.suspensions[0]);
    await resume(asked.suspensionId, { success: true });
    assert.equal((await called).status, 202);
  }
});

test('a suspension that expires rejects the await', { timeout: 180_000 }, async (t) => {
  const { server, call } = await waiting(t);
  await server.panel('p', { ask: 'await $ext.external.wait(1, { ttlMs: 100 })',
    caught: 'try { await $ext.external.wait(1, { ttlMs: 100 }) } catch (e) { return e.name }' }, all);
  assert.equal((await call('p', 'ask', {}, {})).json.error.code, 'SUSPENSION_EXPIRED');
  assert.equal((await call('p', 'caught', {}, {})).json.returnValue, 'SuspensionExpired');
});

test('a suspended execution can be cancelled, and ends with its panel', { timeout: 180_000 }, async (t) => {
  const { server, call, resume } = await waiting(t);
  await server.panel('p', { ask: approval }, all);
  const one = await call('p', 'ask', {}), other = await call('p', 'ask', {});
  assert.equal((await server.request('DELETE', one.headers.location)).status, 204);
  assert.equal((await server.get(one.headers.location)).json.error.code, 'CANCELLED');
  assert.equal((await resume(one.json.suspension, { success: true })).status, 404);
  const watching = server.get(other.headers.location, { prefer: 'wait=20' });
  assert.equal((await server.request('DELETE', '/panels/p')).status, 204);
  assert.equal((await watching).json.error.code, 'CANCELLED');
  assert.equal((await resume(other.json.suspension, { success: true })).status, 404);
  assert.equal((await server.request('DELETE', '/executions/none')).status, 404);
  assert.match((await server.get('/metrics')).text, /nexus_executions\{state="suspended"\} 0\n/);
});

test('a resumed execution can be cancelled while it runs', { timeout: 180_000 }, async (t) => {
  const { server, call, resume } = await waiting(t, { env: { TIMEOUT_MS: '600000', MAX_WALL_MS: '600000' } });
  await server.panel('p', { spin: '$state.a = 1; await $ext.external.wait(); $state.a = 2; for (;;);' }, all);
  const { headers, json: { suspension } } = await call('p', 'spin', {});
  const resumed = resume(suspension, { success: true });
  await until(async () => (await server.get(headers.location)).json.status === 'running');
  await server.untilMetric(/nexus_instances\{state="active"\} 1/);
  assert.equal((await server.request('DELETE', headers.location)).status, 204);
  assert.equal((await resumed).json.error.code, 'CANCELLED');
  assert.equal((await server.get(headers.location)).json.error.code, 'CANCELLED');
  await server.untilMetric(/nexus_instances\{state="active"\} 0/);
  assert.deepEqual((await server.get('/panels/p/state')).json, { a: 1 });
});

test('an uncaught error of an extension has the location of its await', { timeout: 180_000 }, async (t) => {
  const { server, call, resume } = await waiting(t);
  await server.panel('p', { ask: 'const a = 1;\n  await $ext.external.wait(a)' }, all);
  const { json } = await call('p', 'ask', {});
  const { error } = (await resume(json.suspension, { success: false, error: { name: 'Denied', message: 'no' } })).json;
  assert.deepEqual([error.location.line, error.location.sourceSnippet], [2, '  await $ext.external.wait(a)']);
});

test('other calls of the panel run during a suspension, and no change is lost', { timeout: 180_000 }, async (t) => {
  const { server } = await waiting(t, { env: { THREADS: '2', MAX_PANEL_QUEUE: '1000' } });
  await server.panel('p', { add: '$state.n = ($state.n ?? 0) + 1; await $ext.timer.sleep($args.ms); $state.n++; await $ext.timer.sleep(1); return 1' }, all);
  const calls = Array.from({ length: 300 }, (_, i) => server.trigger('p', 'add', { ms: i % 7 }));
  for (const { json } of await Promise.all(calls)) assert.equal(json.returnValue, 1);
  assert.equal((await server.get('/panels/p/state')).json.n, 600);
});

test('a thousand executions are suspended on two loops and all resume', { timeout: 180_000 }, async (t) => {
  const { server, call, resume } = await waiting(t, { env: { THREADS: '2' } });
  for (let i = 0; i < 10; i += 1) await server.panel(`p${i}`, { ask: approval }, all);
  const asked = [];
  for (let i = 0; i < 1000; i += 50)
    asked.push(...await Promise.all(Array.from({ length: 50 }, (_, k) => call(`p${k % 10}`, 'ask', { what: i + k }))));
  await server.untilMetric(/nexus_executions\{state="hibernated"\} 1000\n/);
  const instances = /nexus_instances\{state="active"\} (\d+)/.exec((await server.get('/metrics')).text)[1];
  assert.equal(instances, '0', 'none is held by those who wait');
  for (let i = 0; i < asked.length; i += 50) {
    const done = await Promise.all(asked.slice(i, i + 50).map(({ json }, k) => resume(json.suspension, { success: true, value: i + k })));
    done.forEach(({ status, json }, k) => assert.deepEqual([status, json.returnValue], [200, i + k]));
  }
  assert.match((await server.get('/metrics')).text, /nexus_memory_accounted_bytes\{kind="suspended"\} \d+/);
});

test('$ext.http calls a service, but no private one', { timeout: 180_000 }, async (t) => {
  const service = http.createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ path: request.url }));
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  t.after(() => service.close());
  const url = `http://127.0.0.1:${service.address().port}`;
  const source = 'const [a, b] = await Promise.all([$ext.http.get($args.url + "/a"), $ext.http.get($args.url + "/b")]); return [a.status, a.json.path, b.json.path]';
  const { server } = await waiting(t, { env: { HTTP_ALLOW_PRIVATE: 'true' } });
  await server.panel('p', { get: source }, all);
  const hasLoaded = (library) => readFileSync(`/proc/${server.pid}/maps`, 'utf8').includes(library);
  assert.ok(!hasLoaded('libcurl'), 'nobody has asked yet');
  assert.deepEqual((await server.trigger('p', 'get', { url })).json.returnValue, [200, '/a', '/b']);
  assert.ok(hasLoaded('libcurl'));
  const guarded = await waiting(t);
  await guarded.server.panel('p', { get: source }, all);
  assert.match((await guarded.server.trigger('p', 'get', { url })).json.error.message, /AddressNotAllowed/);
  await guarded.server.post('/panels', panelOf('q', { get: source }));
  assert.equal((await guarded.server.trigger('q', 'get', { url })).json.error.code, 'PERMISSION_DENIED');
});

test('without libcurl requests fail with the reason, and all else works', { timeout: 180_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-libraries-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'libcurl.so.4'), 'no library');
  const { server } = await waiting(t, { env: { LD_LIBRARY_PATH: folder } });
  const get = 'try { await $ext.http.get("http://a.example/") } catch ({ name, code, message }) { return { name, code, message } }';
  await server.panel('p', { get, sleep: 'await $ext.timer.sleep(1); return 1' }, all);
  for (let i = 0; i < 2; i += 1) {
    const { name, code, message } = (await server.trigger('p', 'get', {})).json.returnValue;
    assert.deepEqual([name, code], ['HttpError', 'OTHER']);
    assert.match(message, /needs libcurl: .*libcurl\.so\.4/);
  }
  assert.equal((await server.trigger('p', 'sleep', {})).json.returnValue, 1);
});

test('suspended executions get a response at shutdown', { timeout: 180_000 }, async (t) => {
  const { server } = await waiting(t);
  await server.panel('p', { ask: approval }, all);
  const asked = server.trigger('p', 'ask', {});
  await server.untilMetric(/nexus_executions\{state="(suspended|hibernated)"\} 1\n/);
  process.kill(server.pid, 'SIGTERM');
  assert.equal((await asked).json.error.code, 'CANCELLED');
  assert.equal(await server.ended, 0);
});

test('kept results are evicted when calls need the memory', { timeout: 180_000 }, async (t) => {
  const { server } = await waiting(t, { env: { THREADS: '1', MEMORY_BUDGET_MB: '128' } });
  await server.panel('p', { big: 'await $ext.timer.sleep(1); return "x".repeat(900000)' }, all);
  const results = [];
  for (let i = 0; i < 80; i += 1) results.push((await server.trigger('p', 'big', {})).json);
  for (const { status, error } of results) assert.equal(status, 'success', JSON.stringify(error));
  assert.equal((await server.get(`/executions/${results.at(-1).executionId}`)).status, 200);
  assert.equal((await server.get(`/executions/${results[0].executionId}`)).status, 404);
  const buffers = async () => Number(/accounted_bytes\{kind="buffers"\} (\d+)/.exec((await server.get('/metrics')).text)[1]);
  assert.ok(await buffers() < 12 << 20, 'bounded');
  await server.request('DELETE', '/panels/p');
  assert.ok(await buffers() < 1 << 20, 'and gone with the panel');
});

test('lists need a valid panel id', { timeout: 180_000 }, async (t) => {
  const server = await serve(t);
  for (const list of ['/executions', '/suspensions']) {
    for (const query of ['', '?panel=', '?panel=%2F', '?panel=a%20b', `?panel=${'a'.repeat(129)}`]) {
      const { status, json } = await server.get(list + query);
      assert.deepEqual([status, json.details?.[0]?.path], [400, 'panel'], list + query);
    }
    assert.equal((await server.get(`${list}?panel=none`)).json.total, 0);
  }
});
