// Without a file descriptor for one more connection nobody is accepted, and nothing else stops: it is tried again, at rest.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { serve, until } from '../e2e/support/program.mjs';

const PAUSE_MS = 100; // kAcceptPause of front/http/listener.cpp
const asking = (connection) => `GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: ${connection}\r\n\r\n`;

test('who comes when there is no file descriptor left is served as soon as there is one', { timeout: 180_000 }, async (t) => {
  const server = await serve(t, { env: { THREADS: '1', MAX_INSTANCES: '2', MIN_INSTANCES: '1' } });
  const before = server.connect();
  await before.send(asking('keep-alive'));
  await before.until(/200 OK/);
  const limit = (files) => execFileSync('prlimit', ['--pid', String(server.pid), `--nofile=${files}:`]);
  const taken = new Set(readdirSync(`/proc/${server.pid}/fd`).map(Number));
  let lowest = 0; // that is free: the next would be this
  while (taken.has(lowest)) lowest += 1;
  limit(String(lowest));
  const refusals = () => [...server.child.stderr.matchAll(/cannot accept a connection/g)].length;

  const began = Date.now();
  const later = Array.from({ length: 8 }, () => server.connect());
  for (const connection of later) await connection.send(asking('close')); // the kernel's queue takes them all
  await until(() => refusals() >= 3);
  assert.ok(refusals() <= (Date.now() - began) / PAUSE_MS + 1, 'it does not spin');
  await before.send(asking('keep-alive'));
  await before.until(/200 OK[^]*200 OK/);

  limit('1024');
  for (const connection of later) assert.match(await connection.closed, /^HTTP\/1\.1 200 OK/);
  before.socket.destroy();
});
