// Without a free file descriptor no connection is accepted and nothing else stops; the server tries again after a
// pause.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { serve, until } from '../e2e/support/program.mjs';

const PAUSE_MS = 100; // kAcceptPause of front/http/listener.cpp
const asking = (connection) => `GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: ${connection}\r\n\r\n`;

test('a connection without a free descriptor is served once there is one', { timeout: 180_000 }, async (t) => {
  const server = await serve(t, { env: { THREADS: '1', MAX_INSTANCES: '2', MIN_INSTANCES: '1' } });
  const before = server.connect();
  await before.send(asking('keep-alive'));
  await before.until(/200 OK/);
  const limit = (files) => execFileSync('prlimit', ['--pid', String(server.pid), `--nofile=${files}:`]);
  const taken = new Set(readdirSync(`/proc/${server.pid}/fd`).map(Number));
  let lowest = 0; // the lowest free descriptor, which would be used next
  while (taken.has(lowest)) lowest += 1;
  limit(String(lowest));
  const refusals = () => [...server.child.stderr.matchAll(/cannot accept a connection/g)].length;

  const began = Date.now();
  const later = Array.from({ length: 8 }, () => server.connect());
  for (const connection of later) await connection.send(asking('close')); // the kernel's queue accepts them all
  await until(() => refusals() >= 3);
  assert.ok(refusals() <= (Date.now() - began) / PAUSE_MS + 1, 'it does not spin');
  await before.send(asking('keep-alive'));
  await before.until(/200 OK[^]*200 OK/);

  limit('1024');
  for (const connection of later) assert.match(await connection.closed, /^HTTP\/1\.1 200 OK/);
  before.socket.destroy();
});
