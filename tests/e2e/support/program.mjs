// Starts the program under test, and talks to it: whole requests by node:http, anything else by a raw socket.
// Each wait is for something to happen, and the test's own time limit ends it. What can only be asked for is asked for again
// and again, with a pause in between: asking must not take the processor from what it waits for.
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

// Set where NEXUS_BIN runs the program in a container, and is not itself what becomes it (tests/deploy makes both): the
// folder in which a file, named as NEXUS_BIN's own process, has the number of the program's; and the program's user.
const pidFolder = process.env.NEXUS_PID_FOLDER;
export const isContained = pidFolder !== undefined;
export const programUid = Number(process.env.NEXUS_UID ?? process.getuid());

// No cache on disk, unless a test has a folder for it: no test must find what another has left.
const baseEnvironment = { PATH: process.env.PATH, HTTP_PORT: '0', WS_PORT: '0', LOG_LEVEL: 'warn', MAX_CACHE_SIZE_MB: '0' };

// Resolves with the first answer of `question` that is true.
export async function until(question) {
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    await pause(5);
  }
}

// Runs the program to its end.
export function runProgram(args, { env = {}, input = '' } = {}) {
  const child = launch(args, env);
  child.process.stdin.on('error', () => {}).end(input);
  return child.ended.then((status) => ({ status, stdout: child.stdout, stderr: child.stderr }));
}

// Starts it and hands out what it says as it comes. `untilOutput(pattern)` resolves with the match.
// `launcher`: a command that becomes the program.
export function launch(args, env = {}, launcher = []) {
  // Of its own: no server must find what another has left.
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
  // Once it has said something: before that a container may not have its process yet.
  self.findPid = () => (pidFolder ? Number(readFileSync(join(pidFolder, String(child.pid)), 'utf8')) : child.pid);
  self.kill = (signal) => { if (self.status === undefined) process.kill(self.findPid(), signal); };
  return self;
}

// A server that is ended with the test: `t` is the test's context.
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
    // Its number in its own eyes: another than ours where it runs in a container.
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
    // Makes a panel of `tools`, a map from names to sources.
    panel: (id, tools, more = {}) => request('POST', '/panels', panelOf(id, tools, more)),
    trigger: (panel, tool, body) => request('POST', `/panels/${panel}/trigger/${tool}`, body),
    // Resolves when the metric that `line` matches has been seen.
    untilMetric: (pattern) => until(async () => pattern.exec((await request('GET', '/metrics')).text)),
  };
}

export const panelOf = (id, tools, more = {}) => ({
  id,
  kind: 'test',
  tools: Object.entries(tools).map(([name, handler]) => ({ name, handler, trigger: { type: 'manual' } })),
  ...more,
});

// Gives {status, headers, text, json}. A body that is no text is sent as JSON.
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

// A raw connection: `until(pattern)` resolves with all that was received once it matches.
export function connect(port) {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const self = { socket, received: '', isClosed: false };
  const waiting = new Set();
  const look = () => { for (const check of waiting) check(); };
  const keep = (text) => { self.received += text; look(); };
  socket.setEncoding('utf8').on('data', keep);
  // For whoever listens to the socket itself, and receives more than should be looked at twice.
  self.keepNothing = () => socket.off('data', keep);
  socket.on('error', () => {});
  socket.on('end', () => { self.isEnded = true; look(); socket.end(); });
  let asksForHeads = false;  // whose answers have no bodies
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

// Sends `text` and gives all that comes until the server closes. With `halfClose` the client says that it is done.
async function raw(port, text, { halfClose = false } = {}) {
  const connection = connect(port);
  if (halfClose) connection.socket.end(text);
  else await connection.send(text);
  return connection.closed;
}
