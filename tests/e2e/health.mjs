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

// One sample a line, every family with HELP and TYPE before its samples.
function parseMetrics(text) {
  assert.ok(text.endsWith('\n'));
  const samples = new Map();
  const described = new Set();
  for (const line of text.trimEnd().split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
    if (comment) {
      if (comment[1] === 'TYPE') assert.match(comment[3], /^(counter|gauge|histogram)$/);
      described.add(`${comment[1]} ${comment[2]}`);
      continue;
    }
    const [, name, labels, value] = /^([a-z_]+)(\{(?:[a-z_]+="[^"]*",?)+\})? (\S+)$/.exec(line) ?? assert.fail(line);
    assert.ok(described.has(`HELP ${name}`) && described.has(`TYPE ${name}`), name);
    assert.ok(!samples.has(name + (labels ?? '')), `twice: ${line}`);
    assert.ok(Number.isFinite(Number(value)), line);
    samples.set(name + (labels ?? ''), Number(value));
  }
  return samples;
}

test('metrics count what happened', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { ok: '$state.a = 1; return 1', bad: 'throw 1' });
  await server.trigger('p', 'ok');
  await server.trigger('p', 'ok');
  await server.trigger('p', 'bad');
  await server.trigger('p', 'none');
  const { headers, text } = await server.get('/metrics');
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  const samples = parseMetrics(text);
  assert.equal(samples.get('nexus_handler_executions_total{status="success"}'), 2);
  assert.equal(samples.get('nexus_handler_executions_total{status="error"}'), 1);
  assert.ok(samples.get('nexus_handler_execution_time_us') > 0);
  assert.ok(samples.get('nexus_cache_hit_rate') > 0);
  assert.ok(samples.get('nexus_peak_memory_bytes') > 100_000);
  assert.equal(samples.get('nexus_host_calls_total{function="state_set"}'), 2);
  assert.equal(samples.get('nexus_errors_total{code="EXECUTION_ERROR"}'), 1);
  assert.equal(samples.get('nexus_errors_total{code="TOOL_NOT_FOUND"}'), 1);
  assert.equal(samples.get('nexus_instances{state="active"}'), 0);
  assert.ok(samples.get('nexus_instances{state="idle"}') >= 1);
  assert.ok(samples.get('nexus_instances_created_total') >= 1);
  assert.equal(samples.get('nexus_panels'), 1);
  assert.ok([...samples.keys()].some((name) => /^nexus_build_info\{version="[^"]+",engine="[^"]+",interpreter="[^"]+"\}$/.test(name)));
});
