// A nexus server for each case, and calls to it over kept connections.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { fileURLToPath } from 'node:url';

const PROGRAM = process.env.NEXUS_PROGRAM ?? fileURLToPath(new URL('../../build/nexus', import.meta.url));

export class Server {
  static async start(settings = {}) {
    const began = performance.now();
    const child = spawn(PROGRAM, ['serve'], {
      // Without a disk cache, unless a case asks for it: a run must not use images of an earlier one.
      env: { PATH: process.env.PATH, HTTP_PORT: '0', WS_PORT: '0', LOG_LEVEL: 'error', MAX_CACHE_SIZE_MB: '0', ...settings },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const server = new Server(child, began);
    await server.#listening();
    return server;
  }

  constructor(child, began) {
    this.child = child;
    this.began = began;
    this.ended = new Promise((resolve) => { child.once('exit', resolve); });
  }

  async #listening() {
    let text = '';
    for await (const chunk of this.child.stdout) {
      text += chunk;
      const url = /listening on (\S+)/.exec(text);
      if (!url) continue;
      [, this.url] = url;
      this.child.stdout.on('data', () => {});
      return;
    }
    throw new Error(`the server ended before it listened: ${text}`);
  }

  // A field of /proc/PID/status in kilobytes: VmRSS, VmHWM
  status(field) {
    return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))[1]);
  }

  // The same in megabytes, the unit of the targets.
  megabytes(field) {
    return this.status(field) * 1024 / 1e6;
  }

  // CPU time of all threads in microseconds.
  cpuUs() {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10_000; // in ticks of 10 ms
  }

  async stop() {
    this.child.kill('SIGKILL'); // nothing of it is needed, and SIGTERM would wait for spinning handlers
    await this.ended;
  }
}

export function call(url, { method = 'POST', body, agent } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, agent, headers: { 'content-type': 'application/json' } }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => { text += chunk; });
      response.on('end', () => resolve({ status: response.statusCode, text }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

// Creates a panel with the tool "run" and the tools of `more`, by name.
export async function createPanel(server, id, handler, { agent, more = {} } = {}) {
  const tools = Object.entries({ run: handler, ...more }).map(([name, source]) => ({ name, handler: source, trigger: { type: 'manual' } }));
  const body = JSON.stringify({ id, kind: 'bench', tools, initialState: { count: 0 } });
  const response = await call(`${server.url}/panels`, { body, agent });
  if (response.status !== 201) throw new Error(`panel ${id}: ${response.status} ${response.text}`);
}

export const trigger = (server, id) => `${server.url}/panels/${id}/trigger/run`;

export const percentile = (values, p) => values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * p) - 1)];
