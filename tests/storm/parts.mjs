// The pure parts of the storm: reading the suite, calls, outcomes of responses, the changing limit, the cgroup's texts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fields, findHierarchy } from '../../bench/storm/cgroup.mjs';
import { hogPanel, nextCall, readSuite, suite } from '../../bench/storm/hogs.mjs';
import { nextLimit, reserveOf } from '../../bench/storm/limit_walk.mjs';
import { Random } from '../../bench/storm/random.mjs';
import { isResponse, outcomeOf } from '../../bench/storm/request.mjs';
import { accountedOf, readMetrics } from '../../bench/storm/sampler.mjs';

const MIB = 2 ** 20;

test('every case of the hostile suite is in the storm', () => {
  const text = readFileSync(new URL('../hostile/memory_cases.h', import.meta.url), 'utf8');
  const tables = text.slice(text.indexOf('to_array'));
  assert.equal(suite.length, [...tables.matchAll(/\{\.name = |in_small_steps\(/g)].length);
  assert.ok(suite.every(({ name, source }) => name && source));
  for (const { source } of suite) new (async () => {}).constructor(source); // parses as a complete body
});

test('adjacent string literals make one source', () => {
  assert.deepEqual(readSuite('{.name = "a",\n .source =\n "return \\"x\\" "\n "+ 1",\n .code = k},\nin_small_steps("b", "1"\n"2"),'),
    [{ name: 'a', source: 'return "x" + 1' }, { name: 'b', source: '12' }]);
});

test('the same seed makes the same storm', () => {
  const calls = (seed) => {
    const random = new Random(seed);
    const { panel, names } = hogPanel(random, 'p');
    return JSON.stringify([panel, Array.from({ length: 50 }, () => nextCall(random, Object.keys(names)))]);
  };
  assert.equal(calls(1), calls(1));
  assert.notEqual(calls(1), calls(2));
});

test('every called tool exists', () => {
  const random = new Random(3);
  const { panel, names } = hogPanel(random, 'p');
  const there = new Set(panel.tools.map(({ name }) => name));
  for (let i = 0; i < 1000; i += 1) assert.ok(there.has(nextCall(random, Object.keys(names)).tool));
});

test('responses are told apart from failures', () => {
  const text = '{"error":"no room","code":"OVERLOADED","details":{"layer":"budget","setting":"MEMORY_BUDGET_MB","retryAfterMs":1000}}';
  assert.equal(outcomeOf({ status: 503, text }), '503 OVERLOADED budget');
  for (const missing of ['"layer":"budget",', '"setting":"MEMORY_BUDGET_MB",', ',"retryAfterMs":1000'])
    assert.equal(outcomeOf({ status: 503, text: text.replace(missing, '') }), '503 OVERLOADED no reason');
  assert.equal(outcomeOf({ status: 200, text: '{"executionId":"x","status":"success","returnValue":{"code":"A"}}' }), '200 success');
  assert.equal(outcomeOf({ status: 200, text: '{"executionId":"x","status":"error","error":{"code":"MEMORY_LIMIT"}}' }), '200 MEMORY_LIMIT');
  for (const outcome of ['200 success', '204', '413 PAYLOAD_TOO_LARGE', '503 OVERLOADED budget']) assert.ok(isResponse(outcome), outcome);
  for (const outcome of ['500 INTERNAL_ERROR', '502 no code', '503 no code', '503 OVERLOADED no reason', 'no answer: ECONNRESET']) assert.ok(!isResponse(outcome), outcome);
});

test('the limit goes down in steps of at most half the reserve, and stays above the memory in use', () => {
  const random = new Random(5);
  for (const size of [256 * MIB, 1024 * MIB]) {
    let limit = size, lowest = size;
    for (let i = 0; i < 2000; i += 1) {
      const workingSet = random.whole(0, limit - reserveOf(limit));
      const next = nextLimit({ limit, size, workingSet, random });
      assert.ok(next <= size);
      if (next < limit) assert.ok(limit - next <= reserveOf(size) / 2 && next >= workingSet + reserveOf(size));
      limit = next;
      lowest = Math.min(lowest, limit);
    }
    assert.ok(lowest < size * 0.9);
  }
});

test('the hierarchy that controls memory is found', () => {
  const one = '30 24 0:26 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory';
  const two = '24 20 0:20 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate';
  assert.deepEqual(findHierarchy(`${two}\n${one}\n`, () => ['cpu']), { version: 1, root: '/sys/fs/cgroup/memory' });
  assert.deepEqual(findHierarchy(two, () => ['cpu', 'memory']), { version: 2, root: '/sys/fs/cgroup' });
  assert.equal(findHierarchy(two, () => ['cpu']), undefined);
  assert.deepEqual(fields('low 0\noom_kill 2\n'), { low: 0, oom_kill: 2 });
});

test('accounted bytes are the sum of the kinds and of the unaccounted bytes', () => {
  const metrics = readMetrics('# TYPE x gauge\nnexus_memory_accounted_bytes{kind="server"} 100\nnexus_memory_accounted_bytes{kind="instances"} 20\n' +
    'nexus_memory_unaccounted_bytes 3\nnexus_panels 7\nnexus_instances{state="idle"} 2\n');
  assert.equal(accountedOf(metrics), 123);
  assert.deepEqual([metrics.panels, metrics.idle], [7, 2]);
});
