import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runProgram } from './support/program.mjs';

const options = { timeout: 180_000 };
// A server that fits everywhere, so that each test changes one thing.
const small = {
  MEMORY_LIMIT_MB: '4', MAX_INSTANCES: '4', IMAGE_CACHE_MB: '1', MAX_CACHE_SIZE_MB: '0', MEMORY_BUDGET_MB: '64',
  CACHE_DIR: '/tmp/no-such-folder',
};

async function check(env, args = []) {
  const { status, stdout, stderr } = await runProgram(['check', '--json', ...args], { env: { ...small, ...env } });
  return { status, stderr, found: JSON.parse(stdout) };
}
const blamed = ({ found }) => found.contradictions.map(({ setting }) => setting);

test('check says that a small server fits, and ends with 0', options, async () => {
  const { status, stdout } = await runProgram(['check'], { env: small });
  assert.equal(status, 0, stdout);
  for (const name of ['container', 'machine', 'budget', 'reserve', 'grantable', 'instances', 'cache', 'mappings', 'memories',
    'address space', 'open files', 'processors']) assert.match(stdout, new RegExp(`^${name} +\\S`, 'm'));
  assert.match(stdout, /^budget +64 MiB \(MEMORY_BUDGET_MB\)$/m);
  assert.match(stdout, /^reserve +8 MiB/m);
  assert.match(stdout, /\nall fits\n$/);
});

test('check prints the same as JSON', options, async () => {
  const { status, found } = await check({});
  assert.equal(status, 0, JSON.stringify(found));
  assert.equal(found.fits, true);
  assert.deepEqual(found.contradictions, []);
  assert.deepEqual(found.budget, {
    bytes: 64 << 20, reserveBytes: 8 << 20, grantableBytes: 56 << 20, tightest: 'budget', setting: 'MEMORY_BUDGET_MB',
  });
  assert.ok(found.machine.totalBytes >= found.machine.availableBytes);
  assert.equal(found.instances.atLimit, 8);
  assert.equal(found.instances.max, 4);
  assert.deepEqual(found.instances.writeTracking, { protected: 4, copied: 0 });
  assert.equal(found.cache.folder, '/tmp/no-such-folder');
  assert.ok(found.process.processors >= 1);
});

test('check names the setting that does not fit, and ends with 1', options, async () => {
  for (const [env, setting] of [
    [{ MEMORY_LIMIT_MB: '33' }, 'MEMORY_LIMIT_MB'],
    [{ MIN_INSTANCES: '110', MAX_INSTANCES: '110' }, 'MIN_INSTANCES'],
    [{ IMAGE_CACHE_MB: '33' }, 'IMAGE_CACHE_MB'],
    [{ MEMORY_BUDGET_MB: '16777216' }, 'MEMORY_BUDGET_MB'],
    [{ MAX_CACHE_SIZE_MB: '1048576' }, 'MAX_CACHE_SIZE_MB'],
    [{ CACHE_DIR: '/etc/passwd', MAX_CACHE_SIZE_MB: '1' }, 'CACHE_DIR'],
    [{ CACHE_DIR: '/no/such/folder', MAX_CACHE_SIZE_MB: '1' }, 'CACHE_DIR'],
    [{ THREADS: '1024', MAX_INSTANCES: '1024' }, 'THREADS'],
  ]) {
    const result = await check(env);
    assert.equal(result.status, 1, setting);
    assert.ok(blamed(result).includes(setting), `${setting}: ${JSON.stringify(result.found)}`);
    assert.equal(result.found.fits, false);
  }
  const asText = await runProgram(['check', '--memory-limit-mb', '33'], { env: small });
  assert.equal(asText.status, 1);
  assert.match(asText.stdout, /^MEMORY_LIMIT_MB: .*33 MiB.*at most 32/m);
  assert.ok(!asText.stdout.includes('all fits'));
});

test('a cache in memory counts against the budget', options, async () => {
  const { status, found } = await check({ CACHE_DIR: '/dev/shm/nexus-none', MAX_CACHE_SIZE_MB: '30' });
  assert.equal(found.cache.filesystem, 'tmpfs');
  assert.equal(found.cache.countsAsMemory, true);
  assert.equal(found.instances.bytes, 2 << 20);
  assert.equal(status, 1);
});

test('check reports faults of the configuration as config does, and ends with 2', options, async () => {
  const asText = await runProgram(['check', '--max-quue', '3'], { env: { HTTP_PORT: 'x' } });
  assert.equal(asText.status, 2);
  assert.equal(asText.stdout, '');
  assert.match(asText.stderr, /did you mean --max-queue\?/);
  assert.match(asText.stderr, /HTTP_PORT/);
  const asJson = await runProgram(['check', '--json'], { env: { HTTP_PORT: 'x' } });
  assert.equal(asJson.status, 2);
  assert.equal(JSON.parse(asJson.stdout).faults[0].field, 'HTTP_PORT');
});
