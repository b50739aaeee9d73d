// Checks docs/openapi.json against a server with requests that schemathesis generates: the server must accept what the
// document allows, reject the rest, and send only documented responses. The other tests send only requests that their
// authors thought of.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { serve } from '../e2e/support/program.mjs';
import { root, run, schemathesis } from './support/tools.mjs';

const options = { timeout: 300_000 };
const seed = Number(process.env.NEXUS_SEED ?? 7);
const key = 'a key for tests that has 32 bytes and more';
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function makeToken() {
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ exp: Math.floor(Date.now() / 1000) + 600 })}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

// The document without its "default" responses, so that only the named statuses pass.
function strictDocument({ isGuarded }) {
  const document = JSON.parse(readFileSync(`${root}docs/openapi.json`, 'utf8'));
  for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
    const { default: refused, ...responses } = operation.responses ?? {};
    if (refused) operation.responses = { 405: refused, 413: refused, 431: refused, ...responses };
  }
  if (isGuarded) document.security = [{ bearer: [] }];
  return document;
}

// Creates panels and executions for the paths; see schemathesis.toml.
async function makeThings(server, headers) {
  const names = (name, count) => Array.from({ length: count }, (_, index) => `${name}-${index}`);
  const tools = {
    add: '$state.count = ($state.count ?? 0) + 1; return $state.count',
    fail: 'throw new TypeError("as it should")',
    ask: 'return await $ext.external.wait({ what: "now" })',
  };
  const panels = names('panel', 3), spare = names('spare', 20);
  for (const id of [...panels, ...spare]) {
    const { status, text } = await server.post('/panels', {
      id, kind: 'test', capabilities: ['state:*', 'ext:*'],
      tools: Object.entries(tools).map(([name, handler]) => ({ name, handler, trigger: { type: 'manual' } })),
    }, headers);
    assert.equal(status, 201, text);
  }
  const waiting = [];
  for (let n = 0; n < 60; ++n)
    waiting.push((await server.post(`/panels/${panels[n % panels.length]}/trigger/ask`, {}, { ...headers, prefer: 'respond-async' })).json);
  return {
    panels, spare, tools: Object.keys(tools),
    executions: waiting.map(({ executionId }) => executionId), suspensions: waiting.map(({ suspension }) => suspension),
  };
}

const toToml = (things) => Object.entries(things)
  .map(([name, values]) => `[dictionaries.${name}]\nvalues = ${JSON.stringify(values)}\n`).join('');

for (const isGuarded of [false, true]) {
  test(`every response is as documented, ${isGuarded ? 'with' : 'without'} authentication`, options, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'nexus-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const server = await serve(t, { env: { SYNC_WAIT_MS: '100', ...(isGuarded && { AUTH_ENABLED: 'true', JWT_SECRET: key }) } });
    const token = makeToken();
    const things = await makeThings(server, isGuarded ? { authorization: `Bearer ${token}` } : {});
    const [document, config] = ['openapi.json', 'schemathesis.toml'].map((name) => join(folder, name));
    writeFileSync(document, JSON.stringify(strictDocument({ isGuarded })));
    const common = readFileSync(`${root}tests/deploy/support/schemathesis.toml`, 'utf8');
    writeFileSync(config, `seed = ${seed}\nbase-url = "${server.url}"\n${common}\n${toToml(things)}`
      + (isGuarded ? `[auth.openapi]\nbearer = { bearer = "${token}" }\n` : ''));

    const { status, stdout, stderr } = run(schemathesis, ['--config-file', config, 'run', '--no-color', document], { cwd: folder });
    t.diagnostic(`NEXUS_SEED=${seed}: ${/^Test cases:\n +(.*)$/m.exec(stdout)?.[1]}`);
    assert.equal(status, 0, `NEXUS_SEED=${seed}\n${stdout}${stderr}`);
    assert.equal((await server.get('/health/live')).status, 200);
  });
}
