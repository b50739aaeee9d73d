// Authentication: tokens, origins and hosts of a server that was started with them.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { panelOf, runProgram, serve } from './support/program.mjs';

const options = { timeout: 180_000 };
const key = 'a key for tests that has 32 bytes and more';
const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const sign = (text, secret = key, hash = 'sha256') => `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`;
const tokenOf = (claims = {}, head = { alg: 'HS256', typ: 'JWT' }) => sign(`${encode(head)}.${encode({ exp: inSeconds(600), ...claims })}`);
const bearing = (claims, more = {}) => ({ authorization: `Bearer ${tokenOf(claims)}`, ...more });

const guarded = (t, env = {}) => serve(t, { env: { AUTH_ENABLED: 'true', JWT_SECRET: key, ...env } });
const definition = panelOf('cart-1', { add: 'return $args.a + $args.b' });

test('without a token only health and metrics respond', options, async (t) => {
  const server = await guarded(t);
  for (const path of ['/health', '/health/live', '/health/ready', '/metrics']) {
    assert.equal((await server.get(path)).status, 200, path);
    assert.equal((await server.get(path, { host: 'nexus:3000', authorization: 'Bearer bad' })).status, 200, path);
  }
  for (const [method, path] of [['GET', '/panels'], ['POST', '/panels'], ['GET', '/panels/p'], ['PUT', '/panels/p'],
    ['DELETE', '/panels/p'], ['GET', '/panels/p/state'], ['POST', '/panels/p/trigger/t'], ['GET', '/nothing'], ['OPTIONS', '/panels']]) {
    const { status, headers, json } = await server.request(method, path);
    assert.equal(status, 401, `${method} ${path}`);
    assert.equal(json.code, 'UNAUTHORIZED');
    assert.equal(headers['www-authenticate'], 'Bearer');
  }
});

test('a token allows the calls of its scope', options, async (t) => {
  const server = await guarded(t);
  assert.equal((await server.post('/panels', definition, bearing())).status, 201);
  const calls = {
    read: () => ['GET', '/panels/cart-1/state'],
    trigger: () => ['POST', '/panels/cart-1/trigger/add', { a: 1, b: 2 }],
    write: () => ['PUT', '/panels/cart-1', definition],
  };
  for (const [needed, call] of Object.entries(calls)) {
    const [method, path, body] = call();
    for (const scope of ['read', 'write', 'trigger', 'resume', 'admin', 'fly', '']) {
      const { status, json } = await server.request(method, path, body, bearing({ scope }));
      assert.equal(status, scope === needed ? 200 : 403, `${needed} with ${scope}`);
      if (status === 403) {
        assert.equal(json.code, 'FORBIDDEN');
        assert.ok(json.error.includes(`"${needed}"`), json.error);
      }
    }
    assert.equal((await server.request(method, path, body, bearing({ scope: 'read write trigger fly' }))).status, 200);
  }
});

test('calls about all panels need the scope admin and a token for all panels', options, async (t) => {
  const server = await guarded(t);
  for (const [claims, status] of [[{}, 200], [{ scope: 'admin' }, 200], [{ scope: 'read' }, 403], [{ panels: ['cart-*'] }, 403]])
    assert.equal((await server.get('/runtime/memory', bearing(claims))).status, status, JSON.stringify(claims));
});

