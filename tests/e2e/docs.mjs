// Checks the pages against each other and against the sources: codes, names of settings, links. Starts nothing but
// `nexus config`.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { anchorOf, sectionsOf } from './support/page.mjs';
import { runProgram } from './support/program.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path) => readFileSync(join(root, path), 'utf8');
const pagesIn = (folder, options) => readdirSync(join(root, folder), options).filter((name) => name.endsWith('.md'))
  .map((name) => join(folder, name)).filter((path) => !path.includes('node_modules'));
const folders = ['bench', 'deploy', 'docs', 'examples', 'guest', 'src', 'tests'];
const pages = [...pagesIn('.'), ...folders.flatMap((folder) => pagesIn(folder, { recursive: true }))];

// Names in capitals that are neither settings nor our codes: other variables, names of files, codes of $ext.http.
const others = ['CRON_TZ', 'HTTP_PROXY', 'NO_COLOR', 'NEXUS_PROGRAM', 'NEXUS_TOKEN', 'NEXUS_URL', 'THIRD_PARTY',
  'BAD_ANSWER', 'BAD_REDIRECT', 'CONNECTION_LOST', 'CONNECT_FAILED', 'NAME_NOT_FOUND', 'PROXY_FAILED', 'TLS_FAILED', 'TOO_MANY_REDIRECTS'];

const codes = [...read('src/nexus/foundation/base/error.cpp').matchAll(/"([A-Z_]+)"/g)].map(([, code]) => code);

// Headings as readers see them, without Markdown.
const plain = (title) => title.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '');

function anchorsOf(path) {
  const seen = new Map();
  return new Set(sectionsOf(read(path)).map(({ title }) => {
    const anchor = anchorOf(plain(title));
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  }));
}

// The text without code blocks and spans, which contain no links.
const prose = (text) => text.replace(/^```[^]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');

test('each code has exactly one section on the page of errors, linked from its index', () => {
  assert.ok(codes.length > 20, `${codes.length}`);
  const anchors = sectionsOf(read('docs/errors.md')).filter(({ level }) => level === 3).map(({ title }) => anchorOf(title));
  assert.deepEqual([...anchors].sort(), codes.map((code) => code.toLowerCase()).sort());
  const index = read('docs/operations.md') + read('docs/handlers.md');
  const isUsed = (code) => code !== 'INVALID_CONFIGURATION';  // occurs only at start
  for (const code of codes.filter(isUsed)) assert.ok(index.includes(`[${code}](errors.md#${code.toLowerCase()})`), code);
});

test('each section of the page of errors has cause, remedy and an example', () => {
  for (const part of read('docs/errors.md').split(/^### /m).slice(1)) {
    const name = part.slice(0, part.indexOf('\n'));
    assert.match(part, /- \*\*What to do:\*\* /, name);
    assert.match(part, /^```(console|json)$/m, name);
  }
});

test('all codes of openapi.json exist', () => {
  const known = new Set(codes);
  const schemas = JSON.stringify(JSON.parse(read('docs/openapi.json')).components);
  const listed = [...schemas.matchAll(/"code":\{"enum":\[([^\]]*)\]/g)].flatMap(([, list]) => JSON.parse(`[${list}]`));
  assert.ok(listed.length > 0);
  for (const code of listed) assert.ok(known.has(code), code);
});

test('links and their anchors exist', () => {
  const faults = [];
  let count = 0;
  for (const page of pages) {
    for (const [, target] of prose(read(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https?|mailto):/.test(target)) continue;
      ++count;
      const [path, anchor] = target.split('#');
      const file = path === '' ? join(root, page) : resolve(root, dirname(page), path);
      if (!existsSync(file)) faults.push(`${page}: ${target}`);
      else if (anchor !== undefined && !anchorsOf(file.slice(root.length)).has(anchor)) faults.push(`${page}: ${target}: no such heading`);
    }
  }
  assert.ok(count > 50, `${count}`);
  assert.deepEqual(faults, []);
});

test('each environment variable that is no setting is on a page', () => {
  const sources = readdirSync(join(root, 'apps'), { recursive: true }).filter((name) => /\.(cpp|h)$/.test(name)).map((name) => read(join('apps', name)));
  const names = new Set(sources.flatMap((text) => [...text.matchAll(/\b(?:envname|getenv)\("(\w+)"\)/g)].map(([, name]) => name)));
  assert.ok(names.has('NEXUS_URL') && names.has('NO_COLOR'), [...names].join(' '));
  const shown = pages.filter((path) => path.startsWith('docs/')).map(read).join('\n');
  assert.deepEqual([...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(shown)), []);
});

test('names in capitals on the pages are settings, codes, or otherwise known', async () => {
  const settings = JSON.parse((await runProgram(['config', '--json'])).stdout).settings.map(({ name }) => name);
  const known = new Set([...settings, ...settings.map((name) => `NEXUS_${name}`), ...codes, ...others]);
  const faults = [];
  for (const page of pages.filter((path) => path.startsWith('docs/') || path === 'README.md')) {
    for (const [name] of read(page).matchAll(/(?<![\w.$-])[A-Z]+(?:_[A-Z]+)+\b/g)) if (!known.has(name)) faults.push(`${page}: ${name}`);
  }
  assert.deepEqual([...new Set(faults)], []);
});
