// Measures the memory of idle WebSocket clients, and the messages per second to a thousand of them, alone and beside a
// client that never reads. Prints one line of JSON: {idle_kib_each, turns: [{callers, stuck, messages_per_s,
// calls_per_s}]}. Targets are in bench/report. Usage, after the target nexus_watchers:
// NEXUS_PROGRAM=build/release/bin/nexus node bench/websocket/run.mjs WATCHERS [SECONDS]
import { spawn } from 'node:child_process';
import { Server, createPanel } from '../server/program.mjs';

const [watchers, seconds = '5'] = process.argv.slice(2);
const IDLE = 10_000;
const CLIENTS = 1000;
const TURNS = 7;

async function connected(server, ...options) {
  const child = spawn(watchers, [new URL(server.url).port, 'p', ...options].map(String), { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = child.stdout.setEncoding('utf8')[Symbol.asyncIterator]();
  await lines.next();
  return {
    run: async () => {
      child.stdin.end('go\n');
      return (await lines.next()).value?.trim();
    },
  };
}

async function withServer(work) {
  const server = await Server.start({ THREADS: '2' });
  try {
    await createPanel(server, 'p', '$state.count++', { more: { fill: "$state.filled = Math.random() + 'x'.repeat(60_000)" } });
    return await work(server);
  } finally {
    await server.stop();
  }
}

const idle_kib_each = await withServer(async (server) => {
  const before = server.status('VmRSS');
  const idle = await connected(server, IDLE, 0, 0, 0);
  const each = (server.status('VmRSS') - before) / IDLE;
  await idle.run();
  return each;
});
const turns = [];
for (let turn = 0; turn < TURNS; ++turn) {
  for (const [callers, stuck] of [[4, 0], [4, 1], [1, 0]]) {
    const said = await withServer(async (server) => (await connected(server, CLIENTS, stuck, callers, seconds)).run());
    const [, messages, calls] = /^(\d+) messages\/s (\d+) calls\/s$/.exec(said);
    turns.push({ callers, stuck, messages_per_s: Number(messages), calls_per_s: Number(calls) });
  }
}
console.log(JSON.stringify({ idle_kib_each, turns }));
