// Handlers that run, and keep their instance and their panel's turn, until the test releases them. They wait for a date
// far away, to which the test sets the server's wall clock (wall_clock.c).
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve } from './program.mjs';

const library = fileURLToPath(new URL('../../../build/e2e/wall_clock.so', import.meta.url));
const farAway = Date.UTC(2200, 0);  // before 2262, the end of std::chrono's nanoseconds

// The source of a holding handler, or its beginning.
export const hold = `while (Date.now() < ${farAway}); `;

// Like serve(), with time limits beyond the test's duration, and with letGo(), which releases all present and future
// holds, and setAhead(seconds), which sets the server's wall clock ahead of ours.
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
