// The commands for a running server, panels and trigger, and the completion of command lines.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runProgram, serve } from './support/program.mjs';

const options = { timeout: 180_000 };

const at = (server, more = {}) => ({ env: { NEXUS_URL: server.url, ...more } });

function folderOf(t, files) {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const sums = {
  id: 'sums', kind: 'k', title: 'Sums',
  tools: [{ name: 'add', trigger: { type: 'manual' }, handler: { file: 'add.js' } },
    { name: 'wait', trigger: { type: 'manual' }, handler: 'await $ext.external.wait()', capabilities: ['ext:*'] }],
};

test('a panel is put, listed, called, read and deleted', options, async (t) => {
  const server = await serve(t);
  const folder = folderOf(t, { 'sums.json': JSON.stringify(sums), 'add.js': '$log("adding");\nreturn $state.n = ($state.n ?? 0) + $args.n' });
  const nexus = (args, more) => runProgram(args, { ...at(server), ...more });

  const put = await nexus(['panels', 'put', join(folder, 'sums.json')]);
  assert.deepEqual([put.status, JSON.parse(put.stdout).id], [0, 'sums'], put.stderr);
  assert.equal((await nexus(['panels', 'put', folder])).status, 0, 'again, and by its folder');

  const list = await nexus(['panels', 'list']);
  assert.match(list.stdout, /^id +kind +version +clients {2}title\nsums +k +2 +0 {2}Sums\n$/);
  assert.equal(JSON.parse((await nexus(['panels', 'list', '--json'])).stdout).id, 'sums');

  const called = await nexus(['trigger', 'sums', 'add', '{"n":5}', '--logs']);
  assert.deepEqual([called.status, JSON.parse(called.stdout).returnValue, JSON.parse(called.stdout).logs[0].text], [0, 5, 'adding']);
  const piped = await nexus(['trigger', 'sums', 'add', '-'], { input: '{"n":2}' });
  assert.equal(JSON.parse(piped.stdout).returnValue, 7);
  assert.equal((await nexus(['panels', 'state', 'sums'])).stdout, '{"n":7}\n');
  assert.equal(JSON.parse((await nexus(['panels', 'get', 'sums'])).stdout).title, 'Sums');

  const waits = await nexus(['trigger', 'sums', 'wait', '--async']);
  assert.deepEqual([waits.status, JSON.parse(waits.stdout).status], [0, 'suspended']);
  const deleted = await nexus(['panels', 'delete', 'nope', 'sums']);
  assert.deepEqual([deleted.status, deleted.stdout], [1, 'sums is deleted\n'], 'what is there goes all the same');
  assert.match(deleted.stderr, /PANEL_NOT_FOUND/);
});

test('a failed handler is status 1 with its RESULT', options, async (t) => {
  const server = await serve(t);
  await server.panel('p', { fail: 'throw new Error("no luck")' });
  const { status, stdout } = await runProgram(['trigger', 'p', 'fail'], at(server));
  assert.deepEqual([status, JSON.parse(stdout).error.message], [1, 'Error: no luck']);
});

test('all pages of a long list are listed', options, async (t) => {
  const server = await serve(t);
  for (let i = 0; i < 1100; i += 1) await server.panel(`p${i}`, { a: 'return 1' });
  const { stdout } = await runProgram(['panels', 'list', '--json'], at(server));
  assert.equal(new Set(stdout.trim().split('\n').map((line) => JSON.parse(line).id)).size, 1100);
});

test('a failure is reported in one line', options, async (t) => {
  const server = await serve(t);
  const folder = folderOf(t, { 'sums.json': JSON.stringify(sums), 'bad.json': '{"id":"p","kind":7,"tools":[]}' });
  for (const [args, wanted, message] of [
    [['trigger', 'none', 'add'], 1, /refuses: 404 .*PANEL_NOT_FOUND/],
    [['trigger', '../health', 'add'], 2, /not the id of a panel/],
    [['panels', 'get', 'none'], 1, /404/],
    [['panels', 'get', 'a/b'], 2, /not the id of a panel/],
    [['panels', 'put', join(folder, 'sums.json')], 2, /add\.js/],
    [['panels', 'put', join(folder, 'bad.json')], 1, /kind[^]*bad\.json/],
    [['panels', 'put', join(folder, 'none.json')], 2, /none\.json/],
    [['panels', 'list', '--url', 'ftp://x'], 2, /--url must be/],
    [['panels', 'list', '--url', 'http://127.0.0.1:1'], 1, /cannot reach http:\/\/127\.0\.0\.1:1/],
    [['panels'], 2, /subcommand/],
  ]) {
    const { status, stderr } = await runProgram(args, at(server));
    assert.deepEqual([args, status], [args, wanted], stderr);
    assert.match(stderr, message);
  }
});

test('requests carry the token', options, async (t) => {
  const server = await serve(t, { env: { AUTH_ENABLED: 'true', JWT_SECRET: 'a secret of at least thirty-two bytes' } });
  const without = await runProgram(['panels', 'list'], at(server));
  assert.match(without.stderr, /401/);
  const wrong = await runProgram(['panels', 'list'], at(server, { NEXUS_TOKEN: 'a.b.c' }));
  assert.match(wrong.stderr, /401 .*token/);
  assert.ok(!wrong.stderr.includes('a.b.c'));
});

test('bash completes commands and their options', options, async () => {
  const { status, stdout: script } = await runProgram(['completion', 'bash']);
  assert.equal(status, 0);
  const complete = (...words) => {
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', `eval "$SCRIPT"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nexus; printf '%s\\n' "\${COMPREPLY[@]}"`, 'bash', 'nexus', ...words],
      { env: { PATH: `${dirname(process.env.NEXUS_BIN)}:${process.env.PATH}`, SCRIPT: script }, encoding: 'utf8' });
    assert.equal(stderr, '');
    return stdout.trim().split('\n');
  };
  assert.deepEqual(complete('pa'), ['panels']);
  assert.deepEqual(complete('panels', 'de'), ['delete']);
  assert.deepEqual(complete('--help', 'cache', 'p'), ['prune']);
  assert.deepEqual(complete('serve', '--http-po'), ['--http-port']);
  assert.deepEqual(complete('trigger', '--asy'), ['--async']);
  assert.deepEqual(complete('panels', 'put', '--u'), ['--url']);
});
