// bench/report on small results: it writes the page and its plots, reports a missed target, and marks missing figures.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const report = fileURLToPath(new URL('../../bench/report', import.meta.url));
const MIB = 2 ** 20;
const NOT_MEASURED = 'not measured in this run';

const peer = (name, where, metric, median, fresh = true) => ({ peer: name, version: `${name} 1.0`, case: where, metric, unit: '', median, fresh });

function storm(more = {}) {
  return {
    date: '2026-01-02T03:04:05.000Z', seconds: 600, limitMb: 256, seed: 5, lasted_s: 600, oomKills: 0,
    rows: [{ name: 'killed by the kernel', required: '0', seen: '0', holds: true, decides: true }],
    honest: { ran: 7, latency_ms: { p50: 1, p90: 2, p99: 3, p100: 4 }, outcomes: { '200 success': 9 } },
    clients: { unanswered: [{ what: 'grow', outcome: 'no answer: ECONNRESET', after_ms: 5 }] },
    sampler: { series: [[0, 100 * MIB, 256 * MIB, 101 * MIB], [2, 200 * MIB, 240 * MIB, 210 * MIB]] }, ...more,
  };
}

const inside = (times) => ({ benchmarks: Object.entries(times).map(([run_name, real_time]) => ({ run_name, real_time, aggregate_name: 'median' })) });

// A run that meets all its targets.
const good = () => ({
  'run.json': { date: '2026-01-02 03:00 UTC', command: '`bench/run --storm`', commit: 'abc123', processor: 'a processor', processors: 2, kernel: 'Linux 6' },
  'inside.json': inside({ 'call_handler/small': 4, reset_alone: 1, call_lodash: 5 }),
  'nexus_bench-small-1.json': { benchmarks: [{ cpu_time: 4.08 }] }, 'nexus_bench_no_ledger-small-1.json': { benchmarks: [{ cpu_time: 4 }] },
  'nexus_bench-small-2.json': { benchmarks: [{ cpu_time: 8 }] }, 'nexus_bench_no_ledger-small-2.json': { benchmarks: [{ cpu_time: 4 }] },
  'nexus_bench-small-3.json': { benchmarks: [{ cpu_time: 8 }] }, 'nexus_bench_no_ledger-small-3.json': { benchmarks: [{ cpu_time: 8 }] },
  'server.json': { start_to_first_answer_ms: 15, idle_rss_mb: 20 },
  'waiting.json': { waiting: 100000, rss_mb: 170, bytes_each: 1700, in_a_gib: 600000, resumed_per_second: 40000 },
  'websocket.json': { idle_kib_each: 6, turns: [{ callers: 4, stuck: 0, messages_per_s: 200000 }, { callers: 4, stuck: 1, messages_per_s: 199000 }] },
  'container.json': { image_mb: 59, ready_ms: 20, with_podman_ms: 300, idle_rss_mb: 12 },
  'storm-256.json': storm(),
  'storm-256-workerd.json': storm({ peer: 'workerd', lasted_s: 3.5, oomKills: 1, death: { status: 'SIGKILL', at_s: 3.4 } }),
  'peers.jsonl': [
    peer('isolated-vm', 'inprocess/new-isolate', 'time_per_call', 1200), peer('isolated-vm', 'suspended/isolate', 'rss_per_handler', 1e6),
    peer('nexus', 'http/new-sandbox', 'throughput', 50000), peer('express', 'http/no-sandbox', 'throughput', 5000, false),
    peer('nexus', 'neighbour/new-sandbox', 'noisy_p99', 3), peer('workerd', 'neighbour/warm-isolate', 'noisy_p99', null, false),
  ],
});

// Returns {status, said, page, svg: {name: text}}; `left`: files of an earlier page.
function run(t, results, left = []) {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-report-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'docs/benchmarks'), { recursive: true });
  for (const name of left) writeFileSync(join(folder, 'docs/benchmarks', name), 'old');
  for (const [name, what] of Object.entries(results)) {
    writeFileSync(join(folder, name), Array.isArray(what) ? what.map((line) => `${JSON.stringify(line)}\n`).join('') : JSON.stringify(what));
  }
  const { status, stdout, stderr } = spawnSync(report, [folder, join(folder, 'docs')], { encoding: 'utf8' });
  assert.equal(stderr, '');
  const svg = Object.fromEntries(readdirSync(join(folder, 'docs/benchmarks')).map((name) => [name, readFileSync(join(folder, 'docs/benchmarks', name), 'utf8')]));
  return { status, said: stdout, page: readFileSync(join(folder, 'docs/benchmarks.md'), 'utf8'), svg };
}

const rowOf = (page, what) => page.split('\n').find((line) => line.startsWith(`| ${what}`));

