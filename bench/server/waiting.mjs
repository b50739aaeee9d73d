// Measures the memory of 100,000 suspended executions, and how fast they resume. Prints one line of JSON. Targets: at
// most 250 MB of RSS beyond idle, at least 400,000 in a GiB by the ledger, at least 15,000 resumed per second.
import net from 'node:net';
import { Server, call } from './program.mjs';

const COUNT = Number(process.env.NEXUS_BENCH_WAITING ?? 100_000);
const SOCKETS = 16;
const AT_ONCE = 32; // requests in progress on each connection
const PANELS = 16;

const server = await Server.start({ THREADS: '2', MAX_PANEL_QUEUE: '4096' });
const get = async (path) => (await call(`${server.url}${path}`, { method: 'GET' })).text;
const metric = async (pattern) => Number(pattern.exec(await get('/metrics'))[1]);

// Sends all requests over a few connections, several at once on each. Calls `seen` with the status and body of each
// response.
function exchange(requests, seen) {
  const { hostname, port } = new URL(server.url);
  let next = 0;
  return Promise.all(Array.from({ length: SOCKETS }, () => new Promise((resolve, reject) => {
    const socket = net.connect({ host: hostname, port: Number(port), noDelay: true });
    let rest = '', open = 0;
    const send = () => {
      let text = '';
      for (; open < AT_ONCE && next < requests.length; open += 1) text += requests[next++];
      if (text) socket.write(text);
      else if (open === 0) socket.end(resolve);
    };
    socket.on('error', reject).on('connect', send).setEncoding('latin1').on('data', (part) => {
      rest += part;
      for (;;) {
        const head = rest.indexOf('\r\n\r\n');
        if (head < 0) break;
        const length = Number(/content-length: (\d+)/i.exec(rest.slice(0, head))[1]);
        if (rest.length < head + 4 + length) break;
        seen(Number(rest.slice(9, 12)), rest.slice(head + 4, head + 4 + length));
        rest = rest.slice(head + 4 + length);
        open -= 1;
      }
      send();
    });
  })));
}

const post = (path, body, more = '') => `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;

for (let i = 0; i < PANELS; i += 1) {
  await call(`${server.url}/panels`, { body: JSON.stringify({ id: `p${i}`, kind: 'bench', capabilities: ['state:*', 'ext:*'],
    tools: [{ name: 'ask', trigger: { type: 'manual' }, handler: 'const who = $args.who; const answer = await $ext.external.wait(); return who + answer' }] }) });
}
const idle = server.megabytes('VmRSS');
const suspensions = [];
const began = performance.now();
await exchange(Array.from({ length: COUNT }, (_, i) => post(`/panels/p${i % PANELS}/trigger/ask`, `{"who":"somebody ${i}","why":"the ${i % 97}th reason"}`, 'Prefer: respond-async\r\n')),
  (status, body) => {
    if (status !== 202) throw new Error(`${status} ${body}`);
    suspensions.push(/"suspension":"(\w+)"/.exec(body)[1]);
  });
const suspendedIn = (performance.now() - began) / 1000;
while (await metric(/nexus_executions\{state="hibernated"\} (\d+)/) < COUNT);
const waiting = server.megabytes('VmRSS');
const accounted = await metric(/nexus_memory_accounted_bytes\{kind="suspended"\} (\d+)/);

const right = new Set();
const resumed = performance.now();
await exchange(suspensions.map((id) => post(`/suspensions/${id}/resume`, '{"success":true,"value":"!"}')), (status, body) => {
  const [, who] = /"returnValue":"somebody (\d+)!"/.exec(body) ?? [];
  if (status === 200 && who !== undefined) right.add(who);
});
const resumedIn = (performance.now() - resumed) / 1000;
await server.stop();
if (right.size !== COUNT) throw new Error(`${right.size} of ${COUNT} went on as they should`);
console.log(JSON.stringify({
  waiting: COUNT, rss_mb: waiting - idle, bytes_each: Math.round((waiting - idle) * 1e6 / COUNT),
  ledger_bytes_each: Math.round(accounted / COUNT), in_a_gib: Math.round(2 ** 30 / (accounted / COUNT)),
  suspended_per_second: Math.round(COUNT / suspendedIn), resumed_per_second: Math.round(COUNT / resumedIn),
}));
