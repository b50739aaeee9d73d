// The hostile clients, in a process of their own: node clients.mjs '{"url","clients","seed"}', started by fork. They
// run until the message "stop", delete what they have created, and send {outcomes, unanswered, sent, sending}. The
// message "report" asks for the same before the end.
import http from 'node:http';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { hogPanel, nextCall, ownHandler, panelOf } from './hogs.mjs';
import { Random } from './random.mjs';
import { isResponse, outcomeOf, request } from './request.mjs';

const MOST_PANELS = 10_000;
const CHURNERS = 1 / 8; // share of the clients
const LONGEST_PAUSE_MS = 40; // between their requests: without it, loading handlers would leave the hogs no time
const START_WITHIN_MS = 3000;
const KEPT_FAILURES = 64; // enough for the requests in progress when a server dies

const { url, clients, seed } = JSON.parse(process.argv[2]);
const outcomes = {};
const unanswered = [];
const sending = new Map(); // requests in progress: a description of each
let sent = 0, unansweredCount = 0, lastResponseAt = performance.now(), isOver = false;
let endWait;
const over = new Promise((resolve) => { endWait = resolve; });
const panelsOfHogs = new Set();

class Client {
  constructor(index) {
    this.index = index;
    this.random = new Random(seed * 1000 + index);
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  }

  // Returns the status, or 0 when there was no response.
  async ask(what, path, options) {
    sent += 1;
    const began = performance.now();
    sending.set(this, { what, began });
    let outcome, status = 0;
    try {
      const response = await request(url + path, { agent: this.agent, ...options });
      ({ status } = response);
      outcome = outcomeOf(response);
      lastResponseAt = performance.now();
    } catch (error) {
      outcome = `no answer: ${error.cause?.code ?? error.code ?? error.message}`;
    }
    sending.delete(this);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (!isResponse(outcome)) {
      unansweredCount += 1;
      if (unanswered.length < KEPT_FAILURES) unanswered.push({ what, outcome, after_ms: Math.round(performance.now() - began) });
    }
    if (status === 0 || status === 429 || status === 503) await Promise.race([sleep(this.random.whole(1, 200)), over]);
    return status;
  }

  create(what, panel) {
    return this.ask(what, '/panels', { body: JSON.stringify(panel) });
  }

  // Deletes until the panel is gone: a deletion that was rejected must not leave panels behind.
  async remove(id) {
    for (let tries = 0; tries < 50; tries += 1) {
      if ([204, 404].includes(await this.ask('delete', `/panels/${id}`, { method: 'DELETE' }))) return;
    }
  }
}

// Creates a panel with hostile tools, calls them, and deletes the panel, again and again.
async function hog(client) {
  for (let round = 0; !isOver; round += 1) {
    const id = `hog${client.index}-${round}`;
    const { panel, names } = hogPanel(client.random, id);
    if (await client.create('create hog', panel) !== 201) continue;
    panelsOfHogs.add(id);
    for (let calls = client.random.whole(5, 40); calls > 0 && !isOver; calls -= 1) {
      const { tool, args } = nextCall(client.random, Object.keys(names));
      await client.ask(names[tool] ?? tool, `/panels/${id}/trigger/${tool}`, { body: JSON.stringify(args) });
    }
    await client.remove(id);
    panelsOfHogs.delete(id);
  }
}

// Deletes a panel, which cancels its calls: handlers that never end need not be awaited.
async function cancel(client) {
  for (const id of panelsOfHogs) await client.remove(id);
}

// Creates its share of the many panels, calls some of them, and deletes them all.
async function churn(client, share) {
  for (let round = 0; !isOver; round += 1) {
    const made = [];
    for (let i = 0; i < share && !isOver; i += 1) {
      await sleep(client.random.whole(0, LONGEST_PAUSE_MS));
      const id = `own${client.index}-${round}-${i}`;
      if (await client.create('create own', panelOf(id, { run: ownHandler(id) })) === 201) made.push(id);
      if (made.length > 0 && client.random.next() < 0.2) {
        await client.ask('own', `/panels/${client.random.of(made)}/trigger/run`, { body: '{}' });
      }
    }
    for (const id of made) await client.remove(id);
  }
}

const report = () => process.send({
  sent, outcomes, unanswered, unansweredCount,
  silentMs: performance.now() - lastResponseAt,
  sending: [...sending.values()].map(({ what, began }) => ({ what, for_ms: Math.round(performance.now() - began) }))
    .sort((a, b) => b.for_ms - a.for_ms),
});

process.on('message', (word) => {
  if (word === 'report') return report();
  isOver = true;
  endWait();
});
process.on('disconnect', () => process.exit());

setPriority(10); // on shared processors the server goes first
const churners = Math.max(1, Math.round(clients * CHURNERS));
const all = Array.from({ length: clients }, (_, i) => new Client(i));
const last = new Client(clients);
const live = async (client) => {
  await sleep(client.random.whole(0, START_WITHIN_MS));
  await (client.index < churners ? churn(client, Math.ceil(MOST_PANELS / churners)) : hog(client));
};
await Promise.all([...all.map(live), over.then(() => cancel(last))]);
[...all, last].forEach(({ agent }) => agent.destroy());
report();
process.disconnect();
