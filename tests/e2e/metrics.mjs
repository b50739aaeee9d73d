import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { readExposition } from './support/exposition.mjs';
import { hold, serveHolding } from './support/hold.mjs';
import { serve } from './support/program.mjs';

const options = { timeout: 180_000 };
const spin = 'for (;;);';
const oneInstance = { MIN_INSTANCES: '1', MAX_INSTANCES: '1' };

const scrape = async (server) => readExposition((await server.get('/metrics')).text).samples;

// The series that changed since the samples `before`, with their differences; `prefixes` selects the series.
async function moved(server, before, prefixes) {
  const changes = {};
  for (const [series, value] of await scrape(server)) {
    const difference = value - (before.get(series) ?? 0);
    if (difference !== 0 && prefixes.some((prefix) => series.startsWith(prefix))) changes[series] = difference;
  }
  return changes;
}

test('the text is valid from the first scrape on', options, async (t) => {
  const server = await serve(t);
  const { headers, text } = await server.get('/metrics');
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  const { families, samples } = readExposition(text);
  for (const series of [
    'nexus_handler_executions_total{status="success"}', 'nexus_handler_executions_total{status="error"}',
    'nexus_handler_execution_time_us', 'nexus_cache_hit_rate', 'nexus_peak_memory_bytes',
    'nexus_host_calls_total{function="state_get"}', 'nexus_errors_total{code="TIMEOUT"}',
    'nexus_executions{state="suspended"}', 'nexus_executions{state="hibernated"}',
    'nexus_admission_rejected_total{layer="budget"}', 'nexus_panels',
  ]) assert.equal(samples.get(series), 0, series);
  assert.equal(families.get('nexus_handler_execution_seconds').type, 'histogram');
  const info = [...samples.keys()].filter((name) => name.startsWith('nexus_build_info'));
  assert.equal(info.length, 1);
  assert.match(info[0], /^nexus_build_info\{version="\d+\.\d+\.\d+",engine="[^"]+",interpreter="[^"]+"\}$/);
});

test('promtool has only the known complaint', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { a: 'return 1' });
  await server.trigger('p', 'a');
  await server.get('/metrics');
  const { text } = await server.get('/metrics');
  const promtool = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  if (promtool.error?.code === 'ENOENT') return t.skip('no promtool (Debian: prometheus)');
  // This name is older than the program, and dashboards use it.
  const known = 'nexus_handler_execution_time_us ';
  const complaints = (promtool.stderr + promtool.stdout).split('\n').filter(Boolean);
  assert.deepEqual(complaints.filter((line) => !line.startsWith(known)), []);
});

test('executions are counted by status, with time, memory and host calls', options, async (t) => {
  const server = await serve(t);
  const ok = '$state.a = 1; $emit("e", 1); $log("x"); return 1';
  await server.panel('p', { ok, spin }, { limits: { timeoutMs: 100 } });
  const before = await scrape(server);
  await server.trigger('p', 'ok');
  await server.trigger('p', 'ok');
  await server.trigger('p', 'spin');
  const samples = await scrape(server);
  assert.deepEqual(await moved(server, before, ['nexus_handler_executions_total', 'nexus_host_calls_total', 'nexus_errors_total']), {
    'nexus_handler_executions_total{status="success"}': 2,
    'nexus_handler_executions_total{status="error"}': 1,
    'nexus_host_calls_total{function="state_set"}': 2,
    'nexus_host_calls_total{function="emit"}': 2,
    'nexus_host_calls_total{function="log"}': 2,
    'nexus_errors_total{code="TIMEOUT"}': 1,
  });
  const of = (series) => samples.get(`nexus_handler_execution_seconds_${series}`);
  assert.equal(of('count{status="success"}'), 2);
  assert.equal(of('count{status="error"}'), 1);
  assert.equal(of('bucket{status="error",le="0.05"}'), 0);
  const sums = of('sum{status="success"}') + of('sum{status="error"}');
  assert.ok(sums >= 0.1, `${sums} s`);
  assert.ok(Math.abs(samples.get('nexus_handler_execution_time_us') - sums * 1e6 / 3) < 1);
  assert.ok(samples.get('nexus_peak_memory_bytes') > 100_000);
});

