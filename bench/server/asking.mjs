// Measures 1,000 handlers that each call a service five times, one call after the other; the service responds after 100
// ms. Prints one line of JSON. Target: at most 1.2 s in all, with at most MAX_INSTANCES instances in use.
import http from 'node:http';
import net from 'node:net';
import { once } from 'node:events';
import { Server, call } from './program.mjs';

const HANDLERS = 1000;
const ANSWER_MS = 100;
const MAX_INSTANCES = 64;
const ROUNDS = 3;

// Bare sockets, because Node's own HTTP server takes as long for a request as the measured part. It relies on requests
// without body, and on one request at a time per connection.
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{"ok":true}';
let open = 0, mostOpen = 0;
const connections = new Set();
const service = net.createServer({ noDelay: true }, (connection) => {
  connections.add(connection);
  let request = '';
  connection.on('close', () => connections.delete(connection)).on('error', () => {}).on('data', (bytes) => {
    request += bytes.latin1Slice();
    if (!request.endsWith('\r\n\r\n')) return;
    request = '';
    mostOpen = Math.max(mostOpen, ++open);
    setTimeout(() => { open -= 1; connection.write(ANSWER); }, ANSWER_MS);
  });
});
service.listen(0, '127.0.0.1', 4096);
await once(service, 'listening');

const server = await Server.start({
  HTTP_MAX_CONCURRENT: String(HANDLERS), HTTP_ALLOW_PRIVATE: 'true', MAX_INSTANCES: String(MAX_INSTANCES), MIN_INSTANCES: '2', MAX_QUEUE: String(HANDLERS),
});
const agent = new http.Agent({ keepAlive: true, maxSockets: HANDLERS, maxFreeSockets: HANDLERS });
const PANELS = 50;
for (let i = 0; i < PANELS; i += 1) {
  await call(`${server.url}/panels`, { body: JSON.stringify({ id: `p${i}`, kind: 'bench', capabilities: ['ext:http'],
    tools: [{ name: 'ask', trigger: { type: 'manual' }, handler: 'let sum = 0; for (let i = 0; i < 5; i++) sum += (await $ext.http.get($args.url)).json.ok ? 1 : 0; return sum' }] }) });
}
const body = JSON.stringify({ url: `http://127.0.0.1:${service.address().port}/` });
let mostInstances = 0, isOver = false;
const watching = (async () => {
  while (!isOver) {
    const { text } = await call(`${server.url}/metrics`, { method: 'GET', agent });
    const count = (state) => Number(new RegExp(`nexus_instances\\{state="${state}"\\} (\\d+)`).exec(text)[1]);
    mostInstances = Math.max(mostInstances, count('active') + count('idle'));
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
})();
// The caller and the service run in this process: compile their code and connect the caller before the measurement.
const { url } = JSON.parse(body);
for (const known of [url, url, `${server.url}/health/live`])
  await Promise.all(Array.from({ length: HANDLERS }, () => call(known, { method: 'GET', agent })));
mostOpen = 0;
const seconds = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const began = performance.now();
  const responses = await Promise.all(Array.from({ length: HANDLERS }, (_, i) => call(`${server.url}/panels/p${i % PANELS}/trigger/ask`, { body, agent })));
  seconds.push((performance.now() - began) / 1000);
  const wrong = responses.filter(({ text }) => !/"returnValue":5[,}]/.test(text));
  if (wrong.length > 0) throw new Error(`${wrong.length} are wrong: ${wrong[0].status} ${wrong[0].text}`);
}
isOver = true;
await watching;
await server.stop();
service.close();
for (const connection of connections) connection.destroy();
agent.destroy();
console.log(JSON.stringify({ asking: HANDLERS, best_s: Math.min(...seconds), seconds, most_asked_at_once: mostOpen, most_instances: mostInstances, max_instances: MAX_INSTANCES }));
