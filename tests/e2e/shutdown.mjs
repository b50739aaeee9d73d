import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hold, serveHolding } from './support/hold.mjs';
import { serve } from './support/program.mjs';
import { watch } from './support/socket.mjs';

const options = { timeout: 180_000 };

test('an idle server ends at once, with clients connected', options, async (t) => {
  const server = await serve(t);
  const idle = server.connect();
  await idle.connected;
  process.kill(server.pid, 'SIGTERM');
  assert.equal(await server.ended, 0);
  await idle.closed;
});

test('SIGINT ends the server too', options, async (t) => {
  const server = await serve(t);
  process.kill(server.pid, 'SIGINT');
  assert.equal(await server.ended, 0);
});

test('running calls finish, and new ones are rejected', options, async (t) => {
  // With one loop, because other loops start to drain a moment after the log line.
  const server = await serveHolding(t, { env: { LOG_LEVEL: 'info', THREADS: '1', SHUTDOWN_GRACE_MS: '300000' } });
  await server.panel('p', { slow: `${hold} return "done"` });
  const started = server.connect();
  await started.send('POST /panels/p/trigger/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n');
  // Requests that began before the signal, as "100 Continue" proves, and are completed after it.
  const begin = async (line) => {
    const client = server.connect();
    await client.send(`${line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n`);
    await client.until(/^HTTP\/1\.1 100 /);
    return client;
  };
  const late = await begin('POST /panels/p/trigger/slow');
  const probe = await begin('GET /health/ready');
  await server.untilMetric(/nexus_instances\{state="active"\} 1/);
  process.kill(server.pid, 'SIGTERM');
  await server.child.untilErrors(/shutting down/);
  for (const client of [probe, late]) {
    await client.send('{}');
    assert.match(await client.closed, /\r\nHTTP\/1\.1 503 [^]*SHUTTING_DOWN/);
  }
  server.letGo();
  assert.match(await started.closed, /^HTTP\/1\.1 200 [^]*"returnValue":"done"/);
  assert.equal(await server.ended, 0);
});