test('a token covers its panels only', options, async (t) => {
  const server = await guarded(t);
  const carts = { panels: ['cart-*'] };
  assert.equal((await server.post('/panels', panelOf('till', { a: 'return 1' }), bearing())).status, 201);
  assert.equal((await server.post('/panels', definition, bearing(carts))).status, 201);
  assert.equal((await server.post('/panels/cart-1/trigger/add', { a: 1, b: 2 }, bearing(carts))).json.returnValue, 3);
  for (const [method, path, body] of [['GET', '/panels/till'], ['GET', '/panels/till/state'], ['DELETE', '/panels/till'],
    ['POST', '/panels/till/trigger/a', {}], ['PUT', '/panels/till', definition], ['GET', '/panels/not-there'],
    ['POST', '/panels', { ...definition, id: 'till-2' }]]) {
    const { status, json } = await server.request(method, path, body, bearing(carts));
    assert.equal(status, 403, `${method} ${path}`);
    assert.equal(json.code, 'FORBIDDEN');
  }
  const listed = await server.get('/panels', bearing(carts));
  assert.deepEqual([listed.json.panels.map(({ id }) => id), listed.json.total], [['cart-1'], 1]);
  assert.equal((await server.get('/panels?limit=x', bearing(carts))).status, 400);
  assert.equal((await server.get('/panels', bearing())).json.total, 2);
  const { id, ...nameless } = definition;
  assert.match((await server.post('/panels', nameless, bearing(carts))).json.error, /needs an "id"/);
  assert.equal((await server.post('/panels', nameless, bearing({ panels: ['*'] }))).status, 201);
  assert.equal((await server.get('/panels/till', bearing())).status, 200);
});

test('a bad token is 401 before the body, with a reason and without the token', options, async (t) => {
  const server = await guarded(t, { LOG_LEVEL: 'debug' });
  const claims = encode({ exp: inSeconds(600) });
  const bad = {
    'alg none': `${encode({ alg: 'none' })}.${claims}.`,
    HS512: sign(`${encode({ alg: 'HS512' })}.${claims}`, key, 'sha512'),
    'RS256 by our key': sign(`${encode({ alg: 'RS256' })}.${claims}`),
    'another key': sign(`${encode({ alg: 'HS256' })}.${claims}`, 'another key that has 32 bytes and more'),
    truncated: tokenOf().slice(0, -1),
    garbage: 'se%20cret.tok~en.x',
    expired: tokenOf({ exp: inSeconds(-61) }),
    early: tokenOf({ nbf: inSeconds(120) }),
    'exp as a text': tokenOf({ exp: `${inSeconds(600)}` }),
    'without exp': tokenOf({ exp: undefined }),
  };
  for (const [what, token] of Object.entries(bad)) {
    // The body is announced and never sent: the response must come without it.
    const response = await server.raw(`POST /panels/p/trigger/t HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Length: 1000\r\n\r\n`);
    assert.match(response, /^HTTP\/1\.1 401 /, what);
    assert.match(response, /"code":"UNAUTHORIZED"/, what);
    assert.match(response, /WWW-Authenticate: Bearer/, what);
    assert.ok(!response.includes(token), what);
    assert.ok(!server.child.stderr.includes(token), what);
  }
  const shown = await server.get('/nothing?a=1&token=secret', bearing());
  assert.equal(shown.status, 404);
  assert.match(shown.json.error, /\/nothing\?a=1&token=\*\*\*$/);
  assert.ok(!`${server.child.stdout}${server.child.stderr}`.includes(key));
});

test('clocks may differ by a minute', options, async (t) => {
  const server = await guarded(t);
  assert.equal((await server.get('/panels/p', bearing({ exp: inSeconds(-50) }))).status, 404);
  assert.equal((await server.get('/panels/p', bearing({ nbf: inSeconds(50) }))).status, 404);
});

