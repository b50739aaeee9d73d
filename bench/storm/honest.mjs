// Honest callers, in a process with the highest priority: node honest.mjs '{"url","perSecond"}', started by fork. Sends
// calls on a schedule, whether or not earlier ones have a response, until the message "stop". Then it sends {latencies
// (ms, of calls that ran), outcomes, isAhead}.
import http from 'node:http';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { HONEST, panelOf } from './hogs.mjs';
import { outcomeOf, request } from './request.mjs';

const PANELS = 4;
const MOST_AT_ONCE = 200; // with no responses, more callers would add nothing

const { url, perSecond } = JSON.parse(process.argv[2]);
const agent = new http.Agent({ keepAlive: true });
const latencies = [];
const outcomes = {};
let isOver = false, inProgress = 0, skipped = 0;

// Where the processors are busy, the delay to measure is the server's, not our own.
function goAhead() {
  try {
    setPriority(-10);
    return true;
  } catch {
    return false;
  }
}

async function call(panel) {
  inProgress += 1;
  let outcome;
  try {
    const response = await request(`${url}/panels/${panel}/trigger/run`, { agent, body: '{"by":1,"who":"someone"}' });
    outcome = outcomeOf(response);
    if (outcome === '200 success') latencies.push(response.ms);
  } catch (error) {
    outcome = `no answer: ${error.code ?? error.message}`;
  }
  inProgress -= 1;
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}

process.on('message', () => { isOver = true; });
process.on('disconnect', () => process.exit());

for (let i = 0; i < PANELS; i += 1) {
  await request(`${url}/panels`, { agent, body: JSON.stringify(panelOf(`honest${i}`, { run: HONEST })) }); // or until it exists
}
const isAhead = goAhead();
const began = performance.now();
const calls = [];
for (let i = 0; !isOver; i += 1) {
  const wait = began + (i * 1000) / perSecond - performance.now();
  if (wait > 0) await sleep(wait);
  if (inProgress < MOST_AT_ONCE) calls.push(call(`honest${i % PANELS}`));
  else skipped += 1;
}
await Promise.race([Promise.all(calls), sleep(30_000, undefined, { ref: false })]);
agent.destroy();
// Ten minutes of latencies are a megabyte: disconnect only when all of it is sent.
process.send({ latencies, outcomes, skipped, isAhead }, () => process.disconnect());
