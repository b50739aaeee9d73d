// One HTTP request and the outcome of its response. Every response is counted, and every failure to respond.
import http from 'node:http';

const LONGEST_MS = 60_000; // far beyond MAX_WALL_MS and QUEUE_TIMEOUT_MS together
const KEPT_BYTES = 65_536; // of the response text: enough for any code

// Returns {status, text, ms}; throws when there is no response.
export function request(url, { method = 'POST', body, agent, longestMs = LONGEST_MS } = {}) {
  const sent = performance.now();
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(longestMs);
    const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asked = http.request(url, { method, agent, headers, signal }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => { if (text.length < KEPT_BYTES) text += part; }).on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, text, ms: performance.now() - sent }));
    });
    asked.on('error', reject).end(body);
  });
}

// The outcome under which a response is counted: "200 success", "200 MEMORY_LIMIT", "503 OVERLOADED budget". "503 no
// code": a response without the code that it must have. "503 OVERLOADED no reason": a rejection without layer, setting
// or retryAfterMs.
export function outcomeOf({ status, text }) {
  if (status === 204 || status === 201) return String(status);
  const code = /"code":\s*"([A-Z_]+)"/.exec(text)?.[1];
  if (status === 200) return /"status":\s*"success"/.test(text.slice(0, 200)) ? '200 success' : `200 ${code ?? 'no code'}`;
  const layer = /"layer":\s*"(\w+)"/.exec(text)?.[1];
  const isForRoom = code === 'OVERLOADED' || code === 'PANEL_BUSY';
  if (isForRoom && !(layer && /"setting":\s*"./.test(text) && /"retryAfterMs":\s*[1-9]/.test(text))) return `${status} ${code} no reason`;
  return `${status} ${code ?? 'no code'}${layer ? ` ${layer}` : ''}`;
}

// True when the outcome is a response as the contract describes it.
export const isResponse = (outcome) => /^(2\d\d|4\d\d|503)/.test(outcome) && !/ no (code|reason)$/.test(outcome);
