import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';
import { runProgram, serve, until } from './support/program.mjs';

const options = { timeout: 180_000 };

test('health reports the state of the server', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { a: 'return 1' });
  await server.trigger('p', 'a');
  const { status, json } = await server.get('/health');
  assert.equal(status, 200);
  assert.equal(json.status, 'healthy');
  assert.match(json.version, /^\d+\.\d+\.\d+$/);
  assert.ok(json.uptime >= 0);
  assert.deepEqual(json.panels, { active: 1, suspended: 0 });
  assert.equal(json.runtime.activeInstances, 0);
  assert.ok(json.runtime.availableInstances >= 1);
  assert.ok(json.runtime.cacheHitRate > 0 && json.runtime.cacheHitRate <= 1);
  assert.ok(json.runtime.memoryBytes > 0);
  assert.equal((await server.get('/health/live')).status, 200);
  assert.equal((await server.get('/health/ready')).status, 200);
});

const health = (args, env) => runProgram(['health', ...args], { env });

test('nexus health asks the server of the configuration', options, async (t) => {
  const server = await serve(t);
  for (const HOST of ['127.0.0.1', 'localhost', '0.0.0.0']) {
    const said = await health([], { HOST, AUTH_ENABLED: 'false', HTTP_PORT: String(server.port) });
    const name = HOST === '0.0.0.0' ? '127.0.0.1' : HOST;
    assert.deepEqual(said, { status: 0, stdout: `http://${name}:${server.port} is ready\n`, stderr: '' });
  }
  assert.equal((await health(['--http-port', String(server.port)])).status, 0);
  const live = await health(['--live'], { HTTP_PORT: String(server.port) });
  assert.deepEqual(live, { status: 0, stdout: `${server.url} is live\n`, stderr: '' });
});

test('nexus health asks the server of --url', options, async (t) => {
  const server = await serve(t);
  const ready = { status: 0, stdout: `${server.url} is ready\n`, stderr: '' };
  assert.deepEqual(await health(['--url', server.url]), ready);
  assert.deepEqual(await health([], { NEXUS_URL: server.url, HTTP_PORT: '1' }), ready);
  assert.deepEqual(await health(['--url', server.url], { NEXUS_URL: 'http://127.0.0.1:1' }), ready);
});

test('nexus health reports a server that shuts down as live and not ready', options, async (t) => {
  const server = await serve(t, { env: { SHUTDOWN_DELAY_MS: '86400000' } });
  process.kill(server.pid, 'SIGTERM');
  const url = ['--url', server.url];
  const said = await until(async () => {
    const response = await health(url);
    return response.status !== 0 && response;
  });
  assert.deepEqual(said, { status: 1, stdout: '', stderr: `nexus: ${server.url} is not ready: 503 the server is shutting down\n` });
  assert.equal((await health([...url, '--live'])).status, 0);
});

test('nexus health reports a failure in one line', options, async (t) => {
  const server = await serve(t);
  const stranger = http.createServer((_, response) => response.end('{"status":"ready"}')).listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  t.after(() => { stranger.closeAllConnections(); stranger.close(); });
  process.kill(server.pid, 'SIGTERM');
  await server.ended;
  for (const [args, env, status, pattern] of [
    [['--url', server.url], {}, 1, /^nexus: cannot reach http:\/\/127\.0\.0\.1:\d+: Connection refused\n$/],
    [['--url', `http://127.0.0.1:${stranger.address().port}`], {}, 1, /^nexus: the server at \S+ is not nexus\n$/],
    [['--url', 'https://a'], {}, 2, /^nexus: --url must be http:\/\/HOST:PORT, and is https:\/\/a\n$/],
    [[], { HTTP_PORT: '0' }, 2, /^nexus: HTTP_PORT is 0: --url or NEXUS_URL must name the server\n$/],
    [[], { HTTP_PORT: 'x' }, 2, /^nexus: HTTP_PORT is "x".*\n$/],
  ]) {
    const said = await health(args, env);
    assert.match(said.stderr, pattern);
    assert.deepEqual([said.status, said.stdout], [status, '']);
  }
});
