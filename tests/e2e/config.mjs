import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { panelOf, runProgram, serve } from './support/program.mjs';

const options = { timeout: 180_000 };
const secret = 'correct-horse-battery-staple-correct-horse';

function file(t, name, text) {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const byName = (stdout) => new Map(JSON.parse(stdout).settings.map((setting) => [setting.name, setting]));

test('config prints each setting with its origin', options, async (t) => {
  const path = file(t, 'nexus.toml', '[runtime]\ntimeout_ms = 700\nmax_queue = 5\n\n[server]\nbody_limit = "2mb"\n');
  const { status, stdout, stderr } = await runProgram(
    ['config', '--config', path, '--max-queue', '7', '--min-instances=0'],
    { env: { MAX_EVENTS: '8', NEXUS_MAX_WALL_MS: '9000' } });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  const lines = new Map(stdout.trimEnd().split('\n').map((line) => [line.split(' ')[0], line.replace(/ +/g, ' ')]));
  assert.equal(lines.get('NAME'), 'NAME VALUE UNIT ORIGIN');
  assert.equal(lines.get('MAX_WALL_MS'), 'MAX_WALL_MS 9000 ms NEXUS_MAX_WALL_MS');
  assert.equal(lines.get('TIMEOUT_MS'), `TIMEOUT_MS 700 ms ${path}:2 runtime.timeout_ms`);
  assert.equal(lines.get('BODY_LIMIT'), `BODY_LIMIT 2mb ${path}:6 server.body_limit`);
  assert.equal(lines.get('MAX_QUEUE'), 'MAX_QUEUE 7 --max-queue');
  assert.equal(lines.get('MIN_INSTANCES'), 'MIN_INSTANCES 0 --min-instances');
  assert.equal(lines.get('MAX_EVENTS'), 'MAX_EVENTS 8 MAX_EVENTS');
  assert.equal(lines.get('MEMORY_LIMIT_MB'), 'MEMORY_LIMIT_MB 32 MiB default');
});

test('config prints JSON', options, async () => {
  const { status, stdout } = await runProgram(
    ['config', '--json', '--cors-origins', 'https://a.example,https://b.example'],
    { env: { HTTP_PORT: '8080', AUTH_ENABLED: 'false' } });
  assert.equal(status, 0);
  const settings = byName(stdout);
  assert.deepEqual(settings.get('HTTP_PORT'), {
    name: 'HTTP_PORT', key: 'server.http_port', flag: '--http-port', value: 8080, unit: '', source: 'environment',
    origin: 'HTTP_PORT',
  });
  assert.deepEqual(settings.get('CORS_ORIGINS').value, ['https://a.example', 'https://b.example']);
  assert.equal(settings.get('CORS_ORIGINS').source, 'flag');
  assert.equal(settings.get('AUTH_ENABLED').value, false);
  assert.equal(settings.get('TIMEOUT_MS').unit, 'ms');
  assert.equal(settings.get('THREADS').value, null);
  assert.equal(settings.get('BODY_LIMIT').value, '1mb');
});

test('config reports faults and ends with 2', options, async (t) => {
  const path = file(t, 'bad.toml', '[server]\nhttp_prt = 1\n[runtime]\ntimeout_ms = "5"\n');
  const args = ['config', '--config', path, '--max-quue', '3', '--min-instances', '-1'];
  const { status, stdout, stderr } = await runProgram(args, { env: { WS_PORT: '70000', CAPABILITIES: 'a*b' } });
  assert.equal(status, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /server\.http_prt is "1" \(from .*bad\.toml:2\).*did you mean server\.http_port\?/);
  assert.match(stderr, /TIMEOUT_MS is "5" \(from .*bad\.toml:4 runtime\.timeout_ms\).*not a string/);
  assert.match(stderr, /--max-quue.*did you mean --max-queue\?/);
  assert.match(stderr, /MIN_INSTANCES is "-1" \(from --min-instances\)/);
  assert.match(stderr, /WS_PORT is "70000" \(from WS_PORT\)/);
  assert.match(stderr, /CAPABILITIES is "a\*b" \(from CAPABILITIES\)/);
  assert.equal(stderr.trimEnd().split('\n').length, 6);

  const asJson = await runProgram([...args, '--json'], { env: { WS_PORT: '70000' } });
  assert.equal(asJson.status, 2);
  assert.deepEqual(JSON.parse(asJson.stdout).faults.find((fault) => fault.field === 'WS_PORT'), {
    field: 'WS_PORT', value: '70000', bound: 'a whole number from 0 to 65535', origin: 'WS_PORT',
  });
});

test('a file that is missing or no TOML is a fault with its place', options, async (t) => {
  const missing = await runProgram(['config', '--config', '/no/such/file.toml']);
  assert.equal(missing.status, 2);
  assert.match(missing.stderr, /\/no\/such\/file\.toml.*No such file/);
  const folder = await runProgram(['config', '--config', tmpdir()]);
  assert.equal(folder.status, 2);
  const path = file(t, 'x.toml', '[server]\nhost = \n');
  const broken = await runProgram(['serve', '--config', path]);
  assert.equal(broken.status, 2);
  assert.match(broken.stderr, /x\.toml:2, column \d+/);
});

test('no secret is printed', options, async (t) => {
  const keyFile = file(t, 'key', `${secret}\n`);
  const toml = file(t, 'nexus.toml', `[auth]\nenabled = true\njwt_secret = "${secret}"\n`);
  const proxy = { HTTP_EXT_PROXY: `http://me:${secret}@proxy.example:3128` };
  for (const [args, env, expected] of [
    [[], { AUTH_ENABLED: 'true', JWT_SECRET: secret, ...proxy }, 0],
    [[], { AUTH_ENABLED: 'true', JWT_SECRET_FILE: keyFile }, 0],
    [['--config', toml], {}, 0],
    [['--jwt-secret', secret], {}, 0],
    [['--jwt-secrt', secret], {}, 2],
    [['--jwt-secret', secret, '--jwt-secret', secret], {}, 2],
    [['--config', toml], { JWT_SECRET_FILE: keyFile }, 2],
    [[], { AUTH_ENABLED: 'true', JWT_SECRET: secret.slice(0, 31) }, 2],
  ]) {
    for (const more of [[], ['--json']]) {
      const { status, stdout, stderr } = await runProgram(['config', ...args, ...more], { env });
      assert.equal(status, expected, stderr);
      assert.ok(!(stdout + stderr).includes(secret.slice(0, 31)), args.join(' '));
    }
  }
  const shown = await runProgram(['config', '--json'], { env: { JWT_SECRET: secret } });
  assert.equal(byName(shown.stdout).get('JWT_SECRET').value, '***');
});

test('serve reads a file and flags', options, async (t) => {
  const path = file(t, 'nexus.toml', '[server]\nbody_limit = "1kb"\n[runtime]\ntimeout_ms = 1\n');
  const server = await serve(t, { args: ['--config', path, '--timeout-ms', '150', '--http-port', '0'] });
  await server.panel('p', { spin: 'for(;;){}' });
  const { json } = await server.trigger('p', 'spin');
  assert.equal(json.error.code, 'TIMEOUT');
  assert.match(json.error.message, /150/);
  assert.equal((await server.trigger('p', 'spin', { text: 'x'.repeat(2000) })).status, 413);
});

test('a panel can be granted no more than CAPABILITIES', options, async (t) => {
  const server = await serve(t, { env: { CAPABILITIES: 'state:read:*,state:write:a' } });
  const refused = await server.panel('p', { a: 'return 1' }, { capabilities: ['state:write:b'] });
  assert.equal(refused.status, 400);
  assert.equal(refused.json.code, 'CAPABILITY_NOT_ALLOWED');
  assert.equal((await server.panel('q', { a: 'return 1' }, { capabilities: ['state:write:a'] })).status, 201);
});

test('serve and config report unknown flags and words', options, async () => {
  for (const [args, message] of [
    [['serve', '--htpp-port', '1'], /--htpp-port.*did you mean --http-port\?/],
    [['serve', '--confg=x.toml'], /did you mean --config\?/],
    [['config', 'everything'], /everything.*must be a flag/],
    [['run', '-', '--lmits', 'x'], /lmits/],
  ]) {
    const { status, stdout, stderr } = await runProgram(args);
    assert.equal(status, 2, args.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, message);
  }
});

test('the help of serve has a flag for every setting', options, async () => {
  const { stdout: help } = await runProgram(['serve', '--help']);
  for (const { flag } of byName((await runProgram(['config', '--json'])).stdout).values()) {
    assert.ok(help.includes(` ${flag} `), flag);
  }
});

test('the files of a folder are read in order of their names', options, async (t) => {
  const path = file(t, 'b.json', JSON.stringify(panelOf('same', { a: 'return 2' })));
  const folder = join(path, '..');
  writeFileSync(join(folder, 'a.json'), JSON.stringify(panelOf('same', { a: 'return 1' })));
  writeFileSync(join(folder, 'c.txt'), 'no panel');
  const { status, stderr } = await runProgram(['serve', folder]);
  assert.equal(status, 2);
  // The second panel with the same id is rejected.
  assert.match(stderr, /b\.json.*same/);
});
