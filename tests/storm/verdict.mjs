// The verdict on a storm: each requirement alone can fail it.
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

test('a storm that meets all requirements passes', () => {
  assert.deepEqual(failed(good()), []);
  assert.ok(allHeld(judge(good(), options)));
});

for (const [what, spoil, name] of [
  ['an OOM kill', (seen) => { seen.oomKills = 1; }, 'killed by the kernel'],
  ['a server that ended', (seen) => { seen.death = { status: 'SIGABRT', at_s: 3 }; }, 'the server lives'],
  ['a server that hangs', (seen) => { seen.hangs = { at_s: 3 }; }, 'the server keeps responding'],
  ['a restart', (seen) => { seen.restarted = true; }, 'restarts'],
  ['a request without a response', (seen) => { seen.clients.unansweredCount = 1; }, 'requests without a response'],
  ['a scrape without a response', (seen) => { seen.sampler.scrapesFailed = 1; }, 'requests without a response'],
  ['a wrong response to an honest call', (seen) => { seen.honest.outcomes['500 INTERNAL_ERROR'] = 1; }, 'requests without a response'],
  ['a storm without requests', (seen) => { seen.clients.sent = 0; }, 'requests without a response'],
  ['an internal error', (seen) => { seen.clients.outcomes['200 INTERNAL_ERROR'] = 1; }, 'INTERNAL_ERROR'],
  ['two slow calls in a hundred', (seen) => { seen.honest.latencies.fill(21, 98); }, 'p99 of honest calls'],
  ['no honest call that ran', (seen) => { seen.honest.latencies = []; }, 'p99 of honest calls'],
  ['unaccounted bytes', (seen) => { seen.sampler.overAccounted = { most: MIB + 1, times: 1 }; }, 'working set above the accounted bytes'],
  ['a working set in the reserve', (seen) => { seen.sampler.overLimit = { most: 1, times: 1 }; }, 'working set above limit - reserve / 2'],
  ['too many accounted bytes of an idle server', (seen) => { seen.before.accounted = 47 * MIB; }, 'accounted above the working set, idle before'],
  ['bytes that remain charged', (seen) => { seen.after.kinds.instances += 1; }, 'charged beyond the idle server'],
  ['an execution that remains suspended', (seen) => { seen.after.kinds.suspended = (seen.before.kinds.suspended ?? 0) + 8 * 1600 + 1; }, 'charged beyond the idle server'],
  ['memory that is not given back', (seen) => { seen.after.rss = 49 * MIB; }, 'resident memory is given back within 5 s'],
  ['too many instances left', (seen) => { seen.after.instances = 3; }, 'instances shrink to minInstances'],
  ['a panel left', (seen) => { seen.after.panels = 5; }, 'panels left'],
  ['a server that does not respond after the storm', (seen) => { seen.after = undefined; }, 'memory is given back'],
]) {
  test(`${what} fails the verdict`, () => {
    const seen = good();
    spoil(seen);
    assert.deepEqual(failed(seen), [name]);
    assert.ok(!allHeld(judge(seen, options)));
    assert.match(table(judge(seen, options)), /NO$/m);
  });
}

test('pages that the kernel counts ahead do not fail the verdict', () => {
  const seen = good();
  seen.sampler.overAccounted = { most: MIB, times: 3 };
  assert.deepEqual(failed(seen), []);
});

test('slow calls pass where latency is only reported', () => {
  const seen = good();
  seen.honest.latencies.fill(100);
  assert.deepEqual(failed(seen, { judgesLatency: false }), []);
  assert.match(table(judge(seen, { ...options, judgesLatency: false })), /reported only/);
});

test('a server without accounts passes without the rows about them', () => {
  const seen = good();
  for (const idle of [seen.before, seen.after]) for (const name of ['kinds', 'accounted', 'instances', 'panels']) delete idle[name];
  assert.deepEqual(failed(seen), []);
});

test('percentiles', () => {
  assert.equal(percentile([3, 1, 2], 0.5), 2);
  assert.equal(percentile([1, 2], 0.99), 2);
  assert.equal(percentile([], 0.99), undefined);
});
