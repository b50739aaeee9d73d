// Handlers that run, and keep their instance and the turn of their panel, until the test lets them go. They wait for a date that
// is far away, and the test sets the wall clock of the server to it (wall_clock.c).
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve } from './program.mjs';

const library = fileURLToPath(new URL('../../../build/e2e/wall_clock.so', import.meta.url));
const farAway = Date.UTC(2200, 0);  // and before 2262, where the nanoseconds of std::chrono end

// The source of a handler, or its beginning.
export const hold = `while (Date.now() < ${farAway}); `;

// Like serve(), with letGo(): all that hold go on, and nothing holds any more. The time limits are far beyond what a test takes.
// And with setAhead(seconds): its wall clock runs so far ahead of ours.
export async function serveHolding(t, { env = {}, ...more } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-clock-'));
  const path = join(folder, 'seconds_ahead');
  const file = openSync(path, 'w');
  const setAhead = (seconds) => {
    const number = Buffer.alloc(8);
    number.writeBigInt64LE(BigInt(seconds));
    writeSync(file, number, 0, number.length, 0);
  };
  setAhead(0);
  t.after(() => {
    closeSync(file);
    rmSync(folder, { recursive: true, force: true });
  });
  const clock = { LD_PRELOAD: library, TEST_WALL_CLOCK: path };
  const server = await serve(t, { ...more, env: { TIMEOUT_MS: '300000', MAX_WALL_MS: '300000', ...clock, ...env } });
  return Object.assign(server, { setAhead, letGo: () => setAhead(Math.ceil((farAway - Date.now()) / 1000) + 1) });
}
