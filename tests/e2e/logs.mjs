import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from './support/program.mjs';

const options = { timeout: 60_000 };

test('a log that nobody reads holds nobody up', options, async (t) => {
  const server = await serve(t, { env: { LOG_LEVEL: 'info' } });
  await server.panel('noisy', { flood: 'for (let i = 0; i < 900; i += 1) $log("x".repeat(70)); return 1' });
  server.child.process.stderr.pause();
  for (let i = 0; i < 20; i += 1) assert.equal((await server.trigger('noisy', 'flood')).json.returnValue, 1);
  assert.equal((await server.get('/health/live')).status, 200);
  server.child.process.stderr.resume();
  while (!/log lines were dropped/.test(server.child.stderr)) await server.trigger('noisy', 'flood');
});

test('a handler cannot write lines of its own into the log', options, async (t) => {
  const server = await serve(t, { env: { LOG_LEVEL: 'info' } });
  await server.panel('p', { forge: String.raw`$log("first\nsecond \u001b[31mred")` });
  await server.trigger('p', 'forge');
  await server.child.untilErrors(/panel=p tool=forge execution=\S+ first\\nsecond \\x1b\[31mred\n/);
});

test('a line has the level that LOG_LEVEL knows', options, async (t) => {
  const server = await serve(t, { env: { LOG_LEVEL: 'debug' } });
  await server.panel('p', { log: '$log.debug("of debug"); $log.info("of info"); $log.warn("of warn"); $log.error("of error")' });
  await server.trigger('p', 'log');
  for (const level of ['debug', 'info', 'warn', 'error']) {
    await server.child.untilErrors(new RegExp(`^\\S+Z ${level} panel=p tool=log execution=\\S+ of ${level}$`, 'm'));
  }
});

test('what a handler logs is cut at its limit, and what is dropped is counted', options, async (t) => {
  const server = await serve(t, { env: { MAX_LOG_BYTES: '100' } });
  await server.panel('p', { log: 'for (let i = 0; i < 3; i += 1) $log("x".repeat(40)); return 1' });
  const { json } = await server.trigger('p', 'log?logs=1');
  assert.equal(json.logs.length, 2);
  assert.equal(json.logLinesDropped, 1);
});

test('a panel whose tools load for ever is refused after the first', options, async (t) => {
  const server = await serve(t, { env: { TIMEOUT_MS: '200' } });
  const endless = (name) => ({ name, handler: `for (;;) {} export default () => '${name}'`, trigger: { type: 'manual' } });
  const { status, json } = await server.post('/panels', { id: 'p', kind: 'test', tools: ['a', 'b', 'c'].map(endless) });
  assert.equal(status, 400);
  assert.deepEqual(json.details.map(({ tool, code }) => [tool, code]), [['a', 'TIMEOUT']]);
});
