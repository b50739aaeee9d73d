// The verdict on a storm: each thing that is required can fail it, alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isResponse } from '../../bench/storm/request.mjs';
import { allHeld, judge, percentile, table } from '../../bench/storm/verdict.mjs';

const MIB = 2 ** 20;

function good() {
  const idle = { rss: 40 * MIB, workingSet: 30 * MIB, kinds: { server: 32 * MIB, instances: 2 * MIB }, accounted: 34 * MIB, instances: 2, panels: 4 };
  return {
    oomKills: 0, restarted: false, before: structuredClone(idle), after: structuredClone(idle), minInstances: 2, isResponse,
    clients: { sent: 1000, unansweredCount: 0, outcomes: { '200 success': 1000 } },
    honest: { latencies: Array(100).fill(3), outcomes: { '200 success': 100 } },
    sampler: {
      scrapes: 600, scrapesFailed: 0, highestWorkingSet: 900 * MIB, accountedAbove: [MIB, 2 * MIB, 3 * MIB],
      overAccounted: { most: 0, times: 0 }, overLimit: { most: 0, times: 0 },
    },
  };
}

const options = { judgesLatency: true, processors: 2 };
const failed = (seen, more = {}) => judge(seen, { ...options, ...more }).filter(({ holds, decides }) => !holds && decides).map(({ name }) => name);

test('a storm in which all held is held', () => {
  assert.deepEqual(failed(good()), []);
  assert.ok(allHeld(judge(good(), options)));
});

for (const [what, spoil, name] of [
  ['a kill', (seen) => { seen.oomKills = 1; }, 'killed by the kernel'],
  ['an end', (seen) => { seen.death = { status: 'SIGABRT', at_s: 3 }; }, 'the server lives'],
  ['silence', (seen) => { seen.hangs = { at_s: 3 }; }, 'it goes on answering'],
  ['a restart', (seen) => { seen.restarted = true; }, 'restarts'],
  ['a request without an answer', (seen) => { seen.clients.unansweredCount = 1; }, 'requests without their answer'],
  ['a scrape without an answer', (seen) => { seen.sampler.scrapesFailed = 1; }, 'requests without their answer'],
  ['a wrong answer to an honest call', (seen) => { seen.honest.outcomes['500 INTERNAL_ERROR'] = 1; }, 'requests without their answer'],
  ['nobody who asks', (seen) => { seen.clients.sent = 0; }, 'requests without their answer'],
  ['an internal error', (seen) => { seen.clients.outcomes['200 INTERNAL_ERROR'] = 1; }, 'INTERNAL_ERROR'],
  ['two slow calls in a hundred', (seen) => { seen.honest.latencies.fill(21, 98); }, 'p99 of honest calls'],
  ['no honest call that ran', (seen) => { seen.honest.latencies = []; }, 'p99 of honest calls'],
  ['bytes that nobody accounts for', (seen) => { seen.sampler.overAccounted = { most: MIB + 1, times: 1 }; }, 'working set above what is accounted'],
  ['a working set in the reserve', (seen) => { seen.sampler.overLimit = { most: 1, times: 1 }; }, 'working set above limit - reserve / 2'],
  ['idle bytes that are not used', (seen) => { seen.before.accounted = 47 * MIB; }, 'accounted above the working set, idle before'],
  ['bytes that stay charged', (seen) => { seen.after.kinds.instances += 1; }, 'charged beyond idle'],
  ['an execution that stays suspended', (seen) => { seen.after.kinds.suspended = (seen.before.kinds.suspended ?? 0) + 8 * 1600 + 1; }, 'charged beyond idle'],
  ['memory that does not go back', (seen) => { seen.after.rss = 49 * MIB; }, 'resident memory goes back within 5 s'],
  ['instances that stay', (seen) => { seen.after.instances = 3; }, 'instances shrink to minInstances'],
  ['a panel that stays', (seen) => { seen.after.panels = 5; }, 'panels left'],
  ['a server that is gone after it', (seen) => { seen.after = undefined; }, 'memory goes back'],
]) {
  test(`${what} is not`, () => {
    const seen = good();
    spoil(seen);
    assert.deepEqual(failed(seen), [name]);
    assert.ok(!allHeld(judge(seen, options)));
    assert.match(table(judge(seen, options)), /NO$/m);
  });
}

test('what the kernel takes in batches is no fault of the accounts', () => {
  const seen = good();
  seen.sampler.overAccounted = { most: MIB, times: 3 };
  assert.deepEqual(failed(seen), []);
});

test('where latency is only reported, a slow call decides nothing', () => {
  const seen = good();
  seen.honest.latencies.fill(100);
  assert.deepEqual(failed(seen, { judgesLatency: false }), []);
  assert.match(table(judge(seen, { ...options, judgesLatency: false })), /reported only/);
});

test('a server without accounts is not asked for them', () => {
  const seen = good();
  for (const idle of [seen.before, seen.after]) for (const name of ['kinds', 'accounted', 'instances', 'panels']) delete idle[name];
  assert.deepEqual(failed(seen), []);
});

test('percentiles', () => {
  assert.equal(percentile([3, 1, 2], 0.5), 2);
  assert.equal(percentile([1, 2], 0.99), 2);
  assert.equal(percentile([], 0.99), undefined);
});
