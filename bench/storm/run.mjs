// A storm of hostile clients against a server in a memory cgroup: node bench/storm/run.mjs [--seconds N] [--limit-mb N]
// [--clients N] [--seed N] [--peer nexus|workerd|express] [--reports-latency]. Prints one JSON object on stdout and a
// table on stderr. Exit status: 0 all requirements were met, 1 one was not, 2 the storm cannot run here, or wrong
// arguments.
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MemoryCgroup } from './cgroup.mjs';
import { nextLimit, STEP_MS } from './limit_walk.mjs';
import { Random } from './random.mjs';
import { isResponse } from './request.mjs';
import { accountedOf, Sampler } from './sampler.mjs';
import { LIMITS, missing, peers, start } from './servers.mjs';
import { allHeld, judge, mostAbove, mostRss, percentile, table } from './verdict.mjs';

const MIB = 2 ** 20;
const WARM_MS = 2000;
const HONEST_PER_SECOND = 100;
const GOES_BACK_MS = 5000;
const LONGEST_DRAIN_MS = 30_000; // calls are cancelled, and queued ones end after QUEUE_TIMEOUT_MS
const SILENT_MS = 15_000; // some clients always ask: without any response for so long, the server hangs

const say = (text) => console.error(`storm: ${text}`);
const secondsSince = (began) => Math.round((performance.now() - began) / 100) / 10;

let stopped; // the signal that ends the storm early, and in good order

class CannotRun extends Error {}

function readOptions() {
  const text = (value) => ({ type: 'string', default: value });
  const { values } = parseArgs({
    options: {
      seconds: text('60'), 'limit-mb': text('1024'), clients: text('64'), seed: text(String(Date.now() % 1e6)), peer: text('nexus'),
      'reports-latency': { type: 'boolean', default: false },
    },
  });
  const [seconds, limitMb, clients, seed] = ['seconds', 'limit-mb', 'clients', 'seed'].map((name) => Number(values[name]));
  if (![seconds, limitMb, clients].every((number) => Number.isInteger(number) && number > 0) || !Number.isInteger(seed)) {
    throw new CannotRun('--seconds, --limit-mb, --clients and --seed are whole numbers');
  }
  if (!peers.includes(values.peer)) throw new CannotRun(`--peer is one of ${peers.join(', ')}`);
  return { seconds, limitMb, clients, seed, peer: values.peer, judgesLatency: !values['reports-latency'] };
}

// Starts a helper process of bench/storm. `said` resolves with its last message, or with undefined if it ends without
// one.
function helper(file, options) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let last;
  child.on('message', (words) => { last = words; });
  const ended = new Promise((resolve) => { child.once('exit', () => resolve(last)); });
  const tell = (word) => { if (child.connected) child.send(word); };
  return {
    ended, tell,
    kill: () => child.kill('SIGKILL'),
    report: () => new Promise((resolve) => {
      child.once('message', resolve);
      ended.then(resolve);
      tell('report');
    }),
  };
}

function goAhead() {
  try {
    setPriority(-10); // samples must be taken on time
  } catch {
    say('without the right to go ahead of others, samples and honest calls have our own waiting in them');
  }
}

function rssOf(pid) {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0; // the process has just ended
  }
}

async function lookWhenIdle(sampler, server) {
  const { metrics, workingSet } = await sampler.once();
  if (!metrics) return { rss: rssOf(server.pid), workingSet };
  return {
    rss: rssOf(server.pid), workingSet, kinds: metrics.accounted, accounted: accountedOf(metrics),
    instances: metrics.idle + metrics.active, panels: metrics.panels, started: metrics.started,
  };
}

async function honestFor(url, ms) {
  const honest = helper('honest.mjs', { url, perSecond: HONEST_PER_SECOND });
  await sleep(ms);
  honest.tell('stop');
  return honest.ended;
}

// Runs until `seconds` have passed, the server has ended, or it stops responding.
async function blow({ group, server, clients, options, size }) {
  const began = performance.now();
  const random = new Random(options.seed);
  const limits = { lowest: size, moves: 0 };
  let death, hangs;
  server.ended.then(async (status) => { death ??= { status, at_s: secondsSince(began), errors: server.errors() }; });
  for (let moved = began; !death && !hangs && !stopped && performance.now() - began < options.seconds * 1000; await sleep(50)) {
    if (performance.now() - moved < STEP_MS) continue;
    moved = performance.now();
    const next = nextLimit({ limit: group.limit, size, workingSet: group.workingSet(), random });
    if (next !== group.limit) {
      group.setLimit(next);
      limits.moves += 1;
      limits.lowest = Math.min(limits.lowest, next);
    }
    const { silentMs } = await clients.report() ?? {};
    if (silentMs > SILENT_MS) hangs = { at_s: Math.round(secondsSince(began) - silentMs / 1000) };
  }
  const finalReport = await clients.report();
  group.setLimit(size);
  return { death, hangs, limits, finalReport, lasted_s: secondsSince(began) };
}

