// The end of WebSocket connections, and frames that no client should send.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { hold, serveHolding } from './support/hold.mjs';
import { watch } from './support/socket.mjs';

const options = { timeout: 180_000 };
const tools = {
  add: '$state.n = ($state.n ?? 0) + 1; return $state.n',
  big: '$state.text = "x".repeat($args.size)',
  wait: `${hold} return 1`,
  forever: 'for (;;);',
};

async function withPanel(t, env = {}) {
  const server = await serveHolding(t, { env: { THREADS: '2', ...env } });
  assert.equal((await server.panel('p', tools)).status, 201);
  return server;
}

test('clients of a deleted panel are closed with its code', options, async (t) => {
  const server = await withPanel(t);
  const clients = [await watch(server, 'p'), await watch(server, 'p')];
  clients[0].send({ type: 'TRIGGER', tool: 'forever' });
  await clients[0].settled();
  assert.equal((await server.request('DELETE', '/panels/p')).status, 204);
  for (const client of clients) assert.deepEqual(await client.closed, { code: 4404, reason: 'the panel has been deleted' });
  await server.panel('p', tools);
  const client = await watch(server, 'p');
  assert.deepEqual((await client.next('CONNECTED')).state, {});
  await server.untilMetric(/^nexus_ws_clients 1$/m);
});

test('a message larger than BODY_LIMIT ends the connection', options, async (t) => {
  const server = await withPanel(t, { BODY_LIMIT: '10kb' });
  const client = await watch(server, 'p');
  const ping = (size) => JSON.stringify({ type: 'PING', requestId: '' }).replace('""', `"${'x'.repeat(size - 30)}"`);
  client.send(ping(10 * 1024));
  assert.match((await client.next('ERROR')).message, /requestId/);
  client.send(ping(10 * 1024 + 1));
  assert.equal((await client.closed).code, 1009);
});

test('a shutdown waits for the results of clients, and then closes them', options, async (t) => {
  const server = await withPanel(t);
  const idle = await watch(server, 'p');
  const busy = await watch(server, 'p');
  busy.send({ type: 'TRIGGER', tool: 'wait' });
  await busy.settled();
  process.kill(server.pid, 'SIGTERM');
  assert.equal((await idle.closed).code, 1001);
  server.letGo();
  assert.equal((await busy.next('RESULT')).result.returnValue, 1);
  assert.equal((await busy.closed).code, 1001);
  assert.equal(await server.ended, 0);
});

test('a client that does not reply does not delay the shutdown for long', options, async (t) => {
  const server = await withPanel(t);
  const client = await watch(server, 'p');
  client.ws._socket.pause();
  process.kill(server.pid, 'SIGTERM');
  assert.equal(await server.ended, 0);
});

test('a client that does not read is closed, and the others are not affected', options, async (t) => {
  const server = await withPanel(t);
  const stuck = await watch(server, 'p');
  const other = await watch(server, 'p');
  stuck.ws._socket.pause();
  for (let n = 0; ; ++n) {
    assert.equal((await server.trigger('p', 'big', { size: 100_000 + n % 2 })).json.status, 'success');
    await other.next('PATCH');
    if (/^nexus_ws_clients 1$/m.test((await server.get('/metrics')).text)) break;
    other.messages.length = 0;
  }
  stuck.ws._socket.resume();
  assert.equal((await stuck.closed).code, 1008);
  await other.settled();
});

test('a state larger than the queue limit reaches its clients', options, async (t) => {
  const server = await withPanel(t);
  await server.trigger('p', 'big', { size: 3_000_000 });
  const client = await watch(server, 'p');
  assert.equal((await client.next('CONNECTED')).state.text.length, 3_000_000);
  await client.settled();
});

const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';
const upgrade = `GET /panels/p/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n`;

