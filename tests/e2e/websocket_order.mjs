// Many clients and many concurrent changes: each client receives every change once and in order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pipeline } from './support/pipeline.mjs';
import { serve } from './support/program.mjs';
import { replay, watch } from './support/socket.mjs';

const options = { timeout: 300_000 };
const TOTAL = Number(process.env.NEXUS_INCREMENTS ?? 10_000);
const add = '$state.n++';

// Sends `count` triggers, as many at once as one client may have in progress.
async function increments(client, count) {
  let sent = 0, answered = 0;
  const send = () => {
    ++sent;
    client.send({ type: 'TRIGGER', tool: 'add', requestId: sent });
  };
  await new Promise((resolve, reject) => {
    client.ws.on('message', (data) => {
      const text = data.toString();
      if (text.startsWith('{"type":"ERROR"')) reject(new Error(text));
      if (!text.startsWith('{"type":"RESULT"')) return;
      if (++answered === count) resolve();
      else if (sent < count) send();
    });
    while (sent < Math.min(16, count)) send();
  });
}

const requestOf = (panel) => `POST /panels/${panel}/trigger/add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`;

test('clients that connect during many changes end with the right state', options, async (t) => {
  const server = await serve(t, { env: { THREADS: '2', MAX_PANEL_QUEUE: '10000' } });
  const ids = ['a', 'b', 'c', 'd'];
  for (const id of ids) assert.equal((await server.panel(id, { add }, { initialState: { n: 0 } })).status, 201);
  const joined = [];
  let isOver = false;
  const joining = (async () => {
    while (!isOver && joined.length < 400) {
      const batch = await Promise.all(ids.map((id) => watch(server, id)));
      joined.push(...batch);
    }
  })();
  const each = Math.ceil(TOTAL / ids.length / 2);
  const bySockets = ids.map(async (id) => increments(await watch(server, id), each));
  const byHttp = ids.map((id) => pipeline(server, [requestOf(id)], each, { ahead: 20 }));
  for (const found of await Promise.all(byHttp)) assert.deepEqual([...found], [['200', each]]);
  await Promise.all(bySockets);
  isOver = true;
  await joining;
  const states = new Map();
  for (const id of ids) states.set(id, (await server.get(`/panels/${id}`)).json);
  assert.deepEqual([...states.values()].map(({ state }) => state.n), ids.map(() => 2 * each));
  let raced = 0;
  for (const client of joined) {
    await client.settled();
    const [{ panelId, state }] = client.messages;
    if (state.n < 2 * each) ++raced;
    const { state: last, version } = states.get(panelId);
    assert.deepEqual(replay(client.messages), { state: last, version });
  }
  assert.ok(raced > 0, 'nobody came during the flood');
});

test('concurrent increments by WebSocket and HTTP are all counted', options, async (t) => {
  const server = await serve(t, { env: { THREADS: '2', MAX_PANEL_QUEUE: '10000' } });
  assert.equal((await server.panel('p', { add }, { initialState: { n: 0 } })).status, 201);
  const clients = await Promise.all(Array.from({ length: 8 }, () => watch(server, 'p')));
  for (const client of clients) client.send({ type: 'SUBSCRIBE', topics: ['events:none'] });
  const observer = await watch(server, 'p');
  const part = TOTAL / 10;
  const counted = await Promise.all([
    ...clients.map((client) => increments(client, part)), pipeline(server, [requestOf('p')], TOTAL - 8 * part, { ahead: 50 })]);
  assert.deepEqual([...counted.at(-1)], [['200', TOTAL - 8 * part]]);
  await observer.settled();
  const { version } = (await server.get('/panels/p')).json;
  assert.deepEqual(replay(observer.messages), { state: { n: TOTAL }, version });
});

test('a thousand clients receive every change', options, async (t) => {
  const server = await serve(t, { env: { THREADS: '2' } });
  assert.equal((await server.panel('p', { add }, { initialState: { n: 0 } })).status, 201);
  const clients = [];
  for (let n = 0; n < 20; ++n) clients.push(...await Promise.all(Array.from({ length: 50 }, () => watch(server, 'p'))));
  await server.untilMetric(/^nexus_ws_clients 1000$/m);
  for (let n = 0; n < 20; ++n) await server.trigger('p', 'add');
  await Promise.all(clients.map((client) => client.until((one) => one.mutations?.[0].value === 20)));
  for (const client of clients) assert.equal(replay(client.messages).state.n, 20);
  for (const client of clients) client.ws.terminate();
  await server.untilMetric(/^nexus_ws_clients 0$/m);
});
