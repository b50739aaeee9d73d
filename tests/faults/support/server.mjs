// A server whose system calls fail when the test says so. See ../inject.cpp.
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '../../e2e/support/program.mjs';

const library = process.env.NEXUS_INJECT;
if (!library) throw new Error('NEXUS_INJECT must name the library of inject.cpp');

const KINDS = ['mmap', 'mprotect', 'malloc', 'file'];

// Like serve(), with `fail({mprotect: 0.01})`, after which that share of the calls fails, and `failed()`, which returns
// how many have failed.
export async function serveWithFaults(t, { seed = 1, env = {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-faults-'));
  const file = openSync(join(folder, 'faults'), 'w+');
  writeSync(file, Buffer.alloc(2 * 4 * KINDS.length));
  t.after(() => {
    closeSync(file);
    rmSync(folder, { recursive: true });
  });
  const server = await serve(t, {
    env: {
      LD_PRELOAD: library, NEXUS_FAULTS: join(folder, 'faults'), NEXUS_FAULTS_SEED: String(seed), NEXUS_FAULTS_FOLDER: folder,
      CACHE_DIR: join(folder, 'cache'), MAX_CACHE_SIZE_MB: '64', ...env,
    },
  });
  return {
    ...server,
    fail: (shares) => {
      const told = Buffer.alloc(4 * KINDS.length);
      KINDS.forEach((kind, i) => told.writeUInt32LE(Math.round((shares[kind] ?? 0) * 1e6), 4 * i));
      writeSync(file, told, 0, told.length, 0);
    },
    failed: () => {
      const counted = Buffer.alloc(4 * KINDS.length);
      readSync(file, counted, 0, counted.length, counted.length);
      return Object.fromEntries(KINDS.map((kind, i) => [kind, counted.readUInt32LE(4 * i)]));
    },
  };
}
