// The release archive: its files, its systemd unit, and that two builds are equal.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runProgram } from './support/program.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const version = /"(.*)"/.exec(readFileSync(`${root}apps/nexus/version.h`, 'utf8'))[1];
const name = `nexus-${version}-linux-x86_64`;
const isCheckout = spawnSync('git', ['rev-parse', '--git-dir'], { cwd: root }).status === 0;

function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'nexus-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('all versions agree', { timeout: 180_000 }, async () => {
  assert.match((await runProgram(['--version'])).stdout, new RegExp(`^nexus ${version.replaceAll('.', '\\.')} `));
  assert.equal(JSON.parse(readFileSync(`${root}docs/openapi.json`, 'utf8')).info.version, version);
  assert.equal(/^## \[(.+?)\]/m.exec(readFileSync(`${root}CHANGELOG.md`, 'utf8'))[1], version);
  for (const [page, pattern] of [['kubernetes', /newTag: ([\d.]+)/g], ['operations', /VERSION=([\d.]+)/g]]) {
    const shown = [...readFileSync(`${root}docs/${page}.md`, 'utf8').matchAll(pattern)].map(([, number]) => number);
    assert.deepEqual([...new Set(shown)], [version], page);
  }
});

test('the archive is complete, and two builds are equal', { timeout: 120_000, skip: !isCheckout }, (t) => {
  const work = folder(t);
  const make = (out) => {
    execFileSync(`${root}scripts/release`, [process.env.NEXUS_BIN, out], { stdio: ['ignore', 'ignore', 'ignore'] });
    execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: out });
    return readFileSync(join(out, 'SHA256SUMS'), 'utf8');
  };
  const first = join(work, 'first');
  assert.equal(make(first), make(join(work, 'second')));
  assert.deepEqual(readdirSync(first).sort(), ['SHA256SUMS', `${name}.tar.gz`]);

  execFileSync('tar', ['-xzf', join(first, `${name}.tar.gz`)], { cwd: work });
  const unpacked = join(work, name);
  assert.deepEqual(readdirSync(unpacked).sort(), ['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'SECURITY.md',
    'THIRD_PARTY.md', 'deploy', 'docs', 'examples', 'nexus']);
  const pages = readdirSync(unpacked, { recursive: true }).filter((path) => path.endsWith('.md'));
  assert.ok(pages.length > 10, `${pages.length}`);
  for (const page of pages) {
    for (const [, target] of readFileSync(join(unpacked, page), 'utf8').replace(/^```[^]*?^```$/gm, '').matchAll(/\]\(([^)\s#:]+)[^)\s:]*\)/g)) {
      const path = relative(unpacked, resolve(unpacked, dirname(page), target));
      if (!/^(src|bench|tests)\//.test(path)) assert.ok(existsSync(join(unpacked, path)), `${page}: ${target}`);
    }
  }
  assert.deepEqual(readFileSync(join(unpacked, 'docs/errors.md')), readFileSync(`${root}docs/errors.md`));
  assert.ok(statSync(join(unpacked, 'examples/todo/panel.json')).isFile());
  assert.ok(statSync(join(unpacked, 'nexus')).size < statSync(process.env.NEXUS_BIN).size, 'stripped');
  const run = spawnSync(join(unpacked, 'nexus'), ['run', join(unpacked, 'examples/greet.js'), '--args', '{"name":"Ada"}']);
  assert.equal(JSON.parse(run.stdout).returnValue.greeting, 'Hello, Ada!');
});

test('the page names the Debian packages of all needed libraries', { timeout: 180_000 }, (t) => {
  if (spawnSync('readelf', ['--version']).error) return t.skip('no readelf');
  const page = readFileSync(`${root}docs/operations.md`, 'utf8');
  const needed = execFileSync('readelf', ['-d', process.env.NEXUS_BIN], { encoding: 'utf8' });
  const ofEverySystem = /^(libc|libm|libgcc_s|libstdc\+\+|ld-linux.*|lib[aut]san|libubsan)$/;
  for (const [, library, number] of needed.matchAll(/NEEDED\).*\[(\S+?)\.so\.(\S+)\]/g)) {
    if (ofEverySystem.test(library)) continue;
    const debian = library === 'libcrypto' ? 'libssl3' : `${library}${number}`;
    assert.ok(new RegExp(`apt-get install[^\`]*\\b${debian.replaceAll('.', '\\.')}\\b`).test(page), debian);
  }
});

test('systemd accepts the unit', { timeout: 180_000 }, (t) => {
  if (spawnSync('systemd-analyze', ['--version']).error) return t.skip('no systemd-analyze');
  // systemd checks that the program exists, and it is not installed here.
  const unit = join(folder(t), 'nexus.service');
  copyFileSync(`${root}deploy/systemd/nexus.service`, unit);
  const { stderr, status } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
  const faults = stderr.split('\n').filter((line) => line !== '' && !line.includes('/usr/local/bin/nexus is not executable'));
  assert.deepEqual(faults, []);
  assert.ok(status === 0 || stderr !== '');
});
