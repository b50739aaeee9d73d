// Starts the servers of a storm inside the cgroup: Nexus, and the peers that bench/peers pins.
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { standing, suite } from './hogs.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const modules = `${root}bench/peers/node_modules`;

export const LIMITS = { memoryLimitMb: 32, timeoutMs: 500, maxWallMs: 20_000, minInstances: 2 };

// Each returns {command, env, url: matches the printed address}. `folder`: for files of this run.
const commands = {
  nexus: (folder) => ({
    command: [process.env.NEXUS_PROGRAM ?? `${root}build/nexus`, 'serve'],
    env: {
      HTTP_PORT: '0', WS_PORT: '0', LOG_LEVEL: 'error', CACHE_DIR: join(folder, 'cache'), MIN_INSTANCES: String(LIMITS.minInstances),
      MEMORY_LIMIT_MB: String(LIMITS.memoryLimitMb), TIMEOUT_MS: String(LIMITS.timeoutMs), MAX_WALL_MS: String(LIMITS.maxWallMs),
    },
  }),
  workerd: (folder) => ({
    command: [`${modules}/.bin/workerd`, 'serve', workerConfig(folder), '--socket-addr=http=127.0.0.1:0', '--control-fd=1'],
    url: /"port":(\d+)/,
  }),
  express: () => ({
    command: [process.execPath, '--no-node-snapshot', fileURLToPath(new URL('peers/express.mjs', import.meta.url)),
      `${modules}/`, String(LIMITS.memoryLimitMb), String(LIMITS.timeoutMs)],
  }),
};

export const peers = Object.keys(commands);

// Why a peer cannot run here; undefined: it can.
export function missing(peer) {
  const [program] = commands[peer === 'nexus' ? 'nexus' : 'express']('').command;
  if (peer === 'nexus') return existsSync(program) ? undefined : `${program} is not built: make build`;
  return existsSync(modules) ? undefined : 'the peers are not installed: (cd bench/peers && npm ci)';
}

// workerd runs no code from strings: its worker is built with the handlers, keyed by their source.
function workerConfig(folder) {
  const sources = [...new Set([...Object.values(standing), ...suite.map(({ source }) => source)])];
  const handlers = sources.map((source) =>
    `[${JSON.stringify(source)}, async ($args, $state, $emit, $log) => {\n${source}\n}]`).join(',\n');
  writeFileSync(join(folder, 'handlers.mjs'), `export default new Map([\n${handlers}\n]);\n`);
  const config = join(folder, 'storm.capnp');
  copyFileSync(new URL('peers/worker.mjs', import.meta.url), join(folder, 'worker.mjs'));
  writeFileSync(config, `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker.mjs", esModule = embed "worker.mjs"), (name = "handlers.mjs", esModule = embed "handlers.mjs")],
    compatibilityDate = "2025-01-01"))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]);
`);
  return config;
}

// Starts the server in `group`: {pid, url, ended (resolves with the status or signal), kill}.
export async function start(peer, group, folder) {
  const { command, env = {}, url = /listening on http:\/\/127\.0\.0\.1:(\d+)/ } = commands[peer](folder);
  // The shell joins the group and becomes the server, so that the group counts all memory that the server ever has.
  // With setpriv the kernel ends the server when this process ends.
  const child = spawn('sh', ['-c', 'echo $$ > "$0" && exec setpriv --pdeathsig KILL "$@"', group.procs, ...command], {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '', errors = '';
  child.stderr.on('data', (part) => { errors = (errors + part).slice(-2000); });
  const server = { pid: child.pid, kill: () => child.kill('SIGKILL'), errors: () => errors };
  server.ended = new Promise((resolve) => { child.once('close', (code, signal) => resolve(signal ?? code)); });
  const listening = new Promise((resolve) => {
    child.stdout.on('data', (part) => {
      if (server.url) return;
      text += part;
      const port = url.exec(text)?.[1];
      if (port) resolve(server.url = `http://127.0.0.1:${port}`);
    });
  });
  const status = await Promise.race([listening.then(() => undefined), server.ended]);
  if (!server.url) throw new Error(`${peer} ended with ${status} before it listened: ${errors}${text}`);
  return server;
}
