// Panels with hostile handlers behind Express, with an isolate per call on isolated-vm's thread pool. Serves the part
// of the HTTP API that the storm uses: express.mjs MODULES MEMORY_LIMIT_MB TIMEOUT_MS
import { createRequire } from 'node:module';

const [modules, memoryLimit, timeout] = process.argv.slice(2);
const require = createRequire(modules);
const express = require('express');
const ivm = require('isolated-vm');

const panels = new Map();
const app = express();
const refusal = (response, status, code) => response.status(status).json({ error: code, code });

const script = (handler) => `(async () => {
  const { $args, $state } = JSON.parse(input), $log = () => {}, $emit = () => {};
  $state.keys = function () { return Object.keys(this).filter((key) => typeof this[key] !== 'function') };
  const returnValue = await (async () => {\n${handler}\n})();
  return JSON.stringify({ returnValue, state: $state });
})()`;

async function run(handler, args, state) {
  const isolate = new ivm.Isolate({ memoryLimit: Number(memoryLimit) });
  try {
    const context = await isolate.createContext();
    await context.global.set('input', JSON.stringify({ $args: args, $state: state }));
    const compiled = await isolate.compileScript(script(handler));
    return JSON.parse(await compiled.run(context, { timeout: Number(timeout), promise: true, copy: true }));
  } finally {
    if (!isolate.isDisposed) isolate.dispose();
  }
}

app.use(express.json({ limit: '1mb' }));
app.post('/panels', ({ body: { id, tools } }, response) => {
  if (panels.has(id)) return refusal(response, 409, 'PANEL_EXISTS');
  panels.set(id, { state: {}, tools: new Map(tools.map(({ name, handler }) => [name, handler])) });
  return response.status(201).json({ id, status: 'active' });
});
app.delete('/panels/:id', ({ params: { id } }, response) =>
  (panels.delete(id) ? response.status(204).end() : refusal(response, 404, 'PANEL_NOT_FOUND')));
app.post('/panels/:id/trigger/:tool', async ({ params: { id, tool }, body }, response) => {
  const panel = panels.get(id);
  if (!panel?.tools.has(tool)) return refusal(response, 404, panel ? 'TOOL_NOT_FOUND' : 'PANEL_NOT_FOUND');
  try {
    const { returnValue, state } = await run(panel.tools.get(tool), body, panel.state);
    panel.state = state;
    return response.json({ status: 'success', returnValue });
  } catch (error) {
    return response.json({ status: 'error', error: { code: 'EXECUTION_ERROR', message: String(error?.message).slice(0, 4096) } });
  }
});
app.use((error, request, response, next) => (response.headersSent ? next(error)
  : refusal(response, error.status ?? 500, error.status === 413 ? 'PAYLOAD_TOO_LARGE' : 'INVALID_REQUEST')));
const server = app.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