// A masked frame, as clients have to send it.
function frame(first, payload, { masked = true, length = payload.length } = {}) {
  const head = length < 126 ? [first, (masked ? 0x80 : 0) | length] : [first, (masked ? 0x80 : 0) | 126, length >> 8, length & 0xff];
  if (!masked) return Buffer.concat([Buffer.from(head), payload]);
  const mask = randomBytes(4);
  return Buffer.concat([Buffer.from(head), mask, payload.map((byte, at) => byte ^ mask[at % 4])]);
}
const text = (string) => Buffer.from(string);

// Sends bytes after an upgrade; returns the code of the server's close frame, or undefined.
async function closeCode(server, bytes) {
  const client = server.connect();
  client.socket.setEncoding('latin1');
  await client.connected;
  await client.send(upgrade);
  await client.until(/CONNECTED.*\}/);
  const before = client.received.length;
  client.socket.write(bytes);
  await new Promise((resolve) => { client.socket.on('end', resolve).on('close', resolve); });
  const rest = Buffer.from(client.received.slice(before), 'latin1');
  client.socket.destroy();
  const at = rest.indexOf(0x88);
  return at < 0 || rest.length < at + 4 ? undefined : rest.readUInt16BE(at + 2);
}

test('frames that violate the protocol are closed with the codes of the protocol', options, async (t) => {
  const server = await withPanel(t);
  const ping = text('{"type":"PING"}');
  const cases = [
    ['not masked', frame(0x81, ping, { masked: false }), 1002],
    ['reserved bit', frame(0xc1, ping), 1002],
    ['unknown opcode', frame(0x83, ping), 1002],
    ['continuation of nothing', frame(0x80, ping), 1002],
    ['a message inside another', Buffer.concat([frame(0x01, ping), frame(0x81, ping)]), 1002],
    ['a long ping', frame(0x89, Buffer.alloc(126)), 1002],
    ['a ping in parts', frame(0x09, text('x')), 1002],
    ['no UTF-8', frame(0x81, Buffer.from([0xff, 0xfe])), 1007],
    ['half a character at the end', frame(0x81, Buffer.from([0xe2, 0x82])), 1007],
    ['a close with one byte', frame(0x88, Buffer.from([1])), 1002],
    ['a close with a bad code', frame(0x88, Buffer.from([0x03, 0xed])), 1002],
    ['a close', frame(0x88, Buffer.from([0x03, 0xe8])), 1000],
    ['a length of 2^63', Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]), 1009],
  ];
  for (const [what, bytes, code] of cases) assert.equal(await closeCode(server, bytes), code, what);
  await server.untilMetric(/^nexus_ws_clients 0$/m);
});

test('a message may come in parts, right after the upgrade, and byte by byte', options, async (t) => {
  const server = await withPanel(t);
  const client = server.connect();
  await client.connected;
  const message = JSON.stringify({ type: 'TRIGGER', tool: 'add', requestId: 'ü' });
  const parts = Buffer.concat([frame(0x01, text(message.slice(0, 20))), frame(0x89, text('hello')), frame(0x80, text(message.slice(20)))]);
  client.socket.write(Buffer.concat([Buffer.from(upgrade), parts]));
  await client.until(/hello[^]*"type":"RESULT","requestId":"ü"/);
  for (const byte of parts) await new Promise((resolve) => { client.socket.write(Buffer.from([byte]), resolve); });
  await client.until(/"returnValue":2/);
  client.socket.destroy();
});

test('random bytes end their connection only', options, async (t) => {
  const server = await withPanel(t);
  await Promise.all(Array.from({ length: 50 }, async (_, n) => {
    const client = server.connect();
    await client.connected;
    await client.send(upgrade);
    await client.until(/CONNECTED/);
    client.socket.end(randomBytes(1 + n * 37));
    await new Promise((resolve) => { client.socket.on('close', resolve); });
  }));
  await server.untilMetric(/^nexus_ws_clients 0$/m);
  assert.equal((await server.trigger('p', 'add')).json.returnValue, 1);
});