test('responses are counted by route, method and status only', options, async (t) => {
  const server = await serve(t);
  const before = await scrape(server);
  await server.panel('secret-id', { a: 'return 1', bad: 'throw 1' });
  await server.trigger('secret-id', 'a');
  await server.trigger('secret-id', 'bad');
  await server.trigger('secret-id', 'none');
  await server.trigger('unknown-id', 'a');
  await server.trigger('secret-id', 'a', '{');
  await server.request('PROPFIND', '/panels/secret-id');
  await server.get('/nothing/secret-id');
  await server.request('HEAD', '/health?x=secret-id');
  await server.request('DELETE', '/panels/secret-id');
  await server.raw('nonsense\r\n\r\n');
  const text = (await server.get('/metrics')).text;
  assert.ok(!text.includes('-id'));
  assert.deepEqual(await moved(server, before, ['nexus_http_requests_total', 'nexus_errors_total']), {
    'nexus_http_requests_total{route="/metrics",method="GET",code="200"}': 2,
    'nexus_http_requests_total{route="/panels",method="POST",code="201"}': 1,
    'nexus_http_requests_total{route="/panels/:id/trigger/:tool",method="POST",code="200"}': 2,
    'nexus_http_requests_total{route="/panels/:id/trigger/:tool",method="POST",code="404"}': 2,
    'nexus_http_requests_total{route="/panels/:id/trigger/:tool",method="POST",code="400"}': 1,
    'nexus_http_requests_total{route="/panels/:id",method="other",code="405"}': 1,
    'nexus_http_requests_total{route="/panels/:id",method="DELETE",code="204"}': 1,
    'nexus_http_requests_total{route="other",method="GET",code="404"}': 1,
    'nexus_http_requests_total{route="/health",method="HEAD",code="200"}': 1,
    'nexus_http_requests_total{route="other",method="other",code="400"}': 1,
    'nexus_errors_total{code="EXECUTION_ERROR"}': 1,
    'nexus_errors_total{code="TOOL_NOT_FOUND"}': 1,
    'nexus_errors_total{code="PANEL_NOT_FOUND"}': 1,
    'nexus_errors_total{code="INVALID_REQUEST"}': 2,
    'nexus_errors_total{code="METHOD_NOT_ALLOWED"}': 1,
    'nexus_errors_total{code="NOT_FOUND"}': 1,
  });
});

test('a call that waits for an instance is counted, and its wait measured', options, async (t) => {
  const server = await serve(t, { env: { ...oneInstance, QUEUE_TIMEOUT_MS: '300000', TIMEOUT_MS: '300000', MAX_WALL_MS: '300000' } });
  await server.panel('one', { spin });
  await server.panel('other', { a: 'return 1' });
  const before = await scrape(server);
  assert.equal(before.get('nexus_instances{state="idle"}'), 1);
  const first = server.trigger('one', 'spin');
  await server.untilMetric(/nexus_instances\{state="active"\} 1/);
  const second = server.trigger('other', 'a');
  await server.untilMetric(/nexus_queue_depth 1/);
  assert.deepEqual(await moved(server, before, ['nexus_executions{', 'nexus_instances{']), {
    'nexus_executions{state="queued"}': 1,
    'nexus_executions{state="running"}': 1,
    'nexus_instances{state="idle"}': -1,
    'nexus_instances{state="active"}': 1,
  });
  assert.equal((await server.request('DELETE', '/panels/one')).status, 204);
  assert.equal((await first).json.error.code, 'CANCELLED');
  await second;
  // The endless call is cut off and its instance retired; the other call gets a new one.
  assert.deepEqual(await moved(server, before, ['nexus_executions{', 'nexus_instances', 'nexus_queue_depth', 'nexus_pool_wait_seconds_count']), {
    'nexus_instances_created_total': 1,
    'nexus_instances_retired_total{reason="cancel"}': 1,
    'nexus_pool_wait_seconds_count': 2,
  });
  const waits = await moved(server, before, ['nexus_pool_wait_seconds']);
  assert.equal(waits['nexus_pool_wait_seconds_bucket{le="1e-05"}'], 1, 'the first did not wait, and the other did');
  assert.equal(waits['nexus_pool_wait_seconds_bucket{le="+Inf"}'], 2);
  assert.ok(waits.nexus_pool_wait_seconds_sum > 1e-5);
});

test('rejections are counted by layer', options, async (t) => {
  const server = await serveHolding(t, { env: { ...oneInstance, MAX_QUEUE: '0', MAX_PANEL_QUEUE: '0' } });
  await server.panel('one', { hold });
  await server.panel('other', { a: 'return 1' });
  const before = await scrape(server);
  const first = server.trigger('one', 'hold');
  await server.untilMetric(/nexus_executions\{state="running"\} 1/);
  assert.equal((await server.trigger('one', 'hold')).status, 429);
  assert.equal((await server.trigger('other', 'a')).status, 503);
  assert.equal((await server.trigger('other', 'a')).status, 503);
  server.letGo();
  await first;
  assert.deepEqual(await moved(server, before, ['nexus_admission_rejected_total', 'nexus_errors_total', 'nexus_handler_executions_total']), {
    'nexus_admission_rejected_total{layer="panel"}': 1,
    'nexus_admission_rejected_total{layer="pool"}': 2,
    'nexus_errors_total{code="PANEL_BUSY"}': 1,
    'nexus_errors_total{code="OVERLOADED"}': 2,
    'nexus_handler_executions_total{status="success"}': 1,
  });
});

