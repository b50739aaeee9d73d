// A million requests leave no memory behind, and a thousand clients at once are all served.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pipeline } from './support/pipeline.mjs';
import { serve, until } from './support/program.mjs';

const rssKb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
// Resident memory at rest: when the figure has not changed for a second. Before that, idle instances and caches are
// still being given up.
async function rssKbAtRest(pid) {
  for (let kb = rssKb(pid), same = 0; ; kb = rssKb(pid)) {
    await sleep(100);
    same = rssKb(pid) === kb ? same + 1 : 0;
    if (same === 10) return kb;
  }
}
const openFiles = (pid) => readdirSync(`/proc/${pid}/fd`).length;

const post = (path, body) => `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

test('a million requests of all kinds leave no memory behind', { timeout: 280_000 }, async (t) => {
  const server = await serve(t, { env: { THREADS: '2', LOG_LEVEL: 'error' } });
  const tools = { inc: '$state.n += $args.by; return {n: $state.n}', fail: 'throw new Error("no")' };
  for (const id of ['a', 'b', 'c', 'd']) await server.panel(id, tools, { initialState: { n: 0 } });
  const requests = [
    ...['a', 'b', 'c', 'd'].flatMap((id) => Array(12).fill(post(`/panels/${id}/trigger/inc`, '{"by":1}'))),
    post('/panels/a/trigger/fail', ''),
    post('/panels/none/trigger/inc', ''),
    post('/panels/b/trigger/inc', '{"by":'),
    'GET /panels/c/state HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET /panels HTTP/1.1\r\nHost: localhost\r\n\r\n',
  ];
  const round = async (count) => {
    const all = await Promise.all(Array.from({ length: 8 }, () => pipeline(server, requests, count / 8, { ahead: 64 })));
    for (const statuses of all) assert.deepEqual([...statuses.keys()].sort(), ['200', '400', '404']);
  };
  await round(100_000);
  const before = await rssKbAtRest(server.pid);
  await round(900_000);
  // For readers of a test that timed out.
  t.diagnostic(`${before} KB before, ${rssKb(server.pid)} KB after`);
  // Less than two bytes per request: the smallest block that a request could leak has 32. The resident pages of the
  // program and of the allocator's heaps vary by some hundred KB.
  await until(() => rssKb(server.pid) <= before + 1536);
});

test('a thousand concurrent clients all get responses, and leave no connection behind', { timeout: 180_000 }, async (t) => {
  const server = await serve(t);
  const before = openFiles(server.pid);
  await server.panel('p', { inc: 'return ++$state.n' }, { initialState: { n: 0 } });
  const agents = Array.from({ length: 1000 }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
  const call = (agent) => new Promise((resolve, reject) => {
    http.request(`${server.url}/panels/p/trigger/inc`, { method: 'POST', agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    }).on('error', reject).end();
  });
  // In groups that fit into the panel's queue, while every client stays connected.
  for (let first = 0; first < agents.length; first += 50) {
    const responses = await Promise.all(agents.slice(first, first + 50).map(call));
    assert.ok(responses.every((status) => status === 200));
  }
  for (const agent of agents) assert.equal(await call(agent), 200);
  assert.ok(openFiles(server.pid) >= before + 1000, 'they are all connected');
  assert.deepEqual((await server.get('/panels/p/state')).json, { n: 2000 });
  for (const agent of agents) agent.destroy();
  const asking = 2; // connections of the requests below, which may be closing
  await until(async () => {
    await server.get('/health/live');
    return openFiles(server.pid) <= before + asking;
  });
});
