// A server in its own memory cgroup, whose limit changes. Needs the right to create one.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MemoryCgroup } from '../../bench/storm/cgroup.mjs';
import { readExposition } from './support/exposition.mjs';
import { hold, serveHolding } from './support/hold.mjs';

const options = { timeout: 180_000 };
const MiB = 1 << 20;

function groupOf(t) {
  try {
    return MemoryCgroup.make(`nexus-e2e-${process.pid}`, 256 * MiB);
  } catch (error) {
    t.skip(`*** NOT PROVED: no memory group can be made here: ${error.message} ***`);
    return undefined;
  }
}

// Starts a server inside `group`. It enters the group while it starts, and looks for its groups after that.
async function serveIn(t, group, env) {
  const server = await serveHolding(t, { env, launcher: ['sh', '-c', `echo $$ > ${group.procs} && exec "$@"`, 'sh'] });
  t.after(async () => {
    await server.ended;
    await group.remove();
  });
  return server;
}

test('a changed limit is noticed by an event of the kernel, not only by the timer', options, async (t) => {
  const group = groupOf(t);
  if (!group) return;
  const server = await serveIn(t, group, { LOG_LEVEL: 'debug' });
  assert.ok(readFileSync(group.procs, 'utf8').split('\n').includes(String(server.pid)));
  await server.child.untilErrors(/memory limits: checked by a timer, and on changes of .*\/memory\.(limit_in_bytes|max)/);
  // Sometimes the timer notices first. One event suffices: without the kernel's events it would always be the timer.
  let limit = 128, reason;
  do {
    limit += 1;
    group.setLimit(limit * MiB);
    [, reason] = await server.child.untilErrors(new RegExp(`the container's memory limit is now ${limit} MiB: .* may be granted \\((.*)\\)`));
  } while (reason !== 'after an event');
  const { limits } = (await server.get('/runtime/memory')).json;
  assert.equal(limits.find(({ layer }) => layer === 'container').limitBytes, limit * MiB);
  const { samples } = readExposition((await server.get('/metrics')).text);
  assert.equal(samples.get('nexus_container_memory_limit_bytes'), limit * MiB);
  assert.equal(samples.get('nexus_memory_budget_bytes'), limit * MiB);
  const usage = samples.get('nexus_container_memory_usage_bytes');
  assert.ok(usage > MiB && usage < limit * MiB, `${usage}`);
});

test('a lowered limit reclaims idle memory before any call is rejected', options, async (t) => {
  const group = groupOf(t);
  if (!group) return;
  const server = await serveIn(t, group, {
    LOG_LEVEL: 'info', MIN_INSTANCES: '1', MAX_INSTANCES: '64', THREADS: '1',
  });
  await server.panel('endless', { run: 'for (;;);' }); // a server at rest would give up the instances by itself
  server.trigger('endless', 'run').catch(() => {});
  await server.untilMetric(/nexus_executions\{state="running"\} 1/);
  const ids = Array.from({ length: 32 }, (_, i) => `p${i}`);
  for (const id of ids) await server.panel(id, { some: `${hold} return 1` });
  const calls = ids.map((id) => server.trigger(id, 'some'));
  await server.untilMetric(/nexus_executions\{state="running"\} (9|[1-3]\d)\n/);
  server.letGo();
  await Promise.all(calls);
  const idle = async () => readExposition((await server.get('/metrics')).text).samples.get('nexus_instances{state="idle"}');
  assert.ok(await idle() >= 8);
  let limit = 64;
  for (; await idle() > 1; limit -= 4) {
    group.setLimit(limit * MiB);
    await server.child.untilErrors(new RegExp(`the container's memory limit is now ${limit} MiB`));
    assert.equal((await server.trigger('p0', 'some')).status, 200, `with ${limit} MiB`);
  }
  t.diagnostic(`${limit} MiB`);
  group.setLimit(256 * MiB);
  assert.equal((await server.trigger('p1', 'some')).json.status, 'success');
});