test('a token works for many calls on several connections', options, async (t) => {
  const server = await guarded(t);
  const authorization = `Bearer ${tokenOf()}`;
  await server.post('/panels', definition, { authorization });
  const call = `POST /panels/cart-1/trigger/add HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\nContent-Length: 13\r\n\r\n{"a":1,"b":2}`;
  const close = `GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
  const responses = await server.raw(call.repeat(100) + close);
  assert.equal([...responses.matchAll(/"returnValue":3/g)].length, 100);
  assert.equal((await server.get('/panels/cart-1', { authorization })).status, 200);
  assert.equal((await server.get('/panels/cart-1')).status, 401);
});

test('two tokens at once are 400', options, async (t) => {
  const server = await guarded(t);
  const header = `Authorization: Bearer ${tokenOf()}\r\n`;
  assert.match(await server.raw(`GET /panels HTTP/1.1\r\nHost: localhost\r\n${header}${header}\r\n`), /^HTTP\/1\.1 400 /);
});

test('pages of allowed origins may call and read the response', options, async (t) => {
  const origin = 'https://shop.example';
  const server = await serve(t, { env: { CORS_ORIGINS: `${origin},http://localhost:5173` } });
  await server.panel('p', { a: 'return 1' });
  for (const path of ['/panels/p', '/nothing', '/health']) {
    const { headers } = await server.get(path, { origin });
    assert.equal(headers['access-control-allow-origin'], origin, path);
    assert.equal(headers.vary, 'Origin', path);
    assert.match(headers['access-control-expose-headers'], /ETag/);
    assert.equal(headers['access-control-allow-credentials'], undefined);
  }
  const run = await server.post('/panels/p/trigger/a', {}, { origin });
  assert.equal(run.json.returnValue, 1);
  assert.equal(run.headers['access-control-allow-origin'], origin);
  const own = await server.get('/panels/p', { origin: server.url });
  assert.equal(own.status, 200);
  assert.equal(own.headers['access-control-allow-origin'], undefined);
  for (const other of ['http://shop.example', 'https://shop.example.evil.example', 'https://shop.example:8443', 'null']) {
    const { status, headers, json } = await server.post('/panels/p/trigger/a', {}, { origin: other });
    assert.equal(status, 403, other);
    assert.equal(json.code, 'ORIGIN_NOT_ALLOWED');
    assert.equal(headers['access-control-allow-origin'], undefined);
  }
});

test('a preflight gets its response without a token', options, async (t) => {
  const origin = 'https://shop.example';
  const server = await guarded(t, { CORS_ORIGINS: origin });
  const asked = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };
  const { status, headers, text } = await server.request('OPTIONS', '/panels/p/trigger/a', undefined, asked);
  assert.equal(status, 204);
  assert.equal(text, '');
  assert.equal(headers['access-control-allow-origin'], origin);
  assert.equal(headers['access-control-allow-methods'], 'POST');
  assert.match(headers['access-control-allow-headers'], /Authorization.*Idempotency-Key.*If-Match.*Prefer.*traceparent/);
  assert.ok(Number(headers['access-control-max-age']) > 0);
  assert.equal((await server.request('OPTIONS', '/panels/p', undefined, { ...asked, origin: 'https://evil.example' })).status, 403);
  assert.equal((await server.request('OPTIONS', '/panels/p', undefined, { origin })).status, 401);
  assert.equal((await server.post('/panels/p/trigger/a', {}, { origin })).status, 401);
});

test('without authentication only configured hosts are allowed', options, async (t) => {
  const server = await serve(t, { env: { ALLOWED_HOSTS: 'nexus,shop.example' } });
  for (const host of ['nexus', 'NEXUS:3000', 'shop.example.', 'localhost', '127.0.0.1', '[::1]:3000'])
    assert.equal((await server.get('/panels/p', { host })).status, 404, host);
  for (const host of ['evil.example', 'nexus.evil.example', 'a.shop.example']) {
    const { status, json } = await server.get('/panels/p', { host });
    assert.equal(status, 421, host);
    assert.equal(json.code, 'MISDIRECTED');
    assert.match(json.error, /ALLOWED_HOSTS/);
    for (const path of ['/health', '/health/live', '/health/ready', '/metrics'])
      assert.equal((await server.get(path, { host })).status, 200, path);
  }
});

test('with authentication any host is allowed', options, async (t) => {
  const server = await guarded(t);
  assert.equal((await server.get('/panels/p', bearing({}, { host: 'shop.example' }))).status, 404);
});

test('a weak key is rejected and not printed', options, async () => {
  const { status, stdout, stderr } = await runProgram(['serve'], { env: { AUTH_ENABLED: 'true', JWT_SECRET: 'only-31-bytes-are-not-enough-ok' } });
  assert.equal(status, 2);
  assert.match(stderr, /JWT_SECRET/);
  assert.ok(!`${stdout}${stderr}`.includes('only-31-bytes'));
});

