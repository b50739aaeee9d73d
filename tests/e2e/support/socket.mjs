// WebSocket clients of a server under test.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { checkResponse } from './contract.mjs';

const { WebSocket } = createRequire(fileURLToPath(new URL('../../../build/e2e/', import.meta.url)))('ws');

// Connects to a panel. Rejects with the HTTP response, {status, json}, when there is no upgrade. `port`: default
// HTTP_PORT. Returns {ws, messages, send, until(condition), next(type), closed}. `messages`: all received messages.
// `until`: resolves with the first of them for which the condition holds. `next`: resolves with the first message of a
// type that no earlier next() has returned. Both reject when the connection ends first.
export function watch(server, panel, { port = server.port, query = '', path = `/panels/${panel}/ws${query}`, ...options } = {}) {
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false, ...options });
  const self = { ws, messages: [], given: new Set(), isClosed: false };
  const waiting = new Set();
  const look = () => { for (const check of waiting) check(); };
  ws.on('message', (data, isBinary) => {
    if (isBinary) throw new Error('a binary message');
    self.messages.push(JSON.parse(data.toString()));
    look();
  });
  self.closed = new Promise((resolve) => {
    ws.on('close', (code, reason) => {
      self.isClosed = true;
      look();
      resolve({ code, reason: reason.toString() });
    });
  });
  self.send = (message) => ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  self.until = (condition) => new Promise((resolve, reject) => {
    let from = 0;
    const check = () => {
      const found = self.messages.slice(from).find(condition);
      from = self.messages.length;
      if (!found && !self.isClosed) return;
      waiting.delete(check);
      if (found) resolve(found);
      else reject(new Error(`closed; received: ${JSON.stringify(self.messages.slice(-20))}`));
    };
    waiting.add(check);
    check();
  });
  self.next = async (type) => {
    const message = await self.until((one) => one.type === type && !self.given.has(one));
    self.given.add(message);
    return message;
  };
  // Resolves when all earlier messages to the server have been handled.
  self.settled = () => {
    self.send({ type: 'PING' });
    return self.next('PONG');
  };
  return new Promise((resolve, reject) => {
    const check = ({ statusCode: status, headers }, text) => checkResponse({ method: 'GET', path: path.split('?')[0], status, headers, text });
    ws.on('upgrade', (response) => {
      try { check(response, ''); } catch (error) { reject(error); }
    });
    ws.on('unexpected-response', (_, response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => { text += part; });
      response.on('end', () => {
        try { check(response, text); } catch (error) { return reject(error); }
        reject(Object.assign(new Error(text), { status: response.statusCode, headers: response.headers, json: JSON.parse(text) }));
      });
    });
    ws.on('error', reject);
    ws.on('open', () => resolve(self));
  });
}

// The state of a client that has applied its messages in order.
export function replay(messages) {
  let state, version;
  for (const message of messages) {
    if (message.type === 'CONNECTED') ({ state, version } = structuredClone(message));
    if (message.type !== 'PATCH') continue;
    if (message.version !== version + 1) throw new Error(`version ${message.version} after ${version}`);
    version = message.version;
    for (const { op, key, value } of message.mutations) {
      if (op === 'set') state[key] = value;
      else delete state[key];
    }
  }
  return { state, version };
}
