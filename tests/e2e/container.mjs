// A server in a memory group of its own, whose limit moves. Needs the right to make one.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MemoryCgroup } from '../../bench/storm/cgroup.mjs';
import { readExposition } from './support/exposition.mjs';
import { serve } from './support/program.mjs';

const options = { timeout: 60_000 };
const MiB = 1 << 20;

function groupOf(t) {
  try {
    return MemoryCgroup.make(`nexus-e2e-${process.pid}`, 256 * MiB);
  } catch (error) {
    t.skip(`*** NOT PROVED: no memory group can be made here: ${error.message} ***`);
    return undefined;
  }
}

// A server inside of it: it moves there while it starts, so groups are looked for after that.
async function serveIn(t, group, env) {
  const server = await serve(t, { env, launcher: ['sh', '-c', `echo $$ > ${group.procs} && exec "$@"`, 'sh'] });
  t.after(async () => {
    await server.ended;
    await group.remove();
  });
  return server;
}

test('a limit that moves is seen when it moves, not when the clock says so', options, async (t) => {
  const group = groupOf(t);
  if (!group) return;
  const server = await serveIn(t, group, { LOG_LEVEL: 'debug' });
  assert.ok(readFileSync(group.procs, 'utf8').split('\n').includes(String(server.pid)));
  await server.child.untilErrors(/walls: watched by the clock, and by .*\/memory\.(limit_in_bytes|max)/);
  // Now and then the clock is first: it is enough to be seen once, and by the clock alone it would never be.
  // Now and then the clock is first; without the kernel's word it would be each time.
  let limit = 128, reason;
  do {
    limit += 1;
    group.setLimit(limit * MiB);
    [, reason] = await server.child.untilErrors(new RegExp(`the container's memory limit is now ${limit} MiB: .* may be granted \\((.*)\\)`));
  } while (reason !== 'the kernel said so');
  const { walls } = (await server.get('/runtime/memory')).json;
  assert.equal(walls.find(({ layer }) => layer === 'container').limitBytes, limit * MiB);
  const { samples } = readExposition((await server.get('/metrics')).text);
  assert.equal(samples.get('nexus_container_memory_limit_bytes'), limit * MiB);
  assert.equal(samples.get('nexus_memory_budget_bytes'), limit * MiB);
  const usage = samples.get('nexus_container_memory_usage_bytes');
  assert.ok(usage > MiB && usage < limit * MiB, `${usage}`);
});
