// Wrong requests, by raw sockets where a proper client would not send them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from './support/program.mjs';

const options = { timeout: 180_000 };
const statusOf = (text) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]);
const codeOf = (text) => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)).code;

test('unknown paths are 404', options, async (t) => {
  const server = await serve(t);
  for (const path of ['/', '/panel', '/panels/', '/panels/p/', '/panels/p/x', '/panels/p/trigger/', '/health/', '/favicon.ico']) {
    const { status, json } = await server.get(path);
    assert.equal(status, 404, path);
    assert.equal(json.code, 'NOT_FOUND', path);
    assert.ok(json.error.length > 0);
  }
});

test('a wrong method is 405 with the allowed ones', options, async (t) => {
  const server = await serve(t);
  for (const [method, path, allow] of [
    ['PUT', '/panels', 'GET, HEAD, POST'], ['POST', '/panels/p', 'GET, HEAD, PUT, DELETE'], ['PATCH', '/panels/p', 'GET, HEAD, PUT, DELETE'],
    ['POST', '/panels/p/state', 'GET, HEAD'],
    ['GET', '/panels/p/trigger/t', 'POST'], ['POST', '/health', 'GET, HEAD'], ['DELETE', '/health/live', 'GET, HEAD'],
    ['PATCH', '/health/ready', 'GET, HEAD'], ['POST', '/metrics', 'GET, HEAD']]) {
    const { status, headers, json } = await server.request(method, path);
    assert.equal(status, 405, `${method} ${path}`);
    assert.equal(json.code, 'METHOD_NOT_ALLOWED');
    assert.equal(headers.allow, allow);
  }
});

test('a body beyond the limit is 413, announced or not', options, async (t) => {
  const server = await serve(t, { env: { BODY_LIMIT: '1kb' } });
  const exact = await server.post('/panels', ' '.repeat(1024));
  assert.equal(exact.status, 400);
  const announced = await server.post('/panels', ' '.repeat(1025));
  assert.equal(announced.status, 413);
  assert.equal(announced.json.code, 'PAYLOAD_TOO_LARGE');
  assert.match(announced.json.error, /BODY_LIMIT/);
  const chunk = `400\r\n${' '.repeat(1024)}\r\n`;
  const chunked = await server.raw(`POST /panels HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`);
  assert.equal(statusOf(chunked), 413);
});

test('a large body arrives completely', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { length: 'return $args.text.length' });
  const text = 'x'.repeat(1_000_000);
  assert.equal((await server.trigger('p', 'length', { text })).json.returnValue, text.length);
});

test('malformed requests are 400 and end the connection', options, async (t) => {
  const server = await serve(t);
  const head = 'POST /panels HTTP/1.1\r\nHost: localhost\r\n';
  for (const text of [
    'hello\r\n\r\n',
    'GET /health\r\n\r\n',
    'GET /health HTTP/3.0\r\nHost: localhost\r\n\r\n',
    'GET /health HTTP/1.1\r\nHost: localhost\r\nNo colon\r\n\r\n',
    'GET /health HTTP/1.1\r\nHost: localhost\r\nA: b\x01\r\n\r\n',
    'GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n',
    'GET /health HTTP/1.1\r\n\r\n',
    `${head}Content-Length: x\r\n\r\n`,
    `${head}Content-Length: -1\r\n\r\n`,
    `${head}Content-Length: 99999999999999999999999\r\n\r\n`,
    `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
    `${head}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${head}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`,
    `${head}Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n`,
    `${head}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n`,
  ]) {
    const response = await server.raw(text);
    assert.equal(statusOf(response), 400, JSON.stringify(text));
    assert.equal(codeOf(response), 'INVALID_REQUEST', JSON.stringify(text));
    assert.match(response, /Connection: close\r\n/);
  }
  assert.equal((await server.get('/health/live')).status, 200);
});

test('a head that never ends is 431', options, async (t) => {
  const server = await serve(t);
  for (const text of [`GET /${'x'.repeat(100_000)}`, `GET /health HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(100_000)}`,
    `POST /panels HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(100_000)}`]) {
    assert.equal(statusOf(await server.raw(text)), 431);
  }
});

test('pipelined requests get their responses in order', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { echo: 'return $args.n' });
  let text = '';
  for (let n = 0; n < 100; ++n) {
    const body = JSON.stringify({ n });
    const last = n === 99 ? 'Connection: close\r\n' : '';
    text += `POST /panels/p/trigger/echo HTTP/1.1\r\nHost: localhost\r\n${last}Content-Length: ${body.length}\r\n\r\n${body}`;
  }
  const responses = await server.raw(text);
  const values = [...responses.matchAll(/"returnValue":(\d+)/g)].map(([, value]) => Number(value));
  assert.deepEqual(values, Array.from({ length: 100 }, (_, n) => n));
});

test('a connection is kept, also after an API error', options, async (t) => {
  const server = await serve(t);
  const client = server.connect();
  await client.send('GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await client.until(/NOT_FOUND/);
  await client.send('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await client.until(/"live"/);
  client.socket.destroy();
});

test('HTTP/1.0 gets a response and the connection is closed', options, async (t) => {
  const server = await serve(t);
  assert.match(await server.raw('GET /health/live HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 [^]*Connection: close\r\n/);
});

test('a client that has stopped sending gets its response', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { a: 'return 5' });
  const response = await server.raw('POST /panels/p/trigger/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}', { halfClose: true });
  assert.match(response, /"returnValue":5/);
  const cut = await server.raw('POST /panels/p/trigger/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{}', { halfClose: true });
  assert.equal(statusOf(cut), 400);
});

test('a client that expects 100-continue gets it', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { a: 'return $args.x' });
  const client = server.connect();
  await client.send('POST /panels/p/trigger/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\nExpect: 100-continue\r\n\r\n');
  await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
  await client.send('{"x":3}');
  await client.until(/"returnValue":3/);
  client.socket.destroy();
});

test('a page of another site may not call', options, async (t) => {
  const server = await serve(t);
  const own = await server.get('/health', { origin: server.url });
  assert.equal(own.status, 200);
  for (const origin of ['http://evil.example', 'null', `http://localhost:${server.port}`]) {
    const { status, json } = await server.post('/panels', {}, { origin });
    assert.equal(status, 403, origin);
    assert.equal(json.code, 'ORIGIN_NOT_ALLOWED');
  }
  // The response comes before the body.
  const early = await server.raw('POST /panels HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\nContent-Length: 1000\r\n\r\n');
  assert.equal(statusOf(early), 403);
});

test('an unknown host is 421', options, async (t) => {
  const server = await serve(t);
  for (const host of ['evil.example', 'evil.example:3000', 'localhost.evil.example']) {
    const { status, json } = await server.get('/panels/p', { host });
    assert.equal(status, 421, host);
    assert.equal(json.code, 'MISDIRECTED');
  }
  for (const host of ['localhost', '[::1]:3000', '10.1.2.3']) {
    assert.equal((await server.get('/health', { host })).status, 200, host);
  }
});

test('equivalent spellings of a target mean the same', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { a: 'return 1' });
  for (const target of ['/panels/%70', '/%70anels/p?x=1', `http://127.0.0.1:${server.port}/panels/p`]) {
    assert.match(await server.raw(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`), /^HTTP\/1\.1 200 /, target);
  }
  assert.equal((await server.get('/panels/p%2Fstate')).status, 404);
});