// A request in the kernel's buffers counts as arrived: closing its connection would leave the client in doubt.
for (const THREADS of ['1', '2', '3']) {
  test(`requests that arrived before SIGTERM get responses, on ${THREADS} loops`, options, async (t) => {
    const server = await serve(t, { env: { THREADS, MAX_PANEL_QUEUE: '1000' } });
    await server.panel('p', { count: 'return ++$state.n' }, { initialState: { n: 0 } });
    const clients = Array.from({ length: 100 }, () => server.connect());
    for (const client of clients) {
      await client.send('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await client.until(/live/);
    }
    await Promise.all(clients.map((client) =>
      client.send('POST /panels/p/trigger/count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n')));
    process.kill(server.pid, 'SIGTERM');
    for (const client of clients) assert.match(await client.closed, /live[^]*HTTP\/1\.1 (200|503) /);
    assert.equal(await server.ended, 0);
  });
}

test('a panel creation cut off by the shutdown is no client error', options, async (t) => {
  const server = await serve(t, { env: { SHUTDOWN_GRACE_MS: '200' } });
  const making = server.panel('p', { t: 'for (;;);\nexport default () => 1' });
  await server.untilMetric(/nexus_instances\{state="active"\} 1/);
  process.kill(server.pid, 'SIGTERM');
  const { status, json, headers } = await making;
  assert.equal(status, 503);
  assert.equal(json.code, 'SHUTTING_DOWN');
  assert.ok(Number(headers['retry-after']) >= 1);
  assert.equal(await server.ended, 0);
});

test('calls that exceed the grace are cancelled and get responses', options, async (t) => {
  const server = await serve(t, { env: { SHUTDOWN_GRACE_MS: '300' } });
  await server.panel('p', { spin: 'for(;;){}' });
  const spinning = server.trigger('p', 'spin');
  await server.untilMetric(/nexus_instances\{state="active"\} 1/);
  process.kill(server.pid, 'SIGTERM');
  const { status, json } = await spinning;
  assert.equal(status, 200);
  assert.equal(json.error.code, 'CANCELLED');
  assert.equal(await server.ended, 0);
});

test('under load each accepted call gets its response before the end', options, async (t) => {
  const server = await serve(t, { env: { LOG_LEVEL: 'info', MAX_PANEL_QUEUE: '1000', SHUTDOWN_GRACE_MS: '300000' } });
  const tools = { inc: 'for (let i = 0; i < 50_000; ++i); $state.n++; return $state.n' };
  for (const id of ['a', 'b', 'c', 'd']) await server.panel(id, tools, { initialState: { n: 0 } });
  // Each client sends its next request after each response, until it is told to stop.
  const call = (id) => `POST /panels/${id}/trigger/inc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`;
  const outcomes = Array.from({ length: 40 }, async (_, n) => {
    const client = server.connect();
    let sent = 1, answered = 0;
    client.socket.on('data', (text) => {
      answered += text.match(/HTTP\/1\.1 \d{3}/g)?.length ?? 0;
      if (answered < sent || client.socket.writableEnded) return;
      ++sent;
      client.send(call('abcd'[n % 4]));
    });
    await client.send(call('abcd'[n % 4]));
    const received = await client.closed;
    return { sent, served: received.match(/"status":"success"/g)?.length ?? 0, refused: received.match(/SHUTTING_DOWN/g)?.length ?? 0 };
  });
  await server.untilMetric(/nexus_handler_executions_total\{status="success"\} \d{2}/);
  process.kill(server.pid, 'SIGTERM');
  const all = await Promise.all(outcomes);
  for (const { sent, served, refused } of all) {
    // The last request of each client may have met a closing connection.
    assert.ok(served + refused >= sent - 1 && served + refused <= sent, `${served} served, ${refused} refused of ${sent}`);
  }
  assert.ok(all.reduce((sum, { served }) => sum + served, 0) >= 10);
  assert.equal(await server.ended, 0);
});

// Nobody could resume it any more, yet it delayed the end by the whole grace.
test('executions suspended after SIGTERM are cancelled and get responses', options, async (t) => {
  // The grace is longer than the test may take.
  const server = await serveHolding(t, { env: { THREADS: '1', SHUTDOWN_GRACE_MS: '86400000' } });
  const ask = `${hold} $state.a = 1; await $ext.external.wait()`;
  for (const id of ['p', 'q']) await server.panel(id, { ask }, { capabilities: ['state:*', 'ext:*'] });
  const [idle, asking] = [await watch(server, 'q'), await watch(server, 'q')];
  const asked = server.trigger('p', 'ask');
  asking.send({ type: 'TRIGGER', tool: 'ask' });
  await server.untilMetric(/nexus_instances\{state="active"\} 2/);
  process.kill(server.pid, 'SIGTERM');
  await idle.closed; // the loop has started to drain
  server.letGo();
  const { status, json } = await asked;
  const { result } = await asking.next('RESULT');
  assert.equal(status, 200);
  for (const { error, stateMutations } of [json, result]) {
    assert.equal(error.code, 'CANCELLED');
    assert.deepEqual(stateMutations, [{ op: 'set', key: 'a', value: 1 }], 'its segment was committed');
  }
  assert.equal(await server.ended, 0);
  assert.equal(asking.messages.some(({ type }) => type === 'PROGRESS'), false);
});

test('a second signal ends the server at once', options, async (t) => {
  const server = await serve(t, { env: { LOG_LEVEL: 'info' } });
  await server.panel('p', { spin: 'for(;;){}' });
  server.trigger('p', 'spin').catch(() => {});
  await server.untilMetric(/nexus_instances\{state="active"\} 1/);
  process.kill(server.pid, 'SIGTERM');
  await server.child.untilErrors(/shutting down/);
  process.kill(server.pid, 'SIGTERM');
  assert.equal(await server.ended, 128 + 15);
});
