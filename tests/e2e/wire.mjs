// Requests that only a broken or hostile client sends. Each gets a response or is closed, and the server serves the
// next one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from './support/program.mjs';

const options = { timeout: 180_000 };
const rest = 'Host: localhost\r\nConnection: close\r\n';
const call = `POST /panels/p/trigger/echo HTTP/1.1\r\n${rest}`;
const statusOf = (text) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]);

async function serveEcho(t, more) {
  const server = await serve(t, more);
  await server.panel('p', { echo: 'return $args' });
  return server;
}

// Expects `status` for each text, and the end of its connection.
async function expectAll(server, status, texts) {
  for (const text of texts) {
    const response = await server.raw(text, { halfClose: true });
    assert.equal(statusOf(response), status, `${JSON.stringify(text).slice(0, 300)}: ${response.slice(0, 300)}`);
    assert.equal(response.match(/HTTP\/1\.1 \d{3}/g).length, 1, `one answer to ${JSON.stringify(text).slice(0, 300)}`);
  }
  assert.equal((await server.get('/health/live')).status, 200);
}

test('malformed request lines', options, async (t) => {
  const server = await serveEcho(t);
  await expectAll(server, 400, [
    'GET  /health/live HTTP/1.1\r\n', 'GET /health/live  HTTP/1.1\r\n', 'GET /health /live HTTP/1.1\r\n', 'GET /heal\x00th HTTP/1.1\r\n',
    'GET /heal\x7fth HTTP/1.1\r\n', 'GET\t/health/live\tHTTP/1.1\r\n', 'GET /health/live HTTP/1.1\n', 'GET /health/live HTTP/1.2\r\n',
    'GET /health/live HTTP/1.1x\r\n', 'GET /health/live http/1.1\r\n', 'G\x01T /health/live HTTP/1.1\r\n', ' GET /health/live HTTP/1.1\r\n',
    'GET HTTP/1.1\r\n', '/health/live HTTP/1.1\r\n',
  ].map((line) => `${line}${rest}\r\n`));
  await expectAll(server, 400, ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', '\0\0\0\0', '{"kind":"k"}\r\n\r\n']);
  await expectAll(server, 405, ['FOO /health/live HTTP/1.1\r\n', 'get /health/live HTTP/1.1\r\n', 'TRACE /metrics HTTP/1.1\r\n'].map((line) => `${line}${rest}\r\n`));
});

test('unknown paths', options, async (t) => {
  const server = await serveEcho(t);
  await expectAll(server, 404, ['*', '/h\u00e9', '/panels/%zz', '/panels/p%', '/panels/p%2', '/panels/%00', '/panels/%2e%2e/panels/p', '/panels/../panels/p',
    '/panels/p#x', '/panels//p', '/panels/p%2fstate', '/panels/p;x', `/panels/${'x'.repeat(10_000)}`, '/'.repeat(15_000), '/panels/p/trigger/%65cho/x',
    'localhost:80', 'mailto:a@b', 'http://', 'http://localhost'].map((target) => `GET ${target} HTTP/1.1\r\n${rest}\r\n`));
  await expectAll(server, 404, [`POST /panels/p/trigger/e%63ho%00 HTTP/1.1\r\n${rest}Content-Length: 0\r\n\r\n`, `POST /panels/p/trigger/${'t'.repeat(65)} HTTP/1.1\r\n${rest}\r\n`]);
  await expectAll(server, 200, ['/panels/%70?a=%&b=%zz&&&=', 'http://u:p@localhost/panels/p']
    .map((target) => `GET ${target} HTTP/1.1\r\n${rest}\r\n`));
});

test('malformed headers', options, async (t) => {
  const server = await serveEcho(t);
  await expectAll(server, 400, [': x', 'Host : localhost', 'X Y: z', 'X: \x00', 'X: \x7f', 'X: a\rb', 'X', 'X: y\nZ: a', '\x80: y', '(x): y']
    .map((header) => `GET /health/live HTTP/1.1\r\n${header}\r\n${rest}\r\n`));
  await expectAll(server, 200, ['X:', 'X: \t', 'X: \xe9', 'X: a\r\n folded', `X: ${'y'.repeat(8000)}`, 'If-None-Match: ""', 'A: b\r\n'.repeat(1000).trim()]
    .map((header) => `GET /health/live HTTP/1.1\r\n${rest}${header}\r\n\r\n`));
});

test('bodies with an ambiguous length', options, async (t) => {
  const server = await serveEcho(t);
  const chunks = '2\r\n{}\r\n0\r\n\r\n';
  await expectAll(server, 400, [
    ...['+2', '-2', '0x2', '2.0', '2 2', '2, 3', '', 'two', '18446744073709551616', '2;'].map((length) => `${call}Content-Length: ${length}\r\n\r\n{}`),
    `${call}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
    `${call}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    `${call}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n${chunks}`,
    ...['gzip', 'xchunked', 'chunked, chunked', 'gzip, chunked', 'identity', 'chunked;q=1', ''].map((coding) => `${call}Transfer-Encoding: ${coding}\r\n\r\n${chunks}`),
    `${call}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    `${call}Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}`,
    `POST /panels/p/trigger/echo HTTP/1.0\r\n${rest}Transfer-Encoding: chunked\r\n\r\n${chunks}`,
  ]);
});

test('malformed chunks', options, async (t) => {
  const server = await serveEcho(t);
  const chunked = (text) => `${call}Transfer-Encoding: chunked\r\n\r\n${text}`;
  await expectAll(server, 400, ['+2\r\n{}\r\n0\r\n\r\n', '0x2\r\n{}\r\n0\r\n\r\n', '-1\r\n{}\r\n0\r\n\r\n', '\r\n{}\r\n0\r\n\r\n', '2\n{}\n0\n\n', 'g\r\n{}\r\n0\r\n\r\n',
    '2\r\n{}}\r\n0\r\n\r\n', '2\r\n{}0\r\n\r\n', '10000000000000000\r\n{}', '2\r\n{}\r\n', '2\r\n{', '0\r\n', '0\r\nX: y', ';\r\n'].map(chunked));
  await expectAll(server, 200, ['2\r\n{}\r\n0\r\n\r\n', '1\r\n{\r\n1\r\n}\r\n0\r\n\r\n', '002;a=b;c="d"\r\n{}\r\n0;e\r\nX: y\r\nOrigin: http://evil.example\r\n\r\n', '0\r\n\r\n'].map(chunked));
  const text = '{"a":"0123456789"}';
  const one = [...text].map((byte) => `1\r\n${byte}\r\n`).join('');
  assert.match(await server.raw(chunked(`${one}0\r\n\r\n`)), /"returnValue":\{"a":"0123456789"\}/);
});

test('a request that ends in the middle is 400', options, async (t) => {
  const server = await serveEcho(t);
  const whole = `${call}Content-Length: 8\r\n\r\n{"a": 1}`;
  for (let cut = 1; cut < whole.length; ++cut) {
    const response = await server.raw(whole.slice(0, cut), { halfClose: true });
    assert.equal(statusOf(response), 400, `cut at ${cut}`);
  }
  assert.equal(await server.raw('', { halfClose: true }), '', 'nothing is no request');
  assert.match(await server.raw(whole, { halfClose: true }), /"a":1/);
});

test('a request may come byte by byte', options, async (t) => {
  const server = await serveEcho(t);
  const client = server.connect();
  await client.connected;
  for (const byte of `${call}Transfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n5;x\r\n": 1}\r\n0\r\nX: y\r\n\r\n`) await client.send(byte);
  assert.match(await client.closed, /"returnValue":\{"a":1\}/);
});

test('pipelined requests get responses in order, also errors, until one closes', options, async (t) => {
  const server = await serveEcho(t);
  const ask = (line, more = '', body = '') => `${line} HTTP/1.1\r\nHost: localhost\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
  const responses = await server.raw([
    ask('GET /health/live'), ask('GET /nothing'), ask('POST /panels/p/trigger/echo', '', '{"n":1}'), ask('POST /panels/p/trigger/echo', '', '[]'),
    ask('PATCH /panels'), ask('DELETE /panels/none'), ask('GET /panels/p', 'If-None-Match: "1"\r\n'), ask('GET /panels?limit=0'),
    ask('POST /panels/p/trigger/echo', 'Connection: close\r\n', '{"n":2}'), ask('POST /panels/p/trigger/echo', '', '{"n":3}'),
  ].join(''));
  assert.deepEqual([...responses.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status)), [200, 404, 200, 400, 405, 404, 304, 400, 200]);
  assert.match(responses, /"n":1[^]*"n":2/);
  assert.doesNotMatch(responses, /"n":3/);
});

test('bytes after a malformed request are ignored', options, async (t) => {
  const server = await serveEcho(t);
  const responses = await server.raw(`GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\nnonsense\r\n\r\nPOST /panels/p/trigger/echo HTTP/1.1\r\n${rest}\r\n`);
  assert.deepEqual(responses.match(/HTTP\/1\.1 \d{3}/g), ['HTTP/1.1 200', 'HTTP/1.1 400']);
});

test('clients that disconnect in the middle leave nothing behind', options, async (t) => {
  const server = await serveEcho(t);
  const texts = ['', 'GET /hea', `${call}Content-Length: 1000\r\n\r\n{`, `${call}Transfer-Encoding: chunked\r\n\r\nff\r\n{`, `${call}Content-Length: 0\r\n\r\n`.repeat(20),
    `${call}Content-Length: 100\r\nExpect: 100-continue\r\n\r\n`];
  for (let round = 0; round < 20; ++round) {
    await Promise.all(texts.map(async (text) => {
      const client = server.connect();
      await client.connected;
      if (text) await client.send(text);
      client.socket.resetAndDestroy();
    }));
  }
  assert.deepEqual((await server.trigger('p', 'echo', { a: 1 })).json.returnValue, { a: 1 });
  await server.untilMetric(/nexus_instances\{state="active"\} 0/);
});