// The figures once the server is idle again, within the time that it has for that.
async function settle(sampler, server, before) {
  const until = performance.now() + GOES_BACK_MS;
  for (;;) {
    const after = await lookWhenIdle(sampler, server);
    const isBack = after.rss <= mostRss(before.rss) && !(after.instances > LIMITS.minInstances) &&
      !(after.accounted - after.workingSet > mostAbove(after.workingSet));
    if (before.kinds && !after.kinds) return undefined; // the server does not respond
    if (isBack || performance.now() > until) return { ...after, took_s: secondsSince(until - GOES_BACK_MS) };
    await sleep(100);
  }
}

async function storm(options, group, folder) {
  const size = options.limitMb * MIB;
  const server = await start(options.peer, group, folder);
  let clients, honest;
  try {
    const metricsUrl = options.peer === 'nexus' ? server.url : undefined;
    await honestFor(server.url, WARM_MS);
    const sampler = new Sampler(group, metricsUrl);
    const before = await lookWhenIdle(sampler, server);
    clients = helper('clients.mjs', { url: server.url, clients: options.clients, seed: options.seed });
    honest = helper('honest.mjs', { url: server.url, perSecond: HONEST_PER_SECOND });
    goAhead();
    const sampling = sampler.run();
    const { finalReport, ...weather } = await blow({ group, server, clients, options, size });
    const { oomKills, atLimit } = group.counters();
    sampler.stop();
    await sampling;
    honest.tell('stop');
    clients.tell('stop');
    const draining = performance.now();
    const patience = sleep(weather.hangs ? 1000 : LONGEST_DRAIN_MS, undefined, { ref: false });
    const said = await Promise.race([Promise.all([clients.ended, honest.ended]), patience]);
    const drained_s = secondsSince(draining);
    const after = weather.death || !said ? undefined : await settle(sampler, server, before);
    // Clients that ended without a message: their requests in progress have no response.
    const unfinished = { ...finalReport, unansweredCount: finalReport.unansweredCount + finalReport.sending.length };
    return {
      ...weather, before, after, oomKills: Math.max(oomKills, group.counters().oomKills), atLimit, drained_s,
      restarted: after && after.started !== before.started, sampler: sampler.seen, clients: said?.[0] ?? unfinished,
      inProgress: finalReport.sending.slice(0, 10),
      honest: said?.[1] ?? { latencies: [], outcomes: {} }, minInstances: LIMITS.minInstances, isResponse,
    };
  } finally {
    clients?.kill();
    honest?.kill();
    server.kill();
    await server.ended;
  }
}

// The printed summary: without single latencies and samples.
function summary(options, seen, rows) {
  const { sampler: { accountedAbove, ...sampler }, honest: { latencies, ...honest }, isResponse: _, clients, ...rest } = seen;
  delete clients.sending;
  const latency_ms = Object.fromEntries([0.5, 0.9, 0.99, 1].map((p) => [`p${p * 100}`, percentile(latencies, p)]));
  return {
    date: new Date().toISOString(), ...options, held: allHeld(rows), rows, ...rest, sampler,
    honest: { ran: latencies.length, latency_ms, ...honest }, clients,
  };
}

async function main() {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => { stopped = signal; });
  const options = readOptions();
  const why = missing(options.peer);
  if (why) throw new CannotRun(why);
  const folder = mkdtempSync(join(tmpdir(), 'nexus-storm-'));
  let group;
  try {
    try {
      group = MemoryCgroup.make(`nexus-storm-${process.pid}`, options.limitMb * MIB);
    } catch (error) {
      throw new CannotRun(`no memory cgroup can be made here (${error.message}); it takes root, or NEXUS_CGROUP`);
    }
    say(`${options.peer}, ${options.seconds} s in ${options.limitMb} MiB, ${options.clients} clients, seed ${options.seed}`);
    const seen = await storm(options, group, folder);
    const rows = judge(seen, { judgesLatency: options.judgesLatency, processors: availableParallelism() });
    console.log(JSON.stringify(summary(options, seen, rows), null, 1));
    console.error(`\n${table(rows)}\n`);
    const held = allHeld(rows) && !stopped;
    say(stopped ? `stopped by ${stopped}` : held ? 'all held' : `NOT held; to have it again: --seed ${options.seed}`);
    return held ? 0 : 1;
  } finally {
    await group?.remove();
    rmSync(folder, { recursive: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof CannotRun) console.error(`\n*** storm: SKIPPED, NOT PROVED: ${error.message} ***\n`);
  else console.error(error);
  process.exitCode = error instanceof CannotRun ? 2 : 1;
}
