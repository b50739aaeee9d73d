// Runs the program on a terminal.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

// Returns the screen output up to Ctrl-C, which is sent when `isEnough` accepts the output so far. Returns undefined
// where there is no `script`.
export async function onTerminal(t, args, isEnough, env = {}) {
  const terminal = spawn('script', ['-qec', `exec "${process.env.NEXUS_BIN}" ${args.join(' ')}`, '/dev/null'],
    { env: { PATH: process.env.PATH, TERM: 'xterm', ...env } });
  const ended = once(terminal, 'close').catch((error) => [error.code]);
  t.after(() => terminal.kill('SIGKILL'));
  let shown = '';
  for await (const text of terminal.stdout.setEncoding('utf8')) {
    shown += text;
    if (isEnough(shown) && !terminal.stdin.writableEnded) terminal.stdin.end('\x03');
  }
  const [status] = await ended;
  if (status === 'ENOENT') return undefined;
  assert.equal(status, 0, shown);
  return shown;
}