test('all figures of a run are on the page, and meet their targets', (t) => {
  const { status, said, page } = run(t, good());
  assert.equal(status, 0, said);
  assert.match(said, / 0 missed/);
  assert.doesNotMatch(page, /\*\*no\*\*|\{\{|nan/i);
  for (const row of [
    '| commit of the program | abc123 |', '| date | 2026-01-02 03:00 UTC |', '| one call in process, memory pristine again | 4 us | <= 10 us | yes |',
    '| beside isolated-vm new-isolate (1200 us) | 300 x | >= 150 x | yes |', '| isolated-vm, isolate | 1,000,000 |',
    '| HTTP trigger beside express no-sandbox (50,000 and 5,000 requests/s) | 10 x | >= 8 x | yes |', '| size of the image | 59 MB | <= 60 MB | yes |',
    '| PATCH to 1,000 clients, four calls in progress: messages/s | 200,000 | >= 100,000 | yes |', '| killed by the kernel | 0 | 0 | yes |',
    '| a call, beside one with the ledger compiled out | 1.02 x | <= 1.05 x | yes |',
    '| workerd | 256 MiB | 3.5 s of 600 | 7 of 9 | OOM killer | `grow` |',
  ]) assert.ok(page.includes(row), row);
  assert.match(rowOf(page, 'workerd, warm-isolate'), /\| blocked \|$/);
});

test('each plot is linked and has its unit and date, and older files are removed', (t) => {
  const { page, svg } = run(t, good(), ['old.svg', 'requests.svg']);
  const names = ['beside-endless.svg', 'fresh-call.svg', 'requests.svg', 'storm-256.svg', 'waiting.svg'];
  assert.deepEqual(Object.keys(svg).sort(), names);
  for (const name of names) {
    assert.ok(page.includes(`](benchmarks/${name})`), name);
    assert.match(svg[name], /^<svg [^]*2026-01-02[^]*<\/svg>\n$/, name);
  }
  assert.match(svg['fresh-call.svg'], /µs[^<]*logarithmic/);
  assert.match(svg['requests.svg'], /requests\/s/);
  assert.match(svg['storm-256.svg'], />MiB</);
  assert.equal([...svg['storm-256.svg'].matchAll(/<polyline/g)].length, 3);
  assert.ok(!page.includes('storm-1024.svg'));
});

test('a figure that is ten times another has a bar one decade longer', (t) => {
  const results = good();
  results['peers.jsonl'][0].median = 40;
  results['peers.jsonl'].push(peer('isolated-vm', 'inprocess/new-context', 'time_per_call', 400));
  const { svg } = run(t, results);
  const widths = [...svg['fresh-call.svg'].matchAll(/<rect class="\w+" [^>]* width="([\d.]+)" height="18"/g)].map(([, width]) => Number(width));
  assert.equal(widths.length, 3);
  assert.ok(Math.abs((widths[2] - widths[1]) - (widths[1] - widths[0])) < 0.5, `${widths}`);
});

for (const [what, spoil, row] of [
  ['time', (results) => { results['inside.json'] = inside({ 'call_handler/small': 4, load_lodash: 60_100 }); }, 'loading that module'],
  ['ratio', (results) => { results['peers.jsonl'][3].median = 6300; }, 'HTTP trigger beside express'],
  ['storm', (results) => { Object.assign(results['storm-256.json'].rows[0], { seen: '1', holds: false }); }, 'killed by the kernel'],
]) {
  test(`a ${what} that misses its target is reported and fails the run`, (t) => {
    const results = good();
    spoil(results);
    const { status, said, page } = run(t, results);
    assert.equal(status, 1);
    assert.match(said, / 1 missed/);
    assert.match(rowOf(page, row), /\| \*\*no\*\* \|$/);
  });
}

test('a figure that is only reported does not fail the run', (t) => {
  const results = good();
  Object.assign(results['storm-256.json'].rows[0], { holds: false, decides: false });
  const { status, page } = run(t, results);
  assert.equal(status, 0);
  assert.match(rowOf(page, 'killed by the kernel'), /\| no, reported only \|$/);
});

for (const [name, what] of [
  ['inside.json', 'one call in process'], ['server.json', 'start to the first response'], ['waiting.json', '100,000 suspended executions'],
  ['asking.json', '1,000 handlers, each with'], ['websocket.json', 'PATCH to 1,000 clients'], ['container.json', 'size of the image'],
  ['peers.jsonl', 'HTTP trigger beside express'],
]) {
  test(`without ${name} its rows are marked as not measured`, (t) => {
    const results = good();
    delete results[name];
    const { status, page } = run(t, results);
    assert.equal(status, 0);
    assert.ok(rowOf(page, what).includes(`| ${NOT_MEASURED} |`), rowOf(page, what));
    assert.doesNotMatch(page, /\bnan\b/);
  });
}

test('without any result all rows and plots are marked as not measured', (t) => {
  const { status, page, svg } = run(t, {}, ['requests.svg']);
  assert.equal(status, 0);
  assert.deepEqual(svg, {});
  assert.ok(!page.includes('](benchmarks/'));
  assert.ok(page.split('\n').filter((line) => / \| (yes|\*\*no\*\*) \|$/.test(line)).length === 0);
  assert.ok(page.includes(`Plot: ${NOT_MEASURED}.`) && page.includes('\nNot measured in this run.\n'));
});

test('an empty result file counts as not measured', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-report-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'storm-1024.json'), '');
  assert.equal(spawnSync(report, [folder, folder]).status, 0);
  assert.ok(existsSync(join(folder, 'benchmarks.md')));
});

// The rows of the figures: their section of the page and their label, without the figures of one run in brackets.
function rowsOf(page) {
  let title, isTable = false;
  return page.split('\n').flatMap((line) => {
    title = /^## (.*)/.exec(line)?.[1] ?? title;
    isTable = line.startsWith('|') && (isTable || line === '| what | figure | target | met |');
    const [, first] = /^\| (.*?) (?:\(|\|)/.exec(line) ?? [];
    return isTable && first && first !== 'what' ? [`${title}: ${first}`] : [];
  });
}

const published = readFileSync(fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url)), 'utf8');

test('the page in docs has exactly the rows of bench/report', (t) => {
  const written = rowsOf(run(t, {}).page);
  assert.ok(written.length > 40, `${written.length}`);
  assert.deepEqual(rowsOf(published), written);
});

test('the page in docs has the prose of the template', () => {
  const template = readFileSync(fileURLToPath(new URL('../../bench/page/benchmarks.md.in', import.meta.url)), 'utf8');
  const missing = template.split(/\n\n+/).filter((part) => !part.includes('{{') && !published.includes(part.trimEnd()));
  assert.deepEqual(missing, []);
});
