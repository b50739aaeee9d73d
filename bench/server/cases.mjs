// One function for each case, with a server of its own. Targets are in bench/report.
import http from 'node:http';
import { getPriority, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { call, createPanel, percentile, Server, trigger } from './program.mjs';
import { countedWrk, wrk } from './wrk.mjs';

const SMALL = '$state.count += $args.by; return {n: $state.count, who: $args.who}';
const BODY = '{"by":1,"who":"someone"}';
const ENDLESS = { TIMEOUT_MS: '600000', MAX_WALL_MS: '600000' };

export async function start() {
  const firstResponse = [];
  let idle = 0;
  for (let round = 0; round < 5; round += 1) {
    const server = await Server.start();
    await call(`${server.url}/health/ready`, { method: 'GET' });
    firstResponse.push(performance.now() - server.began);
    // At rest, as for the container's figure: a second after its start the server gives back memory that only the start
    // needed.
    if (round === 4) await sleep(2000);
    idle = server.megabytes('VmRSS');
    await server.stop();
  }
  return { start_to_first_answer_ms: percentile(firstResponse, 0.5), idle_rss_mb: idle };
}

export async function loops({ seconds }) {
  const figures = {};
  for (const threads of [1, 2]) {
    const server = await Server.start({ THREADS: String(threads) });
    for (let i = 0; i < 16; i += 1) await createPanel(server, `p${i}`, SMALL);
    const one = '"/panels/p1/trigger/run"';
    await wrk(server, one, { seconds: 1 });
    figures[`one_panel_${threads}_loops_per_s`] = await wrk(server, one, { seconds });
    figures[`16_panels_${threads}_loops_per_s`] =
      await wrk(server, '"/panels/p" .. math.random(0, 15) .. "/trigger/run"', { seconds });
    await server.stop();
  }
  return figures;
}

// Sends calls on a schedule, whether or not earlier ones have a response. Latency counts from the actual send, which is
// up to a millisecond late because of the timers here.
async function paced(url, body, perSecond, seconds, agent) {
  const began = performance.now();
  const calls = [];
  for (let i = 0; i < perSecond * seconds; i += 1) {
    const due = began + (i * 1000) / perSecond;
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait);
    const sent = performance.now();
    calls.push(call(url, { body, agent }).then(({ status, text }) => {
      if (status !== 200 || !text.includes('"success"')) throw new Error(`${status} ${text.slice(0, 200)}`);
      return performance.now() - sent;
    }));
  }
  return Promise.all(calls);
}

// Raises our priority: where both processors are busy, the delay to measure is the server's, not our own. Returns a
// function that resets it.
function ahead() {
  try {
    setPriority(-10);
  } catch {
    console.error('bench: the priority cannot be raised: figures beside busy loops include our own delays');
  }
  return () => setPriority(Math.max(0, getPriority()));
}

export async function spinners({ seconds }) {
  const server = await Server.start(ENDLESS);
  const agent = new http.Agent({ keepAlive: true });
  await createPanel(server, 'short', SMALL);
  await createPanel(server, 'five', 'const end = performance.now() + 5; while (performance.now() < end); return 1');
  for (let i = 0; i < 100; i += 1) {
    await createPanel(server, `endless${i}`, 'for (;;);');
    call(trigger(server, `endless${i}`), { body: '{}' }).catch(() => {});
  }
  while (!/"activeInstances":100,/.test((await call(`${server.url}/health`, { method: 'GET' })).text)) await sleep(20);
  const calmDown = ahead();
  await paced(trigger(server, 'short'), BODY, 200, 1, agent);
  const short = await paced(trigger(server, 'short'), BODY, 200, seconds * 2, agent);
  const five = await paced(trigger(server, 'five'), '{}', 5, seconds * 4, agent);
  calmDown();
  agent.destroy();
  await server.stop();
  return { short_call_beside_100_endless_p99_ms: percentile(short, 0.99), short_p50_ms: percentile(short, 0.5),
    five_ms_call_beside_100_endless_p99_ms: percentile(five, 0.99), five_ms_p50_ms: percentile(five, 0.5) };
}

// Sixteen clients call one panel without pause; another panel is called now and then.
export async function flood({ seconds }) {
  const server = await Server.start();
  const agent = new http.Agent({ keepAlive: true });
  for (const id of ['flooded', 'other']) await createPanel(server, id, SMALL);
  const other = () => paced(trigger(server, 'other'), BODY, 200, seconds, agent);
  await other();
  const alone = await other();
  const flooding = wrk(server, '"/panels/flooded/trigger/run"', { seconds: seconds + 1 });
  const calmDown = ahead();
  const beside = await other();
  await flooding;
  calmDown();
  agent.destroy();
  await server.stop();
  return { call_alone_p99_ms: percentile(alone, 0.99), call_beside_a_flooded_panel_p99_ms: percentile(beside, 0.99) };
}

async function createMany(server, count, handlerOf) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  const ids = Array.from({ length: count }, (_, i) => i);
  await Promise.all(ids.map((i) => createPanel(server, `p${i}`, handlerOf(i), { agent })));
  agent.destroy();
}

const ownHandler = (i) =>
  `const own = {id: ${i}, name: 'panel ${i}'}; $state.count += $args.by; return {n: $state.count, who: $args.who, own: own.name}`;

async function cpuPerCall(server, panels, seconds) {
  const path = `"/panels/p" .. math.random(0, ${panels - 1}) .. "/trigger/run"`;
  await wrk(server, path, { seconds: Math.max(1, panels / 5000) });
  const before = server.cpuUs();
  const perSecond = await wrk(server, path, { seconds });
  return (server.cpuUs() - before) / (perSecond * seconds);
}