test('a page can read why its call was rejected', options, async (t) => {
  const origin = 'https://shop.example';
  const server = await guarded(t, { CORS_ORIGINS: origin, BODY_LIMIT: '1kb' });
  const missing = await server.post('/panels/p/trigger/a', {}, { origin });
  assert.equal(missing.headers['access-control-allow-origin'], origin);
  assert.equal(missing.headers['www-authenticate'], 'Bearer');
  const expired = await server.post('/panels/p/trigger/a', {}, bearing({ exp: inSeconds(-61) }, { origin }));
  assert.equal(expired.headers['access-control-allow-origin'], origin);
  assert.match(expired.headers['access-control-expose-headers'], /WWW-Authenticate/);
  assert.equal(expired.headers['www-authenticate'], 'Bearer error="invalid_token", error_description="the token has expired"');
  const large = await server.post('/panels', ' '.repeat(2000), bearing({}, { origin }));
  assert.equal(large.status, 413);
  assert.equal(large.headers['access-control-allow-origin'], origin);
  const foreign = await server.post('/panels', {}, bearing({}, { origin: 'https://evil.example' }));
  assert.equal(foreign.headers['access-control-allow-origin'], undefined);
});

test('a trigger cannot follow a panel that the token does not cover', options, async (t) => {
  const server = await guarded(t);
  const following = (panel) => ({ ...panelOf('cart-1', { add: 'return 1' }), capabilities: ['events:receive:*'],
    tools: [{ name: 'on', handler: 'return 1', trigger: { type: 'event', pattern: '*', panel } }] });
  for (const [method, path] of [['POST', '/panels'], ['PUT', '/panels/cart-1']]) {
    const refused = await server.request(method, path, following('bank'), bearing({ panels: ['cart-*'] }));
    assert.equal(refused.status, 403);
    assert.match(refused.json.error, /"bank"/);
  }
  assert.equal((await server.post('/panels', following('cart-2'), bearing({ panels: ['cart-*'] }))).status, 201);
});

test('nexus token makes tokens that the server accepts', options, async (t) => {
  const server = await guarded(t);
  const made = async (args, env = {}) => {
    const { status, stdout, stderr } = await runProgram(['token', ...args], { env: { AUTH_ENABLED: 'true', JWT_SECRET: key, ...env } });
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    return stdout.trim();
  };
  const status = async (token, path) => (await server.get(path, { authorization: `Bearer ${token}` })).status;
  const now = () => Date.now() / 1000;
  const before = now();
  const all = await made([]);
  assert.equal(await status(all, '/runtime/memory'), 200);
  const madeAt = JSON.parse(Buffer.from(all.split('.')[1], 'base64url')).exp - 600;
  assert.ok(madeAt >= Math.floor(before) && madeAt <= now(), `for ten minutes from ${madeAt}, and ${before} was before`);
  const reads = await made(['--scope', 'read', 'trigger', '--panels', 'cart-*', '--ttl', '2h']);
  assert.deepEqual([await status(reads, '/panels'), await status(reads, '/runtime/memory'), await status(reads, '/panels/till')], [200, 403, 403]);
  assert.equal(await status(await made([], { JWT_SECRET: `${key}.` }), '/panels'), 401);
  const top = await runProgram(['top', '--once', '--url', server.url, '--token', await made(['--scope', 'admin'])]);
  assert.deepEqual([top.status, top.stderr], [0, '']);
});

test('nexus token reports wrong arguments', options, async () => {
  for (const [args, env, said] of [
    [[], {}, /AUTH_ENABLED is not true/],
    [[], { AUTH_ENABLED: 'true' }, /JWT_SECRET/],
    [[], { AUTH_ENABLED: 'true', JWT_SECRET: 'short' }, /at least 32 bytes/],
    [['--scope', 'fly'], { AUTH_ENABLED: 'true', JWT_SECRET: key }, /fly/],
    [['--ttl', '0'], { AUTH_ENABLED: 'true', JWT_SECRET: key }, /ttl/],
    [['--ttl', '400d'], { AUTH_ENABLED: 'true', JWT_SECRET: key }, /ttl/],
    [['--ttl', '5 parsecs'], { AUTH_ENABLED: 'true', JWT_SECRET: key }, /ttl/],
  ]) {
    const { status, stdout, stderr } = await runProgram(['token', ...args], { env });
    assert.equal(status, 2, `${args}: ${stderr}`);
    assert.equal(stdout, '');
    assert.match(stderr, said);
  }
});
