// The hashing that the overlay "scaled" relies on, with a real HAProxy that is configured as its Ingress says.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { panelOf, serve } from '../e2e/support/program.mjs';
import { watch } from '../e2e/support/socket.mjs';
import { build, deploy } from './support/tools.mjs';

const options = { timeout: 120_000 };
const { annotations } = build(`${deploy}kubernetes/overlays/scaled`).find(({ kind }) => kind === 'Ingress').metadata;
const say = (name) => annotations[`haproxy.org/${name}`];

// A port that was free a moment ago: HAProxy does not report a port that the kernel chose.
const freePort = () => new Promise((resolve) => {
  const probe = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});

// The configuration that the controller would write for the Ingress, with `servers` for the pods.
async function proxy(t, servers) {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-'));
  const port = await freePort();
  writeFileSync(join(folder, 'haproxy.cfg'), [
    'defaults', '  mode http', '  timeout connect 5s', '  timeout client 60s', `  timeout server ${say('timeout-server')}`,
    'frontend web', `  bind 127.0.0.1:${port}`, '  default_backend nexus',
    'backend nexus', `  balance ${say('load-balance')}`, `  ${say('backend-config-snippet')}`,
    '  option httpchk GET /health/ready', '  option redispatch', '  default-server check inter 100ms fall 1 rise 1',
    ...servers.map((server, index) => `  server SRV_${index + 1} 127.0.0.1:${server.port}`), '',
  ].join('\n'));
  const child = spawn('haproxy', ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => { child.on('close', resolve); });
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true });
  });
  const url = `http://127.0.0.1:${port}`;
  const call = async (method, path, body) => {
    const response = await fetch(url + path, { method, body: body && JSON.stringify(body), headers: { connection: 'close' } });
    return { status: response.status, json: response.status === 204 ? undefined : await response.json().catch(() => undefined) };
  };
  const tries = async () => {
    while (child.exitCode === null) {
      const response = await call('GET', '/health/ready').catch(() => undefined);
      if (response?.status === 200) return;
    }
    throw new Error('haproxy ended');
  };
  await tries();
  return { port, call };
}

const ids = Array.from({ length: 40 }, (_, index) => `panel-${index}`);
const count = { count: '$state.n = ($state.n ?? 0) + 1; return $state.n' };

async function whereAre(servers) {
  const found = new Map();
  for (const server of servers) {
    for (const { id } of (await server.get('/panels?limit=1000')).json.panels) found.set(id, [...(found.get(id) ?? []), server]);
  }
  return found;
}

test('all calls of a panel reach its replica; a replica that goes loses only its own panels', options, async (t) => {
  const servers = await Promise.all([serve(t), serve(t), serve(t)]);
  const { port, call } = await proxy(t, servers);
  for (const id of ids) assert.equal((await call('PUT', `/panels/${id}`, panelOf(id, count))).status, 201);
  const homes = await whereAre(servers);
  assert.deepEqual([...homes.keys()].sort(), [...ids].sort());
  for (const [id, at] of homes) assert.equal(at.length, 1, id);
  assert.deepEqual(servers.map((server) => [...homes.values()].some(([home]) => home === server)), [true, true, true]);

  for (const id of ids) {
    assert.equal((await call('POST', `/panels/${id}/trigger/count`)).json.returnValue, 1);
    assert.equal((await call('POST', `/panels/${id}/trigger/count?logs=1`)).json.returnValue, 2);
    assert.deepEqual((await call('GET', `/panels/${id}/state`)).json, { n: 2 });
    assert.equal((await call('GET', `/panels/${id}?include=handlers`)).status, 200);
  }
  const client = await watch({ port }, ids[0]);
  assert.deepEqual((await client.next('CONNECTED')).state, { n: 2 });
  client.ws.terminate();

  const [lost, ...left] = servers;
  process.kill(lost.pid, 'SIGKILL');
  await lost.ended;
  const isLost = (id) => homes.get(id)[0] === lost;
  for (const id of ids) {
    let response;
    // Until the proxy has noticed.
    do response = await call('POST', `/panels/${id}/trigger/count`); while (response.status >= 500);
    if (!isLost(id)) assert.equal(response.json.returnValue, 3, id);
    else assert.deepEqual([response.status, response.json.code], [404, 'PANEL_NOT_FOUND'], id);
  }
  for (const id of ids.filter(isLost)) {
    assert.equal((await call('PUT', `/panels/${id}`, panelOf(id, count))).status, 201);
    assert.equal((await call('POST', `/panels/${id}/trigger/count`)).json.returnValue, 1);
  }
  assert.equal((await whereAre(left)).size, ids.length);
});