export async function manyPanels({ seconds }) {
  const figures = {};
  for (const [kind, handlerOf] of [['own', ownHandler], ['shared', () => SMALL]]) {
    for (const count of [10, 10_000]) {
      const server = await Server.start({ THREADS: '1' });
      await createPanel(server, 'first', SMALL);
      await call(trigger(server, 'first'), { body: BODY });
      const before = server.megabytes('VmRSS');
      await createMany(server, count, handlerOf);
      figures[`${count}_panels_${kind}_handlers_rss_mb`] = server.megabytes('VmRSS') - before;
      figures[`${count}_panels_${kind}_handlers_cpu_us`] = await cpuPerCall(server, count, seconds);
      await server.stop();
    }
  }
  return figures;
}

// Scrapes /metrics again and again, from a server where most panels have run.
export async function scrape({ seconds }) {
  const server = await Server.start();
  const agent = new http.Agent({ keepAlive: true });
  await createMany(server, 10_000, ownHandler);
  await wrk(server, '"/panels/p" .. math.random(0, 9999) .. "/trigger/run"', { seconds });
  const times = [];
  let bytes = 0;
  const calmDown = ahead();
  for (let round = 0; round < 1000; round += 1) {
    const began = performance.now();
    const { status, text } = await call(`${server.url}/metrics`, { method: 'GET', agent });
    times.push(performance.now() - began);
    if (status !== 200 || !/^nexus_panels 10000$/m.test(text)) throw new Error(`${status} ${text.slice(0, 200)}`);
    bytes = Math.max(bytes, Buffer.byteLength(text));
  }
  calmDown();
  agent.destroy();
  await server.stop();
  return { scrape_p95_ms: percentile(times, 0.95), scrape_p50_ms: percentile(times, 0.5), scrape_kb: bytes / 1000 };
}

// The cost of a rejected request while another handler holds the only instance. That handler runs between the requests:
// its running time is subtracted, except what it ran alone before and after.
export async function refusals({ seconds }) {
  const server = await Server.start({ THREADS: '1', MAX_INSTANCES: '1', MIN_INSTANCES: '1', QUEUE_TIMEOUT_MS: '0', ...ENDLESS });
  await createPanel(server, 'p', SMALL);
  await createPanel(server, 'hog', 'for (;;);');
  const began = performance.now();
  const hog = call(trigger(server, 'hog'), { body: '{}' });
  for (;;) {
    const { status } = await call(trigger(server, 'p'), { body: BODY });
    if (status === 503) break;
  }
  const { requests, refused, seconds: all } =
    await countedWrk(server, '"/panels/p/trigger/run"', { seconds, connections: 128 });
  await call(`${server.url}/panels/hog`, { method: 'DELETE' });
  const hogUs = JSON.parse((await hog).text).metrics.executionTimeUs;
  const aloneUs = (performance.now() - began) * 1e3 - all * 1e6;
  await server.stop();
  if (refused !== requests) throw new Error(`${refused} of ${requests} requests were rejected`);
  return { refusal_us: (all * 1e6 - Math.max(0, hogUs - aloneUs)) / refused };
}

// The same where bytes are short: panels hold them, and the handler is known to need more than are free. The forecast
// decays with each rejection, so some calls run; their time is subtracted.
export async function refusalsByBytes({ seconds }) {
  const server = await Server.start({ THREADS: '1', MEMORY_BUDGET_MB: '64', QUEUE_TIMEOUT_MS: '0' });
  await createPanel(server, 'p', 'const a = new Uint8Array(4 << 20); for (let i = 0; i < a.length; i += 4096) a[i] = 1;');
  const took = [];
  for (let i = 0; i < 50; i += 1)
    took.push(JSON.parse((await call(trigger(server, 'p'), { body: BODY })).text).metrics.executionTimeUs);
  for (let bytes = 512 * 1024, n = 0; bytes > 64; bytes /= 2) {
    const initialState = { s: 'x'.repeat(bytes) };
    for (;; n += 1) {
      const body = JSON.stringify({ id: `full${n}`, kind: 'bench', tools: [], initialState });
      if ((await call(`${server.url}/panels`, { body })).status !== 201) break;
    }
  }
  const { requests, refused, seconds: all } =
    await countedWrk(server, '"/panels/p/trigger/run"', { seconds, connections: 128 });
  await server.stop();
  if (refused < 0.95 * requests) throw new Error(`${refused} of ${requests} requests were rejected: memory was not short`);
  return { refusal_by_bytes_us: (all * 1e6 - (requests - refused) * percentile(took, 0.5)) / refused };
}

export async function connections({ seconds }) {
  const COUNT = 1000;
  const server = await Server.start({ MAX_PANEL_QUEUE: String(COUNT) }); // in the first round all calls come at once
  await createPanel(server, 'p', SMALL);
  const before = server.status('RssAnon'); // without the pages of files, which come and go
  const agents = Array.from({ length: COUNT }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
  const times = [];
  await Promise.all(agents.map(async (agent, i) => {
    for (let round = 0; round <= seconds; round += 1) {
      const took = await paced(trigger(server, 'p'), BODY, 1, 1, agent);
      if (round > 0) times.push(...took);
      await sleep(1000 - took[0] + (round === 0 ? i : 0)); // spread over the second
    }
  }));
  const rssKb = server.status('RssAnon') - before;
  agents.forEach((agent) => agent.destroy());
  await server.stop();
  return { '1000_connections_p99_ms': percentile(times, 0.99), kib_a_connection: rssKb / COUNT };
}