test('one reset in sixteen is measured', options, async (t) => {
  const server = await serve(t, { env: oneInstance });
  await server.panel('p', { a: '$state.n = 1' });
  const before = await scrape(server);
  const began = performance.now();
  for (let call = 0; call < 32; ++call) await server.trigger('p', 'a');
  const took = (performance.now() - began) / 1000;
  const { nexus_reset_seconds_count: count, nexus_reset_seconds_sum: sum } = await moved(server, before, ['nexus_reset_seconds']);
  assert.equal(count, 2);
  assert.ok(sum > 0 && sum < took, `${sum} s of ${took} s`);
});

test('lookups of images are counted by result', options, async (t) => {
  const server = await serve(t);
  const before = await scrape(server);
  await server.panel('p', { a: 'return "looked up"' });
  await server.trigger('p', 'a');
  await server.trigger('p', 'a');
  assert.deepEqual(await moved(server, before, ['nexus_cache_requests_total', 'nexus_panels']), {
    'nexus_cache_requests_total{result="hit"}': 2,
    'nexus_cache_requests_total{result="miss"}': 1,
    'nexus_panels': 1,
  });
  const samples = await scrape(server);
  assert.ok(Math.abs(samples.get('nexus_cache_hit_rate') - 2 / 3) < 1e-9);
  assert.ok(samples.get('nexus_image_cache_bytes') > 0);
});

test('process metrics agree with the kernel', options, async (t) => {
  const began = Date.now() / 1000;
  const server = await serve(t);
  const samples = await scrape(server);
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  assert.equal(samples.get('process_threads'), Number(/^Threads:\s+(\d+)$/m.exec(status)[1]));
  assert.ok(samples.get('process_resident_memory_bytes') > 1_000_000);
  assert.ok(samples.get('process_virtual_memory_bytes') > samples.get('process_resident_memory_bytes'));
  assert.ok(samples.get('process_open_fds') > 3);
  assert.ok(samples.get('process_open_fds') <= samples.get('process_max_fds'));
  assert.ok(samples.get('process_cpu_seconds_total') > 0);
  const started = samples.get('process_start_time_seconds');
  assert.ok(started > began - 2 && started < Date.now() / 1000 + 2, `${started}; the kernel counts from its own start, in ticks`);
  assert.equal((await scrape(server)).get('process_start_time_seconds'), samples.get('process_start_time_seconds'));
  assert.ok(samples.get('nexus_memory_accounted_bytes{kind="instances"}') > 0);
});

test('the size of the text does not depend on the number of panels', options, async (t) => {
  const server = await serve(t);
  const call = async (id) => {
    await server.panel(id, { a: 'return 1' });
    await server.trigger(id, 'a');
    await server.get(`/panels/${id}`);
    await server.get('/metrics');
  };
  await call('first');
  const few = (await server.get('/metrics')).text;
  for (let id = 0; id < 200; ++id) await call(`panel-${id}`);
  const many = (await server.get('/metrics')).text;
  assert.deepEqual([...readExposition(many).samples.keys()], [...readExposition(few).samples.keys()]);
  assert.ok(many.length < 20_000, `${many.length} bytes`);
});

test('every metric is in docs/metrics.md, and no other', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { a: 'return 1' });
  await server.trigger('p', 'a');
  const { families, samples } = readExposition((await server.get('/metrics')).text);
  const docs = new URL('../../docs/', import.meta.url);
  const read = (file) => readFileSync(new URL(file, docs), 'utf8');
  const rows = read('metrics.md').matchAll(/^\| `([a-z_]+)(?:\{([a-z_,]+)\})?` \| (counter|gauge|histogram) \|/gm);
  const documented = [...rows].map(([, name, labels = '', type]) => `${name} ${type} ${labels}`);
  // Left out where the container has no limit.
  const inContainers = ['nexus_container_memory_limit_bytes', 'nexus_container_memory_usage_bytes'];
  if (!families.has(inContainers[0])) inContainers.forEach((name) => families.set(name, { type: 'gauge' }));
  const exported = [...families].map(([name, { type }]) => `${name} ${type} ${labelsOf(name, samples)}`);
  assert.deepEqual(documented.sort(), exported.sort());
  // Metrics that other pages mention must exist.
  const known = new Set([...families.keys()].flatMap((name) => [name, `${name}_bucket`, `${name}_count`, `${name}_sum`]));
  for (const file of readdirSync(docs).filter((name) => name.endsWith('.md'))) {
    for (const [name] of read(file).matchAll(/\b(nexus|process)_[a-z_]+_(total|seconds|bytes)(_[a-z]+)?\b/g)) {
      assert.ok(known.has(name), `${name} in docs/${file}`);
    }
  }
});

// The label names of a family, "route,method,code", without a histogram's own.
function labelsOf(family, samples) {
  const isOfFamily = new RegExp(`^${family}(_bucket|_sum|_count)?(\\{|$)`);
  const series = [...samples.keys()].find((key) => isOfFamily.test(key)) ?? '';
  return [...series.matchAll(/([a-z_]+)="/g)].map((match) => match[1]).filter((name) => name !== 'le').join(',');
}
