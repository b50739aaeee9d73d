// Starts the program under test and talks to it, by node:http or by raw sockets. Each wait is for an event, and the
// test's own time limit ends it. State without an event is polled with a pause, so that polling does not take the
// processor from the program.
import { spawn } from 'node:child_process';
import http from 'node:http';
import net from 'node:net';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { checkResponse, checkRaw } from './contract.mjs';

const program = process.env.NEXUS_BIN;
if (!program) throw new Error('NEXUS_BIN must name the program to test');

// Set where NEXUS_BIN runs the program in a container, as tests/deploy does. The folder has a file named by the process
// id of NEXUS_BIN, with the process id of the program. The other variable is the program's user.
const pidFolder = process.env.NEXUS_PID_FOLDER;
export const isContained = pidFolder !== undefined;
export const programUid = Number(process.env.NEXUS_UID ?? process.getuid());

// No disk cache, unless a test has a folder for it: a test must not use images of another one.
const baseEnvironment = { PATH: process.env.PATH, HTTP_PORT: '0', WS_PORT: '0', LOG_LEVEL: 'warn', MAX_CACHE_SIZE_MB: '0' };

// Resolves with the first truthy result of `question`.
export async function until(question) {
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    await pause(5);
  }
}

// Runs the program until it ends.
export function runProgram(args, { env = {}, input = '' } = {}) {
  const child = launch(args, env);
  child.process.stdin.on('error', () => {}).end(input);
  return child.ended.then((status) => ({ status, stdout: child.stdout, stderr: child.stderr }));
}

// Starts the program and passes its output on as it comes. `untilOutput(pattern)` resolves with the match. `launcher`:
// a command that becomes the program.
export function launch(args, env = {}, launcher = []) {
  // Each server has its own folder, because it must not use files of another one.
  const folder = args[0] === 'serve' ? mkdtempSync(join(tmpdir(), 'nexus-')) : undefined;
  const ownCache = folder ? { CACHE_DIR: folder } : {};
  const [command, ...words] = [...launcher, program, ...args];
  const child = spawn(command, words, { env: { ...baseEnvironment, ...ownCache, ...env } });
  const waiting = new Set();
  const self = { process: child, stdout: '', stderr: '' };
  const look = () => { for (const check of waiting) check(); };
  child.stdout.setEncoding('utf8').on('data', (text) => { self.stdout += text; look(); });
  child.stderr.setEncoding('utf8').on('data', (text) => { self.stderr += text; look(); });
  self.ended = new Promise((resolve) => {
    child.on('close', (code, signal) => {
      if (folder) rmSync(folder, { recursive: true, force: true });
      self.status = signal ?? code;
      look();
      resolve(self.status);
    });
  });
  const untilSaid = (stream, pattern) => new Promise((resolve, reject) => {
    const check = () => {
      const match = pattern.exec(self[stream]);
      if (!match && self.status === undefined) return;
      waiting.delete(check);
      if (match) resolve(match);
      else reject(new Error(`it ended with ${self.status} before saying ${pattern}: ${self.stderr}`));
    };
    waiting.add(check);
    check();
  });
  self.untilOutput = (pattern) => untilSaid('stdout', pattern);
  self.untilErrors = (pattern) => untilSaid('stderr', pattern);
  // Called after the first output: before that a container may not have the process yet.
  self.findPid = () => (pidFolder ? Number(readFileSync(join(pidFolder, String(child.pid)), 'utf8')) : child.pid);
  self.kill = (signal) => { if (self.status === undefined) process.kill(self.findPid(), signal); };
  return self;
}

// Starts a server that ends with the test. `t`: the test's context.
export async function serve(t, { env = {}, args = [], launcher = [] } = {}) {
  const child = launch(['serve', ...args], env, launcher);
  t.after(async () => {
    child.kill('SIGKILL');
    await child.ended;
  });
  const [, url] = await child.untilOutput(/^listening on (http:\/\/\S+)\n/);
  const pid = child.findPid();
  const port = Number(new URL(url).port);
  const request = (method, path, body, headers = {}) => send(port, method, path, body, headers);
  return {
    pid,
    // Its process id in its own namespace, which differs from ours in a container.
    ownPid: Number(/^NSpid:.*\s(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]),
    ended: child.ended,
    child,
    url,
    port,
    request,
    get: (path, headers) => request('GET', path, undefined, headers),
    post: (path, body, headers) => request('POST', path, body, headers),
    raw: (text, options) => raw(port, text, options),
    connect: () => connect(port),
    // Creates a panel with `tools`, a map from names to sources.
    panel: (id, tools, more = {}) => request('POST', '/panels', panelOf(id, tools, more)),
    trigger: (panel, tool, body) => request('POST', `/panels/${panel}/trigger/${tool}`, body),
    // Resolves when a line of the metrics matches `pattern`.
    untilMetric: (pattern) => until(async () => pattern.exec((await request('GET', '/metrics')).text)),
  };
}

export const panelOf = (id, tools, more = {}) => ({
  id,
  kind: 'test',
  tools: Object.entries(tools).map(([name, handler]) => ({ name, handler, trigger: { type: 'manual' } })),
  ...more,
});

// Returns {status, headers, text, json}. A body that is no string is sent as JSON.
function send(port, method, path, body, headers) {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const length = text === undefined ? {} : { 'content-length': Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, method, path, agent: false, headers: { ...length, ...headers } });
    request.on('response', (response) => {
      let received = '';
      response.setEncoding('utf8').on('data', (part) => { received += part; }).on('error', reject);
      response.on('end', () => {
        const answer = { status: response.statusCode, headers: response.headers, text: received };
        try {
          checkResponse({ ...answer, method, path: path.split('?')[0] });
          resolve({ ...answer, get json() { return JSON.parse(received); } });
        } catch (error) {
          reject(error);
        }
      });
    });
    request.on('error', reject).end(text);
  });
}

// A raw connection. `until(pattern)` resolves with all received text once it matches.
export function connect(port) {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const self = { socket, received: '', isClosed: false };
  const waiting = new Set();
  const look = () => { for (const check of waiting) check(); };
  const keep = (text) => { self.received += text; look(); };
  socket.setEncoding('utf8').on('data', keep);
  // For tests that read the socket themselves and receive much data.
  self.keepNothing = () => socket.off('data', keep);
  socket.on('error', () => {});
  socket.on('end', () => { self.isEnded = true; look(); socket.end(); });
  let asksForHeads = false;  // responses to HEAD have no bodies
  self.closed = new Promise((resolve, reject) => {
    socket.on('close', () => {
      self.isClosed = true;
      look();
      try {
        if (!asksForHeads) checkRaw(self.received);
        resolve(self.received);
      } catch (error) {
        reject(error);
      }
    });
  });
  self.connected = new Promise((resolve) => { socket.on('connect', resolve); });
  self.send = (text) => new Promise((resolve) => {
    asksForHeads ||= text.includes('HEAD /');
    socket.write(text, resolve);
  });
  self.until = (pattern) => new Promise((resolve, reject) => {
    const check = () => {
      const found = pattern.test(self.received);
      if (!found && !self.isClosed) return;
      waiting.delete(check);
      if (found) resolve(self.received);
      else reject(new Error(`closed before ${pattern}; received: ${self.received}`));
    };
    waiting.add(check);
    check();
  });
  return self;
}

// Sends `text` and returns everything up to the server's close. `halfClose`: closes the client's side after sending.
async function raw(port, text, { halfClose = false } = {}) {
  const connection = connect(port);
  if (halfClose) connection.socket.end(text);
  else await connection.send(text);
  return connection.closed;
}
