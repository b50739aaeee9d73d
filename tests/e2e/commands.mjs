import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isContained, launch, panelOf, runProgram, serve } from './support/program.mjs';

const options = { timeout: 180_000 };

function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'nexus-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('run prints one line of RESULT', options, async (t) => {
  const file = join(folder(t), 'add.js');
  writeFileSync(file, '$state.n = $state.n + $args.by;\nreturn { n: $state.n, who: $scope.who };');
  const { status, stdout, stderr } = await runProgram(
    ['run', file, '--args', '{"by":2}', '--state', '{"n":40}', '--scope', '{"who":"ada"}']);
  assert.equal(status, 0, stderr);
  assert.equal(stdout.split('\n').length, 2);
  const result = JSON.parse(stdout);
  assert.deepEqual(result.returnValue, { n: 42, who: 'ada' });
  assert.deepEqual(result.stateMutations, [{ op: 'set', key: 'n', value: 42 }]);
  assert.equal(result.logs, undefined);
});

test('run reads a handler from standard input, and prints its log lines when asked', options, async () => {
  const { status, stdout } = await runProgram(['run', '-', '--logs'], { input: '$log("hi"); return 1' });
  assert.equal(status, 0);
  assert.equal(JSON.parse(stdout).logs.length, 1);
});

test('run ends with 1 when the handler fails', options, async () => {
  for (const [source, code] of [['throw new Error("x")', 'EXECUTION_ERROR'], ['return +*', 'COMPILATION_ERROR']]) {
    const { status, stdout } = await runProgram(['run', '-'], { input: source });
    assert.equal(status, 1, source);
    assert.equal(JSON.parse(stdout).error.code, code);
  }
});

test('run takes limits', options, async () => {
  const { status, stdout } = await runProgram(['run', '-', '--limits', 'timeoutMs=150'], { input: 'for(;;){}' });
  assert.equal(status, 1);
  assert.equal(JSON.parse(stdout).error.code, 'TIMEOUT');
});

test('run reports wrong arguments', options, async () => {
  for (const [args, message] of [
    [['run', 'no-such-file.js'], /no-such-file\.js/],
    [['run', '-', '--args', '[1]'], /--args/],
    [['run', '-', '--state', '{'], /--state/],
    [['run', '-', '--scope', 'x'], /--scope/],
    [['run', '-', '--limits', 'timeoutMs=1'], /timeoutMs/],
    [['run', '-', '--limits', 'speed=1'], /speed[^]*timeoutMs/],
    [['run', '-', '--watch'], /--watch/],
    [['run'], /file/],
    [['dance'], /unknown command "dance"/],
    [['run', '--bogus'], /file is required/],
    [['panels', 'lst'], /unknown command "lst"/],
    [[], /subcommand/],
  ]) {
    const { status, stdout, stderr } = await runProgram(args, { input: 'return 1' });
    assert.equal(status, 2, args.join(' '));
    assert.match(stdout + stderr, message);
  }
});

test('run --repeat prints times on stderr', options, async () => {
  const { status, stdout, stderr } = await runProgram(['run', '-', '--repeat', '50'], { input: 'return 1' });
  assert.equal(status, 0);
  assert.equal(JSON.parse(stdout).returnValue, 1);
  assert.match(stderr, /min us +p50 us +p90 us +p99 us +max us +calls\/s\n( +[\d.]+){6}/);
});

test('run --watch runs again when the file changes', options, async (t) => {
  const file = join(folder(t), 'a.js');
  writeFileSync(file, 'return "first"');
  const child = launch(['run', file, '--watch']);
  t.after(() => child.kill('SIGKILL'));
  await child.untilOutput(/"returnValue":"first"/);
  writeFileSync(file, 'return "second"');
  await child.untilOutput(/"returnValue":"second"/);
});

const outputIsItsOwn = { ...options, skip: isContained && 'what it writes to is a pipe to podman' };
test('output that cannot be written is status 1', outputIsItsOwn, async () => {
  for (const args of [['config'], ['config', '--json'], ['check'], ['completion', 'bash'], ['--help'], ['--version']]) {
    const child = launch(args, {}, ['sh', '-c', 'exec "$@" >/dev/full', 'sh']);
    assert.equal(await child.ended, 1, args.join(' '));
    assert.match(child.stderr, /could not be written/);
  }
});

