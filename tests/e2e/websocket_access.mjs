// Which requests get a WebSocket, on which port, and the responses to others.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { serveHolding } from './support/hold.mjs';
import { watch } from './support/socket.mjs';

const options = { timeout: 180_000 };
const key = 'a key for tests that has 32 bytes and more';
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
function tokenOf(claims = {}) {
  const text = `${encode({ alg: 'HS256' })}.${encode({ exp: Math.floor(Date.now() / 1000) + 600, ...claims })}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}
const tools = { add: '$state.n = ($state.n ?? 0) + 1' };
const panel = { id: 'cart-1', kind: 'test', tools: [{ name: 'add', handler: tools.add, trigger: { type: 'manual' } }] };

async function withPanel(t, env = {}, headers = {}) {
  const server = await serveHolding(t, { env });
  assert.equal((await server.post('/panels', panel, headers)).status, 201);
  server.wsPort = Number((await server.child.untilOutput(/listening on ws:\/\/127\.0\.0\.1:(\d+)\n/))[1]);
  return server;
}
const guarded = (t, env = {}) => withPanel(t, { AUTH_ENABLED: 'true', JWT_SECRET: key, ...env }, { authorization: `Bearer ${tokenOf()}` });
const refusal = (...of) => watch(...of).then(() => assert.fail('it was let in'), (error) => error);

test('both ports serve WebSockets, and the second only WebSockets', options, async (t) => {
  const server = await withPanel(t);
  for (const port of [server.port, server.wsPort]) {
    const client = await watch(server, 'cart-1', { port });
    assert.equal((await client.next('CONNECTED')).panelId, 'cart-1');
    const { status, headers, json } = await refusal(server, 'nothing', { port });
    assert.deepEqual([status, json.code, headers['nexus-api-version']], [404, 'PANEL_NOT_FOUND', '2']);
    assert.equal((await refusal(server, '', { port, path: '/panels/cart-1' })).status, 200 * (port === server.port) || 426);
  }
  for (const path of ['/panels/cart-1/ws', '/health', '/', '/panels']) {
    const response = await fetch(`http://127.0.0.1:${server.wsPort}${path}`);
    assert.deepEqual([response.status, response.headers.get('upgrade')], [426, 'websocket'], path);
    const { code, error } = await response.json();
    assert.equal(code, 'UPGRADE_REQUIRED');
    assert.match(error, path.includes('cart') ? /connect to \/panels\/cart-1\/ws/ : /connect to \/panels\/:id\/ws/);
  }
});

test('a request that is no upgrade gets the missing header', options, async (t) => {
  const server = await withPanel(t);
  const plain = await server.get('/panels/cart-1/ws');
  assert.deepEqual([plain.status, plain.json.code, plain.headers.upgrade], [426, 'UPGRADE_REQUIRED', 'websocket']);
  for (const method of ['POST', 'PUT', 'DELETE', 'HEAD']) {
    const { status, headers } = await server.request(method, '/panels/cart-1/ws');
    assert.deepEqual([status, headers.allow], [405, 'GET'], method);
  }
  const upgrade = (more, version = '1.1') => server.raw(
    `GET /panels/cart-1/ws HTTP/${version}\r\nHost: localhost\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n${more}\r\n`, { halfClose: true });
  const withKey = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  assert.match(await upgrade(`${withKey}Sec-WebSocket-Version: 12\r\n`), /^HTTP\/1\.1 426 [^]*Sec-WebSocket-Version: 13\r\n/);
  assert.match(await upgrade(withKey), /^HTTP\/1\.1 426 /);
  assert.match(await upgrade('Sec-WebSocket-Version: 13\r\n'), /^HTTP\/1\.1 400 [^]*Sec-WebSocket-Key/);
  assert.match(await upgrade('Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n'), /^HTTP\/1\.1 400 /);
  assert.match(await upgrade(`${withKey}${withKey}Sec-WebSocket-Version: 13\r\n`), /^HTTP\/1\.1 400 /);
  assert.match(await upgrade(`${withKey}Sec-WebSocket-Version: 13\r\n`, '1.0'), /^HTTP\/1\.1 400 [^]*HTTP\/1\.1/);
});

test('pages of other sites and unknown hosts get no WebSocket', options, async (t) => {
  const server = await withPanel(t, { CORS_ORIGINS: 'https://shop.example' });
  for (const port of [server.port, server.wsPort]) {
    const foreign = await refusal(server, 'cart-1', { port, headers: { origin: 'https://evil.example' } });
    assert.deepEqual([foreign.status, foreign.json.code], [403, 'ORIGIN_NOT_ALLOWED']);
    const rebound = await refusal(server, 'cart-1', { port, headers: { host: 'evil.example' } });
    assert.deepEqual([rebound.status, rebound.json.code], [421, 'MISDIRECTED']);
    await watch(server, 'cart-1', { port, headers: { origin: 'https://shop.example' } });
    await watch(server, 'cart-1', { port, headers: { origin: `http://127.0.0.1:${port}` } });
  }
});

test('a token is accepted in the header or in the query', options, async (t) => {
  const server = await guarded(t, { LOG_LEVEL: 'debug' });
  for (const port of [server.port, server.wsPort]) {
    const { status, headers, json } = await refusal(server, 'cart-1', { port });
    assert.deepEqual([status, json.code, headers['www-authenticate']], [401, 'UNAUTHORIZED', 'Bearer']);
    assert.equal((await refusal(server, 'cart-1', { port, query: '?token=bad' })).status, 401);
    assert.equal((await refusal(server, 'cart-1', { port, query: `?token=${tokenOf()}&token=${tokenOf()}` })).status, 401);
    await watch(server, 'cart-1', { port, query: `?token=${tokenOf()}` });
    await watch(server, 'cart-1', { port, headers: { authorization: `Bearer ${tokenOf()}` } });
  }
  assert.equal((await server.get(`/panels/cart-1?token=${tokenOf()}`)).status, 401);
  for (const [claims, status] of [[{ scope: 'trigger' }, 403], [{ panels: ['till-*'] }, 403], [{ exp: 1 }, 401]])
    assert.equal((await refusal(server, 'cart-1', { query: `?token=${tokenOf(claims)}` })).status, status);
  const secret = tokenOf({ panels: ['*'] });
  const gone = await refusal(server, 'nothing', { query: `?token=${secret}` });
  assert.equal(gone.status, 404);
  for (const text of [JSON.stringify(gone.json), server.child.stderr, server.child.stdout]) assert.ok(!text.includes(secret));
});

test('a token that may only read receives changes and cannot trigger', options, async (t) => {
  const server = await guarded(t);
  const reader = await watch(server, 'cart-1', { query: `?token=${tokenOf({ scope: 'read' })}` });
  const writer = await watch(server, 'cart-1', { query: `?token=${tokenOf({ scope: 'read trigger' })}` });
  reader.send({ type: 'TRIGGER', tool: 'add', requestId: 1 });
  const { code, message, requestId } = await reader.next('ERROR');
  assert.deepEqual([code, requestId], ['FORBIDDEN', 1]);
  assert.match(message, /"trigger"/);
  writer.send({ type: 'TRIGGER', tool: 'add' });
  assert.equal((await reader.next('PATCH')).mutations[0].value, 1);
});

test('the connection ends with the token', options, async (t) => {
  const server = await guarded(t);
  const client = await watch(server, 'cart-1', { query: `?token=${tokenOf()}` });
  await client.next('CONNECTED');
  server.setAhead(3600);
  assert.deepEqual(await client.closed, { code: 1008, reason: 'the token has expired' });
});
