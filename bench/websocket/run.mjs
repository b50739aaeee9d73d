// What idle WebSocket clients cost, and how many messages reach a thousand of them, alone and beside one that never reads.
// Usage: NEXUS_PROGRAM=build/release/bin/nexus node bench/websocket/run.mjs WATCHERS [SECONDS], after the target nexus_watchers.
import { spawn } from 'node:child_process';
import { Server, createPanel } from '../server/program.mjs';

const [watchers, seconds = '5'] = process.argv.slice(2);

async function connected(server, clients, stuck, time) {
  const child = spawn(watchers, [new URL(server.url).port, 'p', clients, stuck, time].map(String), { stdio: ['pipe', 'pipe', 'inherit'] });
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
    await createPanel(server, 'p', '$state.count++');
    return await work(server);
  } finally {
    await server.stop();
  }
}

await withServer(async (server) => {
  const before = server.status('VmRSS');
  const idle = await connected(server, 10_000, 0, 0);
  console.log(`10,000 idle clients: ${((server.status('VmRSS') - before) / 10_000).toFixed(2)} KiB each`);
  await idle.run();
});
for (let turn = 0; turn < 3; ++turn) {
  for (const stuck of [0, 1]) {
    await withServer(async (server) => {
      console.log(`1,000 clients and ${stuck} that never reads: ${await (await connected(server, 1000, stuck, seconds)).run()}`);
    });
  }
}
