// Runs the commands of docs/getting-started.md as a new user would: unchanged, in one shell and in order.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRequire } from 'node:module';
import { anchorOf } from '../e2e/support/page.mjs';
import { freePort, prepare, root } from './support/containers.mjs';

const require = createRequire(join(root, 'build/e2e/'));
const { WebSocket } = require('ws');

// The blocks of the page in order: {language, text, section}.
function readPage(name) {
  const page = readFileSync(join(root, 'docs', name), 'utf8');
  const parts = page.matchAll(/^## (.*)$|^```(\w+)\n([^]*?)^```$/gm);
  let section;
  const blocks = [];
  for (const [, title, language, text] of parts) {
    if (title) section = title;
    else blocks.push({ language, text, section });
  }
  return blocks;
}

// A shell that runs blocks: run(text) returns the output, and rejects when the block failed.
function startShell(env) {
  const shell = spawn('bash', ['-e'], { cwd: root, env, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '', errors = '', look = () => {};
  shell.stdout.setEncoding('utf8').on('data', (text) => { said += text; look(); });
  shell.stderr.setEncoding('utf8').on('data', (text) => { errors += text; });
  const closed = new Promise((resolve) => { shell.on('close', () => { look(true); resolve(); }); });
  const run = (text) => new Promise((resolve, reject) => {
    said = '';
    look = (isClosed) => {
      if (said.endsWith('\0')) resolve(said.slice(0, -1));
      else if (isClosed) reject(new Error(`failed: ${text}\n${said}\n${errors}`));
    };
    shell.stdin.write(`${text}\nprintf '\\0'\n`);
  });
  const end = () => { shell.stdin.end(); return closed; };
  return { run, end };
}

// Names and types of the fields: output on the page must have the fields of the real output.
function shapeOf(value) {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (value === null || typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]));
}

test('a new user follows the page', { timeout: 1_800_000 }, async (t) => {
  const [port, wsPort] = [await freePort(), await freePort()];
  // The port on the page may be taken: use another one in the same commands.
  const url = `http://127.0.0.1:${port}`;
  const containers = prepare({ NEXUS_HOST: '127.0.0.1', NEXUS_HTTP_PORT: port, NEXUS_WS_PORT: wsPort, NEXUS_URL: url });
  // Removes the variables of a make that started this test.
  const { MAKEFLAGS, MAKELEVEL, ...env } = containers.env;
  const shell = startShell(env);
  t.after(async () => {
    await shell.end();
    containers.tryPodman('rm', '--force', '--ignore', '--time', '0', 'nexus');
    containers.remove();
  });
  const blocks = readPage('getting-started.md');
  let at = 0;
  // Runs the next block, which must be in `section`, and returns its output.
  const next = (section) => {
    const block = blocks[at++];
    assert.deepEqual([block?.section, block?.language], [section, 'sh']);
    return shell.run(block.text.replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`));
  };
  // Compares the output with the block that the page shows after it.
  const asPrinted = (response) => {
    const block = blocks[at++];
    assert.equal(block.language, 'json');
    assert.deepEqual(shapeOf(JSON.parse(block.text)), shapeOf(response));
    return JSON.parse(block.text);
  };

  assert.match(await next('Build it'), /^nexus:\S+ and nexus:latest: \d/);
  await next('Run it');
  assert.match(await next('Run it'), / is ready\n$/);

  assert.equal(JSON.parse(await next('A panel')).id, 'cart');
  const added = JSON.parse(await next('A panel'));
  assert.deepEqual(added.returnValue, { count: 1 });
  asPrinted(added);
  const top = await next('A panel');
  assert.match(top, /^container +\[.*of 256 MiB/m);
  assert.match(top, /^cart\/add +.* 1 /m);

  assert.equal(JSON.parse(await next('Break it')).id, 'hog');
  const refused = JSON.parse(await next('Break it'));
  assert.equal(refused.error.code, 'MEMORY_LIMIT');
  const { details: { layer, setting, limit } } = asPrinted(refused).error;
  assert.deepEqual({ ...refused.error.details, wanted: 0 }, { layer, setting, limit, wanted: 0 });
  const operations = readFileSync(join(root, 'docs/operations.md'), 'utf8');
  const why = operations.split(/^## /m).find((part) => part.startsWith('Why was my request refused?\n'));
  assert.match(why, new RegExp(`\\b${refused.error.code}\\b`), 'the page of operations has the code');
  const codes = readFileSync(join(root, 'docs/errors.md'), 'utf8').matchAll(/^### (.+)$/gm);
  assert.ok([...codes].some(([, title]) => anchorOf(title) === refused.error.code.toLowerCase()), 'and the page of errors a part for it');
  const row = why.split('\n').find((line) => line.startsWith(`| \`${refused.error.details.layer}\` |`));
  assert.match(row, /MEMORY_LIMIT_MB/, 'the page of operations names the setting');
  assert.deepEqual(JSON.parse(await next('Break it')).returnValue, { count: 2 });

  assert.match(await next('Change the setting'), / is ready\n$/);
  assert.equal(JSON.parse(await next('Change the setting')).id, 'hog');
  assert.equal(JSON.parse(await next('Change the setting')).returnValue, 48);
  assert.match(await next('Change the setting'), /^container +limit 256 MiB/m);

  assert.equal(JSON.parse(await next('Stop it')).id, 'slow');
  const client = new WebSocket(`ws://127.0.0.1:${port}/panels/slow/ws`);
  const told = new Promise((resolve) => { client.on('close', resolve); });
  await new Promise((resolve, reject) => { client.on('open', resolve).on('error', reject); });
  const early = await next('Stop it');
  const until = async (pattern) => { while (!pattern.test(await (await fetch(`${url}/metrics`)).text())); };
  await until(/nexus_executions\{state="running"\} 1/);
  const late = fetch(`${url}/panels/slow/trigger/work`, { method: 'POST' });
  await until(/nexus_executions\{state="queued"\} 1/);
  const stopped = early + await next('Stop it');
  assert.equal(JSON.parse(/^\{"executionId".*$/m.exec(stopped)[0].replace(/\}nexus$/, '}')).returnValue, 'done');
  assert.equal(await told, 1001);
  assert.ok([200, 503].includes((await late).status));
  assert.equal(at, blocks.length, 'no block was left out');
});