test('the version names the engine and the interpreter', options, async () => {
  const { status, stdout } = await runProgram(['--version']);
  assert.equal(status, 0);
  assert.match(stdout, /^nexus \d+\.\d+\.\d+ \(.+, .+\)\n$/);
});

for (const command of ['serve', 'run', 'config', 'check', 'top', 'cache', 'health', 'panels', 'trigger']) {
  test(`the help of ${command} has an example`, options, async () => {
    const { status, stdout } = await runProgram([command, '--help']);
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`^Examples?:[^]*\\bnexus ${command}\\b`, 'm'));
  });
}

test('help has an example of each command', options, async () => {
  const { status, stdout } = await runProgram(['--help']);
  assert.equal(status, 0);
  assert.match(stdout, /nexus serve --demo/);
  assert.match(stdout, /nexus health/);
  assert.match(stdout, /nexus run examples\/greet\.js/);
});

test('the three lines of the demo work', options, async (t) => {
  const server = await serve(t, { args: ['--demo'] });
  await server.child.untilOutput(/\/panels\/sums\/state\n/);
  const lines = server.child.stdout.split('\n').filter((line) => line.startsWith('curl '));
  assert.equal(lines.length, 3);
  const [created, result, state] = lines.map((line) => JSON.parse(execFileSync('sh', ['-c', line])));
  assert.equal(created.id, 'sums');
  assert.equal(result.returnValue, 5);
  assert.deepEqual(state, { sum: 5 });
  const demo = await server.trigger('demo', 'add', {});
  assert.deepEqual(demo.json.returnValue, { count: 1 });
});

test('without --demo serve prints one line', options, async (t) => {
  const server = await serve(t);
  process.kill(server.pid, 'SIGTERM');
  await server.ended;
  assert.match(server.child.stdout, /^listening on http:\/\/127\.0\.0\.1:\d+\nlistening on ws:\/\/127\.0\.0\.1:\d+\n$/);
});

test('panels are created from files and folders', options, async (t) => {
  const root = folder(t);
  writeFileSync(join(root, 'double.js'), 'return $args.n * 2');
  const fromFile = panelOf('one', { double: { file: 'double.js' } });
  writeFileSync(join(root, 'one.json'), JSON.stringify(fromFile));
  writeFileSync(join(root, 'two.json'), JSON.stringify(panelOf('two', { a: 'return 1' })));
  const server = await serve(t, { args: [root] });
  assert.equal((await server.trigger('one', 'double', { n: 4 })).json.returnValue, 8);
  assert.equal((await server.trigger('two', 'a')).json.returnValue, 1);
});

test('a wrong panel file stops the start and is named', options, async (t) => {
  const file = join(folder(t), 'bad.json');
  writeFileSync(file, JSON.stringify(panelOf('one', { a: { file: 'missing.js' } })));
  const { status, stdout, stderr } = await runProgram(['serve', file]);
  assert.equal(status, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /bad\.json.*tools\[0\]\.handler\.file/);
});

test('all faults of the configuration are reported at once', options, async () => {
  const { status, stdout, stderr } = await runProgram(['serve'],
    { env: { HTTP_PORT: 'x', NEXUS_TIMEOUT_MS: '1', HOST: '0.0.0.0' } });
  assert.equal(status, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /HTTP_PORT is "x" \(from HTTP_PORT\); it must be a whole number from 0 to 65535/);
  assert.match(stderr, /TIMEOUT_MS is "1" \(from NEXUS_TIMEOUT_MS\)/);
  assert.match(stderr, /HOST is "0\.0\.0\.0"/);
});

test('a taken port is reported in one line with the setting to change', options, async (t) => {
  const server = await serve(t);
  const { status, stderr } = await runProgram(['serve'], { env: { HTTP_PORT: String(server.port) } });
  assert.equal(status, 1);
  assert.match(stderr, /^[^\n]*HTTP_PORT[^\n]*\n$/);
});
