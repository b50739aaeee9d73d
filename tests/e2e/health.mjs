import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from './support/program.mjs';

const options = { timeout: 60_000 };

test('health says how the server is', options, async (t) => {
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
