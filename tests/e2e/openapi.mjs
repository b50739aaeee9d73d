// Everything in docs/openapi.json can occur. That everything that occurs is in it, all other tests check.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { described, received } from './support/contract.mjs';
import { panelOf, serve } from './support/program.mjs';
import { watch } from './support/socket.mjs';

test('each call and each status of the document occurs', { timeout: 180_000 }, async (t) => {
  const server = await serve(t, { env: { BODY_LIMIT: '2kb', MAX_PANEL_QUEUE: '0', MAX_INSTANCES: '1', MIN_INSTANCES: '1', MAX_QUEUE: '0' } });
  const { id: none, ...definition } = panelOf('', { a: 'return 1', spin: 'for(;;){}' });
  const put = (path, body, headers) => server.request('PUT', path, body, headers);
  const large = ' '.repeat(2049);

  for (const path of ['/panels', '/panels?limit=0', '/health', '/health/live', '/health/ready', '/metrics',
    '/runtime/memory', '/runtime/memory?sort=x', '/openapi.json']) await server.get(path);
  for (const body of [{ id: 'p', ...definition }, { id: 'p', ...definition }, {}, large]) await server.post('/panels', body);
  await put('/panels/q', definition);
  await put('/panels/q', definition);
  await put('/panels/q', {});
  await put('/panels/q', large);
  await put('/panels/q', definition, { 'if-none-match': '*' });
  for (const path of ['/panels/p', '/panels/none', '/panels/p?include=x', '/panels/p/state', '/panels/none/state']) await server.get(path);
  for (const path of ['/panels/p', '/panels/p/state']) await server.get(path, { 'if-none-match': '"1"' });
  await server.get('/panels/p/ws');
  (await watch(server, 'p')).ws.terminate();
  await assert.rejects(watch(server, 'none'));
  await server.request('DELETE', '/panels/q', undefined, { 'if-match': '"9"' });
  await server.request('DELETE', '/panels/q');
  await server.request('DELETE', '/panels/q');
  for (const body of [undefined, '[]', large]) await server.trigger('p', 'a', body);
  await server.trigger('p', 'none');
  for (const body of [{}, { other: 1 }]) await server.post('/panels/p/trigger/a', body, { 'idempotency-key': 'k' });

  await server.post('/panels', panelOf('other', { a: 'return 1' }));
  const spinning = server.trigger('p', 'spin');
  await server.untilMetric(/nexus_instances\{state="active"\} 1/);
  await server.trigger('p', 'a');
  await server.trigger('other', 'a');
  const unloaded = panelOf('new', { a: 'return "never seen"' });
  await server.post('/panels', unloaded);
  await put('/panels/new', unloaded);
  await server.request('DELETE', '/panels/p');
  await spinning;

  const patient = await serve(t, { env: { BODY_LIMIT: '2kb' } });
  await patient.post('/panels', panelOf('w', { ask: 'return [await $ext.external.wait(), await $ext.external.wait()]' }, { capabilities: ['ext:*'] }));
  const asked = await patient.post('/panels/w/trigger/ask', {}, { prefer: 'respond-async' });
  for (const path of ['/executions?panel=w', '/executions', `/executions/${asked.json.executionId}`, '/executions/none',
    '/suspensions?panel=w', '/suspensions']) await patient.get(path);
  const resume = (id, body) => patient.post(`/suspensions/${id}/resume`, body);
  for (const body of [{}, large]) await resume(asked.json.suspension, body);
  const again = await resume(asked.json.suspension, { success: true });
  await resume(again.json.suspension, { success: true });
  await resume(again.json.suspension, { success: true });
  for (const id of [asked.json.executionId, 'none']) await patient.request('DELETE', `/executions/${id}`);

  const guarded = await serve(t, { env: { AUTH_ENABLED: 'true', JWT_SECRET: 'a key for tests that has 32 bytes and more' } });
  const calls = [['GET', '/panels'], ['POST', '/panels'], ['GET', '/panels/p'], ['PUT', '/panels/p'], ['DELETE', '/panels/p'], ['GET', '/panels/p/state'],
    ['POST', '/panels/p/trigger/t'], ['GET', '/panels/p/ws'], ['GET', '/runtime/memory'],
    ['GET', '/executions'], ['GET', '/executions/e'], ['DELETE', '/executions/e'], ['GET', '/suspensions'], ['POST', '/suspensions/s/resume']];
  for (const [method, path] of calls) {
    await guarded.request(method, path);
    await guarded.request(method, path, undefined, { origin: 'http://evil.example' });
  }
  // This status occurs only during start and shutdown, when new connections are not accepted: see shutdown.mjs.
  const missing = [...described].filter((one) => !received.has(one) && one !== 'get /health/ready 503');
  assert.deepEqual(missing, []);
});

test('the server serves the document to every client', { timeout: 180_000 }, async (t) => {
  const server = await serve(t, { env: { AUTH_ENABLED: 'true', JWT_SECRET: 'a secret of at least thirty-two bytes' } });
  const { status, text } = await server.get('/openapi.json');
  assert.equal(status, 200);
  assert.equal(text, readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'));
});
