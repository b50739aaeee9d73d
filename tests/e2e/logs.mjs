import assert from 'node:assert/strict';
import { test } from 'node:test';
import http from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, serve } from './support/program.mjs';
import { onTerminal } from './support/terminal.mjs';

const options = { timeout: 180_000 };

const linesOf = (text) => text.split('\n').filter((line) => line.endsWith('}')).map((line) => JSON.parse(line));
const lines = (server) => linesOf(server.child.stderr);
// Resolves with the first log line for which `isIt` is true.
const line = (server, isIt) => server.child.untilErrors({ exec: (text) => linesOf(text).find(isIt) });

test('a log that is not read blocks no call', options, async (t) => {
  const server = await serve(t, { env: { LOG_LEVEL: 'info' } });
  await server.panel('noisy', { flood: 'for (let i = 0; i < 900; i += 1) $log("x".repeat(70)); return 1' });
  server.child.process.stderr.pause();
  for (let i = 0; i < 20; i += 1) assert.equal((await server.trigger('noisy', 'flood')).json.returnValue, 1);
  assert.equal((await server.get('/health/live')).status, 200);
  server.child.process.stderr.resume();
  while (!/log lines were dropped/.test(server.child.stderr)) await server.trigger('noisy', 'flood');
});

test('a handler cannot write lines or fields of its own into the log', options, async (t) => {
  const server = await serve(t, { env: { LOG_LEVEL: 'info' } });
  await server.panel('p', { forge: String.raw`$log("first\nsecond \u001b[31mred \u001f panel=q\u001e \u2028 \ud800 \"}")` });
  const { executionId } = (await server.trigger('p', 'forge')).json;
  const { time, ...rest } = await line(server, ({ tool }) => tool === 'forge');
  assert.deepEqual(rest, {
    level: 'info', panel: 'p', tool: 'forge', execution: executionId,
    message: String.raw`first\nsecond \x1b[31mred \x1f panel=q\x1e \u2028 ` + '\ufffd "}',
  });
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('a line has the level name of LOG_LEVEL', options, async (t) => {
  const server = await serve(t, { env: { LOG_LEVEL: 'debug' } });
  await server.panel('p', { log: '$log.debug("of debug"); $log.info("of info"); $log.warn("of warn"); $log.error("of error")' });
  await server.trigger('p', 'log');
  for (const level of ['debug', 'info', 'warn', 'error']) await line(server, (one) => one.level === level && one.message === `of ${level}`);
});

test('a long line is cut and still valid JSON', options, async (t) => {
  const server = await serve(t, { env: { LOG_LEVEL: 'info' } });
  await server.panel('p', { long: '$log("\\u0001\\"é".repeat(3000)); $log("short")' });
  await server.trigger('p', 'long');
  await line(server, ({ message }) => message === 'short');
  const [long] = lines(server);
  assert.ok(long.message.startsWith(String.raw`\x01"é\x01"é`));
  assert.ok(server.child.stderr.split('\n')[0].length > 2000);
});

test('LOG_PRETTY prints text lines', options, async (t) => {
  const server = await serve(t, { env: { LOG_LEVEL: 'info', LOG_PRETTY: 'true' } });
  await server.panel('p', { log: '$log.warn("look")' });
  await server.trigger('p', 'log');
  await server.child.untilErrors(/^\S+Z warn panel=p tool=log execution=\S+ look\n/m);
});

// The output of a server on a terminal. Its folder causes a warning.
async function shownBy(t, env) {
  const shown = await onTerminal(t, ['serve'], (text) => text.includes('listening on ws'), {
    HTTP_PORT: '0', WS_PORT: '0', LOG_LEVEL: 'warn', LOG_PRETTY: 'true', CACHE_DIR: '/dev/null/none', MAX_CACHE_SIZE_MB: '0', ...env,
  });
  if (shown !== undefined) assert.match(shown, /warn[^\n]*CACHE_DIR/);
  return shown;
}

test('on a terminal text lines have colours, unless NO_COLOR is set', options, async (t) => {
  const shown = await shownBy(t, {});
  if (shown === undefined) return t.skip('no script (util-linux)');
  assert.match(shown, /Z \x1b\[33mwarn\x1b\[0m /);
  assert.doesNotMatch(await shownBy(t, { NO_COLOR: '1' }), /\x1b/);
});

test('a request id is logged and sent back', options, async (t) => {
  const server = await serve(t, { env: { LOG_LEVEL: 'info' } });
  await server.panel('p', { log: '$log("here")' });
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const response = await server.post('/panels/p/trigger/log', {}, { 'x-request-id': 'mine-1', traceparent: `00-${trace}-00f067aa0ba902b7-01` });
  assert.equal(response.headers['x-request-id'], 'mine-1');
  const found = await line(server, ({ message }) => message === 'here');
  assert.deepEqual([found.request, found.trace], ['mine-1', trace]);
  const refused = await server.post('/panels/none/trigger/log', {}, { 'x-request-id': 'mine-2' });
  assert.deepEqual([refused.status, refused.headers['x-request-id']], [404, 'mine-2']);
});

test('invalid request ids and traceparents are ignored', options, async (t) => {
  const server = await serve(t, { env: { LOG_LEVEL: 'info' } });
  await server.panel('p', { log: '$log("here")' });
  const zero = '0'.repeat(32);
  for (const traceparent of ['', 'x', `00-${zero}-00f067aa0ba902b7-01`, `ff-${'a'.repeat(32)}-00f067aa0ba902b7-01`, `00-${'A'.repeat(32)}-00f067aa0ba902b7-01`]) {
    const response = await server.post('/panels/p/trigger/log', {}, { 'x-request-id': 'with blank', traceparent });
    assert.equal(response.headers['x-request-id'], undefined);
  }
  await line(server, () => lines(server).length === 5);
  for (const one of lines(server)) assert.ok(!('trace' in one) && !('request' in one), JSON.stringify(one));
});

test('requests of a handler carry its trace', options, async (t) => {
  const asked = [];
  const service = http.createServer((request, response) => { asked.push(request.headers); response.end('{}'); });
  await new Promise((resolve) => { service.listen(0, '127.0.0.1', resolve); });
  t.after(() => service.close());
  const server = await serve(t, { env: { HTTP_ALLOW_PRIVATE: 'true' } });
  const url = `http://127.0.0.1:${service.address().port}/`;
  await server.panel('p', {
    call: `await $ext.http.get("${url}"); await $ext.timer.sleep(1); await $ext.http.get("${url}", {headers: {traceparent: "own"}})`,
  }, { capabilities: ['ext:*'] });
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736', span = '00f067aa0ba902b7';
  const { json } = await server.post('/panels/p/trigger/call', {}, { traceparent: `00-${trace}-${span}-01`, tracestate: 'a=b' });
  assert.equal(json.status, 'success', JSON.stringify(json.error));
  assert.match(asked[0].traceparent, new RegExp(`^00-${trace}-(?!${span})[0-9a-f]{16}-01$`));
  assert.equal(asked[0].tracestate, 'a=b');
  assert.equal(asked[1].traceparent, 'own');
});

test('ACCESS_LOG writes a line for each request, without tokens', options, async (t) => {
  const server = await serve(t, { env: { LOG_LEVEL: 'info', ACCESS_LOG: 'true' } });
  await server.panel('p', { run: '$log("here"); return 1' });
  const response = await server.post('/panels/p/trigger/run?logs=1&token=secret', {});
  const { time, peer, bytes, duration_ms: duration, request, ...rest } = await line(server, ({ target }) => target?.startsWith('/panels/p/trigger'));
  assert.deepEqual(rest, { level: 'info', message: 'answered', method: 'POST', target: '/panels/p/trigger/run?logs=1&token=***', status: '200' });
  assert.equal(Number(bytes), Buffer.byteLength(response.text));
  assert.ok(Number(duration) > 0);
  assert.match(peer, /^127\.0\.0\.1:\d+$/);
  assert.match(request, /^[0-9a-f]{16}$/);
  assert.equal(response.headers['x-request-id'], request);
  assert.equal((await line(server, ({ message }) => message === 'here')).request, request);
  await server.get(`/${'%4'.repeat(2000)}`);
  assert.equal((await line(server, ({ target }) => target?.startsWith('/%4%4'))).status, '404', 'a long target is cut, and the line is whole');
});

test('SIGHUP reloads LOG_LEVEL, and a fault changes nothing', options, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'nexus.toml');
  writeFileSync(file, '[logging]\nlevel = "warn"\n');
  const child = launch(['serve', '--config', file], { LOG_LEVEL: undefined });
  t.after(async () => { child.process.kill('SIGKILL'); await child.ended; });
  await child.untilOutput(/^listening on /);
  writeFileSync(file, '[logging]\nlevel = "info"\n');
  child.process.kill('SIGHUP');
  await child.untilErrors(/LOG_LEVEL is info/);
  writeFileSync(file, '[logging]\nlevel = "loud"\n');
  child.process.kill('SIGHUP');
  await child.untilErrors(/LOG_LEVEL is unchanged: [^\n]*loud/);
  child.process.kill('SIGTERM');
  assert.equal(await child.ended, 0);
});

test('log lines beyond the limit of a handler are dropped and counted', options, async (t) => {
  const server = await serve(t, { env: { MAX_LOG_BYTES: '100' } });
  await server.panel('p', { log: 'for (let i = 0; i < 3; i += 1) $log("x".repeat(40)); return 1' });
  const { json } = await server.trigger('p', 'log?logs=1');
  assert.equal(json.logs.length, 2);
  assert.equal(json.logLinesDropped, 1);
});

test('a panel whose tools never finish loading is rejected after the first', options, async (t) => {
  const server = await serve(t, { env: { TIMEOUT_MS: '200' } });
  const endless = (name) => ({ name, handler: `for (;;) {} export default () => '${name}'`, trigger: { type: 'manual' } });
  const { status, json } = await server.post('/panels', { id: 'p', kind: 'test', tools: ['a', 'b', 'c'].map(endless) });
  assert.equal(status, 400);
  assert.deepEqual(json.details.map(({ tool, code }) => [tool, code]), [['a', 'TIMEOUT']]);
});
